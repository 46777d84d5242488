/* SPDX-License-Identifier: Apache-2.0 */
#include <model_config.pb-c.h>

#include "base/limits.h"
#include "model/config_complete_impl.h"

void *config_new_message(struct config_completion *completion,
                         const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message =
        arena_alloc(completion->reader.arena, descriptor->sizeof_message);
    if (message != NULL) {
        descriptor->message_init(message);
    }
    return message;
}

enum galen_status config_copy_text(struct config_completion *completion, const char *text,
                                   char **out_copy)
{
    char *copy = arena_copy_string(completion->reader.arena, bytes_from_string(text));
    if (copy == NULL) {
        return config_no_memory(&completion->reader);
    }
    *out_copy = copy;
    return GALEN_OK;
}

bool config_dimension_fits(int64_t declared, int64_t own)
{
    return own == GALEN_DIMENSION_ANY || own == declared;
}

static enum galen_status copy_root(struct config_completion *completion)
{
    const Inference__ModelConfig *given =
        (const Inference__ModelConfig *)completion->given->document_.root;
    Inference__ModelConfig *copy =
        config_new_message(completion, &inference__model_config__descriptor);
    if (copy == NULL) {
        return config_no_memory(&completion->reader);
    }
    *copy = *given;
    completion->root = &copy->base;
    completion->reader.config->document_.root = &copy->base;
    return GALEN_OK;
}

static enum galen_status fill_names(struct config_completion *completion)
{
    const struct model_config_network *network = completion->network;
    struct model_config *config = completion->reader.config;
    Inference__ModelConfig *root = (Inference__ModelConfig *)completion->root;
    if (config->backend != NULL && strcmp(config->backend, network->backend->name) != 0) {
        return config_refuse(&completion->reader, &root->base, "backend", 0, GALEN_INVALID,
                             "is '%s', and the network's is '%s'", config->backend,
                             network->backend->name);
    }
    if (config->name == NULL) {
        TRY(config_copy_text(completion, network->model_name, &root->name));
    }
    TRY(config_copy_text(completion, network->backend->name, &root->backend));
    TRY(config_copy_text(completion, network->spec->platform, &root->platform));
    if (config->file_name == NULL) {
        TRY(config_copy_text(completion, network->backend->file_name,
                             &root->default_model_filename));
    }
    config->name = root->name;
    config->backend = root->backend;
    config->file_name = root->default_model_filename;
    return GALEN_OK;
}

static enum galen_status fill_versions(struct config_completion *completion)
{
    Inference__ModelConfig *root = (Inference__ModelConfig *)completion->root;
    if (root->version_policy != NULL) {
        return GALEN_OK;
    }
    Inference__ModelVersionPolicy *policy =
        config_new_message(completion, &inference__model_version_policy__descriptor);
    Inference__ModelVersionPolicy__Latest *latest = config_new_message(
        completion, &inference__model_version_policy__latest__descriptor);
    if (policy == NULL || latest == NULL) {
        return config_no_memory(&completion->reader);
    }
    latest->num_versions = 1;
    policy->policy_choice_case = INFERENCE__MODEL_VERSION_POLICY__POLICY_CHOICE_LATEST;
    policy->latest = latest;
    root->version_policy = policy;
    return GALEN_OK;
}

static bool is_open_first(const struct galen_tensor_spec *specs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (specs[i].rank == 0 || specs[i].shape[0] != GALEN_DIMENSION_ANY) {
            return false;
        }
    }
    return true;
}

/* Where the file has inputs and outputs, 0 rows are what it says; else it says nothing. */
static enum galen_status fill_rows(struct config_completion *completion)
{
    const struct galen_model_spec *spec = completion->network->spec;
    const struct model_config *given = completion->given;
    Inference__ModelConfig *root = (Inference__ModelConfig *)completion->root;
    const bool is_partial = given->input_count == 0 || given->output_count == 0;
    completion->has_rows = is_open_first(spec->inputs, spec->input_count) &&
                           is_open_first(spec->outputs, spec->output_count) &&
                           completion->network->row_count_max > 0;
    if (given->row_count_max > 0 && !completion->has_rows) {
        return config_refuse(&completion->reader, &root->base, "max_batch_size", 0,
                             GALEN_INVALID,
                             "is more than 0, and the network's first dimension is not one "
                             "of rows");
    }
    if (given->row_count_max == 0 && is_partial && completion->has_rows) {
        completion->reader.config->row_count_max = completion->network->row_count_max;
        root->max_batch_size = (int32_t)completion->network->row_count_max;
    }
    return GALEN_OK;
}

enum galen_status model_config_complete(const struct model_config *config,
                                        const struct model_config_network *network,
                                        struct arena *arena,
                                        struct model_config *out_config,
                                        struct error *out_error)
{
    static enum galen_status (*const parts[])(struct config_completion *) = {
        copy_root,
        fill_names,
        fill_versions,
        fill_rows,
        config_complete_inputs,
        config_complete_outputs,
        config_complete_batching,
        config_complete_instances,
        config_complete_warmups,
    };
    struct model_config made = *config;
    struct config_completion completion = {
        .reader = {NULL, arena, &made, out_error}, .given = config, .network = network};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        TRY(parts[i](&completion));
    }
    *out_config = made;
    return GALEN_OK;
}
