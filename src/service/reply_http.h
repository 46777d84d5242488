/* SPDX-License-Identifier: Apache-2.0 */
/* Sends a reply over HTTP/1.1. */
#pragma once

#include "net/http_server.h"
#include "service/reply.h"

/* Takes the body out of the reply, also when the client is gone. */
void reply_send(struct reply *reply, struct http_exchange *exchange);

/* The same as a response that a handler's `refuse` fills; headers must be static. */
void reply_to_response(struct reply *reply, struct http_response *out_response);
