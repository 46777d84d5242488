/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/preparations.h"

#include <stdlib.h>

#include "base/count.h"
#include "base/invariant.h"
#include "base/limits.h"
#include "model/directory.h"

static enum galen_status read_file(const char *path, const char *name, struct arena *arena,
                                   struct bytes *out_text, struct error *out_error)
{
    int folder CLOSED_LATER = -1;
    TRY(directory_open_root(path, &folder, out_error));
    return directory_read_file(folder, name, LIMIT_TOKENIZER_FILE_SIZE_BYTES_MAX, arena,
                               out_text, out_error);
}

static enum galen_status read_and_prepare(struct preparation *preparation, const char *name,
                                          struct error *out_error)
{
    const struct repository_version *version = preparation->version;
    struct arena arena;
    struct bytes text;
    arena_init(&arena, LIMIT_TOKENIZER_SIZE_BYTES_MAX);
    enum galen_status status = read_file(version->path, name, &arena, &text, out_error);
    if (status == GALEN_OK) {
        status = preparation->transform->prepare(version->contract, text,
                                                 &preparation->prepared, out_error);
    }
    arena_deinit(&arena);
    return status;
}

static void prepare(struct preparation *preparation, const char *model)
{
    const struct repository_version *version = preparation->version;
    struct error why = {.text = ""};
    preparation->transform = transform_for(version->contract->task);
    if (preparation->transform == NULL || preparation->transform->needs_file == NULL) {
        return;
    }
    const char *name = preparation->transform->needs_file(version->contract);
    preparation->status = read_and_prepare(preparation, name, &why);
    if (preparation->status != GALEN_OK) {
        (void)error_set(
            &preparation->why_not, preparation->status, "model '%s' version %llu: %s: %s",
            model, (unsigned long long)version->number, name,
            why.text[0] != '\0' ? why.text : galen_status_text(preparation->status));
    }
}

static void preparation_unref(struct preparation *preparation)
{
    if (count_less(&preparation->reference_count_)) {
        const struct transform *transform = preparation->transform;
        if (transform != NULL && transform->unprepare != NULL) {
            transform->unprepare(preparation->prepared);
        }
        repository_version_unref(preparation->version);
        free(preparation);
    }
}

static struct preparation *preparation_create(struct repository_version *version,
                                              const char *model)
{
    struct preparation *preparation = calloc(1, sizeof(*preparation));
    if (preparation != NULL) {
        count_begin(&preparation->reference_count_);
        preparation->version = repository_version_ref(version);
        prepare(preparation, model);
    }
    return preparation;
}

static int by_version(const void *left, const void *right)
{
    const struct preparation *a = *(struct preparation *const *)left;
    const struct preparation *b = *(struct preparation *const *)right;
    return ((uintptr_t)a->version > (uintptr_t)b->version) -
           ((uintptr_t)a->version < (uintptr_t)b->version);
}

static struct preparation *find(const struct preparations *preparations,
                                const struct repository_version *version)
{
    for (size_t i = 0; preparations != NULL && i < preparations->count; i++) {
        struct preparation *item = preparations->items[i];
        INVARIANT(item != NULL);
        if (item->version == version) {
            return item;
        }
    }
    return NULL;
}

static void add(struct preparations *preparations, struct preparation *preparation)
{
    count_more(&preparation->reference_count_);
    preparations->items[preparations->count++] = preparation;
}

static enum galen_status prepare_model(struct preparations *preparations,
                                       const struct repository_model *model,
                                       const struct preparations *before)
{
    for (size_t i = 0; i < model->version_count; i++) {
        struct repository_version *version = model->versions[i];
        struct preparation *made = find(before, version);
        if (!version->usable || version->contract == NULL ||
            !repository_is_kept(model, version->number)) {
            continue;
        }
        if (made != NULL) {
            add(preparations, made);
            continue;
        }
        made = preparation_create(version, model->name);
        if (made == NULL) {
            return GALEN_NO_MEMORY;
        }
        preparations->items[preparations->count++] = made;
    }
    return GALEN_OK;
}

