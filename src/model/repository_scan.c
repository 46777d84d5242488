/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "model/config.h"
#include "model/release_standing.h"
#include "model/repository_impl.h"

#define PRINTED_U64(number) (unsigned long long)(number)

enum { VERSION_TEXT_SIZE = 24 };

static const uint64_t version_max = INT64_MAX;

/* What is wrong with one file does not fail the read; want of memory does. */
static enum galen_status set_unusable(enum galen_status status, const struct error *why,
                                      bool *out_usable, struct error *out_why_not)
{
    *out_usable = false;
    *out_why_not = *why;
    return status == GALEN_NO_MEMORY ? status : GALEN_OK;
}

/* The versions of a model. */

static bool is_version_name(const char *name, uint64_t *out_number)
{
    return bytes_parse_u64(bytes_from_string(name), version_max, out_number) &&
           *out_number > 0;
}

static int compare_versions(const void *a, const void *b)
{
    const uint64_t left = (*(struct repository_version *const *)a)->number;
    const uint64_t right = (*(struct repository_version *const *)b)->number;
    return (left > right) - (left < right);
}

/* What the version was in the snapshot before; NULL: it was not there. */
static struct repository_version *version_before(const struct repository_scan *scan,
                                                 const char *model, uint64_t number)
{
    const struct repository_model *before =
        scan->before == NULL ? NULL
                             : repository_find(scan->before, bytes_from_string(model));
    for (size_t i = 0; before != NULL && i < before->version_count; i++) {
        if (before->versions[i]->number == number) {
            return before->versions[i];
        }
    }
    return NULL;
}

/* Those that were read are the model's also when another fails. */
static enum galen_status read_versions(struct repository_scan *scan,
                                       const struct repository_folder *folder,
                                       struct repository_model *model)
{
    struct repository_version **versions = arena_alloc_array(
        scan->arena, folder->entry_count, sizeof(struct repository_version *));
    if (versions == NULL) {
        return GALEN_NO_MEMORY;
    }
    model->versions = versions;
    for (size_t i = 0; i < folder->entry_count; i++) {
        const struct directory_entry *entry = &folder->entries[i];
        uint64_t number;
        if (entry->kind == DIRECTORY_FOLDER && is_version_name(entry->name, &number)) {
            TRY(repository_version_read(scan, folder, entry->name, number,
                                        version_before(scan, model->name, number),
                                        &versions[model->version_count]));
            model->version_count++;
        }
    }
    qsort(versions, model->version_count, sizeof(struct repository_version *),
          compare_versions);
    return GALEN_OK;
}

/* Its tags. */

static enum galen_status check_tag_name(const char *name, struct error *why)
{
    uint64_t number;
    if (is_version_name(name, &number)) {
        return error_set(why, GALEN_INVALID, "a version must be a folder, not a link");
    }
    if (!repository_name_is_valid(bytes_from_string(name))) {
        return error_set(why, GALEN_INVALID,
                         "a tag's name has letters, digits, '.', '_', '-'");
    }
    return GALEN_OK;
}

static enum galen_status read_tag_target(int folder, const char *name, uint64_t *out_number,
                                         struct error *why)
{
    char target[VERSION_TEXT_SIZE];
    const enum galen_status status =
        directory_read_link(folder, name, target, sizeof(target), why);
    if (status == GALEN_UNAVAILABLE || status == GALEN_NOT_FOUND) {
        return status;
    }
    return status == GALEN_OK && is_version_name(target, out_number)
               ? GALEN_OK
               : error_set(why, GALEN_INVALID,
                           "a tag is a link to a version's number and nothing else");
}

static enum galen_status read_tag(const struct repository_folder *folder, const char *name,
                                  const struct repository_model *model,
                                  struct repository_tag *out_tag, struct error *why)
{
    uint64_t number;
    TRY(check_tag_name(name, why));
    out_tag->name = name;
    TRY(read_tag_target(folder->descriptor, name, &number, why));
    const struct repository_version *version = repository_model_version(model, number);
    if (version == NULL) {
        return error_set(why, GALEN_INVALID, "there is no version %llu",
                         PRINTED_U64(number));
    }
    out_tag->version = number;
    if (!version->usable) {
        const struct error inner = version->why_not;
        return error_set(why, GALEN_UNAVAILABLE, "version %llu is not usable: %s",
                         PRINTED_U64(number), inner.text);
    }
    return GALEN_OK;
}

