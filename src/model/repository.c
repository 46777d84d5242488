/* SPDX-License-Identifier: Apache-2.0 */
#include "model/repository.h"

#include <stdlib.h>

#include "base/count.h"
#include "base/limits.h"
#include "model/repository_impl.h"

struct repository *repository_new(void)
{
    struct repository *repository = calloc(1, sizeof(*repository));
    if (repository != NULL) {
        arena_init(&repository->arena_, LIMIT_REPOSITORY_SIZE_BYTES_MAX);
        count_begin(&repository->reference_count_);
    }
    return repository;
}

static enum galen_status read_new(const char *path, bool verify,
                                  const struct repository *before,
                                  struct repository **out_repository,
                                  struct error *out_error)
{
    scoped(repository) repository = repository_new();
    if (repository == NULL) {
        return error_set(out_error, GALEN_NO_MEMORY, "%s: out of memory", path);
    }
    repository->verify_ = verify;
    TRY(repository_scan(path, verify, before, repository, out_error));
    *out_repository = take(&repository);
    return GALEN_OK;
}

enum galen_status repository_read(const char *path, bool verify,
                                  struct repository **out_repository,
                                  struct error *out_error)
{
    return read_new(path, verify, NULL, out_repository, out_error);
}

static bool is_same_tag(const struct repository_tag *a, const struct repository_tag *b)
{
    return a->version == b->version && strcmp(a->name, b->name) == 0;
}

static bool is_same_model(const struct repository_model *a,
                          const struct repository_model *b)
{
    bool same = strcmp(a->name, b->name) == 0 && a->version_count == b->version_count &&
                a->tag_count == b->tag_count && a->usable == b->usable &&
                a->is_disabled == b->is_disabled &&
                release_engines_equal(&a->engines, &b->engines) &&
                release_rollout_equal(&a->rollout, &b->rollout) &&
                strcmp(a->why_not.text, b->why_not.text) == 0;
    for (size_t i = 0; same && i < a->version_count; i++) {
        same = a->versions[i] == b->versions[i];
    }
    for (size_t i = 0; same && i < a->tag_count; i++) {
        same = is_same_tag(&a->tags[i], &b->tags[i]);
    }
    return same;
}

static bool is_same(const struct repository *a, const struct repository *b)
{
    bool same = a->model_count == b->model_count;
    for (size_t i = 0; same && i < a->model_count; i++) {
        same = is_same_model(&a->models[i], &b->models[i]);
    }
    return same;
}

enum galen_status repository_reread(struct repository *before,
                                    struct repository **out_repository,
                                    struct error *out_error)
{
    scoped(repository) repository = NULL;
    TRY(read_new(before->path, before->verify_, before, &repository, out_error));
    *out_repository =
        is_same(before, repository) ? repository_ref(before) : take(&repository);
    return GALEN_OK;
}

struct repository *repository_ref(struct repository *repository)
{
    count_more(&repository->reference_count_);
    return repository;
}

static void unref_versions(const struct repository_model *model)
{
    for (size_t i = 0; i < model->version_count; i++) {
        repository_version_unref(model->versions[i]);
    }
}

void repository_unref(struct repository *repository)
{
    if (repository == NULL) {
        return;
    }
    if (count_less(&repository->reference_count_)) {
        for (size_t i = 0; repository->origin_ == NULL && i < repository->model_count;
             i++) {
            unref_versions(&repository->models[i]);
        }
        repository_unref(repository->origin_);
        arena_deinit(&repository->arena_);
        free(repository);
    }
}

enum galen_status repository_select(struct repository *repository,
                                    bool (*keep)(void *context,
                                                 const struct repository_model *model),
                                    void *context, struct repository **out_repository)
{
    scoped(repository) selection = repository_new();
    if (selection == NULL) {
        return GALEN_NO_MEMORY;
    }
    selection->origin_ = repository_ref(repository);
    selection->path = repository->path;
    selection->verify_ = repository->verify_;
    struct repository_model *models =
        arena_alloc_array(&selection->arena_, repository->model_count, sizeof(*models));
    if (models == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < repository->model_count; i++) {
        if (keep(context, &repository->models[i])) {
            models[selection->model_count++] = repository->models[i];
        }
    }
    selection->models = models;
    *out_repository = take(&selection);
    return GALEN_OK;
}

uint64_t repository_lingers_until(const struct repository *repository)
{
    uint64_t first_ns = UINT64_MAX;
    for (size_t i = 0; i < repository->model_count; i++) {
        const struct repository_model *model = &repository->models[i];
        for (size_t k = 0; k < model->tag_count; k++) {
            const uint64_t until_ns = model->tags[k].until_ns;
            first_ns = until_ns != 0 && until_ns < first_ns ? until_ns : first_ns;
        }
    }
    return first_ns;
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
        if (model->versions[i]->number == number) {
            return model->versions[i];
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

static bool is_configured(const struct repository_model *model, uint64_t number)
{
    for (size_t i = 0; i < model->configured_count; i++) {
        if (model->configured[i] == number) {
            return true;
        }
    }
    return false;
}

static const struct repository_version *highest_usable(const struct repository_model *model)
{
    for (size_t i = model->version_count; i > 0; i--) {
        const struct repository_version *version = model->versions[i - 1];
        if (version->usable &&
            (model->configured_count == 0 || is_configured(model, version->number))) {
            return model->versions[i - 1];
        }
    }
    return NULL;
}

/* Where there are tags, nothing stands in for one that is missing or broken. */
void repository_choose(struct repository_model *model)
{
    const struct repository_tag *tag = find_tag(model, BYTES("current"));
    if (tag != NULL) {
        model->choice = repository_model_version(model, tag->version);
    } else {
        model->choice = model->tag_count == 0 && model->usable && !model->is_disabled
                            ? highest_usable(model)
                            : NULL;
    }
}

const struct repository_version *repository_resolve(const struct repository_model *model,
                                                    struct bytes wanted)
{
    uint64_t number;
    if (wanted.size == 0) {
        return model->choice;
    }
    if (bytes_parse_u64(wanted, UINT64_MAX, &number)) {
        return repository_model_version(model, number);
    }
    const struct repository_tag *tag = find_tag(model, wanted);
    return tag == NULL ? NULL : repository_model_version(model, tag->version);
}

uint64_t repository_tag_version(const struct repository_model *model, const char *tag)
{
    for (size_t i = 0; i < model->tag_count; i++) {
        if (strcmp(model->tags[i].name, tag) == 0) {
            return model->tags[i].version;
        }
    }
    return 0;
}

const char *repository_engine(const struct repository_model *model, uint64_t number)
{
    const struct release_rollout *rollout = &model->rollout;
    const bool is_chosen = model->choice != NULL && model->choice->number == number;
    if (!is_chosen && rollout->version == number && rollout->engine[0] != '\0') {
        return rollout->engine;
    }
    return !is_chosen && repository_tag_version(model, RELEASE_PREVIOUS) == number
               ? model->engines.previous
               : model->engines.current;
}

bool repository_is_kept(const struct repository_model *model, uint64_t number)
{
    for (size_t i = 0; i < model->tag_count; i++) {
        if (model->tags[i].version == number) {
            return true;
        }
    }
    return is_configured(model, number) ||
           (model->choice != NULL && model->choice->number == number);
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
