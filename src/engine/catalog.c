/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/catalog.h"

#include <stdlib.h>

#include "base/limits.h"

/* Of one model all versions that may come to serve: those desired, and those that serve. */
struct candidates {
    struct loaded_version **versions;
    size_t count;
};

/* A catalog while it is made. */
struct making {
    const struct catalog_wish *wish;
    struct catalog *catalog;
    struct candidates *candidates; /* by model */
};

static bool is_wanted(const char *name, const char *wanted)
{
    return wanted != NULL && strcmp(name, wanted) == 0;
}

/* What is loaded of exactly this source, and is run so; NULL: nothing. */
static struct loaded_version *find_loaded(const struct loaded_model *model,
                                          const struct repository_version *source,
                                          const struct blob *config)
{
    for (size_t i = 0; model != NULL && i < model->version_count; i++) {
        struct loaded_version *version = model->versions[i];
        if (version->source == source && version->options_.config == config) {
            return version;
        }
    }
    return NULL;
}

static struct blob *config_of(const struct making *making, const char *model)
{
    const struct catalog_wish *wish = making->wish;
    return wish->config_of == NULL ? NULL : wish->config_of(wish->context, model);
}

static const struct loaded_model *model_before(const struct making *making,
                                               const char *name)
{
    const struct catalog *before = making->wish->before;
    return before == NULL ? NULL : catalog_find(before, name);
}

static enum galen_status open_version(const struct making *making, const char *model,
                                      struct repository_version *source,
                                      struct loaded_version **out_version)
{
    const struct catalog_wish *wish = making->wish;
    struct loaded_options options = wish->loading;
    options.model = model;
    options.config = config_of(making, model);
    if (wish->loads != NULL && source->usable) {
        wish->loads(wish->context, model, source);
    }
    return loaded_version_open(&options, source, out_version);
}

static enum galen_status add_desired(struct making *making,
                                     const struct repository_model *model,
                                     struct candidates *candidates)
{
    const struct loaded_model *before = model_before(making, model->name);
    for (size_t i = 0; i < model->version_count; i++) {
        struct repository_version *source = model->versions[i];
        struct loaded_version **place = &candidates->versions[candidates->count];
        struct loaded_version *loaded =
            find_loaded(before, source, config_of(making, model->name));
        const bool again =
            is_wanted(model->name, making->wish->again) && !loaded_version_serves(loaded);
        if (!repository_is_kept(model, source->number)) {
            continue;
        }
        if (loaded != NULL && !again) {
            *place = loaded_version_ref(loaded);
        } else {
            TRY(open_version(making, model->name, source, place));
        }
        candidates->count++;
    }
    return GALEN_OK;
}

static bool has_candidate(const struct candidates *candidates,
                          const struct loaded_version *version)
{
    for (size_t i = 0; i < candidates->count; i++) {
        if (candidates->versions[i] == version) {
            return true;
        }
    }
    return false;
}

static void add_serving(const struct loaded_model *before, struct candidates *candidates)
{
    for (size_t i = 0; before != NULL && i < before->version_count; i++) {
        struct loaded_version *version = before->versions[i];
        if (loaded_version_serves(version) && !has_candidate(candidates, version)) {
            candidates->versions[candidates->count++] = loaded_version_ref(version);
        }
    }
}

static enum galen_status collect(struct making *making,
                                 const struct repository_model *model,
                                 struct candidates *candidates)
{
    const struct loaded_model *before = model_before(making, model->name);
    const size_t before_count = before == NULL ? 0 : before->version_count;
    candidates->versions =
        arena_alloc_array(&making->catalog->arena, model->version_count + before_count,
                          sizeof(struct loaded_version *));
    if (candidates->versions == NULL) {
        return GALEN_NO_MEMORY;
    }
    TRY(add_desired(making, model, candidates));
    add_serving(before, candidates);
    return GALEN_OK;
}

