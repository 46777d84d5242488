/* SPDX-License-Identifier: Apache-2.0 */
#include "app/admin_models.h"

#include <stdlib.h>

#include "app/admin_document.h"
#include "app/background.h"
#include "app/model_history.h"
#include "app/model_list.h"
#include "app/model_release.h"
#include "app/triton_later.h"
#include "base/limits.h"

/* One call on its way, from the loop to a thread and back. */
struct mission {
    struct background_job job;
    struct background *background;
    struct manage_call *call;
    struct model_wish wish;
    bool has_engine;
    struct model_asker asker;
    char actor[LIMIT_RELEASE_TEXT_SIZE_BYTES_MAX + 1];
    struct model_made made;
};

/* --- who --- */

/* "alice via ward", as records of releases have it; the audit trail has all of it. */
static void name_actor(struct mission *mission)
{
    struct writer text;
    const struct bytes subject = mission->asker.subject;
    const struct bytes client = mission->asker.client_id;
    writer_init(&text, sizeof(mission->actor) - 1);
    writer_put(&text, subject);
    writer_put_string(&text, subject.size > 0 ? " via " : "");
    writer_put(&text, client);
    const struct bytes whole = writer_bytes(&text);
    if (text.status == GALEN_OK && whole.size > 0) {
        memcpy(mission->actor, whole.data, whole.size);
    }
    if (!release_text_is_valid(mission->actor) || mission->actor[0] == '\0') {
        memcpy(mission->actor, "a token", sizeof("a token"));
    }
    writer_deinit(&text);
}

static void take_asker(struct mission *mission)
{
    const struct principal *principal = mission->call->principal;
    mission->asker.client_id = BYTES("unidentified");
    if (principal != NULL && principal->kind != PRINCIPAL_ANONYMOUS) {
        mission->asker = (struct model_asker){
            .client_id = principal->client_id,
            .subject = principal->subject,
            .issuer = principal->issuer,
            .token_hmac = mission->call->token_hmac,
        };
    }
    name_actor(mission);
}

/* --- what --- */

static enum release_action action_of(const struct manage_call *call)
{
    switch (call->operation) {
    case MANAGE_PROMOTE:
        return RELEASE_PROMOTE;
    case MANAGE_ROLLBACK:
        return RELEASE_ROLLBACK;
    case MANAGE_DISABLE:
        return RELEASE_DISABLE;
    case MANAGE_ENABLE:
        return RELEASE_ENABLE;
    case MANAGE_CANARY:
    case MANAGE_LIST:
    case MANAGE_HISTORY:
    case MANAGE_DOCUMENT:
    case MANAGE_OPERATION_COUNT:
        break;
    }
    return call->order.stops ? RELEASE_ROLLBACK : RELEASE_CANARY;
}

static void take_order(struct mission *mission)
{
    const struct manage_call *call = mission->call;
    const struct manage_order *order = &call->order;
    const bool goes_back = call->operation == MANAGE_ROLLBACK;
    struct model_wish *wish = &mission->wish;
    wish->words[0] = call->model;
    wish->is_json = !call->wants_text;
    wish->actor = mission->actor;
    wish->asker = &mission->asker;
    wish->reason = order->reason;
    wish->tag = order->tag[0] == '\0' ? RELEASE_CURRENT : order->tag;
    wish->expects = order->expects;
    wish->expected = order->expected;
    wish->version = goes_back ? 0 : order->version;
    wish->to = goes_back ? order->version : 0;
    wish->engine = order->engine[0] == '\0' ? NULL : order->engine;
    wish->has_share = order->has_share;
    wish->share = order->share;
    wish->has_shadow = order->has_shadow;
    wish->shadow = order->shadow;
    wish->has_promotes = order->has_promotes;
    wish->promotes = order->promotes;
    wish->stops = order->stops;
}

/* --- on the thread --- */

static enum galen_status list(const struct mission *mission)
{
    struct manage_call *call = mission->call;
    return model_list_write(mission->wish.settings.repository,
                            call->model[0] == '\0' ? NULL : call->model, !call->wants_text,
                            &call->text, &call->error);
}

static enum galen_status tell_history(const struct mission *mission)
{
    bool is_whole;
    struct manage_call *call = mission->call;
    const struct model_history history = {
        .repository = mission->wish.settings.repository,
        .model = call->model,
        .is_json = !call->wants_text,
    };
    return model_history_write(&history, &call->text, &is_whole, &call->error);
}

static enum galen_status describe(const struct mission *mission)
{
    const struct settings *settings = &mission->wish.settings;
    const struct admin_document document = {
        .has_engine = mission->has_engine,
        .has_issuer = settings->auth_issuer[0] != '\0',
        .body_size_bytes_max = settings->limits_body_size_bytes,
    };
    admin_document_write(&document, &mission->call->text);
    return mission->call->text.status;
}

static enum galen_status release(struct mission *mission)
{
    struct manage_call *call = mission->call;
    call->is_recorded = true;
    return model_release_make(&mission->wish, action_of(call), &call->text, &mission->made,
                              &call->error);
}

/* What lies in the repository is nobody's request. */
static enum galen_status status_of_read(enum galen_status status)
{
    return status == GALEN_INVALID ? GALEN_CONFLICT : status;
}

static void run(struct background_job *job)
{
    struct mission *mission = LIST_ITEM(job, struct mission, job);
    struct manage_call *call = mission->call;
    if (call->operation == MANAGE_LIST) {
        call->status = status_of_read(list(mission));
    } else if (call->operation == MANAGE_HISTORY) {
        call->status = status_of_read(tell_history(mission));
    } else if (call->operation == MANAGE_DOCUMENT) {
        call->status = describe(mission);
    } else {
        call->status = release(mission);
    }
}

/* --- on the loop --- */

static void on_done(struct background_job *job)
{
    struct mission *mission = LIST_ITEM(job, struct mission, job);
    triton_later(mission->background, &mission->wish.settings, mission->call->model,
                 &mission->made);
    mission->call->done(mission->call);
    free(mission);
}

enum galen_status admin_models_submit(void *context, struct manage_call *call,
                                      struct error *out_error)
{
    const struct role *role = context;
    struct mission *mission = calloc(1, sizeof(*mission));
    if (mission == NULL) {
        return GALEN_NO_MEMORY;
    }
    mission->background = role->background;
    mission->call = call;
    mission->has_engine = role->engine != NULL;
    settings_copy(&mission->wish.settings, &role->settings);
    mission->job = (struct background_job){
        .key = manage_operation_changes(call->operation) ? call->model : NULL,
        .run = run,
        .done = on_done,
    };
    if (manage_operation_changes(call->operation)) {
        take_asker(mission);
        take_order(mission);
    }
    const enum galen_status status =
        background_start(role->background, &mission->job, out_error);
    if (status != GALEN_OK) {
        free(mission);
    }
    return status;
}