/* Every link with a tag's name counts, whatever it points at; the first that is wrong is
 * why the model is not usable. */
static enum galen_status read_tags(struct repository_scan *scan,
                                   const struct repository_folder *folder,
                                   struct repository_model *model)
{
    struct repository_tag *tags =
        arena_alloc_array(scan->arena, folder->entry_count, sizeof(*tags));
    if (tags == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < folder->entry_count; i++) {
        const char *name = folder->entries[i].name;
        struct repository_tag *tag = &tags[model->tag_count];
        struct error why = {0};
        if (folder->entries[i].kind != DIRECTORY_LINK) {
            continue;
        }
        const enum galen_status status = repository_blame(
            read_tag(folder, name, model, tag, &why), folder->path, name, &why);
        model->tag_count += tag->name != NULL;
        if (status != GALEN_OK && model->usable) {
            TRY(set_unusable(status, &why, &model->usable, &model->why_not));
        }
    }
    model->tags = tags;
    return GALEN_OK;
}

/* Its canary. */

/* What is not whole takes no traffic, which `galen model list` tells. */
static enum galen_status read_rollout(const struct repository_scan *scan,
                                      struct repository_model *model)
{
    scoped(release_folder) folder = NULL;
    struct release_rollout rollout = {.version = 0};
    const uint64_t version = repository_tag_version(model, RELEASE_CANARY_TAG);
    if (version == 0) {
        return GALEN_OK;
    }
    enum galen_status status = release_folder_open(scan->path, model->name, &folder, NULL);
    if (status == GALEN_OK) {
        status = release_folder_rollout(folder, &rollout, NULL);
    }
    if (status == GALEN_OK && rollout.version == version) {
        model->rollout = rollout;
    }
    return status == GALEN_NO_MEMORY ? status : GALEN_OK;
}

/* Its engines, which only a release names. */

static bool has_engines(const struct repository_folder *folder)
{
    char target[VERSION_TEXT_SIZE];
    return directory_read_link(folder->descriptor, "releases/engines", target,
                               sizeof(target), NULL) == GALEN_OK;
}

static enum galen_status read_engines(const struct repository_scan *scan,
                                      const struct repository_folder *model_folder,
                                      struct repository_model *model)
{
    scoped(release_folder) folder = NULL;
    if (!has_engines(model_folder)) {
        return GALEN_OK;
    }
    enum galen_status status = release_folder_open(scan->path, model->name, &folder, NULL);
    if (status == GALEN_OK) {
        status = release_folder_engines(folder, &model->engines, NULL);
    }
    return status == GALEN_NO_MEMORY ? status : GALEN_OK;
}

/* A model. */

static enum galen_status require_a_version(const struct repository_model *model,
                                           const char *path, struct error *why)
{
    for (size_t i = 0; i < model->version_count; i++) {
        if (model->versions[i]->usable) {
            return GALEN_OK;
        }
    }
    if (model->version_count == 0) {
        return error_set(why, GALEN_NOT_FOUND,
                         "%s: holds no version: a folder named 1, 2, …", path);
    }
    *why = model->versions[0]->why_not;
    return GALEN_UNAVAILABLE;
}

/* What config.pbtxt has served. */

static bool has_tags(const struct repository_model *model)
{
    for (size_t i = 0; i < model->tag_count; i++) {
        if (model->tags[i].version != 0) {
            return true;
        }
    }
    return false;
}

static enum galen_status apply_policy(struct repository_scan *scan,
                                      const struct model_config *config,
                                      struct repository_model *model)
{
    const size_t count = model->version_count;
    uint64_t *numbers = arena_alloc_array(scan->arena, count, sizeof(*numbers));
    uint64_t *configured = arena_alloc_array(scan->arena, count, sizeof(*configured));
    if (numbers == NULL || configured == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        numbers[i] = model->versions[i]->number;
    }
    model->configured = configured;
    for (size_t i = 0; i < count; i++) {
        if (model_config_serves(config, numbers, count, i)) {
            configured[model->configured_count++] = numbers[i];
        }
    }
    return GALEN_OK;
}

