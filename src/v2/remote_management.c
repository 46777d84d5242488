/* SPDX-License-Identifier: Apache-2.0 */
#include "v2/remote_management.h"

#include "codec/url.h"
#include "codec/v2_management.h"

enum { TARGET_SIZE_MAX = 2048 };

/* One call on its way, in the call's arena. */
struct journey {
    struct http_call http;
    struct infer_management_call *call;
};

static void write_target(const struct infer_management_call *call, struct writer *out)
{
    writer_put_string(out, "/v2/models/");
    if (call->model[0] != '\0') {
        url_encode(bytes_from_string(call->model), out);
        if (call->version[0] != '\0') {
            writer_put_string(out, "/versions/");
            url_encode(bytes_from_string(call->version), out);
        }
        writer_put_byte(out, '/');
    }
    writer_put_string(out, call->operation == MANAGE_CONFIG ? "config" : "stats");
}

static enum galen_status keep_target(const struct infer_management_call *call,
                                     struct bytes *out_target)
{
    struct writer target;
    writer_init(&target, TARGET_SIZE_MAX);
    write_target(call, &target);
    const struct bytes text = writer_bytes(&target);
    const char *copy = arena_copy_string(call->arena, text);
    const enum galen_status status = target.status;
    *out_target = bytes_of(copy, text.size);
    writer_deinit(&target);
    return status == GALEN_OK && copy == NULL ? GALEN_NO_MEMORY : status;
}

/* The configuration as it came: whose server it is, it may know more than we do. */
static enum galen_status keep_config(struct infer_management_call *call, struct bytes body)
{
    const char *copy = arena_copy_string(call->arena, body);
    if (copy == NULL) {
        return GALEN_NO_MEMORY;
    }
    call->config_json = bytes_of(copy, body.size);
    return GALEN_OK;
}

static enum galen_status keep_statistics(struct infer_management_call *call,
                                         struct bytes body)
{
    struct v2_statistics_list list;
    const enum galen_status status =
        v2_statistics_decode(body, call->arena, &list, &call->error);
    if (status != GALEN_OK) {
        return status == GALEN_NO_MEMORY ? status : GALEN_BAD_UPSTREAM;
    }
    call->statistics = list.models;
    call->statistics_count = list.count;
    return GALEN_OK;
}

static enum galen_status decode_answer(struct infer_management_call *call,
                                       const struct http_call *http)
{
    const struct bytes body =
        bytes_of(blob_data(http->response_body), blob_size(http->response_body));
    if (http->http_status < 200 || http->http_status > 299) {
        return v2_error_decode(http->http_status, body, call->arena, &call->error);
    }
    return call->operation == MANAGE_CONFIG ? keep_config(call, body)
                                            : keep_statistics(call, body);
}

static void on_http_done(struct http_call *http)
{
    struct journey *journey = http->context;
    struct infer_management_call *call = journey->call;
    enum galen_status status = http->status;
    if (status == GALEN_OK) {
        status = decode_answer(call, http);
    } else {
        call->error = http->error;
    }
    http_call_clear(http);
    infer_management_finish(call, status);
}

static enum galen_status journey_start(const struct remote_management *management,
                                       struct infer_management_call *call)
{
    struct bytes target;
    struct journey *journey = arena_alloc(call->arena, sizeof(*journey));
    if (journey == NULL) {
        return GALEN_NO_MEMORY;
    }
    TRY(keep_target(call, &target));
    *journey = (struct journey){.call = call};
    journey->http = (struct http_call){
        .method = HTTP_GET,
        .target = target,
        .deadline_ns = call->deadline_ns,
        .done = on_http_done,
        .context = journey,
    };
    http_client_send(management->client_, &journey->http);
    return GALEN_OK;
}

static void submit(struct infer_management *base, struct infer_management_call *call)
{
    const struct remote_management *management =
        (const struct remote_management *)(const void *)base;
    if (call->operation != MANAGE_STATISTICS && call->operation != MANAGE_CONFIG) {
        infer_management_finish(
            call, error_set(&call->error, GALEN_FORBIDDEN,
                            "models are managed where they run, on the admin listener"));
        return;
    }
    const enum galen_status status = journey_start(management, call);
    if (status != GALEN_OK) {
        infer_management_finish(
            call, error_set(&call->error, status, "%s", galen_status_text(status)));
    }
}

static const struct infer_management_ops ops = {.submit = submit};

void remote_management_init(struct remote_management *management,
                            struct http_client *client)
{
    *management = (struct remote_management){.base = {.ops = &ops}, .client_ = client};
}
