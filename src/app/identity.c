/* SPDX-License-Identifier: Apache-2.0 */
#include "app/identity.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <uv.h>

#include "app/file.h"
#include "app/worker.h"
#include "base/clock.h"
#include "base/invariant.h"
#include "base/limits.h"
#include "base/log.h"
#include "net/http_client.h"
#include "service/auth/auth_settings.h"

enum { LOOK_MS = 1000 };

/* Of the deny-list's file, to see that it is another. */
struct file_mark {
    int64_t changed_s;
    int64_t changed_ns;
    uint64_t size;
    uint64_t number;
};

struct identity {
    const struct settings *settings; /* borrowed: the role's */
    struct auth_rules *rules;
    struct key_set *keys; /* NULL: none yet, or none any more */
    struct deny_list *denied;
    struct auth *auth; /* made of the three */
    struct file_mark mark;
    bool is_unreadable; /* the deny-list, as the log says already */

    /* from begin on */
    struct worker *workers;
    size_t worker_count;
    pthread_mutex_t lock; /* of keeper, which any loop may want keys of */
    struct jwks_keeper *keeper;
    struct http_client_options client;
    struct http_client_options secure_client; /* the same, over TLS */
    uv_timer_t look;
    struct task *closed;
    struct task keeper_closed;
};

/* --- what the settings say --- */

static enum galen_status prefix(const char *key, enum galen_status status,
                                struct error *out_error)
{
    struct error why;
    if (out_error != NULL) {
        why = *out_error;
        error_write(out_error, "%s: %s", key, why.text);
    }
    return status;
}

enum galen_status identity_rules(const struct settings *settings,
                                 struct auth_rules **out_rules, struct error *out_error)
{
    return auth_settings_rules(settings, true, out_rules, out_error);
}

/* --- the deny-list --- */

static bool read_mark(const char *path, struct file_mark *out_mark)
{
    struct stat file;
    if (stat(path, &file) != 0) {
        return false;
    }
    *out_mark = (struct file_mark){.changed_s = file.st_mtim.tv_sec,
                                   .changed_ns = file.st_mtim.tv_nsec,
                                   .size = (uint64_t)file.st_size,
                                   .number = (uint64_t)file.st_ino};
    return true;
}

static bool is_same_mark(const struct file_mark *one, const struct file_mark *other)
{
    return one->changed_s == other->changed_s && one->changed_ns == other->changed_ns &&
           one->size == other->size && one->number == other->number;
}

static enum galen_status read_denied(const char *path, struct deny_list **out_list,
                                     struct error *out_error)
{
    scoped(blob) text = NULL;
    enum galen_status status =
        file_read(path, LIMIT_DENY_LIST_SIZE_BYTES_MAX, &text, out_error);
    if (status != GALEN_OK) {
        return prefix("auth.deny_list", status, out_error);
    }
    status =
        deny_list_parse(bytes_of(blob_data(text), blob_size(text)), out_list, out_error);
    return status == GALEN_OK ? GALEN_OK : prefix(path, status, out_error);
}

/* --- snapshots --- */

/* The old one counts on where there is no memory for another. */
static void renew(struct identity *identity)
{
    struct auth *auth;
    const enum galen_status status =
        auth_create(identity->rules, identity->keys, identity->denied, &auth);
    if (status != GALEN_OK) {
        log_event(LOG_ERROR, "auth.snapshot", LOG_STR("why", galen_status_text(status)));
        return;
    }
    auth_unref(identity->auth);
    identity->auth = auth;
    for (size_t i = 0; i < identity->worker_count; i++) {
        worker_know(&identity->workers[i], auth);
    }
}

static bool has_deny_list(const struct identity *identity)
{
    return identity->settings->auth_deny_list[0] != '\0';
}

/* A list that cannot be read leaves the one from before: who was kept out stays out. */
static void look_at_denied(struct identity *identity)
{
    const char *path = identity->settings->auth_deny_list;
    struct file_mark mark = {.size = 0};
    struct deny_list *denied = NULL;
    struct error error;
    const bool is_there = read_mark(path, &mark);
    if (is_there && is_same_mark(&mark, &identity->mark)) {
        return;
    }
    error_clear(&error);
    if (read_denied(path, &denied, &error) != GALEN_OK) {
        if (!identity->is_unreadable || is_there) {
            log_event(LOG_ERROR, "auth.deny_list", LOG_STR("why", error.text));
        }
        identity->is_unreadable = true;
        identity->mark = mark;
        return;
    }
    identity->is_unreadable = false;
    identity->mark = mark;
    deny_list_unref(identity->denied);
    identity->denied = denied;
    log_event(LOG_INFO, "auth.deny_list", LOG_INT("count", deny_list_count(denied)));
    renew(identity);
}

static void on_look(uv_timer_t *timer)
{
    look_at_denied(timer->data);
}

/* --- the issuer's keys --- */

static enum galen_status publish(void *owner, struct bytes document, size_t *out_key_count,
                                 struct error *out_error)
{
    struct identity *identity = owner;
    struct key_set *keys;
    uint32_t algorithms;
    TRY(auth_settings_algorithms(identity->settings, &algorithms, out_error));
    TRY(key_set_parse(document, algorithms, &keys, out_error));
    key_set_unref(identity->keys);
    identity->keys = keys;
    *out_key_count = key_set_count(keys);
    renew(identity);
    return GALEN_OK;
}

static bool holds(void *owner, struct bytes kid)
{
    const struct identity *identity = owner;
    return identity->keys != NULL && key_set_find(identity->keys, kid) != NULL;
}

static void drop(void *owner)
{
    struct identity *identity = owner;
    key_set_unref(take(&identity->keys));
    renew(identity);
}

