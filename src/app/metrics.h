/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /metrics of a process, on a listener of its own that is not for clients, on the first
 * worker's loop.
 */
#pragma once

#include "app/role.h"
#include "net/http_server.h"

/* out_port: the one taken. */
MUST_USE enum galen_status metrics_open(struct role *role, struct loop *loop,
                                        struct http_server **out_server, uint16_t *out_port,
                                        struct error *out_error);
