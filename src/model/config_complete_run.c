/* SPDX-License-Identifier: Apache-2.0 */
/* How the network is run: batches, instances, and what is run before it serves. */
#include <model_config.pb-c.h>
#include <stdio.h>

#include "base/limits.h"
#include "model/config_complete_impl.h"

/* -- batches -----------------------------------------------------------------------------
 */

/* A file without inputs or outputs is completed, and then batches are made. */
static bool turns_on(const struct config_completion *completion)
{
    const struct model_config *given = completion->given;
    return !given->batching.is_on && completion->reader.config->row_count_max > 1 &&
           (given->input_count == 0 || given->output_count == 0);
}

static enum galen_status turn_on(struct config_completion *completion)
{
    static const struct model_config_level level;
    completion->reader.config->batching =
        (struct model_config_batching){.is_on = true, .levels = &level, .level_count = 1};
    return GALEN_OK;
}

static enum galen_status prefer_full(struct config_completion *completion,
                                     Inference__ModelDynamicBatching *batching)
{
    struct model_config *config = completion->reader.config;
    size_t *size = arena_alloc(completion->reader.arena, sizeof(*size));
    int32_t *preferred = arena_alloc(completion->reader.arena, sizeof(*preferred));
    if (size == NULL || preferred == NULL) {
        return config_no_memory(&completion->reader);
    }
    *size = config->row_count_max;
    *preferred = (int32_t)config->row_count_max;
    config->batching.preferred_sizes = size;
    config->batching.preferred_count = 1;
    batching->preferred_batch_size = preferred;
    batching->n_preferred_batch_size = 1;
    return GALEN_OK;
}

enum galen_status config_complete_batching(struct config_completion *completion)
{
    Inference__ModelConfig *root = (Inference__ModelConfig *)completion->root;
    struct model_config *config = completion->reader.config;
    const bool is_new = turns_on(completion);
    if (!config->batching.is_on && !is_new) {
        return GALEN_OK;
    }
    Inference__ModelDynamicBatching *batching =
        config_new_message(completion, &inference__model_dynamic_batching__descriptor);
    if (batching == NULL) {
        return config_no_memory(&completion->reader);
    }
    if (is_new) {
        TRY(turn_on(completion));
    } else {
        *batching = *root->dynamic_batching;
    }
    if (config->batching.preferred_count == 0 && config->row_count_max > 0) {
        TRY(prefer_full(completion, batching));
    }
    root->scheduling_choice_case =
        INFERENCE__MODEL_CONFIG__SCHEDULING_CHOICE_DYNAMIC_BATCHING;
    root->dynamic_batching = batching;
    return GALEN_OK;
}

/* -- instances ---------------------------------------------------------------------------
 */

static enum galen_status name_group(struct config_completion *completion, size_t index,
                                    bool is_only, Inference__ModelInstanceGroup *group)
{
    char name[LIMIT_MODEL_NAME_SIZE_BYTES_MAX + 32];
    if (group->name[0] != '\0') {
        return GALEN_OK;
    }
    if (is_only) {
        return config_copy_text(completion, completion->reader.config->name, &group->name);
    }
    (void)snprintf(name, sizeof(name), "%s_%zu", completion->reader.config->name, index);
    return config_copy_text(completion, name, &group->name);
}

static enum galen_status complete_group(struct config_completion *completion,
                                        const Inference__ModelInstanceGroup *given,
                                        size_t index,
                                        Inference__ModelInstanceGroup **out_group)
{
    Inference__ModelInstanceGroup *group =
        config_new_message(completion, &inference__model_instance_group__descriptor);
    if (group == NULL) {
        return config_no_memory(&completion->reader);
    }
    if (given != NULL) {
        *group = *given;
    }
    TRY(name_group(completion, index, given == NULL, group));
    if (group->kind == INFERENCE__MODEL_INSTANCE_GROUP__KIND__KIND_AUTO) {
        group->kind = INFERENCE__MODEL_INSTANCE_GROUP__KIND__KIND_CPU;
    }
    if (group->count == 0) {
        group->count = (int32_t)completion->network->instance_count;
    }
    *out_group = group;
    return GALEN_OK;
}