static const struct jwks_owner_ops owner_ops = {publish, holds, drop};

static bool is_url(const char *text)
{
    return strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0;
}

static struct jwks_source source_of(const struct settings *settings)
{
    const char *keys = settings->auth_jwks;
    if (keys[0] == '\0') {
        return (struct jwks_source){.issuer = settings->auth_issuer};
    }
    return is_url(keys) ? (struct jwks_source){.url = keys}
                        : (struct jwks_source){.file = keys};
}

static enum galen_status open_keeper(struct identity *identity, struct error *out_error)
{
    struct jwks_keeper_options options = jwks_keeper_defaults();
    identity->client = (struct http_client_options){
        .connection_count_max = 2,
        .waiting_count_max = 8,
        .connect_timeout_ms = (uint32_t)identity->settings->upstream_connect_timeout_ms,
        .idle_timeout_ms = (uint32_t)identity->settings->upstream_idle_timeout_ms,
    };
    options.loop = identity->workers[0].loop;
    options.source = source_of(identity->settings);
    identity->secure_client = identity->client;
    identity->secure_client.tls = role_tls_of_issuer(&identity->workers[0].role->tls);
    options.client = &identity->client;
    options.secure_client = &identity->secure_client;
    options.refresh.interval_ns = identity->settings->auth_jwks_interval_s * NS_PER_S;
    options.ops = &owner_ops;
    options.owner = identity;
    const enum galen_status status =
        jwks_keeper_create(&options, &identity->keeper, out_error);
    return status == GALEN_OK ? GALEN_OK : prefix("auth", status, out_error);
}

/* --- */

enum galen_status identity_create(const struct settings *settings,
                                  struct identity **out_identity, struct error *out_error)
{
    scoped(identity) identity = calloc(1, sizeof(*identity));
    if (identity == NULL) {
        return error_set(out_error, GALEN_NO_MEMORY, "out of memory");
    }
    INVARIANT(pthread_mutex_init(&identity->lock, NULL) == 0);
    identity->settings = settings;
    TRY(identity_rules(settings, &identity->rules, out_error));
    if (has_deny_list(identity)) {
        (void)read_mark(settings->auth_deny_list, &identity->mark);
        TRY(read_denied(settings->auth_deny_list, &identity->denied, out_error));
    }
    TRY(auth_create(identity->rules, NULL, identity->denied, &identity->auth));
    *out_identity = take(&identity);
    return GALEN_OK;
}

enum galen_status identity_begin(struct identity *identity, struct worker *workers,
                                 size_t worker_count, struct error *out_error)
{
    identity->workers = workers;
    identity->worker_count = worker_count;
    identity->look.data = identity;
    workers[0].owns_identity = true;
    worker_hold(&workers[0]);
    (void)uv_timer_init(loop_uv(workers[0].loop), &identity->look);
    if (has_deny_list(identity)) {
        (void)uv_timer_start(&identity->look, on_look, LOOK_MS, LOOK_MS);
        uv_unref((uv_handle_t *)&identity->look);
    }
    return auth_rules_have_issuer(identity->rules) ? open_keeper(identity, out_error)
                                                   : GALEN_OK;
}

struct auth *identity_auth(const struct identity *identity)
{
    return auth_ref(identity->auth);
}

bool identity_want_keys(void *context, struct jwks_waiter *waiter, uint64_t now_ns)
{
    struct identity *identity = context;
    INVARIANT(pthread_mutex_lock(&identity->lock) == 0);
    const bool is_wanted =
        identity->keeper != NULL && jwks_keeper_want(identity->keeper, waiter, now_ns);
    INVARIANT(pthread_mutex_unlock(&identity->lock) == 0);
    return is_wanted;
}

void identity_reload(struct identity *identity, struct auth_rules *rules)
{
    auth_rules_unref(identity->rules);
    identity->rules = rules;
    identity->mark = (struct file_mark){.size = 0};
    renew(identity);
    if (has_deny_list(identity)) {
        look_at_denied(identity);
    }
    if (identity->keeper != NULL) {
        jwks_keeper_hurry(identity->keeper);
    }
}

bool identity_count_keys(const struct identity *identity, struct jwks_counts *out_counts)
{
    if (identity->keeper == NULL) {
        return false;
    }
    jwks_keeper_count(identity->keeper, out_counts);
    return true;
}

const struct key_set *identity_keys(const struct identity *identity)
{
    return identity->keys;
}

static void on_keeper_closed(struct task *task)
{
    struct identity *identity = LIST_ITEM(task, struct identity, keeper_closed);
    identity->closed->run(identity->closed);
}

static void on_look_closed(uv_handle_t *handle)
{
    struct identity *identity = handle->data;
    INVARIANT(pthread_mutex_lock(&identity->lock) == 0);
    struct jwks_keeper *keeper = take(&identity->keeper);
    INVARIANT(pthread_mutex_unlock(&identity->lock) == 0);
    identity->keeper_closed.run = on_keeper_closed;
    if (keeper != NULL) {
        jwks_keeper_close(keeper, &identity->keeper_closed);
    } else {
        on_keeper_closed(&identity->keeper_closed);
    }
}

void identity_close(struct identity *identity, struct task *closed)
{
    identity->closed = closed;
    uv_close((uv_handle_t *)&identity->look, on_look_closed);
}

void identity_destroy(struct identity *identity)
{
    if (identity != NULL) {
        INVARIANT(pthread_mutex_destroy(&identity->lock) == 0);
        auth_unref(identity->auth);
        auth_rules_unref(identity->rules);
        key_set_unref(identity->keys);
        deny_list_unref(identity->denied);
        free(identity);
    }
}