static const struct candidates *candidates_of(const struct making *making,
                                              const struct repository_model *model)
{
    return &making->candidates[model - making->catalog->desired->models];
}

static bool is_ready(void *context, const struct repository_model *model,
                     const struct repository_version *version, const char *engine,
                     struct error *out_why)
{
    (void)engine; /* we are one of them */
    const struct candidates *candidates = candidates_of(context, model);
    bool ready = false;
    for (size_t i = 0; i < candidates->count; i++) {
        const struct loaded_version *loaded = candidates->versions[i];
        if (loaded->source == version) {
            ready |= loaded_version_serves(loaded);
            *out_why = loaded_version_serves(loaded) ? *out_why : loaded->why_not;
        }
    }
    return ready;
}

/* Of the same version there may be one that is run otherwise: what is desired came first.
 */
static bool is_replaced(const struct loaded_model *model,
                        const struct loaded_version *version)
{
    for (size_t i = 0; i < model->version_count; i++) {
        if (loaded_version_serves(model->versions[i]) &&
            model->versions[i]->source == version->source) {
            return loaded_version_serves(version);
        }
    }
    return false;
}

/* Serves, or should and is to say why it does not. */
static bool is_of_use(const struct loaded_model *model,
                      const struct loaded_version *version)
{
    if (is_replaced(model, version)) {
        return false;
    }
    const uint64_t number = version->source->number;
    const struct repository_model *side =
        loaded_version_serves(version) ? model->effective : model->desired;
    return repository_is_kept(side, number) &&
           repository_model_version(side, number) == version->source;
}

static int compare_versions(const void *a, const void *b)
{
    const struct loaded_version *left = *(struct loaded_version *const *)a;
    const struct loaded_version *right = *(struct loaded_version *const *)b;
    if (left->source->number != right->source->number) {
        return left->source->number > right->source->number ? 1 : -1;
    }
    return loaded_version_serves(right) - loaded_version_serves(left);
}

static enum galen_status settle_model(struct making *making, size_t index)
{
    struct arena *arena = &making->catalog->arena;
    struct loaded_model *model = &making->catalog->models[index];
    struct candidates *candidates = &making->candidates[index];
    model->versions =
        arena_alloc_array(arena, candidates->count, sizeof(struct loaded_version *));
    model->version_texts = arena_alloc_array(arena, candidates->count, sizeof(char *));
    if (model->versions == NULL || model->version_texts == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < candidates->count; i++) {
        if (is_of_use(model, candidates->versions[i])) {
            model->versions[model->version_count++] =
                loaded_version_ref(candidates->versions[i]);
        }
    }
    qsort(model->versions, model->version_count, sizeof(struct loaded_version *),
          compare_versions);
    for (size_t i = 0; i < model->version_count; i++) {
        if (loaded_version_serves(model->versions[i])) {
            model->version_texts[model->version_text_count++] =
                model->versions[i]->model->version;
        }
    }
    return GALEN_OK;
}

static void add_failure(struct catalog *catalog, const struct loaded_model *model,
                        uint64_t version, const char *why)
{
    catalog->failures[catalog->summary.failure_count++] = (struct engine_failure){
        .model = model->desired->name,
        .version = version,
        .why = why,
        .serves = model->version_text_count > 0 && model->effective->usable,
    };
}

