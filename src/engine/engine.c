/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/limits.h"
#include "engine/catalog.h"
#include "infer/answer.h"

enum {
    DEFAULT_INSTANCE_COUNT = 1,
    DEFAULT_THREAD_COUNT = 1,
    DEFAULT_QUEUE_COUNT_MAX = 1024,
    DEFAULT_BATCH_ROWS_MAX = 64,
};

struct engine {
    struct infer_service base;
    struct catalog catalog;
    atomic_bool draining;
};

static struct engine *engine_of(struct infer_service *service)
{
    return (struct engine *)(void *)service;
}

static enum galen_status answer_service_ready(const struct engine_summary *summary,
                                              struct infer_call *call)
{
    if (summary->failure_count > 0) {
        return error_set(&call->error, GALEN_UNAVAILABLE,
                         "%zu cannot answer, the first: %s", summary->failure_count,
                         summary->failures[0].why);
    }
    return GALEN_OK;
}

/* Why there is no model to ask. */
static enum galen_status refuse(const struct loaded_model *model,
                                const struct loaded_version *version,
                                struct infer_call *call)
{
    if (model == NULL) {
        return infer_refuse_unknown(call, false);
    }
    if (version != NULL) {
        return error_set(&call->error, GALEN_UNAVAILABLE, "%s", version->why_not.text);
    }
    if (call->request.version[0] != '\0') {
        return infer_refuse_unknown(call, true);
    }
    return error_set(&call->error, GALEN_UNAVAILABLE, "model '%s' cannot answer: %s",
                     model->source->name, model->source->why_not.text);
}

static enum galen_status answer_description(const struct loaded_model *model,
                                            const struct loaded_version *version,
                                            struct infer_call *call)
{
    struct v2_model description = version->model->metadata;
    description.versions = model->version_texts;
    description.version_count = model->version_text_count;
    TRY(infer_answer_model(call, &description));
    return infer_answer_version(call, version->model->version);
}

static enum galen_status begin_run(const struct loaded_version *version,
                                   struct infer_call *call)
{
    struct inference *inference;
    TRY(model_prepare(version->model, call, &inference));
    call->service_data = inference;
    instances_submit(version->instances, inference);
    return GALEN_OK;
}

/* With GALEN_OK a run has begun, and done will come from there; everything else is answered
 * with what this returns. */
static enum galen_status answer(const struct engine *engine, struct infer_call *call)
{
    const struct loaded_model *model = catalog_find(&engine->catalog, call->request.model);
    const struct loaded_version *version =
        model == NULL ? NULL : loaded_model_find(model, call->request.version);
    if (version == NULL || version->model == NULL) {
        return refuse(model, version, call);
    }
    switch (call->operation) {
    case INFER_RUN:
        return begin_run(version, call);
    case INFER_DESCRIBE:
        return answer_description(model, version, call);
    case INFER_READY:
        break;
    }
    return infer_answer_version(call, version->model->version);
}

static enum galen_status refuse_while_draining(struct infer_call *call)
{
    return error_set(&call->error, GALEN_UNAVAILABLE, "the engine is shutting down");
}

static void engine_submit(struct infer_service *service, struct infer_call *call)
{
    const struct engine *engine = engine_of(service);
    const bool is_run = call->operation == INFER_RUN;
    enum galen_status status;
    if (call->operation != INFER_DESCRIBE && atomic_load(&engine->draining)) {
        status = refuse_while_draining(call);
    } else if (call->operation == INFER_READY && call->request.model[0] == '\0') {
        status = answer_service_ready(&engine->catalog.summary, call);
    } else {
        status = answer(engine, call);
    }
    if (status != GALEN_OK || !is_run) {
        infer_call_finish(call, status);
    }
}

static void engine_cancel(struct infer_service *service, struct infer_call *call)
{
    (void)service;
    if (call->service_data != NULL) {
        instances_cancel(call->service_data);
    }
}

static void engine_close(struct infer_service *service)
{
    struct engine *engine = engine_of(service);
    catalog_unload(&engine->catalog);
    free(engine);
}

static const struct infer_service_ops ops = {.name = "engine",
                                             .submit = engine_submit,
                                             .cancel = engine_cancel,
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
    engine->base.ops = &ops;
    const struct engine_options complete = with_defaults(*options);
    const enum galen_status status = catalog_load(&engine->catalog, &complete);
    if (status != GALEN_OK) {
        engine_close(&engine->base);
        return error_set(out_error, status, "out of memory");
    }
    *out_service = &engine->base;
    return GALEN_OK;
}

const struct engine_summary *engine_summary(const struct infer_service *service)
{
    return &((const struct engine *)(const void *)service)->catalog.summary;
}

static void for_each_loaded(const struct catalog *catalog,
                            void (*visit)(void *context,
                                          const struct loaded_version *version),
                            void *context)
{
    for (size_t i = 0; i < catalog->model_count; i++) {
        for (size_t k = 0; k < catalog->models[i].version_count; k++) {
            if (catalog->models[i].versions[k].model != NULL) {
                visit(context, &catalog->models[i].versions[k]);
            }
        }
    }
}

static void begin_drain(void *context, const struct loaded_version *version)
{
    (void)context;
    instances_drain(version->instances);
}

struct patience {
    uint64_t deadline_ns;
    bool all_idle;
};

static void end_drain(void *context, const struct loaded_version *version)
{
    struct patience *patience = context;
    patience->all_idle &= instances_wait_idle(version->instances, patience->deadline_ns);
}

enum galen_status engine_drain(struct infer_service *service, uint64_t deadline_ns)
{
    struct engine *engine = engine_of(service);
    struct patience patience = {.deadline_ns = deadline_ns, .all_idle = true};
    atomic_store(&engine->draining, true);
    for_each_loaded(&engine->catalog, begin_drain, NULL);
    for_each_loaded(&engine->catalog, end_drain, &patience);
    return patience.all_idle ? GALEN_OK : GALEN_TIMEOUT;
}

struct visitor {
    void (*visit)(void *context, const struct engine_activity *activity);
    void *context;
};

static void visit_one(void *context, const struct loaded_version *version)
{
    const struct visitor *visitor = context;
    const struct engine_activity activity = {
        .model = version->model->name,
        .version = version->model->version,
        .waiting_count = instances_waiting_count(version->instances),
        .statistics = instances_statistics(version->instances)};
    visitor->visit(visitor->context, &activity);
}

void engine_visit(struct infer_service *service,
                  void (*visit)(void *context, const struct engine_activity *activity),
                  void *context)
{
    struct visitor visitor = {.visit = visit, .context = context};
    for_each_loaded(&engine_of(service)->catalog, visit_one, &visitor);
}
