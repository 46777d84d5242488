/* SPDX-License-Identifier: Apache-2.0 */
#include "app/model_verdict.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "backend/builtin.h"
#include "base/limits.h"
#include "model/config.h"
#include "model/directory.h"
#include "model/repository.h"

enum { PATH_SIZE = 4096, INSTANCE_COUNT = 1, ROW_COUNT_MAX = 64 };

static const char config_name[] = "config.pbtxt";

/* Files of models that Triton's other backends run. */
static const struct {
    const char *file_name;
    const char *backend;
} others[] = {
    {"model.plan", "TensorRT"},       {"model.pt", "PyTorch"},
    {"model.pt2", "PyTorch"},         {"model.py", "Python"},
    {"model.xml", "OpenVINO"},        {"model.savedmodel", "TensorFlow"},
    {"model.graphdef", "TensorFlow"},
};

/* One model that is judged. */
struct examination {
    const struct model_judge *judge;
    const char *name;
    char path[PATH_SIZE];
    char config_path[PATH_SIZE + sizeof(config_name)];
    int folder;
    bool has_config;
    struct model_config config;
    uint64_t *versions; /* ascending */
    size_t version_count;
    struct error *why;
};

/* "REPOSITORY/MODEL/PATH: why", of the why that is there. */
__attribute__((format(printf, 3, 4))) static enum galen_status
blame(const struct examination *model, enum galen_status status, const char *format, ...)
{
    char path[PATH_SIZE];
    const struct error why = *model->why;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(path, sizeof(path), format, arguments);
    va_end(arguments);
    return status == GALEN_OK
               ? GALEN_OK
               : error_set(model->why, status, "%s%s: %s", model->path, path,
                           why.text[0] == '\0' ? galen_status_text(status) : why.text);
}

static bool is_there(const char *folder, const char *name)
{
    char path[PATH_SIZE];
    struct stat about;
    const int size = snprintf(path, sizeof(path), "%s/%s", folder, name);
    return size > 0 && (size_t)size < sizeof(path) && stat(path, &about) == 0;
}

static enum galen_status open_folder(struct examination *model)
{
    (void)snprintf(model->path, sizeof(model->path), "%s/%s", model->judge->repository,
                   model->name);
    (void)snprintf(model->config_path, sizeof(model->config_path), "%s/%s", model->path,
                   config_name);
    if (!repository_name_is_valid(bytes_from_string(model->name))) {
        (void)error_set(model->why, GALEN_INVALID,
                        "cannot be a model's name: letters, digits, '.', '_' and '-' only");
        return blame(model, GALEN_INVALID, "%s", "");
    }
    return blame(
        model,
        directory_open(model->judge->folder, model->name, &model->folder, model->why), "%s",
        "");
}

static enum galen_status read_config(struct examination *model)
{
    struct bytes text = BYTES_NONE;
    const struct model_config_source source = {model->config_path, model->name,
                                               builtin_backends};
    const enum galen_status status =
        directory_read_file(model->folder, config_name, LIMIT_MODEL_CONFIG_SIZE_BYTES_MAX,
                            model->judge->arena, &text, model->why);
    if (status != GALEN_OK && status != GALEN_NOT_FOUND) {
        return blame(model, status, "/%s", config_name);
    }
    model->has_config = status == GALEN_OK;
    error_clear(model->why);
    return model_config_read(text, &source, model->judge->arena, &model->config,
                             model->why);
}

static int compare_versions(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a;
    const uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static enum galen_status list_versions(struct examination *model)
{
    struct directory_entry *entries;
    size_t count;
    struct arena *arena = model->judge->arena;
    TRY(blame(model,
              directory_list(model->folder, LIMIT_MODEL_ENTRY_COUNT_MAX, arena, &entries,
                             &count, model->why),
              "%s", ""));
    model->versions = arena_alloc_array(arena, count, sizeof(*model->versions));
    if (model->versions == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t *version = &model->versions[model->version_count];
        model->version_count +=
            entries[i].kind == DIRECTORY_FOLDER &&
            bytes_parse_u64(bytes_from_string(entries[i].name), INT64_MAX, version) &&
            *version > 0;
    }
    qsort(model->versions, model->version_count, sizeof(*model->versions),
          compare_versions);
    if (model->version_count == 0) {
        (void)error_set(model->why, GALEN_INVALID, "has no version: a folder like 1");
        return blame(model, GALEN_INVALID, "%s", "");
    }
    return GALEN_OK;
}

/* -- one version -------------------------------------------------------------------------
 */

struct network {
    char folder[PATH_SIZE + 32];
    char path[2 * PATH_SIZE];
    const char *file_name;
    const struct galen_backend_ops *backend;
    uint64_t version;
};

static enum galen_status no_network(const struct examination *model,
                                    const struct network *network)
{
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (is_there(network->folder, others[i].file_name)) {
            (void)error_set(model->why, GALEN_NOT_IMPLEMENTED,
                            "galen has no backend for %s", others[i].backend);
            return blame(model, GALEN_NOT_IMPLEMENTED, "/%" PRIu64 "/%s", network->version,
                         others[i].file_name);
        }
    }
    (void)error_set(model->why, GALEN_NOT_FOUND, "there is no %s",
                    network->file_name == NULL ? builtin_backends[0]->file_name
                                               : network->file_name);
    return blame(model, GALEN_NOT_FOUND, "/%" PRIu64, network->version);
}