static void add_those_before(struct preparations *preparations,
                             const struct preparations *before)
{
    for (size_t i = 0; before != NULL && i < before->count; i++) {
        if (find(preparations, before->items[i]->version) == NULL) {
            add(preparations, before->items[i]);
        }
    }
}

/* A version without a contract needs no preparing: no request for it comes here. */
static bool is_ready(void *context, const struct repository_model *model,
                     const struct repository_version *version, const char *engine,
                     struct error *out_why)
{
    (void)engine;
    (void)model;
    const struct preparation *preparation = find(context, version);
    if (preparation == NULL) {
        *out_why = version->why_not;
        return version->usable;
    }
    *out_why = preparation->why_not;
    return preparation->status == GALEN_OK;
}

static bool is_kept(const struct preparations *preparations,
                    const struct repository_version *version)
{
    const struct repository *effective = preparations->effective;
    for (size_t i = 0; i < effective->model_count; i++) {
        const struct repository_model *model = &effective->models[i];
        if (repository_model_version(model, version->number) == version) {
            return repository_is_kept(model, version->number);
        }
    }
    return false;
}

static void drop_what_does_not_serve(struct preparations *preparations)
{
    size_t kept = 0;
    for (size_t i = 0; i < preparations->count; i++) {
        struct preparation *item = preparations->items[i];
        if (is_kept(preparations, item->version)) {
            preparations->items[kept++] = item;
        } else {
            preparation_unref(item);
        }
    }
    preparations->count = kept;
}

static size_t count_max(const struct repository *repository,
                        const struct preparations *before)
{
    size_t count = before == NULL ? 1 : before->count + 1;
    for (size_t i = 0; i < repository->model_count; i++) {
        count += repository->models[i].version_count;
    }
    return count;
}

static enum galen_status make(struct preparations *preparations,
                              const struct repository *desired,
                              const struct preparations *before,
                              const struct preparations_time *time)
{
    const struct repository_readiness readiness = {.is_ready = is_ready,
                                                   .context = preparations,
                                                   .linger_ns = time->linger_ns,
                                                   .now_ns = time->now_ns};
    preparations->items = calloc(count_max(desired, before), sizeof(struct preparation *));
    if (preparations->items == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < desired->model_count; i++) {
        TRY(prepare_model(preparations, &desired->models[i], before));
    }
    add_those_before(preparations, before);
    TRY(repository_effective(desired, before == NULL ? NULL : before->effective, &readiness,
                             &preparations->effective));
    drop_what_does_not_serve(preparations);
    qsort(preparations->items, preparations->count, sizeof(struct preparation *),
          by_version);
    return GALEN_OK;
}

enum galen_status preparations_create(const struct repository *desired,
                                      const struct preparations *before,
                                      const struct preparations_time *time,
                                      struct preparations **out_preparations)
{
    scoped(preparations) preparations = calloc(1, sizeof(*preparations));
    if (preparations == NULL) {
        return GALEN_NO_MEMORY;
    }
    count_begin(&preparations->reference_count_);
    TRY(make(preparations, desired, before, time));
    *out_preparations = take(&preparations);
    return GALEN_OK;
}

struct preparations *preparations_ref(struct preparations *preparations)
{
    count_more(&preparations->reference_count_);
    return preparations;
}

void preparations_unref(struct preparations *preparations)
{
    if (preparations == NULL) {
        return;
    }
    if (count_less(&preparations->reference_count_)) {
        for (size_t i = 0; i < preparations->count; i++) {
            preparation_unref(preparations->items[i]);
        }
        free(preparations->items);
        repository_unref(preparations->effective);
        free(preparations);
    }
}

const struct preparation *preparations_find(const struct preparations *preparations,
                                            const struct repository_version *version)
{
    size_t low = 0;
    size_t high = preparations->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const struct preparation *item = preparations->items[middle];
        if (item->version == version) {
            return item;
        }
        if ((uintptr_t)version < (uintptr_t)item->version) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}
