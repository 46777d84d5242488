/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/jwks_get.h"

#include "base/clock.h"
#include "base/invariant.h"
#include "base/limits.h"
#include "codec/cache_control.h"
#include "service/auth/jwks_refresh.h"

enum { HTTP_STATUS_OK = 200 };

static const struct http_header accept = {
    BYTES_INIT("Accept"), BYTES_INIT("application/json, application/jwk-set+json")};

static void run_done(struct task *task)
{
    struct jwks_get *get = LIST_ITEM(task, struct jwks_get, finished);
    get->done(get);
}

static void read_answer(struct jwks_get *get)
{
    const struct http_call *call = &get->call;
    uint64_t lifetime_s = 0;
    get->http_status = call->http_status;
    if (call->http_status != HTTP_STATUS_OK) {
        get->status = error_set(&get->error, GALEN_BAD_UPSTREAM,
                                "%s: the answer's status is %d, not 200", get->host,
                                call->http_status);
        return;
    }
    get->body = bytes_of(blob_data(call->response_body), blob_size(call->response_body));
    get->lifetime_ns = cache_control_lifetime(call->response_headers,
                                              call->response_header_count, &lifetime_s)
                           ? lifetime_s * NS_PER_S
                           : JWKS_LIFETIME_UNTOLD;
}

static void on_call_done(struct http_call *call)
{
    struct jwks_get *get = call->context;
    get->status = call->status;
    get->error = call->error;
    if (call->status == GALEN_OK) {
        read_answer(get);
    }
    if (get->http != NULL) {
        http_client_close(take(&get->http), &get->finished);
    }
}

static enum galen_status open_client(struct jwks_get *get, const struct web_url *url)
{
    struct http_client_options options;
    const struct http_client_options *kind =
        url->is_https ? get->secure_client : get->client;
    if (kind == NULL) {
        return error_set(&get->error, GALEN_INVALID,
                         "%s cannot be fetched: there are no settings for it",
                         url->is_https ? "https" : "http");
    }
    if (url->host.size >= sizeof(get->host)) {
        return error_set(&get->error, GALEN_INVALID, "the URL's host is longer than %d",
                         JWKS_HOST_SIZE - 1);
    }
    memcpy(get->host, url->host.data, url->host.size);
    get->host[url->host.size] = '\0';
    options = *kind;
    options.host = get->host;
    options.port = url->port;
    return http_client_create(get->loop, &options, &get->http);
}

static void send(struct jwks_get *get)
{
    get->call = (struct http_call){
        .method = HTTP_GET,
        .target = writer_bytes(&get->target),
        .headers = &accept,
        .header_count = 1,
        .deadline_ns = loop_now_ns(get->loop) + get->timeout_ms * NS_PER_MS,
        .done = on_call_done,
        .context = get,
    };
    http_client_send(get->http, &get->call);
}

struct writer *jwks_get_target(struct jwks_get *get)
{
    writer_deinit(&get->target);
    writer_init(&get->target, LIMIT_URL_SIZE_BYTES_MAX);
    return &get->target;
}

void jwks_get_start(struct jwks_get *get, const struct web_url *url)
{
    INVARIANT(get->http == NULL && get->done != NULL);
    get->finished.run = run_done;
    get->error.text[0] = '\0';
    get->http_status = 0;
    get->body = BYTES_NONE;
    get->status =
        get->target.status == GALEN_OK ? open_client(get, url) : get->target.status;
    if (get->status == GALEN_OK) {
        send(get);
    } else {
        mailbox_post(loop_mailbox(get->loop), &get->finished);
    }
}

void jwks_get_cancel(struct jwks_get *get)
{
    if (get->http != NULL) {
        http_client_close(take(&get->http), &get->finished);
    }
}

void jwks_get_clear(struct jwks_get *get)
{
    http_call_clear(&get->call);
    writer_deinit(&get->target);
    get->body = BYTES_NONE;
}
