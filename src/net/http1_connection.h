/* SPDX-License-Identifier: Apache-2.0 */
/* A connection of the server's on which HTTP/1.1 is spoken: one exchange after the other.
 */
#pragma once

#include "net/http_server_impl.h"

/* NULL when there is no memory. The stream's ops are to be http1_stream_ops. */
struct http_connection *http1_connection_create(struct http_server *server);

/* The storage, whatever became of the connection. */
void http1_connection_destroy(struct http_connection *connection);

extern const struct stream_ops http1_stream_ops;
