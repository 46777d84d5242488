/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <model_config.pb-c.h>

#include "base/limits.h"
#include "model/config_impl.h"

static enum galen_status check_duration(struct config_reader *reader,
                                        const ProtobufCMessage *message, const char *field,
                                        uint64_t duration_us)
{
    const uint64_t duration_us_max = UINT64_C(1000) * LIMIT_MODEL_CONFIG_DURATION_MS_MAX;
    return duration_us <= duration_us_max
               ? GALEN_OK
               : config_refuse(reader, message, field, 0, GALEN_TOO_LARGE,
                               "is more than %" PRIu64, duration_us_max);
}

static enum galen_status read_sizes(struct config_reader *reader,
                                    const Inference__ModelDynamicBatching *batching)
{
    const size_t count = batching->n_preferred_batch_size;
    const size_t row_count_max = reader->config->row_count_max;
    size_t *sizes = arena_alloc_array(reader->arena, count, sizeof(*sizes));
    if (sizes == NULL) {
        return config_no_memory(reader);
    }
    if (count > LIMIT_PREFERRED_SIZE_COUNT_MAX) {
        return config_refuse(reader, &batching->base, "preferred_batch_size",
                             LIMIT_PREFERRED_SIZE_COUNT_MAX, GALEN_TOO_LARGE,
                             "is one size too many: %d are allowed",
                             (int)LIMIT_PREFERRED_SIZE_COUNT_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        const int32_t size = batching->preferred_batch_size[i];
        if (size < 1 || (size_t)size > row_count_max) {
            return config_refuse(
                reader, &batching->base, "preferred_batch_size", i, GALEN_INVALID,
                "is not from 1 to max_batch_size, which is %zu", row_count_max);
        }
        sizes[i] = (size_t)size;
    }
    reader->config->batching.preferred_sizes = sizes;
    reader->config->batching.preferred_count = count;
    return GALEN_OK;
}

/* With preserve_ordering nobody may be put behind others. */
static enum galen_status read_level(struct config_reader *reader,
                                    const Inference__ModelQueuePolicy *policy,
                                    struct model_config_level *out_level)
{
    const bool delays =
        policy->timeout_action == INFERENCE__MODEL_QUEUE_POLICY__TIMEOUT_ACTION__DELAY;
    if (!delays &&
        policy->timeout_action != INFERENCE__MODEL_QUEUE_POLICY__TIMEOUT_ACTION__REJECT) {
        return config_refuse(reader, &policy->base, "timeout_action", 0, GALEN_INVALID,
                             "is neither REJECT nor DELAY");
    }
    if (delays && policy->default_timeout_microseconds > 0 &&
        reader->config->batching.keeps_order) {
        return config_refuse(reader, &policy->base, "timeout_action", 0, GALEN_INVALID,
                             "is DELAY, which preserve_ordering rules out");
    }
    TRY(check_duration(reader, &policy->base, "default_timeout_microseconds",
                       policy->default_timeout_microseconds));
    if (policy->max_queue_size > LIMIT_QUEUE_COUNT_LIMIT) {
        return config_refuse(reader, &policy->base, "max_queue_size", 0, GALEN_TOO_LARGE,
                             "is at most %d", (int)LIMIT_QUEUE_COUNT_LIMIT);
    }
    *out_level = (struct model_config_level){
        .queue_count_max = policy->max_queue_size,
        .timeout_us = policy->default_timeout_microseconds,
        .has_own_timeouts = policy->allow_timeout_override != 0,
        .delays = delays,
    };
    return GALEN_OK;
}

static enum galen_status check_priorities(struct config_reader *reader,
                                          const Inference__ModelDynamicBatching *batching)
{
    const uint64_t count = batching->priority_levels;
    if (count > LIMIT_PRIORITY_LEVEL_COUNT_MAX) {
        return config_refuse(reader, &batching->base, "priority_levels", 0, GALEN_TOO_LARGE,
                             "is at most %d", (int)LIMIT_PRIORITY_LEVEL_COUNT_MAX);
    }
    if (count > 1 && batching->preserve_ordering) {
        return config_refuse(reader, &batching->base, "priority_levels", 0, GALEN_INVALID,
                             "is more than 1, which preserve_ordering rules out");
    }
    if (count > 0 && (batching->default_priority_level < 1 ||
                      batching->default_priority_level > count)) {
        return config_refuse(reader, &batching->base, "default_priority_level", 0,
                             GALEN_INVALID,
                             "is not from 1 to priority_levels, which is %" PRIu64, count);
    }
    return GALEN_OK;
}

static enum galen_status
read_own_level(struct config_reader *reader,
               const Inference__ModelDynamicBatching__PriorityQueuePolicyEntry *entry,
               struct model_config_level *levels, uint64_t count)
{
    struct model_config_level unused;
    if (count == 0) {
        TRY(read_level(reader, entry->value, &unused));
        return config_note(reader,
                           (const struct message_value[]){
                               config_place(reader->config, &entry->base, "key", 0)},
                           "is ignored: there are no priority_levels");
    }
    return entry->key >= 1 && entry->key <= count
               ? read_level(reader, entry->value, &levels[entry->key - 1])
               : config_refuse(reader, &entry->base, "key", 0, GALEN_INVALID,
                               "is not from 1 to priority_levels, which is %" PRIu64,
                               count);
}

static enum galen_status read_levels(struct config_reader *reader,
                                     const Inference__ModelDynamicBatching *batching)
{
    TRY(check_priorities(reader, batching));
    struct model_config_level usual = {0};
    if (batching->default_queue_policy != NULL) {
        TRY(read_level(reader, batching->default_queue_policy, &usual));
    }
    const size_t count = batching->priority_levels == 0 ? 1 : batching->priority_levels;
    struct model_config_level *levels =
        arena_alloc_array(reader->arena, count, sizeof(*levels));
    if (levels == NULL) {
        return config_no_memory(reader);
    }
    for (size_t i = 0; i < count; i++) {
        levels[i] = usual;
    }
    for (size_t i = 0; i < batching->n_priority_queue_policy; i++) {
        TRY(read_own_level(reader, batching->priority_queue_policy[i], levels,
                           batching->priority_levels));
    }
    reader->config->batching.levels = levels;
    reader->config->batching.level_count = count;
    reader->config->batching.default_priority =
        batching->priority_levels == 0 ? 0 : batching->default_priority_level;
    return GALEN_OK;
}

enum galen_status config_read_batching(struct config_reader *reader)
{
    const Inference__ModelConfig *root =
        (const Inference__ModelConfig *)reader->config->document_.root;
    if (root->scheduling_choice_case !=
        INFERENCE__MODEL_CONFIG__SCHEDULING_CHOICE_DYNAMIC_BATCHING) {
        return GALEN_OK;
    }
    const Inference__ModelDynamicBatching *batching = root->dynamic_batching;
    TRY(check_duration(reader, &batching->base, "max_queue_delay_microseconds",
                       batching->max_queue_delay_microseconds));
    reader->config->batching = (struct model_config_batching){
        .is_on = true,
        .delay_us = batching->max_queue_delay_microseconds,
        .keeps_order = batching->preserve_ordering != 0,
    };
    TRY(read_sizes(reader, batching));
    return read_levels(reader, batching);
}
