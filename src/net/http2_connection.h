/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection of the server's on which HTTP/2 is spoken: streams are exchanges, of which
 * any number are dealt with at a time. http2_session reads and writes, this module moves
 * bytes, keeps deadlines and ends connections; http2_request.c is one stream.
 *
 * As in HTTP/1.1, no callback of a handler's runs inside a call of its own: what it asks
 * for from outside of a run is done by a task.
 */
#pragma once

#include "net/http_server_impl.h"

/* Takes over a connection whose first bytes were the preface; bytes: what came behind it.
 * Where there is no memory, the connection is dropped. */
void http2_connection_begin(struct http_connection *base, struct bytes bytes);

/* A deadline of a kind of streams has passed. */
void http2_request_expired(struct timeout *deadline);
