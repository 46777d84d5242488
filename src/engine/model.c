/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "engine/configuration.h"
#include "engine/execution.h"
#include "engine/stopwatch.h"

enum {
    PATH_SIZE_BYTES_MAX = 4096,
    QUICK_LENGTH_MAX = 512, /* what texts have; to measure more would delay the start */
    MEASURED_RUN_COUNT = 100,
    SLOW_RUN_COUNT_MAX = MEASURED_RUN_COUNT / SLOW_ONE_IN,
};

static bool join_path(const char *folder, const char *file, char *path, size_t size)
{
    const int written = snprintf(path, size, "%s/%s", folder, file);
    return written >= 0 && (size_t)written < size;
}

static enum galen_status no_file(const struct model_options *options,
                                 struct error *out_error)
{
    char names[ERROR_TEXT_SIZE / 2] = "";
    size_t used = 0;
    for (size_t i = 0; options->backends[i] != NULL && used < sizeof(names); i++) {
        used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
                                 i == 0 ? "" : ", ", options->backends[i]->file_name);
    }
    return error_set(out_error, GALEN_NOT_FOUND,
                     "model '%s' version %" PRIu64 ": its folder has none of: %s",
                     options->name, options->version, names);
}

/* The backend that the configuration names, or the first whose file is there; path is its
 * file. NULL: none. */
static const struct galen_backend_ops *find_backend(const struct model_options *options,
                                                    const struct model_config *config,
                                                    char *path, size_t size)
{
    for (size_t i = 0; options->backends[i] != NULL; i++) {
        const struct galen_backend_ops *ops = options->backends[i];
        const char *file = config->file_name == NULL ? ops->file_name : config->file_name;
        if ((config->backend == NULL || strcmp(config->backend, ops->name) == 0) &&
            join_path(options->path, file, path, size) && access(path, F_OK) == 0) {
            return ops;
        }
    }
    return NULL;
}

static enum galen_status no_named_file(const struct model_options *options,
                                       const char *file, struct error *out_error)
{
    return error_set(out_error, GALEN_NOT_FOUND,
                     "model '%s' version %" PRIu64 ": there is no %s in its folder",
                     options->name, options->version, file);
}

static enum galen_status open_backend(const struct model_options *options,
                                      const struct model_config *config,
                                      struct galen_backend **out_backend,
                                      struct error *out_error)
{
    char path[PATH_SIZE_BYTES_MAX];
    struct galen_error why;
    const struct galen_backend_ops *ops = find_backend(options, config, path, sizeof(path));
    if (ops == NULL) {
        return config->file_name == NULL
                   ? no_file(options, out_error)
                   : no_named_file(options, config->file_name, out_error);
    }
    const struct galen_open_options open_options = {
        .path = path,
        .thread_count_max =
            config->thread_count == 0 ? options->thread_count : config->thread_count};
    const enum galen_status status =
        galen_backend_open(ops, &open_options, out_backend, &why);
    if (status != GALEN_OK) {
        return error_set(out_error, status, "model '%s' version %" PRIu64 ": %s: %s",
                         options->name, options->version, ops->name,
                         why.text[0] == '\0' ? galen_status_text(status) : why.text);
    }
    return GALEN_OK;
}

/* Two rows of zeros, as the backends' own warm-up makes one: what the network answers shows
 * whether its first dimension counts rows. A failure shows nothing. */
static bool probe_denies_batch(const struct model *model)
{
    bool denied = false;
    const struct probe two_rows = {.row_count = 2, .length = 1};
    const enum galen_status status = execution_probe(model, two_rows, &denied);
    return status == GALEN_OK && denied;
}

