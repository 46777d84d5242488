/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

#include <stdlib.h>

#include "base/invariant.h"
#include "base/limits.h"
#include "engine/engine_impl.h"
#include "infer/answer.h"

enum {
    DEFAULT_INSTANCE_COUNT = 1,
    DEFAULT_THREAD_COUNT = 1,
    DEFAULT_QUEUE_COUNT_MAX = 1024,
    DEFAULT_BATCH_ROWS_MAX = 64,
};

static struct engine *engine_of(struct infer_service *service)
{
    return (struct engine *)(void *)service;
}

/* Nothing under this lock takes longer than a look into the catalog. */
void engine_lock(struct engine *engine)
{
    INVARIANT(pthread_mutex_lock(&engine->lock) == 0);
}

void engine_unlock(struct engine *engine)
{
    INVARIANT(pthread_mutex_unlock(&engine->lock) == 0);
}

/* What does not serve keeps a service from being ready where nothing serves in its place.
 */
static enum galen_status answer_service_ready(const struct engine *engine,
                                              struct infer_call *call)
{
    const struct engine_summary *summary = &engine->catalog->summary;
    for (size_t i = 0; i < summary->failure_count; i++) {
        if (!summary->failures[i].serves) {
            return error_set(&call->error, GALEN_UNAVAILABLE,
                             "%zu cannot answer as they should, the first: %s",
                             summary->failure_count, summary->failures[i].why);
        }
    }
    return summary->failure_count == 0 ? GALEN_OK
                                       : infer_answer_note(call, summary->failures[0].why);
}

/* Why there is no version to ask. */
static enum galen_status refuse_unknown(const struct loaded_model *model,
                                        struct infer_call *call)
{
    if (model != NULL && model->desired->is_disabled) {
        return error_set(&call->error, GALEN_UNAVAILABLE, "model '%s' is %s",
                         model->desired->name, model->desired->why_not.text);
    }
    if (model == NULL || call->request.version[0] != '\0') {
        return infer_refuse_unknown(call, model != NULL);
    }
    const char *why = model->effective->why_not.text;
    return error_set(&call->error, GALEN_UNAVAILABLE, "model '%s' cannot answer: %s",
                     model->desired->name,
                     why[0] != '\0' ? why : "no version is tagged current");
}

static enum galen_status find(const struct engine *engine, struct infer_call *call,
                              const struct loaded_model **out_model,
                              struct loaded_version **out_version)
{
    const struct loaded_model *model = catalog_find(engine->catalog, call->request.model);
    struct loaded_version *version =
        model == NULL ? NULL : loaded_model_find(model, call->request.version);
    if (version == NULL) {
        return refuse_unknown(model, call);
    }
    if (!loaded_version_serves(version)) {
        return error_set(&call->error, GALEN_UNAVAILABLE, "%s", version->why_not.text);
    }
    *out_model = model;
    *out_version = version;
    return GALEN_OK;
}

static enum galen_status answer_description(const struct loaded_model *model,
                                            const struct loaded_version *version,
                                            struct infer_call *call)
{
    struct v2_model description = version->model->metadata;
    description.versions = model->version_texts;
    description.version_count = model->version_text_count;
    return infer_answer_model(call, &description);
}

/* With the lock. out_version: for a run, a reference. */
static enum galen_status look(const struct engine *engine, struct infer_call *call,
                              struct loaded_version **out_version)
{
    const struct loaded_model *model = NULL;
    struct loaded_version *version = NULL;
    if (call->operation == INFER_READY && call->request.model[0] == '\0') {
        return answer_service_ready(engine, call);
    }
    TRY(find(engine, call, &model, &version));
    INVARIANT(model != NULL && loaded_version_serves(version));
    if (call->operation == INFER_RUN) {
        *out_version = loaded_version_ref(version);
        return GALEN_OK;
    }
    if (call->operation == INFER_DESCRIBE) {
        TRY(answer_description(model, version, call));
    }
    return infer_answer_version(call, version->model->version);
}

/* Keeps the version until settle, whatever becomes of the run. */
static enum galen_status begin_run(struct loaded_version *version, struct infer_call *call)
{
    struct inference *inference;
    struct engine_run *run = arena_alloc(call->arena, sizeof(*run));
    if (run == NULL) {
        loaded_version_unref(version);
        return GALEN_NO_MEMORY;
    }
    run->version = version;
    call->service_data = run;
    TRY(model_prepare(version->model, call, &inference));
    run->inference = inference;
    instances_submit(version->instances, inference);
    return GALEN_OK;
}

static void engine_submit(struct infer_service *service, struct infer_call *call)
{
    struct engine *engine = engine_of(service);
    struct loaded_version *version = NULL;
    if (call->operation != INFER_DESCRIBE && atomic_load(&engine->draining)) {
        infer_call_finish(call, error_set(&call->error, GALEN_UNAVAILABLE,
                                          "the engine is shutting down"));
        return;
    }
    engine_lock(engine);
    enum galen_status status = look(engine, call, &version);
    engine_unlock(engine);
    if (version != NULL) {
        status = begin_run(version, call);
    }
    if (status != GALEN_OK || version == NULL) {
        infer_call_finish(call, status);
    }
}

static void engine_cancel(struct infer_service *service, struct infer_call *call)
{
    (void)service;
    const struct engine_run *run = call->service_data;
    if (run != NULL && run->inference != NULL) {
        instances_cancel(run->inference);
    }
}

static void engine_settle(struct infer_service *service, struct infer_call *call)
{
    (void)service;
    const struct engine_run *run = call->service_data;
    if (run != NULL) {
        loaded_version_unref(run->version);
    }
}

static void engine_close(struct infer_service *service)
{
    struct engine *engine = engine_of(service);
    loader_destroy(engine->loader);
    (void)pthread_mutex_destroy(&engine->lock);
    free(engine);
}

