/* SPDX-License-Identifier: Apache-2.0 */
/* What servers under measurement share: one loop with room for many connections. */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "net/http_server.h"

static inline struct http_server_options bench_server_options(const char *port)
{
    return (struct http_server_options){
        .address = "127.0.0.1",
        .port = (uint16_t)(port == NULL ? 0 : strtoul(port, NULL, 10)),
        .connection_count_max = 20000,
        .header_timeout_ms = 10000,
        .body_timeout_ms = 10000,
        .idle_timeout_ms = 60000,
        .write_timeout_ms = 10000,
        .http2_stream_count_max = 128,
    };
}

static inline void bench_read_body(void *context, struct http_exchange *exchange)
{
    const struct http_body_options options = {LIMIT_BODY_SIZE_BYTES_MAX, 0};
    (void)context;
    http_exchange_read_body(exchange, &options);
}

static inline void bench_refuse(void *context, int status, struct bytes path,
                                const struct error *error,
                                struct http_response *out_response)
{
    (void)context;
    (void)status;
    (void)path;
    (void)error;
    (void)out_response;
}

/* Prints "127.0.0.1:PORT" and serves until it is killed. Its exit status where it cannot.
 */
static inline int bench_serve(const struct http_server_options *options,
                              const struct http_handler *handler)
{
    struct loop *loop = NULL;
    struct http_server *server = NULL;
    struct error error = {.text = "no loop"};
    if (loop_create(&loop) != GALEN_OK ||
        http_server_open(loop, options, handler, &server, &error) != GALEN_OK) {
        (void)fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    (void)printf("127.0.0.1:%u\n", (unsigned)http_server_port(server));
    (void)fflush(stdout);
    loop_run(loop);
    return 0;
}