/* One that is not right is told by who runs the model; so is one that needs Triton. */
static enum galen_status read_policy(struct repository_scan *scan,
                                     const struct repository_folder *folder,
                                     struct arena *arena, struct repository_model *model)
{
    const struct model_config_source source = {.file = "config.pbtxt"};
    struct model_config config;
    struct bytes text;
    struct error unread;
    if (directory_read_file(folder->descriptor, "config.pbtxt",
                            LIMIT_MODEL_CONFIG_SIZE_BYTES_MAX, arena, &text,
                            &unread) != GALEN_OK ||
        model_config_read(text, &source, arena, &config, &unread) != GALEN_OK ||
        (has_tags(model) && config.versions == MODEL_CONFIG_LATEST)) {
        return GALEN_OK;
    }
    return apply_policy(scan, &config, model);
}

static bool has_same_versions(const struct repository_model *a,
                              const struct repository_model *b)
{
    bool same = a->version_count == b->version_count && has_tags(a) == has_tags(b);
    for (size_t i = 0; same && i < a->version_count; i++) {
        same = a->versions[i] == b->versions[i];
    }
    return same;
}

static enum galen_status copy_configured(struct repository_scan *scan,
                                         const struct repository_model *before,
                                         struct repository_model *model)
{
    uint64_t *configured =
        arena_alloc_array(scan->arena, before->configured_count, sizeof(*configured));
    if (configured == NULL) {
        return GALEN_NO_MEMORY;
    }
    if (before->configured_count > 0) {
        memcpy(configured, before->configured,
               before->configured_count * sizeof(*configured));
    }
    model->configured = configured;
    model->configured_count = before->configured_count;
    return GALEN_OK;
}

/* A change of the file changes the versions too (repository_version.c). */
static enum galen_status configure(struct repository_scan *scan,
                                   const struct repository_folder *folder,
                                   struct repository_model *model)
{
    const struct repository_model *before =
        scan->before == NULL
            ? NULL
            : repository_find(scan->before, bytes_from_string(model->name));
    struct arena arena;
    if (before != NULL && has_same_versions(before, model)) {
        return copy_configured(scan, before, model);
    }
    arena_init(&arena, LIMIT_REPOSITORY_SIZE_BYTES_MAX);
    const enum galen_status status = read_policy(scan, folder, &arena, model);
    arena_deinit(&arena);
    return status;
}

static bool is_disabled(const struct repository_folder *folder)
{
    for (size_t i = 0; i < folder->entry_count; i++) {
        if (strcmp(folder->entries[i].name, "disabled") == 0) {
            return true;
        }
    }
    return false;
}

/* Its versions are read all the same: they are listed, and may be released again. */
static void disable(const struct repository_scan *scan, struct repository_model *model)
{
    model->is_disabled = true;
    release_why_disabled(scan->path, model->name, &model->why_not);
}

static enum galen_status read_folder(struct repository_scan *scan,
                                     struct repository_folder *folder,
                                     struct repository_model *model, struct error *why)
{
    TRY(directory_list(folder->descriptor, LIMIT_MODEL_ENTRY_COUNT_MAX, scan->arena,
                       &folder->entries, &folder->entry_count, why));
    TRY(read_versions(scan, folder, model));
    if (is_disabled(folder)) {
        disable(scan, model);
        return GALEN_OK;
    }
    TRY(read_tags(scan, folder, model));
    TRY(read_engines(scan, folder, model));
    TRY(read_rollout(scan, model));
    return configure(scan, folder, model);
}

static enum galen_status open_and_read_model(struct repository_scan *scan, int root,
                                             const struct directory_entry *entry,
                                             struct repository_model *model,
                                             struct error *why)
{
    int descriptor CLOSED_LATER = -1;
    if (!repository_name_is_valid(bytes_from_string(entry->name))) {
        return error_set(
            why, GALEN_INVALID,
            "%s: holds a folder whose name is none for a model: letters, digits, "
            "'.', '_', '-', at most %d bytes",
            scan->path, LIMIT_MODEL_NAME_SIZE_BYTES_MAX);
    }
    TRY(repository_blame(directory_open(root, entry->name, &descriptor, why), scan->path,
                         entry->name, why));
    struct repository_folder folder = {
        .path = repository_join(scan->arena, scan->path, entry->name),
        .descriptor = descriptor};
    if (folder.path == NULL) {
        return GALEN_NO_MEMORY;
    }
    TRY(repository_blame(read_folder(scan, &folder, model, why), scan->path, entry->name,
                         why));
    return model->usable && !model->is_disabled ? require_a_version(model, folder.path, why)
                                                : GALEN_OK;
}