static const struct infer_service_ops ops = {.name = "engine",
                                             .submit = engine_submit,
                                             .cancel = engine_cancel,
                                             .settle = engine_settle,
                                             .close = engine_close};

static struct engine_options with_defaults(struct engine_options options)
{
    options.instance_count =
        options.instance_count == 0 ? DEFAULT_INSTANCE_COUNT : options.instance_count;
    options.thread_count =
        options.thread_count == 0 ? DEFAULT_THREAD_COUNT : options.thread_count;
    options.queue_count_max =
        options.queue_count_max == 0 ? DEFAULT_QUEUE_COUNT_MAX : options.queue_count_max;
    options.batch_rows_max =
        options.batch_rows_max == 0 ? DEFAULT_BATCH_ROWS_MAX : options.batch_rows_max;
    return options;
}

static bool options_are_valid(const struct engine_options *options)
{
    return options->instance_count <= LIMIT_INSTANCE_COUNT_LIMIT &&
           options->queue_count_max <= LIMIT_QUEUE_COUNT_LIMIT &&
           options->batch_rows_max <= LIMIT_BATCH_COUNT_LIMIT;
}

static void publish(void *context, const struct catalog *catalog)
{
    struct engine *engine = context;
    engine_lock(engine);
    engine->catalog = catalog;
    engine_unlock(engine);
    if (engine->changed != NULL) {
        engine->changed(engine->changed_context, &catalog->summary);
    }
}

static enum galen_status start(struct engine *engine, const struct engine_options *options)
{
    const struct loader_options loader_options = {
        .repository = options->repository,
        .loading = {.backends = options->backends,
                    .instance_count = options->instance_count,
                    .thread_count = options->thread_count,
                    .queue_count_max = options->queue_count_max,
                    .batch_rows_max = options->batch_rows_max,
                    .wait_ns_max = options->wait_ns_max,
                    .quick_ns_max = options->quick_ns_max},
        .linger_ns = options->linger_ns,
        .control = options->control,
        .load = options->load,
        .publish = publish,
        .context = engine,
    };
    engine->base.ops = &ops;
    engine->management.ops = &engine_management_ops;
    engine->changed = options->changed;
    engine->changed_context = options->context;
    INVARIANT(pthread_mutex_init(&engine->lock, NULL) == 0);
    return loader_create(&loader_options, &engine->loader);
}

enum galen_status engine_create(const struct engine_options *options,
                                struct infer_service **out_service, struct error *out_error)
{
    if (!options_are_valid(options)) {
        return error_set(out_error, GALEN_INVALID,
                         "at most %d instances, %d waiting requests and %d rows",
                         (int)LIMIT_INSTANCE_COUNT_LIMIT, (int)LIMIT_QUEUE_COUNT_LIMIT,
                         (int)LIMIT_BATCH_COUNT_LIMIT);
    }
    struct engine *engine = calloc(1, sizeof(*engine));
    if (engine == NULL) {
        return error_set(out_error, GALEN_NO_MEMORY, "out of memory");
    }
    const struct engine_options complete = with_defaults(*options);
    const enum galen_status status = start(engine, &complete);
    if (status != GALEN_OK) {
        engine_close(&engine->base);
        return error_set(out_error, status, "out of memory");
    }
    *out_service = &engine->base;
    return GALEN_OK;
}

void engine_follow(struct infer_service *service, struct repository *repository)
{
    loader_follow(engine_of(service)->loader, repository);
}

struct infer_management *engine_management(struct infer_service *service)
{
    return &engine_of(service)->management;
}

/* References to all versions that serve, so that nothing of what follows holds the lock.
 * *out_count 0 for want of memory. */
struct loaded_version **engine_versions(struct engine *engine, size_t *out_count)
{
    *out_count = 0;
    engine_lock(engine);
    const struct catalog *catalog = engine->catalog;
    struct loaded_version **versions =
        calloc(catalog->summary.loaded_count + 1, sizeof(struct loaded_version *));
    for (size_t i = 0; versions != NULL && i < catalog->model_count; i++) {
        const struct loaded_model *model = &catalog->models[i];
        for (size_t k = 0; k < model->version_count; k++) {
            if (loaded_version_serves(model->versions[k])) {
                versions[(*out_count)++] = loaded_version_ref(model->versions[k]);
            }
        }
    }
    engine_unlock(engine);
    return versions;
}

void engine_forget(struct loaded_version **versions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        loaded_version_unref(versions[i]);
    }
    free(versions);
}

enum galen_status engine_drain(struct infer_service *service, uint64_t deadline_ns)
{
    struct engine *engine = engine_of(service);
    size_t count;
    bool all_idle = true;
    atomic_store(&engine->draining, true);
    struct loaded_version **versions = engine_versions(engine, &count);
    for (size_t i = 0; i < count; i++) {
        instances_drain(versions[i]->instances);
    }
    for (size_t i = 0; i < count; i++) {
        all_idle &= instances_wait_idle(versions[i]->instances, deadline_ns);
    }
    engine_forget(versions, count);
    return all_idle ? GALEN_OK : GALEN_TIMEOUT;
}

void engine_visit(struct infer_service *service,
                  void (*visit)(void *context, const struct engine_activity *activity),
                  void *context)
{
    size_t count;
    struct loaded_version **versions = engine_versions(engine_of(service), &count);
    for (size_t i = 0; i < count; i++) {
        struct engine_activity activity = {
            .model = versions[i]->name,
            .version = versions[i]->model->version,
            .waiting_count = instances_waiting_count(versions[i]->instances)};
        instances_statistics(versions[i]->instances, &activity.statistics);
        visit(context, &activity);
    }
    engine_forget(versions, count);
}
