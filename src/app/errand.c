/* SPDX-License-Identifier: Apache-2.0 */
#include "app/errand.h"

#include <stdio.h>

#include "app/bearer.h"
#include "base/clock.h"
#include "base/limits.h"
#include "codec/web_url.h"
#include "net/http_client.h"
#include "net/tls_source.h"
#include "service/settings.h"

enum { CONNECT_TIMEOUT_MS = 5000, IDLE_TIMEOUT_MS = 1000, TIMEOUT_S_MAX = 86400 };

/* The request on its way, and the loop that waits for it. */
struct trip {
    struct loop *loop;
    struct tls_source tls;
    struct http_client *client;
    struct http_call call;
    struct task closed;
};

static void on_done(struct http_call *call)
{
    struct trip *trip = call->context;
    http_client_close(trip->client, &trip->closed);
}

static void on_closed(struct task *task)
{
    loop_stop(LIST_ITEM(task, struct trip, closed)->loop);
}

static enum galen_status open_tls(struct trip *trip, const struct errand *errand,
                                  bool is_secure, struct error *out_error)
{
    const struct tls_context_options options = {.trusts_anybody = errand->trusts_anybody};
    struct tls_context *context = NULL;
    if (is_secure) {
        TRY(tls_files_load(&errand->tls, &options, &context, out_error));
    }
    tls_source_swap(&trip->tls, context);
    return GALEN_OK;
}

static enum galen_status open_client(struct trip *trip, const struct settings_peer *peer)
{
    const struct http_client_options options = {
        .tls.source = peer->is_secure ? &trip->tls : NULL,
        .host = peer->host,
        .port = peer->port,
        .connection_count_max = 1,
        .waiting_count_max = 1,
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .idle_timeout_ms = IDLE_TIMEOUT_MS,
        .response_size_bytes_max = LIMIT_BODY_SIZE_BYTES_MAX,
    };
    TRY(loop_create(&trip->loop));
    return http_client_create(trip->loop, &options, &trip->client);
}

/* Takes the body. */
static void go(struct trip *trip, const struct errand *errand, struct blob *body)
{
    trip->call = (struct http_call){
        .method = errand->method,
        .target = errand->target,
        .headers = errand->headers,
        .header_count = errand->header_count,
        .deadline_ns = clock_monotonic_ns() + errand->timeout_ns,
        .done = on_done,
        .context = trip,
    };
    if (body != NULL) {
        trip->call.parts[0] =
            (struct http_part){bytes_of(blob_data(body), blob_size(body)), body};
        trip->call.part_count = 1;
    }
    trip->closed.run = on_closed;
    http_client_send(trip->client, &trip->call);
    loop_run(trip->loop);
}

static enum galen_status keep_answer(const struct trip *trip, const char *url,
                                     struct errand_answer *out_answer,
                                     struct error *out_error)
{
    const struct http_call *call = &trip->call;
    if (call->status != GALEN_OK) {
        return error_set(out_error, call->status, "%s: %s", url, call->error.text);
    }
    *out_answer = (struct errand_answer){call->http_status, blob_ref(call->response_body)};
    return GALEN_OK;
}

/* Takes *body. */
static enum galen_status travel(struct trip *trip, const struct errand *errand,
                                struct blob **body, struct errand_answer *out_answer,
                                struct error *out_error)
{
    struct settings_peer peer;
    struct error why;
    if (settings_peer_parse(bytes_from_string(errand->url), &peer, &why) != GALEN_OK) {
        return error_set(out_error, GALEN_INVALID, "%s: %s", errand->url, why.text);
    }
    TRY(open_tls(trip, errand, peer.is_secure, out_error));
    if (open_client(trip, &peer) != GALEN_OK) {
        return error_set(out_error, GALEN_NO_MEMORY, "%s: cannot open a connection",
                         errand->url);
    }
    go(trip, errand, *body);
    *body = NULL;
    return keep_answer(trip, errand->url, out_answer, out_error);
}

enum galen_status errand_run(const struct errand *errand, struct errand_answer *out_answer,
                             struct error *out_error)
{
    struct trip trip = {0};
    struct blob *body = errand->body;
    tls_source_init(&trip.tls, NULL);
    const enum galen_status status = travel(&trip, errand, &body, out_answer, out_error);
    blob_unref(body);
    http_call_clear(&trip.call);
    loop_destroy(trip.loop);
    tls_source_deinit(&trip.tls);
    return status;
}

enum galen_status errand_read_token(const char *url, const char *token_file,
                                    struct blob **out_token, struct error *out_error)
{
    struct web_url parts;
    *out_token = NULL;
    if (token_file == NULL) {
        return GALEN_OK;
    }
    TRY(web_url_parse(bytes_from_string(url), &parts, out_error));
    return web_url_is_safe(&parts)
               ? bearer_read(token_file, out_token, out_error)
               : error_set(out_error, GALEN_INVALID,
                           "%s: a token goes over https, or to this machine", url);
}

void errand_add_header(struct errand *errand, struct bytes name, struct bytes value)
{
    errand->headers[errand->header_count++] = (struct http_header){name, value};
}

bool errand_take_timeout(void *seconds, const char *value)
{
    uint64_t read;
    if (!bytes_parse_u64(bytes_from_string(value), TIMEOUT_S_MAX, &read) || read == 0) {
        (void)fprintf(stderr, "galen: %s: is no time in seconds: 1 to 86400\n", value);
        return false;
    }
    *(uint64_t *)seconds = read;
    return true;
}
