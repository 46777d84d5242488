/* SPDX-License-Identifier: Apache-2.0 */
#include "model/repository.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/invariant.h"
#include "base/limits.h"
#include "model/repository_impl.h"

enum galen_status repository_read(const char *path, bool verify,
                                  struct repository **out_repository,
                                  struct error *out_error)
{
    scoped(repository) repository = calloc(1, sizeof(*repository));
    if (repository == NULL) {
        return error_set(out_error, GALEN_NO_MEMORY, "%s: out of memory", path);
    }
    arena_init(&repository->arena_, LIMIT_REPOSITORY_SIZE_BYTES_MAX);
    atomic_init(&repository->reference_count_, 1);
    TRY(repository_scan(path, verify, repository, out_error));
    *out_repository = take(&repository);
    return GALEN_OK;
}

struct repository *repository_ref(struct repository *repository)
{
    atomic_fetch_add_explicit(&repository->reference_count_, 1, memory_order_relaxed);
    return repository;
}

void repository_unref(struct repository *repository)
{
    if (repository == NULL) {
        return;
    }
    const size_t before =
        atomic_fetch_sub_explicit(&repository->reference_count_, 1, memory_order_acq_rel);
    INVARIANT(before > 0);
    if (before == 1) {
        arena_deinit(&repository->arena_);
        free(repository);
    }
}

static int compare(struct bytes a, const char *b)
{
    const size_t b_size = strlen(b);
    const size_t shared = a.size < b_size ? a.size : b_size;
    const int order = shared == 0 ? 0 : memcmp(a.data, b, shared);
    return order != 0 ? order : (a.size > b_size) - (a.size < b_size);
}

const struct repository_model *repository_find(const struct repository *repository,
                                               struct bytes name)
{
    size_t low = 0;
    size_t high = repository->model_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = compare(name, repository->models[middle].name);
        if (order == 0) {
            return &repository->models[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

const struct repository_version *
repository_model_version(const struct repository_model *model, uint64_t number)
{
    for (size_t i = 0; i < model->version_count; i++) {
        if (model->versions[i].number == number) {
            return &model->versions[i];
        }
    }
    return NULL;
}

static const struct repository_tag *find_tag(const struct repository_model *model,
                                             struct bytes name)
{
    for (size_t i = 0; i < model->tag_count; i++) {
        if (bytes_equal_string(name, model->tags[i].name)) {
            return &model->tags[i];
        }
    }
    return NULL;
}

/* Of a model without tags. One that is not usable may have a tag that could not be read:
 * nothing stands in for it. */
static const struct repository_version *highest_usable(const struct repository_model *model)
{
    for (size_t i = model->usable ? model->version_count : 0; i > 0; i--) {
        if (model->versions[i - 1].usable) {
            return &model->versions[i - 1];
        }
    }
    return NULL;
}

const struct repository_version *repository_resolve(const struct repository_model *model,
                                                    struct bytes wanted)
{
    uint64_t number;
    if (bytes_parse_u64(wanted, UINT64_MAX, &number)) {
        return repository_model_version(model, number);
    }
    const struct repository_tag *tag =
        find_tag(model, wanted.size == 0 ? BYTES("current") : wanted);
    if (tag != NULL) {
        return repository_model_version(model, tag->version);
    }
    return wanted.size == 0 ? highest_usable(model) : NULL;
}

bool repository_is_kept(const struct repository_model *model, uint64_t number)
{
    for (size_t i = 0; i < model->tag_count; i++) {
        if (model->tags[i].version == number) {
            return true;
        }
    }
    const struct repository_version *highest = highest_usable(model);
    return model->tag_count == 0 && highest != NULL && highest->number == number;
}

static bool is_name_byte(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '.' || byte == '_' || byte == '-';
}

bool repository_name_is_valid(struct bytes name)
{
    if (name.size == 0 || name.size > LIMIT_MODEL_NAME_SIZE_BYTES_MAX ||
        name.data[0] == '.') {
        return false;
    }
    for (size_t i = 0; i < name.size; i++) {
        if (!is_name_byte(name.data[i])) {
            return false;
        }
    }
    return true;
}
