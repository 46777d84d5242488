/* SPDX-License-Identifier: Apache-2.0 */
#include "app/reload.h"

#include <stdlib.h>

#include "app/configure.h"
#include "app/identity.h"
#include "app/lifecycle.h"
#include "app/role_models.h"
#include "app/role_policies.h"
#include "app/worker.h"
#include "base/limits.h"
#include "base/log.h"
#include "crypto/sha256.h"
#include "gateway/rules.h"
#include "service/audit/event.h"

struct reload {
    struct role *role;
    struct worker *workers;
    size_t worker_count;
    bool is_under_way;
    bool is_asked_again;

    /* while it is under way */
    struct settings next;
    struct rules *rules;           /* of who answers clients; NULL */
    struct auth_rules *auth_rules; /* of who asks who its callers are; NULL */
    struct role_limits **limits;   /* one for each worker */
    struct audit_entry entry;
    struct writer fields;
};

static void forget(struct reload *reload)
{
    rules_unref(reload->rules);
    reload->rules = NULL;
    auth_rules_unref(take(&reload->auth_rules));
    for (size_t i = 0; i < reload->worker_count; i++) {
        free(reload->limits[i]);
        reload->limits[i] = NULL;
    }
    writer_deinit(&reload->fields);
}

static void end(struct reload *reload)
{
    forget(reload);
    reload->is_under_way = false;
    if (reload->is_asked_again) {
        reload->is_asked_again = false;
        reload_begin(reload);
    }
    worker_let_go(&reload->workers[0]);
}

static void refuse(const char *why)
{
    log_event(LOG_ERROR, "config.refused", LOG_STR("why", why));
}

/* --- what can fail --- */

static enum galen_status make_limits(struct reload *reload)
{
    for (size_t i = 0; i < reload->worker_count; i++) {
        reload->limits[i] = malloc(sizeof(*reload->limits[i]));
        if (reload->limits[i] == NULL) {
            return GALEN_NO_MEMORY;
        }
        *reload->limits[i] = role_limits_of(&reload->next);
    }
    return GALEN_OK;
}

static enum galen_status prepare(struct reload *reload, struct error *out_error)
{
    struct role *role = reload->role;
    TRY(configure_again(role, &reload->next, out_error));
    TRY(settings_check_live(&role->configured, &reload->next, out_error));
    if (role->kind->is_gateway) {
        TRY(role_check_routes(role->kind, &reload->next, lifecycle_shown(role), out_error));
        TRY(role_check_policies(role, &reload->next, out_error));
        TRY(role_make_rules(&reload->next, &reload->rules, out_error));
    }
    if (role->identity != NULL) {
        TRY(identity_rules(&reload->next, &reload->auth_rules, out_error));
    }
    return make_limits(reload);
}

/* --- what cannot, but for the view --- */

static enum galen_status show(struct reload *reload)
{
    struct role *role = reload->role;
    struct view *view;
    struct rules *before = role->rules;
    role->rules = reload->rules;
    const enum galen_status status = role_make_view(role, lifecycle_shown(role), &view);
    if (status != GALEN_OK) {
        role->rules = before;
        return status;
    }
    reload->rules = before; /* to be let go of */
    for (size_t i = 0; i < reload->worker_count; i++) {
        worker_show(&reload->workers[i], view);
    }
    view_unref(view);
    return GALEN_OK;
}

static void apply(struct reload *reload)
{
    const enum galen_status status =
        reload->role->kind->is_gateway ? show(reload) : GALEN_OK;
    if (status != GALEN_OK) {
        refuse(galen_status_text(status));
        return;
    }
    for (size_t i = 0; i < reload->worker_count; i++) {
        worker_limit(&reload->workers[i], take(&reload->limits[i]));
    }
    if (reload->auth_rules != NULL) {
        identity_reload(reload->role->identity, take(&reload->auth_rules));
    }
    settings_copy(&reload->role->configured, &reload->next);
    settings_take_live(&reload->role->settings, &reload->next);
    log_event(LOG_INFO, "config.reloaded", LOG_INT("routes", reload->next.route_count));
}

/* --- the record, between the two --- */

static enum galen_status write_event(struct reload *reload, enum galen_status outcome)
{
    uint8_t sha256[SHA256_SIZE];
    struct audit_event event = {
        .kind = AUDIT_EVENT_configure,
        .route = "SIGHUP",
        .outcome = outcome == GALEN_OK ? "ok" : "refused",
        .reason = outcome == GALEN_OK ? NULL : galen_status_slug(outcome),
    };
    if (outcome == GALEN_OK) {
        TRY(settings_digest(&reload->next, sha256));
        event.config_sha256 = sha256;
    }
    writer_init(&reload->fields, LIMIT_AUDIT_RECORD_SIZE_BYTES_MAX);
    audit_event_write(&event, &reload->fields);
    return reload->fields.status;
}

static void on_recorded(struct audit_entry *entry)
{
    struct reload *reload = entry->context;
    if (entry->status == GALEN_OK) {
        apply(reload);
    } else {
        refuse(galen_status_text(entry->status));
    }
    end(reload);
}

static void on_refusal_recorded(struct audit_entry *entry)
{
    end(entry->context);
}

static void record(struct reload *reload, enum galen_status outcome)
{
    struct audit_lane *lane = worker_audit_lane(&reload->workers[0]);
    const bool is_told = lane == NULL || write_event(reload, outcome) == GALEN_OK;
    if (is_told && lane != NULL) {
        reload->entry = (struct audit_entry){
            .fields = writer_bytes(&reload->fields),
            .mailbox = loop_mailbox(reload->workers[0].loop),
            .done = outcome == GALEN_OK ? on_recorded : on_refusal_recorded,
            .context = reload,
        };
        audit_lane_submit(lane, &reload->entry);
        return;
    }
    if (!is_told) {
        refuse("the record of it cannot be made");
    } else if (outcome == GALEN_OK) {
        apply(reload);
    }
    end(reload);
}

void reload_begin(struct reload *reload)
{
    struct error error;
    if (reload->is_under_way) {
        reload->is_asked_again = true;
        return;
    }
    reload->is_under_way = true;
    worker_hold(&reload->workers[0]);
    error_clear(&error);
    const enum galen_status status = prepare(reload, &error);
    if (status != GALEN_OK) {
        refuse(error.text[0] != '\0' ? error.text : galen_status_text(status));
    }
    record(reload, status);
}

/* --- */

enum galen_status reload_create(struct role *role, struct worker *workers,
                                size_t worker_count, struct reload **out_reload)
{
    struct reload *reload = calloc(1, sizeof(*reload));
    struct role_limits **limits = calloc(worker_count, sizeof(*limits));
    if (reload == NULL || limits == NULL) {
        free(reload);
        free(limits);
        return GALEN_NO_MEMORY;
    }
    reload->role = role;
    reload->workers = workers;
    reload->worker_count = worker_count;
    reload->limits = limits;
    *out_reload = reload;
    return GALEN_OK;
}

void reload_destroy(struct reload *reload)
{
    if (reload != NULL) {
        forget(reload);
        free(reload->limits);
        free(reload);
    }
}