static bool is_quick(const struct model *model, struct probe probe, uint64_t quick_ns_max)
{
    size_t slow_count = 0;
    bool unread;
    for (size_t i = 0; i < MEASURED_RUN_COUNT && slow_count <= SLOW_RUN_COUNT_MAX; i++) {
        const struct stopwatch stopwatch = stopwatch_start();
        if (execution_probe(model, probe, &unread) != GALEN_OK) {
            return false;
        }
        slow_count += stopwatch_exceeds(&stopwatch, quick_ns_max);
    }
    return slow_count <= SLOW_RUN_COUNT_MAX;
}

/* Of one row: as long as its dimensions let it grow and it is still quick. */
static size_t measure_quick_size(const struct model *model, uint64_t quick_ns_max)
{
    size_t quick_size = 0;
    for (size_t length = 1; length <= QUICK_LENGTH_MAX; length *= 2) {
        const struct probe row = {.row_count = 1, .length = length};
        const size_t size = execution_probe_size(model, row);
        if (size <= quick_size || !is_quick(model, row, quick_ns_max)) {
            break;
        }
        quick_size = size;
    }
    return quick_size;
}

/* As the network itself has it. */
static void describe(struct model *model)
{
    model->spec = galen_backend_describe(model->backend);
    model->metadata = (struct v2_model){.name = model->name,
                                        .platform = model->spec->platform,
                                        .inputs = model->spec->inputs,
                                        .input_count = model->spec->input_count,
                                        .outputs = model->spec->outputs,
                                        .output_count = model->spec->output_count};
}

/* As clients see it. */
static void describe_configured(struct model *model)
{
    const struct model_config *config = &model->configuration->config;
    model->metadata.inputs = config->inputs;
    model->metadata.input_count = config->input_count;
    model->metadata.outputs = config->outputs;
    model->metadata.output_count = config->output_count;
    model->squeezed_inputs = config->squeezed_inputs;
    model->squeezed_outputs = config->squeezed_outputs;
    model->row_count_max = config->row_count_max;
}

static enum galen_status read_configuration(const struct model_options *options,
                                            struct model *model, struct error *out_error)
{
    const struct configuration_options configuration_options = {
        .model = options->name,
        .version_path = options->path,
        .backends = options->backends,
        .override = options->config,
    };
    model->configuration = calloc(1, sizeof(*model->configuration));
    return model->configuration == NULL
               ? GALEN_NO_MEMORY
               : configuration_read(model->configuration, &configuration_options,
                                    out_error);
}

static enum galen_status complete(const struct model_options *options, struct model *model,
                                  struct error *out_error)
{
    const bool has_rows =
        infer_model_has_batch(&model->metadata) && !probe_denies_batch(model);
    const struct model_config_network network = {
        .spec = model->spec,
        .backend = model->backend->ops,
        .model_name = options->name,
        .row_count_max = has_rows ? options->row_count_max : 0,
        .instance_count = options->instance_count == 0 ? 1 : options->instance_count,
    };
    TRY(configuration_complete(model->configuration, &network, out_error));
    describe_configured(model);
    return execution_warm_up(model, model->configuration->warm_ups,
                             model->configuration->warm_up_count, out_error);
}

/* What a configuration says of itself has its place; the rest is told whose it is. */
static enum galen_status blame(const struct model_options *options,
                               enum galen_status status, struct error *error)
{
    const struct error why = *error;
    return error_set(error, status, "model '%s' version %" PRIu64 ": %s", options->name,
                     options->version,
                     why.text[0] == '\0' ? galen_status_text(status) : why.text);
}

enum galen_status model_open(const struct model_options *options, struct model **out_model,
                             struct error *out_error)
{
    scoped(model) model = calloc(1, sizeof(*model));
    if (model == NULL) {
        return error_set(out_error, GALEN_NO_MEMORY, "out of memory");
    }
    model->name = options->name;
    (void)snprintf(model->version, sizeof(model->version), "%" PRIu64, options->version);
    error_clear(out_error);
    enum galen_status status = read_configuration(options, model, out_error);
    if (status != GALEN_OK) {
        return blame(options, status, out_error);
    }
    TRY(open_backend(options, &model->configuration->read, &model->backend, out_error));
    describe(model);
    status = complete(options, model, out_error);
    if (status != GALEN_OK) {
        return blame(options, status, out_error);
    }
    if (options->quick_ns_max > 0) {
        model->quick_size_bytes = measure_quick_size(model, options->quick_ns_max);
    }
    *out_model = take(&model);
    return GALEN_OK;
}

