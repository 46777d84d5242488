/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor of every HTTP figure: a server on one loop that answers a POST with its body.
 *
 *     http_echo_bench [PORT [CERTIFICATE KEY]]
 *
 * prints "127.0.0.1:PORT" and serves until it is killed, by TLS where it has a certificate.
 *
 * Load it with, say, `wrk -t1 -c64 -s post.lua http://127.0.0.1:PORT/`, and divide the user
 * and system time of the process by the requests.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "net/http_server.h"
#include "net/tls_files.h"
#include "net/tls_source.h"

static void on_headers(void *context, struct http_exchange *exchange)
{
    const struct http_body_options options = {LIMIT_BODY_SIZE_BYTES_MAX, 0};
    (void)context;
    http_exchange_read_body(exchange, &options);
}

static void on_body(void *context, struct http_exchange *exchange)
{
    struct blob *body = http_exchange_body(exchange);
    const struct http_header header = {BYTES("Content-Type"),
                                       BYTES("application/octet-stream")};
    struct http_response response = {
        .status = 200, .headers = &header, .header_count = 1, .part_count = 1};
    (void)context;
    response.parts[0] =
        (struct http_part){bytes_of(blob_data(body), blob_size(body)), blob_ref(body)};
    http_exchange_respond(exchange, &response);
}

static void on_refuse(void *context, int status, struct bytes path,
                      const struct error *error, struct http_response *out_response)
{
    (void)context;
    (void)status;
    (void)path;
    (void)error;
    (void)out_response;
}

static const struct http_handler handler = {
    .headers = on_headers, .body = on_body, .refuse = on_refuse};

static bool open_tls(struct tls_source *source, char **files, struct error *out_error)
{
    const struct tls_files paths = {.certificate = files[0], .key = files[1]};
    const struct tls_context_options options = {.is_server = true};
    struct tls_context *context = NULL;
    if (tls_files_load(&paths, &options, &context, out_error) != GALEN_OK) {
        return false;
    }
    tls_source_init(source, context);
    return true;
}

int main(int count, char **arguments)
{
    struct tls_source source;
    const struct http_server_options options = {
        .address = "127.0.0.1",
        .port = (uint16_t)(count > 1 ? strtoul(arguments[1], NULL, 10) : 0),
        .connection_count_max = 20000,
        .header_timeout_ms = 10000,
        .body_timeout_ms = 10000,
        .idle_timeout_ms = 60000,
        .write_timeout_ms = 10000,
        .http2_stream_count_max = 128,
        .tls = {.source = count > 3 ? &source : NULL, .handshake_timeout_ms = 10000},
    };
    struct loop *loop = NULL;
    struct http_server *server = NULL;
    struct error error = {.text = "no loop"};
    if ((count > 3 && !open_tls(&source, arguments + 2, &error)) ||
        loop_create(&loop) != GALEN_OK ||
        http_server_open(loop, &options, &handler, &server, &error) != GALEN_OK) {
        (void)fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    (void)printf("127.0.0.1:%u\n", (unsigned)http_server_port(server));
    (void)fflush(stdout);
    loop_run(loop);
    return 0;
}
