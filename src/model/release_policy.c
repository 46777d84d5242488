/* SPDX-License-Identifier: Apache-2.0 */
#include "model/release_policy.h"

#include <stdlib.h>

#include "base/limits.h"
#include "model/config_versions.h"
#include "model/directory.h"

#define CONFIG "config.pbtxt"

enum {
    VERSION_COUNT_MAX = 2 * LIMIT_RELEASE_TAG_COUNT_MAX,
    TEXT_SIZE_BYTES_MAX = LIMIT_MODEL_CONFIG_SIZE_BYTES_MAX + VERSION_COUNT_MAX * 24,
};

struct versions {
    uint64_t numbers[VERSION_COUNT_MAX];
    size_t count;
};

static void add_all(struct versions *versions, const struct release_state *state)
{
    for (size_t i = 0; state != NULL && i < state->tag_count; i++) {
        versions->numbers[versions->count++] = state->tags[i].version;
    }
}

static int compare(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a;
    const uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static void sort(struct versions *versions)
{
    size_t count = 0;
    qsort(versions->numbers, versions->count, sizeof(versions->numbers[0]), compare);
    for (size_t i = 0; i < versions->count; i++) {
        if (count == 0 || versions->numbers[count - 1] != versions->numbers[i]) {
            versions->numbers[count++] = versions->numbers[i];
        }
    }
    versions->count = count;
}

static enum galen_status read_config(const struct release_folder *folder,
                                     struct arena *arena, struct bytes *out_text,
                                     struct error *out_error)
{
    const enum galen_status status =
        directory_read_file(folder->model, CONFIG, LIMIT_MODEL_CONFIG_SIZE_BYTES_MAX, arena,
                            out_text, out_error);
    if (status == GALEN_NOT_FOUND) {
        *out_text = BYTES_NONE;
        return GALEN_OK;
    }
    return status;
}

static enum galen_status rewrite(const struct release_folder *folder,
                                 const struct versions *versions, struct arena *arena,
                                 struct writer *out, bool *out_changed,
                                 struct error *out_error)
{
    struct bytes text;
    TRY(read_config(folder, arena, &text, out_error));
    TRY(config_versions_write(text, CONFIG, versions->numbers, versions->count, out,
                              out_error));
    if (out->status != GALEN_OK) {
        return error_set(out_error, out->status, CONFIG ": %s",
                         galen_status_text(out->status));
    }
    if (bytes_equal(writer_bytes(out), text)) {
        return GALEN_OK;
    }
    *out_changed = true;
    return release_folder_replace(folder, CONFIG, writer_bytes(out), out_error);
}

enum galen_status release_policy_put(const struct release_folder *folder,
                                     const struct release_state *state,
                                     const struct release_state *other, bool *out_changed,
                                     struct error *out_error)
{
    struct versions versions = {.count = 0};
    struct arena arena;
    struct writer out;
    struct error why = {"", ""};
    add_all(&versions, state);
    add_all(&versions, other);
    sort(&versions);
    *out_changed = false;
    if (versions.count == 0) {
        return GALEN_OK;
    }
    arena_init(&arena, TEXT_SIZE_BYTES_MAX);
    writer_init(&out, TEXT_SIZE_BYTES_MAX);
    const enum galen_status status =
        rewrite(folder, &versions, &arena, &out, out_changed, &why);
    if (status != GALEN_OK) {
        (void)error_set(out_error, status, "%s: %s", folder->path, why.text);
    }
    writer_deinit(&out);
    arena_deinit(&arena);
    return status;
}
