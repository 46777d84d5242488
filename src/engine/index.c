/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/index.h"

#include <stdlib.h>

/* An index while it is made. */
struct making {
    const struct index_source *source;
    struct infer_management_call *call;
    struct v2_index_entry *entries;
    size_t count;
    bool failed; /* for want of memory */
};

static const char *copy(struct making *making, const char *text)
{
    const char *copied = arena_copy_string(making->call->arena, bytes_from_string(text));
    making->failed |= copied == NULL;
    return copied;
}

static void add(struct making *making, const char *name, const char *version,
                enum v2_model_state state, const char *reason)
{
    if (making->call->ready_only && state != V2_STATE_READY) {
        return;
    }
    making->entries[making->count++] = (struct v2_index_entry){
        .name = copy(making, name),
        .version = copy(making, version),
        .state = state,
        .reason = copy(making, reason),
    };
}

/* Why a version that serves does not do so in its newest form; "": it does. */
static const char *why_behind(const struct loaded_model *model, size_t index)
{
    const struct loaded_version *version = model->versions[index];
    const struct loaded_version *next =
        index + 1 < model->version_count ? model->versions[index + 1] : NULL;
    const bool same = next != NULL && next->source->number == version->source->number;
    return same ? next->why_not.text : "";
}

static void add_loaded(struct making *making, const struct loaded_model *model)
{
    uint64_t last = 0;
    for (size_t i = 0; i < model->version_count; i++) {
        const struct loaded_version *version = model->versions[i];
        if (version->source->number == last) {
            continue;
        }
        last = version->source->number;
        if (loaded_version_serves(version)) {
            add(making, version->name, version->source->number_text, V2_STATE_READY,
                why_behind(model, i));
        } else {
            add(making, version->name, version->source->number_text, V2_STATE_UNAVAILABLE,
                version->why_not.text);
        }
    }
}

static bool is_in_catalog(const struct loaded_model *model,
                          const struct loaded_version *version)
{
    for (size_t i = 0; model != NULL && i < model->version_count; i++) {
        if (model->versions[i] == version) {
            return true;
        }
    }
    return false;
}

/* Out of the catalog, and requests are still under way. */
static void add_unloading(struct making *making, const struct loaded_model *model,
                          const char *name)
{
    const struct list *list = making->source->versions;
    for (struct list_link *link = list_first(list); link != NULL;
         link = list_next(list, link)) {
        const struct loaded_version *version = LIST_ITEM(link, struct loaded_version, link);
        if (strcmp(version->name, name) == 0 && loaded_version_serves(version) &&
            !is_in_catalog(model, version)) {
            add(making, name, version->source->number_text, V2_STATE_UNLOADING, "");
        }
    }
}

static void add_model(struct making *making, const struct repository_model *source)
{
    const size_t count = making->count;
    const struct index_loading *loading = &making->source->loading;
    const struct loaded_model *model = catalog_find(making->source->catalog, source->name);
    if (model != NULL) {
        add_loaded(making, model);
    }
    if (loading->model != NULL && strcmp(loading->model, source->name) == 0) {
        add(making, source->name, loading->version, V2_STATE_LOADING, "");
    } else {
        add_unloading(making, model, source->name);
    }
    if (making->count == count) {
        add(making, source->name, "", V2_STATE_UNAVAILABLE, source->why_not.text);
    }
}

static size_t count_max(const struct index_source *source)
{
    size_t count = 2 * source->all->model_count + source->versions->count;
    for (size_t i = 0; i < source->catalog->model_count; i++) {
        count += source->catalog->models[i].version_count;
    }
    return count;
}

static int compare(const void *a, const void *b)
{
    const struct v2_index_entry *left = a;
    const struct v2_index_entry *right = b;
    const int order = strcmp(left->name, right->name);
    if (order != 0) {
        return order;
    }
    const size_t left_size = strlen(left->version);
    const size_t right_size = strlen(right->version);
    return left_size != right_size ? (left_size > right_size) - (left_size < right_size)
                                   : strcmp(left->version, right->version);
}

enum galen_status index_make(const struct index_source *source,
                             struct infer_management_call *call)
{
    struct making making = {.source = source, .call = call};
    making.entries =
        arena_alloc_array(call->arena, count_max(source), sizeof(*making.entries));
    if (making.entries == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < source->all->model_count; i++) {
        add_model(&making, &source->all->models[i]);
    }
    if (making.failed) {
        return GALEN_NO_MEMORY;
    }
    qsort(making.entries, making.count, sizeof(*making.entries), compare);
    call->index = making.entries;
    call->index_count = making.count;
    return GALEN_OK;
}
