/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "engine/configuration.h"
#include "engine/engine_impl.h"
#include "infer/validate.h"

static struct engine *engine_of(struct infer_management *management)
{
    return LIST_ITEM(management, struct engine, management);
}

static struct v2_duration duration(struct scheduler_duration duration)
{
    return (struct v2_duration){.count = duration.count, .ns = duration.ns};
}

static uint64_t unix_ms(uint64_t monotonic_ns)
{
    return monotonic_ns == 0 ? 0 : clock_wall_at_ns(monotonic_ns) / NS_PER_MS;
}

static void describe(const struct loaded_version *version, struct v2_statistics *out)
{
    struct scheduler_statistics statistics;
    instances_statistics(version->instances, &statistics);
    *out = (struct v2_statistics){
        .last_inference_ms = unix_ms(statistics.last_inference_ns),
        .inference_count = statistics.inference_count,
        .execution_count = statistics.execution_count,
        .success = duration(statistics.success),
        .fail = duration(statistics.fail),
        .queue = duration(statistics.queue),
        .compute_input = duration(statistics.compute_input),
        .compute_infer = duration(statistics.compute_infer),
        .compute_output = duration(statistics.compute_output),
    };
}

static struct v2_batch_statistics describe_size(const struct scheduler_batch_size *size)
{
    return (struct v2_batch_statistics){
        .batch_size = size->row_count,
        .compute_input = {.count = size->count, .ns = size->input_ns},
        .compute_infer = {.count = size->count, .ns = size->infer_ns},
        .compute_output = {.count = size->count, .ns = size->output_ns},
    };
}

static enum galen_status describe_sizes(const struct loaded_version *version,
                                        struct arena *arena, struct v2_statistics *out)
{
    const size_t count_max = instances_batch_sizes(version->instances, NULL, 0);
    struct scheduler_batch_size *sizes =
        arena_alloc_array(arena, count_max, sizeof(*sizes));
    struct v2_batch_statistics *batches =
        arena_alloc_array(arena, count_max, sizeof(*batches));
    if (sizes == NULL || batches == NULL) {
        return GALEN_NO_MEMORY;
    }
    /* of those that have come up meanwhile the next call tells */
    const size_t count = instances_batch_sizes(version->instances, sizes, count_max);
    out->batch_count = count < count_max ? count : count_max;
    for (size_t i = 0; i < out->batch_count; i++) {
        batches[i] = describe_size(&sizes[i]);
    }
    out->batches = batches;
    return GALEN_OK;
}

/* Those that the call asks for, as references. */
struct selection {
    struct loaded_version **versions;
    size_t count;
};

static void keep(struct selection *selection, struct loaded_version *version)
{
    if (loaded_version_serves(version)) {
        selection->versions[selection->count++] = loaded_version_ref(version);
    }
}

/* With the lock. */
static enum galen_status select_of_model(const struct engine *engine,
                                         struct infer_management_call *call,
                                         struct selection *selection)
{
    const struct loaded_model *model = catalog_find(engine->catalog, call->model);
    if (model == NULL) {
        return error_set(&call->error, GALEN_NOT_FOUND,
                         "Request for unknown model: '%s' is not found",
                         infer_quotable_name(call->model));
    }
    selection->versions = calloc(model->version_count + 1, sizeof(struct loaded_version *));
    if (selection->versions == NULL) {
        return GALEN_NO_MEMORY;
    }
    if (call->version[0] != '\0') {
        keep(selection, loaded_model_find(model, call->version));
    }
    for (size_t i = 0; call->version[0] == '\0' && i < model->version_count; i++) {
        keep(selection, model->versions[i]);
    }
    return selection->count > 0
               ? GALEN_OK
               : error_set(
                     &call->error, GALEN_NOT_FOUND,
                     "Request for unknown model: '%s' version %s is not found", call->model,
                     call->version[0] == '\0' ? "any" : infer_quotable_name(call->version));
}

