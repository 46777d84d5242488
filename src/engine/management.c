/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "engine/engine_impl.h"
#include "infer/validate.h"

static struct engine *engine_of(struct infer_management *management)
{
    return LIST_ITEM(management, struct engine, management);
}

static struct v2_duration duration(uint64_t count, uint64_t ns)
{
    return (struct v2_duration){.count = count, .ns = ns};
}

static void describe(const struct loaded_version *version, struct v2_statistics *out)
{
    const struct scheduler_statistics statistics = instances_statistics(version->instances);
    const uint64_t count = statistics.success_count;
    *out = (struct v2_statistics){
        .inference_count = statistics.row_count,
        .execution_count = statistics.execution_count,
        .success = duration(count, statistics.request_ns),
        .queue = duration(count, statistics.queue_ns),
        .compute_infer = duration(count, statistics.compute_ns),
    };
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

static void submit(struct infer_management *management, struct infer_management_call *call)
{
    struct engine *engine = engine_of(management);
    switch (call->operation) {
    case MANAGE_STATISTICS:
        infer_management_finish(call, answer_statistics(engine, call));
        break;
    case MANAGE_CONFIG:
        infer_management_finish(call, GALEN_NOT_IMPLEMENTED);
        break;
    case MANAGE_INDEX:
    case MANAGE_LOAD:
    case MANAGE_UNLOAD:
        loader_manage(engine->loader, call);
        break;
    }
}

const struct infer_management_ops engine_management_ops = {.submit = submit};
