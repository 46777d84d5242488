/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "crypto/sha256.h"
#include "model/directory.h"
#include "model/repository_impl.h"

#define PRINTED_U64(number) (unsigned long long)(number)

enum { VERSION_TEXT_SIZE = 24 };

static const uint64_t version_max = INT64_MAX;

struct scan {
    const char *path;
    bool verify;
    struct arena *arena;
    struct arena scratch; /* cleared after each version */
};

/* A folder of a model while it is read. */
struct model_folder {
    const char *path;
    int descriptor;
    struct directory_entry *entries;
    size_t entry_count;
};

static const char *join(struct arena *arena, const char *folder, const char *name)
{
    const size_t size = strlen(folder) + strlen(name) + 2;
    char *path = arena_alloc(arena, size);
    if (path != NULL) {
        (void)snprintf(path, size, "%s/%s", folder, name);
    }
    return path;
}

/* What is wrong with one file does not fail the read; want of memory does. */
static enum galen_status set_unusable(enum galen_status status, const struct error *why,
                                      bool *out_usable, struct error *out_why_not)
{
    *out_usable = false;
    *out_why_not = *why;
    return status == GALEN_NO_MEMORY ? status : GALEN_OK;
}

static enum galen_status blame(enum galen_status status, const char *folder,
                               const char *name, struct error *error)
{
    const struct error why = *error;
    return status == GALEN_OK || status == GALEN_NO_MEMORY
               ? status
               : error_set(error, status, "%s/%s: %s", folder, name, why.text);
}

/* One version. */

static enum galen_status verify_file(const struct contract_file *file, int folder,
                                     struct error *why)
{
    int descriptor CLOSED_LATER = -1;
    uint64_t size_bytes;
    uint8_t digest[SHA256_SIZE];
    TRY(directory_open_file(folder, file->name, LIMIT_MODEL_FILE_SIZE_BYTES_MAX,
                            &descriptor, &size_bytes, why));
    const enum galen_status status = sha256_of_file(descriptor, size_bytes, digest);
    if (status != GALEN_OK) {
        return error_set(why, status, "cannot be hashed: %s",
                         status == GALEN_TOO_LARGE ? "it grew" : galen_status_text(status));
    }
    return memcmp(digest, file->sha256, sizeof(digest)) == 0
               ? GALEN_OK
               : error_set(why, GALEN_INVALID,
                           "its SHA-256 is not the one that model.yaml states");
}

static enum galen_status verify_files(const struct repository_version *version, int folder,
                                      struct error *why)
{
    for (size_t i = 0; i < version->contract->file_count; i++) {
        const struct contract_file *file = &version->contract->files[i];
        TRY(blame(verify_file(file, folder, why), version->path, file->name, why));
    }
    return GALEN_OK;
}

static enum galen_status parse_contract(struct scan *scan, struct bytes text,
                                        struct repository_version *version,
                                        struct error *why)
{
    const char *file = join(&scan->scratch, version->path, "model.yaml");
    struct contract *contract = arena_alloc(scan->arena, sizeof(*contract));
    if (file == NULL || contract == NULL) {
        return GALEN_NO_MEMORY;
    }
    TRY(contract_parse(text, file, scan->arena, contract, why));
    version->contract = contract;
    memcpy(version->model_sha256, contract_network_file(contract)->sha256,
           sizeof(version->model_sha256));
    return GALEN_OK;
}

static enum galen_status read_contract(struct scan *scan, int folder,
                                       struct repository_version *version,
                                       struct error *why)
{
    struct bytes text;
    const enum galen_status status = directory_read_file(
        folder, "model.yaml", LIMIT_MODEL_YAML_SIZE_BYTES_MAX, &scan->scratch, &text, why);
    if (status == GALEN_NOT_FOUND) {
        return GALEN_OK;
    }
    TRY(blame(status, version->path, "model.yaml", why));
    TRY(parse_contract(scan, text, version, why));
    return scan->verify ? verify_files(version, folder, why) : GALEN_OK;
}

static enum galen_status
open_and_read_version(struct scan *scan, const struct model_folder *model, const char *name,
                      struct repository_version *version, struct error *why)
{
    int folder CLOSED_LATER = -1;
    TRY(blame(directory_open(model->descriptor, name, &folder, why), model->path, name,
              why));
    return read_contract(scan, folder, version, why);
}

static enum galen_status read_version(struct scan *scan, const struct model_folder *model,
                                      const char *name, struct repository_version *version)
{
    struct error why = {0};
    version->usable = true;
    version->number_text = arena_copy_string(scan->arena, bytes_from_string(name));
    version->path = join(scan->arena, model->path, name);
    if (version->number_text == NULL || version->path == NULL) {
        return GALEN_NO_MEMORY;
    }
    const enum galen_status status =
        open_and_read_version(scan, model, name, version, &why);
    arena_clear(&scan->scratch);
    return status == GALEN_OK
               ? GALEN_OK
               : set_unusable(status, &why, &version->usable, &version->why_not);
}

/* The versions of a model. */

static bool is_version_name(const char *name, uint64_t *out_number)
{
    return bytes_parse_u64(bytes_from_string(name), version_max, out_number) &&
           *out_number > 0;
}

static int compare_versions(const void *a, const void *b)
{
    const uint64_t left = ((const struct repository_version *)a)->number;
    const uint64_t right = ((const struct repository_version *)b)->number;
    return (left > right) - (left < right);
}