static void choose_backend(const struct examination *model, struct network *network)
{
    const struct model_config *config = &model->config;
    for (size_t i = 0; builtin_backends[i] != NULL && network->backend == NULL; i++) {
        const struct galen_backend_ops *backend = builtin_backends[i];
        const bool is_named =
            config->backend != NULL && strcmp(config->backend, backend->name) == 0;
        if (is_named ||
            (config->backend == NULL && is_there(network->folder, backend->file_name))) {
            network->backend = backend;
        }
    }
    network->file_name = config->file_name;
    if (network->file_name == NULL && network->backend != NULL) {
        network->file_name = network->backend->file_name;
    }
}

static enum galen_status find_network(const struct examination *model,
                                      struct network *network)
{
    (void)snprintf(network->folder, sizeof(network->folder), "%s/%" PRIu64, model->path,
                   network->version);
    choose_backend(model, network);
    if (network->backend == NULL || !is_there(network->folder, network->file_name)) {
        return no_network(model, network);
    }
    (void)snprintf(network->path, sizeof(network->path), "%s/%s", network->folder,
                   network->file_name);
    return GALEN_OK;
}

static enum galen_status compare(const struct examination *model,
                                 const struct network *network,
                                 const struct galen_backend *backend)
{
    struct model_config completed;
    const struct model_config_network about = {
        .spec = galen_backend_describe(backend),
        .backend = network->backend,
        .model_name = model->name,
        .row_count_max = ROW_COUNT_MAX,
        .instance_count = INSTANCE_COUNT,
    };
    return model_config_complete(&model->config, &about, model->judge->arena, &completed,
                                 model->why);
}

static enum galen_status open_network(const struct examination *model,
                                      const struct network *network)
{
    struct galen_backend *backend = NULL;
    struct galen_error why = {""};
    const struct galen_open_options options = {.path = network->path,
                                               .thread_count_max = 1};
    enum galen_status status =
        galen_backend_open(network->backend, &options, &backend, &why);
    if (status != GALEN_OK) {
        (void)error_set(model->why, status, "%s",
                        why.text[0] == '\0' ? galen_status_text(status) : why.text);
        return blame(model, status, "/%" PRIu64 "/%s", network->version,
                     network->file_name);
    }
    status = compare(model, network, backend);
    galen_backend_close(backend);
    return status;
}

static enum galen_status check_version(const struct examination *model, uint64_t version)
{
    struct network network = {.version = version};
    TRY(find_network(model, &network));
    return model->judge->opens_networks ? open_network(model, &network) : GALEN_OK;
}

/* -- one model ---------------------------------------------------------------------------
 */

static enum galen_status check_file(const struct examination *model, const char *folder,
                                    const char *name)
{
    char path[PATH_SIZE];
    if (name == NULL) {
        return GALEN_OK;
    }
    (void)snprintf(path, sizeof(path), "%s%s", folder, name);
    if (is_there(model->path, path)) {
        return GALEN_OK;
    }
    (void)error_set(model->why, GALEN_NOT_FOUND, "there is no %s, which %s names", path,
                    config_name);
    return blame(model, GALEN_NOT_FOUND, "%s", "");
}

/* Files that the configuration names, beside the network. */
static enum galen_status check_files(const struct examination *model)
{
    const struct model_config *config = &model->config;
    for (size_t i = 0; i < config->output_count; i++) {
        TRY(check_file(model, "", config->label_files[i]));
    }
    for (size_t i = 0; i < config->warmup_count; i++) {
        for (size_t k = 0; k < config->warmups[i].input_count; k++) {
            TRY(check_file(model, "warmup/", config->warmups[i].inputs[k].file));
        }
    }
    return GALEN_OK;
}

/* Those that are served: by the policy; without a configuration a tag may name any. */
static enum galen_status check_versions(struct examination *model)
{
    size_t served_count = 0;
    for (size_t i = 0; i < model->version_count; i++) {
        if (!model->has_config ||
            model_config_serves(&model->config, model->versions, model->version_count, i)) {
            served_count++;
            TRY(check_version(model, model->versions[i]));
        }
    }
    if (served_count == 0) {
        (void)error_set(model->why, GALEN_INVALID,
                        "version_policy names none of the versions that are there");
        return blame(model, GALEN_INVALID, "/%s", config_name);
    }
    return GALEN_OK;
}

static enum galen_status examine(struct examination *model)
{
    TRY(open_folder(model));
    TRY(read_config(model));
    TRY(list_versions(model));
    TRY(check_files(model));
    return check_versions(model);
}

static enum model_verdict verdict_of(enum galen_status status)
{
    if (status == GALEN_OK) {
        return MODEL_RUNS_HERE;
    }
    return status == GALEN_NOT_IMPLEMENTED ? MODEL_NEEDS_TRITON : MODEL_NEEDS_CHANGE;
}

enum galen_status model_judge(const struct model_judge *judge, const char *name,
                              struct model_judgement *out_judgement)
{
    struct model_judgement judgement = {0};
    struct examination model = {
        .judge = judge, .name = name, .folder = -1, .why = &judgement.why};
    const enum galen_status status = examine(&model);
    directory_close_(&model.folder);
    if (status == GALEN_NO_MEMORY) {
        return status;
    }
    judgement.verdict = verdict_of(status);
    judgement.notes = model.config.notes;
    judgement.note_count = model.config.note_count;
    *out_judgement = judgement;
    return GALEN_OK;
}
