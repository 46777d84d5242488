/* SPDX-License-Identifier: Apache-2.0 */
#include "v2/management.h"

#include "base/invariant.h"
#include "base/limits.h"
#include "v2/transaction.h"

enum galen_status v2_check_powers(enum v2_operation operation,
                                  const struct v2_powers *powers, struct error *out_error)
{
    const char *lack = v2_operation_lack(operation);
    if (lack != NULL) {
        return error_set(out_error, GALEN_NOT_IMPLEMENTED, "%s", lack);
    }
    if (v2_operation_manages(operation) && !powers->manages) {
        return error_set(out_error, GALEN_FORBIDDEN,
                         "models and settings are managed only on the admin listener "
                         "(listen.admin)");
    }
    if (v2_asks_management(operation) && !powers->tells) {
        return error_set(out_error, GALEN_NOT_IMPLEMENTED,
                         "statistics and configurations are told by the engine, and on its "
                         "admin listener (listen.admin)");
    }
    return GALEN_OK;
}

bool v2_asks_management(enum v2_operation operation)
{
    return operation >= V2_MODEL_STATISTICS && operation <= V2_UNLOAD;
}

bool v2_changes_something(enum v2_operation operation)
{
    return operation == V2_LOAD || operation == V2_UNLOAD || operation == V2_LOGGING_UPDATE;
}

/* Index by operation; those that no management call answers are not asked for. */
static enum infer_management_operation asked_of(enum v2_operation operation)
{
    static const enum infer_management_operation operations[V2_OPERATION_COUNT] = {
        [V2_MODEL_STATISTICS] = MANAGE_STATISTICS,
        [V2_STATISTICS] = MANAGE_STATISTICS,
        [V2_CONFIG] = MANAGE_CONFIG,
        [V2_INDEX] = MANAGE_INDEX,
        [V2_LOAD] = MANAGE_LOAD,
        [V2_UNLOAD] = MANAGE_UNLOAD,
    };
    INVARIANT(v2_asks_management(operation));
    return operations[operation];
}

enum galen_status v2_management_begin(const struct v2_route *route, struct bytes body,
                                      struct arena *arena,
                                      struct infer_management_call *call,
                                      struct error *out_error)
{
    call->operation = asked_of(route->operation);
    call->model = route->model;
    call->version = route->version;
    call->ready_only = false;
    call->config = BYTES_NONE;
    switch (call->operation) {
    case MANAGE_INDEX:
        return v2_index_request_decode(body, arena, &call->ready_only, out_error);
    case MANAGE_LOAD:
        return v2_load_request_decode(body, arena, &call->config, out_error);
    case MANAGE_UNLOAD:
        return v2_unload_request_decode(body, arena, out_error);
    case MANAGE_STATISTICS:
    case MANAGE_CONFIG:
        break;
    }
    return GALEN_OK;
}

static void write_answer(const struct infer_management_call *call, struct writer *out)
{
    const struct v2_index index = {call->index, call->index_count};
    const struct v2_statistics_list list = {call->statistics, call->statistics_count};
    switch (call->operation) {
    case MANAGE_INDEX:
        v2_index_encode(&index, out);
        break;
    case MANAGE_STATISTICS:
        v2_statistics_encode(&list, out);
        break;
    case MANAGE_CONFIG:
        writer_put(out, call->config_json);
        break;
    case MANAGE_LOAD:
    case MANAGE_UNLOAD:
        break; /* an empty body says that it is done */
    }
}

void v2_reply_to_management(const struct infer_management_call *call,
                            struct reply *out_reply)
{
    struct writer body;
    if (call->status != GALEN_OK) {
        v2_reply_to_failure(call->status, &call->error, BYTES_NONE, out_reply);
        return;
    }
    writer_init(&body, SIZE_MAX / 2);
    write_answer(call, &body);
    reply_init(out_reply, 200, BYTES("application/json"));
    reply_take_body(out_reply, &body);
}

static enum galen_status update_settings(enum v2_operation operation, struct bytes body,
                                         struct arena *arena,
                                         struct v2_log_settings *settings,
                                         struct error *out_error)
{
    if (operation == V2_LOGGING_UPDATE) {
        return v2_log_settings_update(body, arena, settings, out_error);
    }
    return operation == V2_TRACE_UPDATE ? v2_trace_settings_check(body, arena, out_error)
                                        : GALEN_OK;
}

enum galen_status v2_reply_to_settings(enum v2_operation operation, struct bytes body,
                                       struct arena *arena,
                                       struct v2_log_settings *settings,
                                       struct reply *out_reply, struct error *out_error)
{
    struct writer out;
    TRY(update_settings(operation, body, arena, settings, out_error));
    writer_init(&out, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX);
    if (operation == V2_LOGGING || operation == V2_LOGGING_UPDATE) {
        v2_log_settings_encode(settings, &out);
    } else {
        v2_trace_settings_encode(&out);
    }
    reply_init(out_reply, 200, BYTES("application/json"));
    reply_take_body(out_reply, &out);
    return GALEN_OK;
}