void model_close(struct model *model)
{
    if (model != NULL) {
        galen_backend_close(model->backend);
        if (model->configuration != NULL) {
            configuration_deinit(model->configuration);
        }
        free(model->configuration);
        free(model);
    }
}

/* What two requests must have in common to be joined: the dimensions that may vary, but for
 * the rows. Everything else is the same for all requests of a model. */
static enum galen_status make_join_key(const struct model *model,
                                       const struct infer_plan *plan, struct arena *arena,
                                       struct bytes *out_key)
{
    const struct v2_model *metadata = &model->metadata;
    int64_t key[LIMIT_TENSOR_COUNT_MAX * GALEN_RANK_MAX];
    size_t count = 0;
    if (model->row_count_max == 0) {
        return GALEN_OK;
    }
    for (size_t i = 0; i < metadata->input_count; i++) {
        for (uint32_t k = 1; k < metadata->inputs[i].rank; k++) {
            if (metadata->inputs[i].shape[k] == GALEN_DIMENSION_ANY) {
                key[count++] = plan->inputs[i].shape[k];
            }
        }
    }
    if (count > 0) {
        int64_t *copy = arena_alloc_array(arena, count, sizeof(key[0]));
        if (copy == NULL) {
            return GALEN_NO_MEMORY;
        }
        memcpy(copy, key, count * sizeof(key[0]));
        *out_key = bytes_of(copy, count * sizeof(key[0]));
    }
    return GALEN_OK;
}

static size_t inputs_size(const struct model *model, const struct infer_plan *plan)
{
    size_t size = 0;
    for (size_t i = 0; i < model->metadata.input_count; i++) {
        size += plan->inputs[i].size_bytes;
    }
    return size;
}

/* Whether requests may say how long they wait in the queue (allow_timeout_override). */
static bool has_own_timeouts(const struct model *model)
{
    const struct model_config_batching *batching = &model->configuration->config.batching;
    for (size_t i = 0; i < batching->level_count; i++) {
        if (batching->levels[i].has_own_timeouts) {
            return true;
        }
    }
    return false;
}

static void set_times(const struct model *model, const struct infer_request *request,
                      struct batcher_entry *entry)
{
    entry->deadline_ns = request->deadline_ns;
    if (request->queue_timeout_ns > 0 && has_own_timeouts(model)) {
        entry->deadline_ns = request->until_ns;
        entry->queue_timeout_ns = request->queue_timeout_ns;
    }
}

enum galen_status model_prepare(const struct model *model, struct infer_call *call,
                                struct inference **out_inference)
{
    const struct infer_rules rules = {.model = &model->metadata,
                                      .row_count_max = model->row_count_max,
                                      .labels = model->configuration->labels,
                                      .label_count = model->configuration->label_count};
    struct inference *inference = arena_alloc(call->arena, sizeof(*inference));
    if (inference == NULL) {
        return GALEN_NO_MEMORY;
    }
    TRY(infer_validate(call, &rules, &inference->plan));
    struct batcher_entry *entry = &inference->entry.waiting;
    TRY(make_join_key(model, &inference->plan, call->arena, &entry->join_key));
    entry->row_count = inference->plan.row_count;
    set_times(model, &call->request, entry);
    entry->priority = call->request.priority;
    inference->call = call;
    inference->is_quick = model->quick_size_bytes > 0 &&
                          inputs_size(model, &inference->plan) <= model->quick_size_bytes;
    *out_inference = inference;
    return GALEN_OK;
}
