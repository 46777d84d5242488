/* SPDX-License-Identifier: Apache-2.0 */
#include "model/config.h"

#include <model_config.pb-c.h>

#include "base/limits.h"
#include "codec/message_json.h"
#include "codec/pbtxt.h"
#include "model/config_impl.h"

static const char onnxruntime[] = "onnxruntime";
static const char own_platform_prefix[] = "galen_";

static const Inference__ModelConfig *root_of(const struct config_reader *reader)
{
    return (const Inference__ModelConfig *)reader->config->document_.root;
}

static const char *text_or_null(const char *text)
{
    return text[0] == '\0' ? NULL : text;
}

static enum galen_status read_name(struct config_reader *reader)
{
    const Inference__ModelConfig *root = root_of(reader);
    const char *folder = reader->source->model_name;
    reader->config->name = text_or_null(root->name);
    if (reader->config->name != NULL && folder != NULL && strcmp(root->name, folder) != 0) {
        return config_refuse(reader, &root->base, "name", 0, GALEN_INVALID,
                             "is '%s', and its folder '%s': they have to be equal",
                             root->name, folder);
    }
    return GALEN_OK;
}

/* -- which backend -----------------------------------------------------------------------
 */

static const struct galen_backend_ops *backend_named(const struct config_reader *reader,
                                                     const char *name)
{
    for (size_t i = 0; reader->source->backends[i] != NULL; i++) {
        if (strcmp(reader->source->backends[i]->name, name) == 0) {
            return reader->source->backends[i];
        }
    }
    return NULL;
}

static const struct galen_backend_ops *backend_of_file(const struct config_reader *reader,
                                                       const char *file_name)
{
    for (size_t i = 0; reader->source->backends[i] != NULL; i++) {
        if (strcmp(reader->source->backends[i]->file_name, file_name) == 0) {
            return reader->source->backends[i];
        }
    }
    return NULL;
}

/* The name of the backend that a platform stands for; NULL: none of ours. */
static const char *backend_of_platform(const char *platform)
{
    const size_t prefix_size = sizeof(own_platform_prefix) - 1;
    if (strcmp(platform, "onnxruntime_onnx") == 0) {
        return onnxruntime;
    }
    return strncmp(platform, own_platform_prefix, prefix_size) == 0 ? platform + prefix_size
                                                                    : NULL;
}

static enum galen_status read_platform(struct config_reader *reader)
{
    const Inference__ModelConfig *root = root_of(reader);
    const char *backend = backend_of_platform(root->platform);
    if (root->backend[0] != '\0') {
        return backend != NULL && strcmp(backend, root->backend) == 0
                   ? GALEN_OK
                   : config_refuse(reader, &root->base, "platform", 0, GALEN_INVALID,
                                   "'%s' does not belong to the backend '%s'",
                                   root->platform, root->backend);
    }
    if (backend == NULL || backend_named(reader, backend) == NULL) {
        return config_refuse(reader, &root->base, "platform", 0, GALEN_NOT_IMPLEMENTED,
                             "galen has no backend for '%s'", root->platform);
    }
    reader->config->backend = backend;
    return GALEN_OK;
}

