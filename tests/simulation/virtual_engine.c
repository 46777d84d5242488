/* SPDX-License-Identifier: Apache-2.0 */
#include "virtual_engine.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/invariant.h"
#include "infer/answer.h"
#include "infer/validate.h"

enum { FEATURE_COUNT = 2, INSTANCE_COUNT_MAX = 4, LEVEL_COUNT_MAX = 3 };

static const char *const version_names[VIRTUAL_VERSION_COUNT] = {"1", "2"};
static const struct galen_tensor_spec input_specs[] = {
    {"features", GALEN_FP32, 2, {GALEN_DIMENSION_ANY, FEATURE_COUNT}}};
static const struct galen_tensor_spec output_specs[] = {
    {"scores", GALEN_FP32, 2, {GALEN_DIMENSION_ANY, 2}}};
static const struct v2_model the_model = {
    .name = "m",
    .versions = version_names,
    .version_count = VIRTUAL_VERSION_COUNT,
    .platform = "simulation",
    .inputs = input_specs,
    .input_count = 1,
    .outputs = output_specs,
    .output_count = 1,
};

/* A request in a scheduler; in its call's arena. */
struct job {
    struct scheduler_entry entry;
    struct infer_call *call;
    struct infer_plan plan;
};

struct instance {
    struct version *version;
    struct event finishes;
    struct batch batch;
    bool is_busy;
};

struct version {
    struct virtual_engine *engine;
    size_t index;
    struct scheduler *scheduler;
    struct instance instances[INSTANCE_COUNT_MAX];
    struct event due; /* when the scheduler is next worth asking */
};

struct virtual_engine {
    struct infer_service base; /* first: callers hold a pointer to it */
    struct virtual *world;
    struct virtual_engine_options options;
    struct arena arena;
    struct version versions[VIRTUAL_VERSION_COUNT];
};

static struct job *job_of(struct list_link *link)
{
    return LIST_ITEM(scheduler_entry_of(link), struct job, entry);
}

/* What version `index` answers to x. */
static void compute(size_t index, float x, float *out_scores)
{
    out_scores[index] = x / 64;
    out_scores[1 - index] = 1 - x / 64;
}

static enum galen_status answer_job(const struct version *version, struct job *job)
{
    const float *values = job->plan.inputs[0].bytes;
    const size_t row_count = job->plan.row_count;
    struct blob *storage = blob_create(row_count * 2 * sizeof(float), 0);
    INVARIANT(storage != NULL);
    for (size_t i = 0; i < row_count; i++) {
        const float marker = values[i * FEATURE_COUNT + 1];
        INVARIANT(marker == (float)(version->index + 1)); /* never mixed versions */
        compute(version->index, values[i * FEATURE_COUNT],
                (float *)(void *)blob_data(storage) + i * 2);
    }
    const struct galen_tensor scores = {
        .name = "scores",
        .datatype = GALEN_FP32,
        .rank = 2,
        .shape = {(int64_t)row_count, 2},
        .bytes = blob_data(storage),
        .size_bytes = blob_size(storage),
    };
    job->call->response.outputs =
        arena_alloc(job->call->arena, sizeof(*job->call->response.outputs));
    INVARIANT(job->call->response.outputs != NULL);
    return infer_answer_output(job->call, &scores, storage);
}

static void reschedule(struct version *version);

static void answer_all(struct version *version)
{
    struct scheduler_entry *entry;
    while ((entry = scheduler_take(version->scheduler)) != NULL) {
        infer_call_finish(LIST_ITEM(entry, struct job, entry)->call, entry->status);
    }
}

static void on_finishes(struct event *event)
{
    struct instance *instance = LIST_ITEM(event, struct instance, finishes);
    struct version *version = instance->version;
    const struct compute_times times = {0};
    instance->is_busy = false;
    for (struct list_link *link = list_first(&instance->batch.entries); link != NULL;
         link = list_next(&instance->batch.entries, link)) {
        struct job *job = job_of(link);
        job->entry.status = answer_job(version, job);
    }
    scheduler_finish(version->scheduler, &instance->batch, &times,
                     version->engine->world->now_ns);
    answer_all(version);
    reschedule(version);
}

