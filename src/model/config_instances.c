/* SPDX-License-Identifier: Apache-2.0 */
/* Instances, and parameters, which are the backend's. */
#include <model_config.pb-c.h>

#include "base/limits.h"
#include "model/config_impl.h"

static enum galen_status check_kind(struct config_reader *reader,
                                    const Inference__ModelInstanceGroup *group)
{
    switch ((int)group->kind) {
    case INFERENCE__MODEL_INSTANCE_GROUP__KIND__KIND_GPU:
        return config_refuse(reader, &group->base, "kind", 0, GALEN_NOT_IMPLEMENTED,
                             "KIND_GPU is not supported: galen runs networks on the CPU, "
                             "as KIND_AUTO and KIND_CPU say");
    case INFERENCE__MODEL_INSTANCE_GROUP__KIND__KIND_CPU:
    case INFERENCE__MODEL_INSTANCE_GROUP__KIND__KIND_MODEL:
        return group->n_gpus == 0
                   ? GALEN_OK
                   : config_refuse(reader, &group->base, "gpus", 0, GALEN_INVALID,
                                   "are for KIND_GPU and KIND_AUTO");
    case INFERENCE__MODEL_INSTANCE_GROUP__KIND__KIND_AUTO:
        return GALEN_OK;
    default:
        return config_refuse(reader, &group->base, "kind", 0, GALEN_INVALID,
                             "is no kind of instance");
    }
}

static enum galen_status read_group(struct config_reader *reader,
                                    const Inference__ModelInstanceGroup *group)
{
    struct model_config *config = reader->config;
    TRY(check_kind(reader, group));
    if (group->count < 0) {
        return config_refuse(reader, &group->base, "count", 0, GALEN_INVALID,
                             "is at least 0");
    }
    config->uncounted_groups += group->count == 0;
    config->instance_count += (size_t)group->count;
    return config->instance_count + config->uncounted_groups <= LIMIT_INSTANCE_COUNT_LIMIT
               ? GALEN_OK
               : config_refuse(reader, &group->base, "count", 0, GALEN_TOO_LARGE,
                               "makes more than %d instances",
                               (int)LIMIT_INSTANCE_COUNT_LIMIT);
}

enum galen_status config_read_instances(struct config_reader *reader)
{
    const Inference__ModelConfig *root =
        (const Inference__ModelConfig *)reader->config->document_.root;
    for (size_t i = 0; i < root->n_instance_group; i++) {
        TRY(read_group(reader, root->instance_group[i]));
    }
    return GALEN_OK;
}

static enum galen_status
read_thread_count(struct config_reader *reader,
                  const Inference__ModelConfig__ParametersEntry *entry)
{
    uint64_t count;
    const struct bytes text = bytes_from_string(entry->value->string_value);
    if (!bytes_parse_u64(text, LIMIT_INSTANCE_COUNT_LIMIT, &count)) {
        return config_refuse(reader, &entry->value->base, "string_value", 0, GALEN_INVALID,
                             "%s is a number from 0 to %d", entry->key,
                             (int)LIMIT_INSTANCE_COUNT_LIMIT);
    }
    reader->config->thread_count = (uint32_t)count;
    return GALEN_OK;
}

/* What Triton's ONNX Runtime backend knows, and does not change results. */
static const char *const ignored[] = {
    "inter_op_thread_count",
    "execution_mode",
    "enable_mem_arena",
    "enable_mem_pattern",
    "memory.enable_memory_arena_shrinkage",
    "session.use_device_allocator_for_initializers",
    "share_session_between_instances",
    "cudnn_conv_algo_search",
    "gpu_mem_limit",
    "arena_extend_strategy",
    "do_copy_in_default_stream",
};

static enum galen_status
read_parameter(struct config_reader *reader,
               const Inference__ModelConfig__ParametersEntry *entry)
{
    if (strcmp(entry->key, "intra_op_thread_count") == 0) {
        return read_thread_count(reader, entry);
    }
    for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++) {
        if (strcmp(entry->key, ignored[i]) == 0) {
            return config_note(reader,
                               (const struct message_value[]){
                                   config_place(reader->config, &entry->base, "key", 0)},
                               "%s is ignored: the backend has no such setting here",
                               entry->key);
        }
    }
    return GALEN_OK;
}

enum galen_status config_read_parameters(struct config_reader *reader)
{
    const Inference__ModelConfig *root =
        (const Inference__ModelConfig *)reader->config->document_.root;
    const size_t count = root->n_parameters;
    struct model_config_parameter *parameters =
        arena_alloc_array(reader->arena, count, sizeof(*parameters));
    if (parameters == NULL) {
        return config_no_memory(reader);
    }
    for (size_t i = 0; i < count; i++) {
        const Inference__ModelConfig__ParametersEntry *entry = root->parameters[i];
        TRY(read_parameter(reader, entry));
        parameters[i] =
            (struct model_config_parameter){entry->key, entry->value->string_value};
    }
    reader->config->parameters = parameters;
    reader->config->parameter_count = count;
    return GALEN_OK;
}