/* Names that files of Triton's other backends have. */
static bool is_known_to_triton(const char *file_name)
{
    static const char *const names[] = {"model.plan", "model.savedmodel", "model.graphdef",
                                        "model.pt",   "model.pt2",        "model.py",
                                        "model.xml",  "model.json"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(file_name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static enum galen_status read_backend_of_file(struct config_reader *reader)
{
    const Inference__ModelConfig *root = root_of(reader);
    const char *file_name = root->default_model_filename;
    const struct galen_backend_ops *backend = backend_of_file(reader, file_name);
    if (backend == NULL) {
        const bool is_known = is_known_to_triton(file_name);
        return config_refuse(reader, &root->base, "default_model_filename", 0,
                             is_known ? GALEN_NOT_IMPLEMENTED : GALEN_INVALID,
                             is_known ? "galen has no backend for '%s'"
                                      : "does not tell the backend of '%s': name it",
                             file_name);
    }
    reader->config->backend = backend->name;
    return GALEN_OK;
}

static enum galen_status read_backend(struct config_reader *reader)
{
    const Inference__ModelConfig *root = root_of(reader);
    if (reader->source->backends == NULL) {
        return GALEN_OK;
    }
    if (root->backend[0] != '\0') {
        const struct galen_backend_ops *backend = backend_named(reader, root->backend);
        if (backend == NULL) {
            return config_refuse(reader, &root->base, "backend", 0, GALEN_NOT_IMPLEMENTED,
                                 "galen has no backend '%s'", root->backend);
        }
        reader->config->backend = backend->name;
    }
    if (root->platform[0] != '\0') {
        TRY(read_platform(reader));
    }
    if (root->default_model_filename[0] == '\0') {
        return GALEN_OK;
    }
    if (!config_is_file_name(root->default_model_filename)) {
        return config_refuse(reader, &root->base, "default_model_filename", 0,
                             GALEN_INVALID, "names no file of a version's folder");
    }
    reader->config->file_name = root->default_model_filename;
    return reader->config->backend == NULL ? read_backend_of_file(reader) : GALEN_OK;
}

/* -- versions, rows ----------------------------------------------------------------------
 */

static enum galen_status read_latest(struct config_reader *reader,
                                     const Inference__ModelVersionPolicy__Latest *latest)
{
    reader->config->latest_count = latest->num_versions;
    return latest->num_versions > 0 ? GALEN_OK
                                    : config_refuse(reader, &latest->base, "num_versions",
                                                    0, GALEN_INVALID, "is at least 1");
}

static enum galen_status
read_specific(struct config_reader *reader,
              const Inference__ModelVersionPolicy__Specific *specific)
{
    const size_t count = specific->n_versions;
    uint64_t *versions = arena_alloc_array(reader->arena, count, sizeof(*versions));
    if (versions == NULL) {
        return config_no_memory(reader);
    }
    for (size_t i = 0; i < count; i++) {
        if (specific->versions[i] < 1) {
            return config_refuse(reader, &specific->base, "versions", i, GALEN_INVALID,
                                 "a version is at least 1");
        }
        versions[i] = (uint64_t)specific->versions[i];
    }
    if (count == 0) {
        return config_refuse(reader, &specific->base, "versions", 0, GALEN_INVALID,
                             "names no version");
    }
    reader->config->versions = MODEL_CONFIG_SPECIFIC;
    reader->config->specific_versions = versions;
    reader->config->specific_count = count;
    return GALEN_OK;
}

static enum galen_status read_versions(struct config_reader *reader)
{
    const Inference__ModelVersionPolicy *policy = root_of(reader)->version_policy;
    reader->config->latest_count = 1;
    if (policy == NULL) {
        return GALEN_OK;
    }
    switch ((int)policy->policy_choice_case) {
    case INFERENCE__MODEL_VERSION_POLICY__POLICY_CHOICE_LATEST:
        return read_latest(reader, policy->latest);
    case INFERENCE__MODEL_VERSION_POLICY__POLICY_CHOICE_SPECIFIC:
        return read_specific(reader, policy->specific);
    case INFERENCE__MODEL_VERSION_POLICY__POLICY_CHOICE_ALL:
        reader->config->versions = MODEL_CONFIG_ALL;
        return GALEN_OK;
    default:
        return config_refuse(reader, &root_of(reader)->base, "version_policy", 0,
                             GALEN_INVALID, "says neither latest, all nor specific");
    }
}

static enum galen_status read_rows(struct config_reader *reader)
{
    const Inference__ModelConfig *root = root_of(reader);
    if (root->max_batch_size < 0) {
        return config_refuse(reader, &root->base, "max_batch_size", 0, GALEN_INVALID,
                             "is at least 0");
    }
    if (root->max_batch_size > (int32_t)LIMIT_BATCH_COUNT_LIMIT) {
        return config_refuse(reader, &root->base, "max_batch_size", 0, GALEN_TOO_LARGE,
                             "is at most %d", (int)LIMIT_BATCH_COUNT_LIMIT);
    }
    reader->config->row_count_max = (size_t)root->max_batch_size;
    return GALEN_OK;
}

/* -- all of it ---------------------------------------------------------------------------
 */

static enum galen_status read_parts(struct config_reader *reader)
{
    static enum galen_status (*const parts[])(struct config_reader *) = {
        config_check_fields,
        read_name,
        read_backend,
        read_versions,
        read_rows,
        config_read_tensors,
        config_read_batching,
        config_read_instances,
        config_read_parameters,
        config_read_warmups,
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        TRY(parts[i](reader));
    }
    return GALEN_OK;
}

enum galen_status model_config_read(struct bytes text,
                                    const struct model_config_source *source,
                                    struct arena *arena, struct model_config *out_config,
                                    struct error *out_error)
{
    struct model_config config = {.document_ = {.file = source->file}};
    struct config_reader reader = {source, arena, &config, out_error};
    if (text.size > LIMIT_MODEL_CONFIG_SIZE_BYTES_MAX) {
        return message_refuse(&config.document_, NULL, GALEN_TOO_LARGE, out_error,
                              "is larger than %d bytes",
                              (int)LIMIT_MODEL_CONFIG_SIZE_BYTES_MAX);
    }
    TRY(pbtxt_parse(text, source->file, &inference__model_config__descriptor, arena,
                    &config.document_, out_error));
    TRY(read_parts(&reader));
    *out_config = config;
    return GALEN_OK;
}

enum galen_status model_config_read_json(const struct json *object,
                                         const struct model_config_source *source,
                                         struct arena *arena,
                                         struct model_config *out_config,
                                         struct error *out_error)
{
    struct model_config config = {.document_ = {.file = source->file}};
    struct config_reader reader = {source, arena, &config, out_error};
    TRY(message_read_json(object, source->file, &inference__model_config__descriptor, arena,
                          &config.document_, out_error));
    TRY(read_parts(&reader));
    *out_config = config;
    return GALEN_OK;
}

bool model_config_serves(const struct model_config *config, const uint64_t *versions,
                         size_t count, size_t index)
{
    switch (config->versions) {
    case MODEL_CONFIG_ALL:
        return true;
    case MODEL_CONFIG_LATEST:
        return count - index <= config->latest_count;
    case MODEL_CONFIG_SPECIFIC:
        for (size_t i = 0; i < config->specific_count; i++) {
            if (config->specific_versions[i] == versions[index]) {
                return true;
            }
        }
        return false;
    }
    return false;
}

void model_config_put_json(struct json_writer *json, const struct model_config *config)
{
    message_put_json(json, config->document_.root);
}
