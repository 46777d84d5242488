/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/catalog.h"

#include <inttypes.h>

#include "base/limits.h"
#include "engine/execution.h"

static void run_batch(void *context, const struct batch *batch)
{
    execution_run(context, batch);
}

static enum galen_status start_instances(const struct catalog *catalog,
                                         struct loaded_version *version)
{
    const struct engine_options *options = &catalog->options;
    const size_t row_count_max = version->model->row_count_max;
    const struct instances_options instances_options = {
        .settings = {.row_count_max = row_count_max == 0 ? 1 : row_count_max,
                     .queue_count_max = options->queue_count_max,
                     .wait_ns_max = row_count_max == 0 ? 0 : options->wait_ns_max},
        .count = options->instance_count,
        .quick_ns_max = options->quick_ns_max,
        .run = run_batch,
        .context = version->model,
    };
    return instances_create(&instances_options, &version->instances);
}

static void load_version(const struct catalog *catalog, const struct loaded_model *model,
                         const struct repository_version *source,
                         struct loaded_version *version)
{
    const struct model_options options = {
        .name = model->source->name,
        .version = source->number,
        .path = source->path,
        .backends = catalog->options.backends,
        .thread_count = catalog->options.thread_count,
        .row_count_max = catalog->options.batch_rows_max,
        .quick_ns_max = catalog->options.quick_ns_max,
    };
    version->number = source->number;
    if (!source->usable) {
        version->why_not = source->why_not;
        return;
    }
    if (model_open(&options, &version->model, &version->why_not) != GALEN_OK) {
        return;
    }
    const enum galen_status status = start_instances(catalog, version);
    if (status != GALEN_OK) {
        (void)error_set(&version->why_not, status, "model '%s' version %" PRIu64 ": %s",
                        options.name, options.version, galen_status_text(status));
        model_close(version->model);
        version->model = NULL;
    }
}

static void choose_version(struct loaded_model *model)
{
    const struct repository_version *chosen = repository_resolve(model->source, BYTES_NONE);
    for (size_t i = 0; chosen != NULL && i < model->version_count; i++) {
        if (model->versions[i].number == chosen->number) {
            model->choice = &model->versions[i];
        }
    }
}

static enum galen_status load_model(struct catalog *catalog,
                                    const struct repository_model *source,
                                    struct loaded_model *model)
{
    const size_t count = source->version_count;
    model->source = source;
    model->versions = arena_alloc_array(&catalog->arena, count, sizeof(*model->versions));
    model->version_texts =
        arena_alloc_array(&catalog->arena, count, sizeof(*model->version_texts));
    if (model->versions == NULL || model->version_texts == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        if (!repository_is_kept(source, source->versions[i].number)) {
            continue;
        }
        struct loaded_version *version = &model->versions[model->version_count++];
        load_version(catalog, model, &source->versions[i], version);
        if (version->model != NULL) {
            model->version_texts[model->version_text_count++] = version->model->version;
        }
    }
    choose_version(model);
    return GALEN_OK;
}

static void add_failure(struct catalog *catalog, const struct loaded_model *model,
                        uint64_t version, const char *why)
{
    catalog->failures[catalog->summary.failure_count++] = (struct engine_failure){
        .model = model->source->name, .version = version, .why = why};
}

static void summarize_model(struct catalog *catalog, const struct loaded_model *model)
{
    size_t loaded_count = 0;
    for (size_t i = 0; i < model->version_count; i++) {
        const struct loaded_version *version = &model->versions[i];
        loaded_count += version->model != NULL;
        if (version->model == NULL) {
            add_failure(catalog, model, version->number, version->why_not.text);
        }
    }
    const char *why = model->source->why_not.text;
    if (loaded_count == model->version_count &&
        (!model->source->usable || model->choice == NULL)) {
        add_failure(catalog, model, 0, why[0] == '\0' ? "it has no version to serve" : why);
    }
    catalog->summary.loaded_count += loaded_count;
}

static enum galen_status summarize(struct catalog *catalog)
{
    size_t failure_count_max = catalog->model_count;
    for (size_t i = 0; i < catalog->model_count; i++) {
        failure_count_max += catalog->models[i].version_count;
    }
    catalog->failures =
        arena_alloc_array(&catalog->arena, failure_count_max, sizeof(*catalog->failures));
    if (catalog->failures == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < catalog->model_count; i++) {
        summarize_model(catalog, &catalog->models[i]);
    }
    catalog->summary.failures = catalog->failures;
    return GALEN_OK;
}

static enum galen_status load_all(struct catalog *catalog)
{
    const struct repository *repository = catalog->options.repository;
    struct loaded_model *models =
        arena_alloc_array(&catalog->arena, repository->model_count, sizeof(*models));
    if (models == NULL) {
        return GALEN_NO_MEMORY;
    }
    catalog->models = models;
    catalog->model_count = repository->model_count;
    for (size_t i = 0; i < repository->model_count; i++) {
        TRY(load_model(catalog, &repository->models[i], &models[i]));
    }
    return summarize(catalog);
}

enum galen_status catalog_load(struct catalog *catalog,
                               const struct engine_options *options)
{
    *catalog = (struct catalog){.options = *options};
    catalog->options.repository = repository_ref(options->repository);
    arena_init(&catalog->arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    return load_all(catalog);
}

void catalog_unload(struct catalog *catalog)
{
    for (size_t i = 0; i < catalog->model_count; i++) {
        for (size_t k = 0; k < catalog->models[i].version_count; k++) {
            instances_destroy(catalog->models[i].versions[k].instances);
            model_close(catalog->models[i].versions[k].model);
        }
    }
    repository_unref(catalog->options.repository);
    arena_deinit(&catalog->arena);
}

const struct loaded_model *catalog_find(const struct catalog *catalog, const char *name)
{
    const struct repository *repository = catalog->options.repository;
    const struct repository_model *model =
        repository_find(repository, bytes_from_string(name));
    return model == NULL ? NULL : &catalog->models[model - repository->models];
}

const struct loaded_version *loaded_model_find(const struct loaded_model *model,
                                               const char *version)
{
    uint64_t number;
    if (version[0] == '\0') {
        return model->choice;
    }
    if (bytes_parse_u64(bytes_from_string(version), UINT64_MAX, &number)) {
        for (size_t i = 0; i < model->version_count; i++) {
            if (model->versions[i].number == number) {
                return &model->versions[i];
            }
        }
    }
    return NULL;
}