static enum galen_status read_versions(struct scan *scan, const struct model_folder *folder,
                                       struct repository_model *model)
{
    struct repository_version *versions =
        arena_alloc_array(scan->arena, folder->entry_count, sizeof(*versions));
    if (versions == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < folder->entry_count; i++) {
        struct repository_version *version = &versions[model->version_count];
        if (folder->entries[i].kind == DIRECTORY_FOLDER &&
            is_version_name(folder->entries[i].name, &version->number)) {
            TRY(read_version(scan, folder, folder->entries[i].name, version));
            model->version_count++;
        }
    }
    qsort(versions, model->version_count, sizeof(*versions), compare_versions);
    model->versions = versions;
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

static enum galen_status read_tag(const struct model_folder *folder, const char *name,
                                  const struct repository_model *model,
                                  struct repository_tag *out_tag, struct error *why)
{
    struct repository_tag tag = {.name = name};
    TRY(check_tag_name(name, why));
    TRY(read_tag_target(folder->descriptor, name, &tag.version, why));
    const struct repository_version *version = repository_model_version(model, tag.version);
    if (version == NULL) {
        return error_set(why, GALEN_INVALID, "there is no version %llu",
                         PRINTED_U64(tag.version));
    }
    *out_tag = tag;
    if (!version->usable) {
        const struct error inner = version->why_not;
        return error_set(why, GALEN_UNAVAILABLE, "version %llu is not usable: %s",
                         PRINTED_U64(tag.version), inner.text);
    }
    return GALEN_OK;
}

/* A tag whose version is known counts, usable or not; the first that is wrong is why the
 * model is not usable. */
static enum galen_status read_tags(struct scan *scan, const struct model_folder *folder,
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
        const enum galen_status status =
            blame(read_tag(folder, name, model, tag, &why), folder->path, name, &why);
        model->tag_count += tag->version != 0;
        if (status != GALEN_OK && model->usable) {
            TRY(set_unusable(status, &why, &model->usable, &model->why_not));
        }
    }
    model->tags = tags;
    return GALEN_OK;
}

/* A model. */

static enum galen_status require_a_version(const struct repository_model *model,
                                           const char *path, struct error *why)
{
    for (size_t i = 0; i < model->version_count; i++) {
        if (model->versions[i].usable) {
            return GALEN_OK;
        }
    }
    if (model->version_count == 0) {
        return error_set(why, GALEN_NOT_FOUND,
                         "%s: holds no version: a folder named 1, 2, …", path);
    }
    *why = model->versions[0].why_not;
    return GALEN_UNAVAILABLE;
}

static enum galen_status read_folder(struct scan *scan, struct model_folder *folder,
                                     struct repository_model *model, struct error *why)
{
    TRY(directory_list(folder->descriptor, LIMIT_MODEL_ENTRY_COUNT_MAX, scan->arena,
                       &folder->entries, &folder->entry_count, why));
    TRY(read_versions(scan, folder, model));
    return read_tags(scan, folder, model);
}

static enum galen_status open_and_read_model(struct scan *scan, int root,
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
    TRY(blame(directory_open(root, entry->name, &descriptor, why), scan->path, entry->name,
              why));
    struct model_folder folder = {.path = join(scan->arena, scan->path, entry->name),
                                  .descriptor = descriptor};
    if (folder.path == NULL) {
        return GALEN_NO_MEMORY;
    }
    TRY(blame(read_folder(scan, &folder, model, why), scan->path, entry->name, why));
    return model->usable ? require_a_version(model, folder.path, why) : GALEN_OK;
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

static enum galen_status read_model(struct scan *scan, int root,
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

static enum galen_status read_models(struct scan *scan, int root,
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
    for (size_t i = 0; i < count; i++) {
        if (may_be_model(&entries[i])) {
            TRY(read_model(scan, root, &entries[i], &models[repository->model_count]));
            repository->model_count++;
        }
    }
    qsort(models, repository->model_count, sizeof(*models), compare_models);
    repository->models = models;
    return GALEN_OK;
}

static enum galen_status open_and_read(struct scan *scan, struct repository *repository,
                                       struct error *out_error)
{
    int root CLOSED_LATER = -1;
    TRY(directory_open_root(scan->path, &root, out_error));
    return read_models(scan, root, repository, out_error);
}

static enum galen_status scan_path(struct scan *scan, struct repository *repository,
                                   struct error *why)
{
    repository->path = arena_copy_string(scan->arena, bytes_from_string(scan->path));
    if (repository->path == NULL) {
        return GALEN_NO_MEMORY;
    }
    scan->path = repository->path;
    return open_and_read(scan, repository, why);
}

enum galen_status repository_scan(const char *path, bool verify,
                                  struct repository *repository, struct error *out_error)
{
    struct error why = {0};
    struct scan scan = {.path = path, .verify = verify, .arena = &repository->arena_};
    arena_init(&scan.scratch, (size_t)2 * LIMIT_MODEL_YAML_SIZE_BYTES_MAX);
    const enum galen_status status = scan_path(&scan, repository, &why);
    arena_deinit(&scan.scratch);
    return status == GALEN_OK
               ? GALEN_OK
               : error_set(out_error, status, "%s: %s", path,
                           why.text[0] == '\0' ? galen_status_text(status) : why.text);
}
