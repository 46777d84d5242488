/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway's requests over HTTP/1.1: the only file of this folder that knows a
 * connection. One a loop. Threads: the loop's. Allocation: one object a request, kept for
 * the next.
 */
#pragma once

#include "gateway/gateway.h"
#include "net/http_server.h"

struct gateway_http;

/* gateway is borrowed. */
MUST_USE enum galen_status gateway_http_create(const struct gateway *gateway,
                                               struct gateway_http **out_http);

/* For http_server_open. */
struct http_handler gateway_http_handler(struct gateway_http *http);

/* Once no request begins any more: posts `idle`, a task of the gateway's mailbox, when none
 * is under way. A client that has gone leaves its request behind until the service that it
 * waits for has let go of it. */
void gateway_http_finish(struct gateway_http *http, struct task *idle);

/* No request may be under way. NULL is allowed. */
void gateway_http_destroy(struct gateway_http *http);
