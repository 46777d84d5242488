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
#include "http_bench.h"
#include "net/tls_files.h"
#include "net/tls_source.h"

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

static const struct http_handler handler = {
    .headers = bench_read_body, .body = on_body, .refuse = bench_refuse};

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
    struct error error;
    struct http_server_options options =
        bench_server_options(count > 1 ? arguments[1] : NULL);
    if (count > 3) {
        if (!open_tls(&source, arguments + 2, &error)) {
            (void)fprintf(stderr, "%s\n", error.text);
            return 1;
        }
        options.tls.source = &source;
        options.tls.handshake_timeout_ms = 10000;
    }
    return bench_serve(&options, &handler);
}