static struct instance *idle_instance(struct version *version)
{
    for (size_t i = 0; i < version->engine->options.instance_count; i++) {
        if (!version->instances[i].is_busy) {
            return &version->instances[i];
        }
    }
    return NULL;
}

static enum galen_status refuse(struct job *job)
{
    return error_set(&job->call->error, job->entry.status, "%s",
                     galen_status_text(job->entry.status));
}

static void expire(struct version *version)
{
    const uint64_t now_ns = version->engine->world->now_ns;
    struct scheduler_entry *entry = scheduler_expire(version->scheduler, now_ns);
    while (entry != NULL) {
        struct job *job = LIST_ITEM(entry, struct job, entry);
        infer_call_finish(job->call, refuse(job));
        entry = scheduler_expire(version->scheduler, now_ns);
    }
    answer_all(version);
}

/* What an instance thread does: expire, pull, sleep until due. */
static void serve(struct version *version)
{
    struct virtual_engine *engine = version->engine;
    struct instance *instance = idle_instance(version);
    expire(version);
    while (instance != NULL &&
           scheduler_pull(version->scheduler, engine->world->now_ns, &instance->batch)) {
        INVARIANT(instance->batch.row_count <= engine->options.batch_rows_max);
        instance->is_busy = true;
        virtual_schedule(engine->world, &instance->finishes,
                         virtual_between(engine->world, 1, engine->options.run_ns_max));
        instance = idle_instance(version);
    }
}

static void reschedule(struct version *version)
{
    struct virtual *world = version->engine->world;
    serve(version);
    virtual_cancel(world, &version->due);
    const uint64_t due_ns = scheduler_due_ns(version->scheduler);
    if (due_ns != CLOCK_NEVER && idle_instance(version) != NULL) {
        virtual_schedule(world, &version->due,
                         due_ns > world->now_ns ? due_ns - world->now_ns : 0);
    }
}

static void on_due(struct event *event)
{
    reschedule(LIST_ITEM(event, struct version, due));
}

static enum galen_status find_version(struct virtual_engine *engine,
                                      struct infer_call *call, struct version **out_version)
{
    if (strcmp(call->request.model, the_model.name) != 0) {
        return infer_refuse_unknown(call, false);
    }
    for (size_t i = 0; i < VIRTUAL_VERSION_COUNT; i++) {
        if (strcmp(call->request.version, version_names[i]) == 0) {
            *out_version = &engine->versions[i];
            return infer_answer_version(call, version_names[i]);
        }
    }
    return infer_refuse_unknown(call, true);
}

static enum galen_status enqueue(struct version *version, struct infer_call *call)
{
    struct virtual_engine *engine = version->engine;
    const struct infer_rules rules = {.model = &the_model,
                                      .row_count_max = engine->options.batch_rows_max};
    struct job *job = arena_alloc(call->arena, sizeof(*job));
    INVARIANT(job != NULL);
    TRY(infer_validate(call, &rules, &job->plan));
    job->call = call;
    job->entry.waiting.row_count = job->plan.row_count;
    job->entry.waiting.deadline_ns = call->request.deadline_ns;
    job->entry.waiting.join_key = BYTES("features");
    job->entry.waiting.priority = virtual_between(engine->world, 0, LEVEL_COUNT_MAX);
    job->entry.waiting.queue_timeout_ns = virtual_between(engine->world, 0, 5) * NS_PER_MS;
    call->service_data = job;
    const enum galen_status status =
        scheduler_submit(version->scheduler, &job->entry, engine->world->now_ns);
    if (status != GALEN_OK) {
        call->service_data = NULL;
        return error_set(&call->error, status, "%s", galen_status_text(status));
    }
    reschedule(version);
    return GALEN_OK;
}

static void submit(struct infer_service *service, struct infer_call *call)
{
    struct virtual_engine *engine = (struct virtual_engine *)(void *)service;
    struct version *version = NULL;
    enum galen_status status = GALEN_OK;
    if (call->request.model[0] != '\0') {
        status = find_version(engine, call, &version);
    }
    if (status == GALEN_OK && version != NULL && call->operation == INFER_RUN) {
        status = enqueue(version, call);
        if (status == GALEN_OK) {
            return;
        }
    }
    infer_call_finish(call, status);
}