static void summarize_model(struct catalog *catalog, const struct loaded_model *model)
{
    const size_t failure_count = catalog->summary.failure_count;
    if (model->desired->is_disabled) {
        return;
    }
    for (size_t i = 0; i < model->version_count; i++) {
        const struct loaded_version *version = model->versions[i];
        if (!loaded_version_serves(version)) {
            add_failure(catalog, model, version->source->number, version->why_not.text);
        }
    }
    const char *why = model->effective->why_not.text;
    const bool serves = model->effective->usable && model->effective->choice != NULL;
    if (catalog->summary.failure_count == failure_count && (why[0] != '\0' || !serves)) {
        add_failure(catalog, model, 0, why[0] == '\0' ? "it has no version to serve" : why);
    }
    catalog->summary.loaded_count += model->version_text_count;
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

static enum galen_status make_effective(struct making *making)
{
    struct catalog *catalog = making->catalog;
    const struct catalog *before = making->wish->before;
    const struct repository_readiness readiness = {.is_ready = is_ready,
                                                   .context = making,
                                                   .linger_ns = making->wish->linger_ns,
                                                   .now_ns = making->wish->now_ns};
    TRY(repository_effective(catalog->desired, before == NULL ? NULL : before->effective,
                             &readiness, &catalog->effective));
    for (size_t i = 0; i < catalog->model_count; i++) {
        catalog->models[i].desired = &catalog->desired->models[i];
        catalog->models[i].effective = &catalog->effective->models[i];
        TRY(settle_model(making, i));
    }
    return summarize(catalog);
}

static enum galen_status make(struct making *making)
{
    struct catalog *catalog = making->catalog;
    const size_t count = catalog->desired->model_count;
    catalog->models = arena_alloc_array(&catalog->arena, count, sizeof(*catalog->models));
    making->candidates =
        arena_alloc_array(&catalog->arena, count, sizeof(*making->candidates));
    if (catalog->models == NULL || making->candidates == NULL) {
        return GALEN_NO_MEMORY;
    }
    catalog->model_count = count;
    for (size_t i = 0; i < count; i++) {
        TRY(collect(making, &catalog->desired->models[i], &making->candidates[i]));
    }
    return make_effective(making);
}

static void drop_candidates(struct making *making)
{
    for (size_t i = 0; making->candidates != NULL && i < making->catalog->model_count;
         i++) {
        for (size_t k = 0; k < making->candidates[i].count; k++) {
            loaded_version_unref(making->candidates[i].versions[k]);
        }
    }
}

enum galen_status catalog_create(const struct catalog_wish *wish,
                                 struct catalog **out_catalog)
{
    scoped(catalog) catalog = calloc(1, sizeof(*catalog));
    if (catalog == NULL) {
        return GALEN_NO_MEMORY;
    }
    arena_init(&catalog->arena, LIMIT_REPOSITORY_SIZE_BYTES_MAX);
    catalog->desired = repository_ref(wish->desired);
    struct making making = {.wish = wish, .catalog = catalog};
    const enum galen_status status = make(&making);
    drop_candidates(&making);
    TRY(status);
    *out_catalog = take(&catalog);
    return GALEN_OK;
}

void catalog_destroy(struct catalog *catalog)
{
    if (catalog == NULL) {
        return;
    }
    for (size_t i = 0; i < catalog->model_count; i++) {
        for (size_t k = 0; k < catalog->models[i].version_count; k++) {
            loaded_version_unref(catalog->models[i].versions[k]);
        }
    }
    repository_unref(catalog->desired);
    repository_unref(catalog->effective);
    arena_deinit(&catalog->arena);
    free(catalog);
}

const struct loaded_model *catalog_find(const struct catalog *catalog, const char *name)
{
    const struct repository_model *model =
        repository_find(catalog->desired, bytes_from_string(name));
    return model == NULL ? NULL : &catalog->models[model - catalog->desired->models];
}

static struct loaded_version *find_number(const struct loaded_model *model, uint64_t number)
{
    for (size_t i = 0; i < model->version_count; i++) {
        if (model->versions[i]->source->number == number) {
            return model->versions[i];
        }
    }
    return NULL;
}

struct loaded_version *loaded_model_find(const struct loaded_model *model,
                                         const char *version)
{
    const struct bytes wanted = bytes_from_string(version);
    uint64_t number;
    if (bytes_parse_u64(wanted, UINT64_MAX, &number)) {
        return find_number(model, number);
    }
    const struct repository_version *found = repository_resolve(model->effective, wanted);
    return found == NULL ? NULL : find_number(model, found->number);
}