static enum galen_status select_versions(struct engine *engine,
                                         struct infer_management_call *call,
                                         struct selection *selection)
{
    if (call->model[0] == '\0') {
        selection->versions = engine_versions(engine, &selection->count);
        return selection->versions == NULL ? GALEN_NO_MEMORY : GALEN_OK;
    }
    engine_lock(engine);
    const enum galen_status status = select_of_model(engine, call, selection);
    engine_unlock(engine);
    return status;
}

static enum galen_status name(const struct loaded_version *version, struct arena *arena,
                              struct v2_statistics *statistics)
{
    statistics->name = arena_copy_string(arena, bytes_from_string(version->name));
    statistics->version =
        arena_copy_string(arena, bytes_from_string(version->model->version));
    return statistics->name == NULL || statistics->version == NULL ? GALEN_NO_MEMORY
                                                                   : GALEN_OK;
}

static enum galen_status put_statistics(const struct selection *selection,
                                        struct infer_management_call *call)
{
    struct v2_statistics *list =
        arena_alloc_array(call->arena, selection->count, sizeof(struct v2_statistics));
    if (list == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < selection->count; i++) {
        describe(selection->versions[i], &list[i]);
        TRY(describe_sizes(selection->versions[i], call->arena, &list[i]));
        TRY(name(selection->versions[i], call->arena, &list[i]));
    }
    call->statistics = list;
    call->statistics_count = selection->count;
    return GALEN_OK;
}

static enum galen_status answer_statistics(struct engine *engine,
                                           struct infer_management_call *call)
{
    struct selection selection = {.versions = NULL};
    enum galen_status status = select_versions(engine, call, &selection);
    if (status == GALEN_OK) {
        status = put_statistics(&selection, call);
    }
    engine_forget(selection.versions, selection.count);
    return status;
}

static enum galen_status put_config(const struct loaded_version *version,
                                    struct infer_management_call *call)
{
    struct writer text;
    writer_init(&text, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX);
    struct json_writer json = json_writer_on(&text);
    model_config_put_json(&json, &version->model->configuration->config);
    const struct bytes bytes = writer_bytes(&text);
    const char *copy =
        text.status == GALEN_OK ? arena_copy_string(call->arena, bytes) : NULL;
    if (copy != NULL) {
        call->config_json = bytes_of(copy, bytes.size);
    }
    const enum galen_status status = text.status;
    writer_deinit(&text);
    return status == GALEN_OK && copy == NULL ? GALEN_NO_MEMORY : status;
}

/* With the lock: the one that the call names, or the model's choice; a reference. */
static enum galen_status select_one(const struct engine *engine,
                                    struct infer_management_call *call,
                                    struct loaded_version **out_version)
{
    const struct loaded_model *model = catalog_find(engine->catalog, call->model);
    struct loaded_version *version =
        model == NULL ? NULL : loaded_model_find(model, call->version);
    if (!loaded_version_serves(version)) {
        return error_set(&call->error, GALEN_NOT_FOUND,
                         "Request for unknown model: '%s' is not found",
                         infer_quotable_name(call->model));
    }
    *out_version = loaded_version_ref(version);
    return GALEN_OK;
}

static enum galen_status answer_config(struct engine *engine,
                                       struct infer_management_call *call)
{
    struct loaded_version *version = NULL;
    engine_lock(engine);
    enum galen_status status = select_one(engine, call, &version);
    engine_unlock(engine);
    if (status == GALEN_OK) {
        status = put_config(version, call);
    }
    loaded_version_unref(version);
    return status;
}

static void submit(struct infer_management *management, struct infer_management_call *call)
{
    struct engine *engine = engine_of(management);
    switch (call->operation) {
    case MANAGE_STATISTICS:
        infer_management_finish(call, answer_statistics(engine, call));
        break;
    case MANAGE_CONFIG:
        infer_management_finish(call, answer_config(engine, call));
        break;
    case MANAGE_INDEX:
    case MANAGE_LOAD:
    case MANAGE_UNLOAD:
        loader_manage(engine->loader, call);
        break;
    }
}

const struct infer_management_ops engine_management_ops = {.submit = submit};
