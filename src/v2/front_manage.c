/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/log.h"
#include "v2/front_impl.h"

static void on_managed(struct infer_management_call *call)
{
    struct visit *visit = call->context;
    struct reply reply;
    v2_reply_to_management(call, &reply);
    visit_answer(visit, call->status, &reply);
}

static enum galen_status ask(struct visit *visit, struct error *out_error)
{
    struct infer_management_call *call = &visit->management;
    *call = (struct infer_management_call){
        .deadline_ns = CLOCK_NEVER,
        .arena = &visit->arena,
        .mailbox = loop_mailbox(visit->front->options.loop),
        .done = on_managed,
        .context = visit,
    };
    TRY(v2_management_begin(&visit->transaction.route, visit_body(visit), &visit->arena,
                            call, out_error));
    visit->state = VISIT_MANAGING;
    visit->is_submitted = true;
    infer_manage(visit->front->options.management, call);
    return GALEN_OK;
}

static struct v2_log_settings settings_of(enum log_level level)
{
    return (struct v2_log_settings){.verbose = level <= LOG_DEBUG,
                                    .info = level <= LOG_INFO,
                                    .warning = level <= LOG_WARN,
                                    .error = true};
}

static enum log_level level_of(const struct v2_log_settings *settings)
{
    if (settings->verbose) {
        return LOG_DEBUG;
    }
    if (settings->info) {
        return LOG_INFO;
    }
    return settings->warning ? LOG_WARN : LOG_ERROR;
}

static enum galen_status set(struct visit *visit, struct error *out_error)
{
    const enum v2_operation operation = visit->transaction.route.operation;
    struct v2_log_settings settings = settings_of(log_get_level());
    struct reply reply;
    TRY(v2_reply_to_settings(operation, visit_body(visit), &visit->arena, &settings, &reply,
                             out_error));
    if (operation == V2_LOGGING_UPDATE) {
        log_set_level(level_of(&settings));
    }
    visit_answer(visit, GALEN_OK, &reply);
    return GALEN_OK;
}

enum galen_status visit_manage(struct visit *visit, struct error *out_error)
{
    return v2_asks_management(visit->transaction.route.operation) ? ask(visit, out_error)
                                                                  : set(visit, out_error);
}