/* The name in logs and listings; of one that is not valid only what may be shown. */
static const char *shown_name(struct arena *arena, const char *name)
{
    char *shown = arena_copy_string(
        arena, bytes_first(bytes_from_string(name), LIMIT_MODEL_NAME_SIZE_BYTES_MAX));
    for (char *at = shown; at != NULL && *at != '\0'; at++) {
        if (!repository_name_is_valid(bytes_of((char[]){'a', *at}, 2))) {
            *at = '?';
        }
    }
    return shown;
}

static enum galen_status read_model(struct repository_scan *scan, int root,
                                    const struct directory_entry *entry,
                                    struct repository_model *model)
{
    struct error why = {0};
    model->usable = true;
    model->name = shown_name(scan->arena, entry->name);
    if (model->name == NULL) {
        return GALEN_NO_MEMORY;
    }
    const enum galen_status status = open_and_read_model(scan, root, entry, model, &why);
    repository_choose(model);
    return status == GALEN_OK ? GALEN_OK
                              : set_unusable(status, &why, &model->usable, &model->why_not);
}

static int compare_models(const void *a, const void *b)
{
    return strcmp(((const struct repository_model *)a)->name,
                  ((const struct repository_model *)b)->name);
}

/* What a file system puts at the root of a volume is no model. */
static bool may_be_model(const struct directory_entry *entry)
{
    return (entry->kind == DIRECTORY_FOLDER || entry->kind == DIRECTORY_LINK) &&
           strcmp(entry->name, "lost+found") != 0;
}

static enum galen_status read_models(struct repository_scan *scan, int root,
                                     struct repository *repository, struct error *out_error)
{
    struct directory_entry *entries = NULL;
    size_t count = 0;
    TRY(directory_list(root, LIMIT_MODEL_COUNT_MAX, scan->arena, &entries, &count,
                       out_error));
    struct repository_model *models =
        arena_alloc_array(scan->arena, count, sizeof(*models));
    if (models == NULL) {
        return GALEN_NO_MEMORY;
    }
    repository->models = models;
    for (size_t i = 0; i < count; i++) {
        if (may_be_model(&entries[i])) {
            repository->model_count++; /* also when it fails: it may hold versions */
            TRY(read_model(scan, root, &entries[i], &models[repository->model_count - 1]));
        }
    }
    qsort(models, repository->model_count, sizeof(*models), compare_models);
    return GALEN_OK;
}

static enum galen_status open_and_read(struct repository_scan *scan,
                                       struct repository *repository,
                                       struct error *out_error)
{
    int root CLOSED_LATER = -1;
    TRY(directory_open_root(scan->path, &root, out_error));
    return read_models(scan, root, repository, out_error);
}

static enum galen_status scan_path(struct repository_scan *scan,
                                   struct repository *repository, struct error *why)
{
    repository->path = arena_copy_string(scan->arena, bytes_from_string(scan->path));
    if (repository->path == NULL) {
        return GALEN_NO_MEMORY;
    }
    scan->path = repository->path;
    return open_and_read(scan, repository, why);
}

enum galen_status repository_scan(const char *path, bool verify,
                                  const struct repository *before,
                                  struct repository *repository, struct error *out_error)
{
    struct error why = {0};
    struct repository_scan scan = {
        .path = path,
        .verify = verify,
        .before = before,
        .now_ns = clock_wall_ns(),
        .arena = &repository->arena_,
    };
    arena_init(&scan.scratch, (size_t)2 * LIMIT_MODEL_YAML_SIZE_BYTES_MAX);
    const enum galen_status status = scan_path(&scan, repository, &why);
    arena_deinit(&scan.scratch);
    return status == GALEN_OK
               ? GALEN_OK
               : error_set(out_error, status, "%s: %s", path,
                           why.text[0] == '\0' ? galen_status_text(status) : why.text);
}