static void cancel(struct infer_service *service, struct infer_call *call)
{
    struct virtual_engine *engine = (struct virtual_engine *)(void *)service;
    struct job *job = call->service_data;
    if (job == NULL || job->entry.state == SCHEDULER_ENTRY_DONE) {
        return;
    }
    for (size_t i = 0; i < VIRTUAL_VERSION_COUNT; i++) {
        if (strcmp(call->response.version, version_names[i]) == 0 &&
            scheduler_cancel(engine->versions[i].scheduler, &job->entry,
                             engine->world->now_ns)) {
            infer_call_finish(call, infer_refuse_cancelled(call));
            answer_all(&engine->versions[i]);
            reschedule(&engine->versions[i]);
        }
    }
}

static void nothing(struct infer_service *service)
{
    (void)service;
}

static const struct infer_service_ops ops = {
    .name = "virtual-engine", .submit = submit, .cancel = cancel, .close = nothing};

/* Any of what a scheduler can be told, in storage that has to last until it is made. */
static void draw_settings(struct virtual *world, struct batcher_settings *settings,
                          struct batcher_level *levels, size_t *preferred)
{
    settings->level_count = virtual_between(world, 0, LEVEL_COUNT_MAX);
    settings->default_priority = settings->level_count;
    settings->preferred_count = virtual_between(world, 0, 1);
    settings->preserve_ordering = virtual_between(world, 0, 1) == 1;
    settings->runs_alone = virtual_between(world, 0, 5) == 0;
    settings->levels = levels;
    settings->preferred_sizes = preferred;
    *preferred = virtual_between(world, 1, settings->row_count_max);
    for (size_t i = 0; i < settings->level_count; i++) {
        levels[i] = (struct batcher_level){
            .timeout_ns = virtual_between(world, 0, 20) * NS_PER_MS,
            .timeout_override = virtual_between(world, 0, 1) == 1,
            .timeout_action =
                virtual_between(world, 0, 1) == 0 ? BATCHER_REJECT : BATCHER_DELAY};
    }
}

struct virtual_engine *virtual_engine_create(struct virtual *world,
                                             const struct virtual_engine_options *options)
{
    struct batcher_level levels[LEVEL_COUNT_MAX];
    size_t preferred;
    struct batcher_settings settings = {
        .row_count_max = options->batch_rows_max,
        .queue_count_max = options->queue_count_max,
        .wait_ns_max = options->wait_ns_max,
    };
    struct virtual_engine *engine = calloc(1, sizeof(*engine));
    INVARIANT(engine != NULL && options->instance_count <= INSTANCE_COUNT_MAX);
    draw_settings(world, &settings, levels, &preferred);
    engine->base.ops = &ops;
    engine->world = world;
    engine->options = *options;
    arena_init(&engine->arena, 1 << 20);
    for (size_t i = 0; i < VIRTUAL_VERSION_COUNT; i++) {
        struct version *version = &engine->versions[i];
        version->engine = engine;
        version->index = i;
        version->due.run = on_due;
        INVARIANT(scheduler_create(&settings, &engine->arena, &version->scheduler) ==
                  GALEN_OK);
        for (size_t j = 0; j < INSTANCE_COUNT_MAX; j++) {
            version->instances[j].version = version;
            version->instances[j].finishes.run = on_finishes;
        }
    }
    return engine;
}

struct infer_service *virtual_engine_service(struct virtual_engine *engine)
{
    return &engine->base;
}

void virtual_engine_drain(struct virtual_engine *engine)
{
    for (size_t i = 0; i < VIRTUAL_VERSION_COUNT; i++) {
        scheduler_drain(engine->versions[i].scheduler);
        reschedule(&engine->versions[i]);
    }
}

void virtual_engine_destroy(struct virtual_engine *engine)
{
    for (size_t i = 0; i < VIRTUAL_VERSION_COUNT; i++) {
        virtual_cancel(engine->world, &engine->versions[i].due);
        INVARIANT(scheduler_is_idle(engine->versions[i].scheduler));
    }
    arena_deinit(&engine->arena);
    free(engine);
}
