/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/preparations.h"

#include <stdlib.h>

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

static size_t count_versions(const struct repository *repository)
{
    size_t count = 0;
    for (size_t i = 0; i < repository->model_count; i++) {
        count += repository->models[i].version_count;
    }
    return count;
}

static int by_version(const void *left, const void *right)
{
    const struct preparation *a = left;
    const struct preparation *b = right;
    return ((uintptr_t)a->version > (uintptr_t)b->version) -
           ((uintptr_t)a->version < (uintptr_t)b->version);
}

static void prepare_model(struct preparations *preparations,
                          const struct repository_model *model)
{
    for (size_t i = 0; i < model->version_count; i++) {
        const struct repository_version *version = &model->versions[i];
        if (version->usable && version->contract != NULL &&
            repository_is_kept(model, version->number)) {
            struct preparation *item = &preparations->items[preparations->count++];
            item->version = version;
            prepare(item, model->name);
        }
    }
}

enum galen_status preparations_init(struct preparations *preparations,
                                    const struct repository *repository)
{
    *preparations = (struct preparations){
        .items = calloc(count_versions(repository) + 1, sizeof(*preparations->items))};
    if (preparations->items == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < repository->model_count; i++) {
        prepare_model(preparations, &repository->models[i]);
    }
    qsort(preparations->items, preparations->count, sizeof(*preparations->items),
          by_version);
    return GALEN_OK;
}

void preparations_deinit(struct preparations *preparations)
{
    for (size_t i = 0; i < preparations->count; i++) {
        const struct preparation *item = &preparations->items[i];
        if (item->transform != NULL && item->transform->unprepare != NULL) {
            item->transform->unprepare(item->prepared);
        }
    }
    free(preparations->items);
    *preparations = (struct preparations){.count = 0};
}

const struct preparation *preparations_find(const struct preparations *preparations,
                                            const struct repository_version *version)
{
    const struct preparation wanted = {.version = version};
    return bsearch(&wanted, preparations->items, preparations->count,
                   sizeof(*preparations->items), by_version);
}