static enum galen_status count_instances(struct config_completion *completion)
{
    struct model_config *config = completion->reader.config;
    const bool has_groups = config->instance_count + config->uncounted_groups > 0;
    config->instance_count +=
        completion->network->instance_count * (has_groups ? config->uncounted_groups : 1);
    config->uncounted_groups = 0;
    return config->instance_count <= LIMIT_INSTANCE_COUNT_LIMIT
               ? GALEN_OK
               : config_refuse(&completion->reader, completion->root, "instance_group", 0,
                               GALEN_TOO_LARGE, "makes more than %d instances",
                               (int)LIMIT_INSTANCE_COUNT_LIMIT);
}

enum galen_status config_complete_instances(struct config_completion *completion)
{
    Inference__ModelConfig *root = (Inference__ModelConfig *)completion->root;
    const size_t given_count = root->n_instance_group;
    const size_t count = given_count == 0 ? 1 : given_count;
    Inference__ModelInstanceGroup **groups =
        arena_alloc_array(completion->reader.arena, count, sizeof(*groups));
    if (groups == NULL) {
        return config_no_memory(&completion->reader);
    }
    TRY(count_instances(completion));
    for (size_t i = 0; i < count; i++) {
        TRY(complete_group(completion, given_count == 0 ? NULL : root->instance_group[i], i,
                           &groups[i]));
    }
    root->instance_group = groups;
    root->n_instance_group = count;
    return GALEN_OK;
}

/* -- samples -----------------------------------------------------------------------------
 */

static bool sample_fits(const struct galen_tensor_spec *sample,
                        const struct galen_tensor_spec *input, uint32_t first)
{
    if (sample->datatype != input->datatype || sample->rank + first != input->rank) {
        return false;
    }
    for (uint32_t i = 0; i < sample->rank; i++) {
        if (!config_dimension_fits(sample->shape[i], input->shape[first + i])) {
            return false;
        }
    }
    return true;
}

static const struct galen_tensor_spec *find_input(const struct model_config *config,
                                                  const char *name)
{
    for (size_t i = 0; i < config->input_count; i++) {
        if (strcmp(config->inputs[i].name, name) == 0) {
            return &config->inputs[i];
        }
    }
    return NULL;
}

/* Where the sample stands; those without rows are not in the list. */
static struct message_value place_of(const struct config_completion *completion,
                                     const struct model_config_warmup *warmup)
{
    const Inference__ModelConfig *root = (const Inference__ModelConfig *)completion->root;
    size_t index = 0;
    for (const struct model_config_warmup *before = completion->reader.config->warmups;
         root->model_warmup[index]->batch_size == 0 || before < warmup; index++) {
        before += root->model_warmup[index]->batch_size > 0;
    }
    return config_place(completion->reader.config, completion->root, "model_warmup", index);
}

#define refuse_sample(completion, warmup, ...)                                       \
    message_refuse(&(completion)->reader.config->document_,                          \
                   (const struct message_value[]){place_of((completion), (warmup))}, \
                   GALEN_INVALID, (completion)->reader.error, __VA_ARGS__)

static enum galen_status check_sample(struct config_completion *completion,
                                      const struct model_config_warmup *warmup)
{
    const struct model_config *config = completion->reader.config;
    const size_t row_count_max = config->row_count_max == 0 ? 1 : config->row_count_max;
    if (warmup->row_count > row_count_max) {
        return refuse_sample(completion, warmup, "has more than %zu rows", row_count_max);
    }
    if (warmup->input_count != config->input_count) {
        return refuse_sample(completion, warmup, "has %zu inputs, and the network %zu",
                             warmup->input_count, config->input_count);
    }
    for (size_t i = 0; i < warmup->input_count; i++) {
        const struct galen_tensor_spec *sample = &warmup->inputs[i].spec;
        const struct galen_tensor_spec *input = find_input(config, sample->name);
        if (input == NULL || !sample_fits(sample, input, config->row_count_max > 0)) {
            return refuse_sample(completion, warmup, "'%s' is %s", sample->name,
                                 input == NULL ? "no input of the network"
                                               : "not of the input's data_type and dims");
        }
    }
    return GALEN_OK;
}

enum galen_status config_complete_warmups(struct config_completion *completion)
{
    const struct model_config *config = completion->reader.config;
    for (size_t i = 0; i < config->warmup_count; i++) {
        TRY(check_sample(completion, &config->warmups[i]));
    }
    return GALEN_OK;
}
