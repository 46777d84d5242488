/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/loaded.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/count.h"
#include "base/invariant.h"
#include "engine/configuration.h"
#include "engine/execution.h"

static void run_batch(void *context, const struct batch *batch,
                      struct compute_times *out_times)
{
    execution_run(context, batch, out_times);
}

/* For the create of instances, which copies them. */
static void set_levels(const struct model_config_batching *batching,
                       struct batcher_level *out_levels)
{
    for (size_t i = 0; i < batching->level_count; i++) {
        const struct model_config_level *level = &batching->levels[i];
        out_levels[i] = (struct batcher_level){
            .queue_count_max = level->queue_count_max,
            .timeout_ns = level->timeout_us * NS_PER_US,
            .timeout_override = level->has_own_timeouts,
            .timeout_action = level->delays ? BATCHER_DELAY : BATCHER_REJECT,
        };
    }
}

/* A configuration says all of batching; without one the settings do. */
static struct batcher_settings settings_of(const struct loaded_version *version,
                                           const struct batcher_level *levels)
{
    const struct loaded_options *options = &version->options_;
    const struct configuration *configuration = version->model->configuration;
    const struct model_config_batching *batching = &configuration->config.batching;
    const size_t row_count_max = version->model->row_count_max;
    struct batcher_settings settings = {
        .row_count_max = row_count_max == 0 ? 1 : row_count_max,
        .queue_count_max = options->queue_count_max,
        .wait_ns_max = row_count_max == 0 ? 0 : options->wait_ns_max,
    };
    if (configuration->is_given && !batching->is_on) {
        settings.wait_ns_max = 0;
        settings.runs_alone = true;
    } else if (configuration->is_given) {
        settings.wait_ns_max = batching->delay_us * NS_PER_US;
        settings.preserve_ordering = batching->keeps_order;
        settings.preferred_sizes = batching->preferred_sizes;
        settings.preferred_count = batching->preferred_count;
        settings.levels = levels;
        settings.level_count = batching->level_count;
        settings.default_priority = batching->default_priority;
    }
    return settings;
}

static enum galen_status start_instances(struct loaded_version *version)
{
    const struct model_config *config = &version->model->configuration->config;
    struct batcher_level *levels =
        calloc(config->batching.level_count + 1, sizeof(*levels));
    if (levels == NULL) {
        return GALEN_NO_MEMORY;
    }
    set_levels(&config->batching, levels);
    const struct instances_options instances_options = {
        .settings = settings_of(version, levels),
        .count = config->instance_count,
        .quick_ns_max = version->options_.quick_ns_max,
        .run = run_batch,
        .context = version->model,
    };
    const enum galen_status status =
        instances_create(&instances_options, &version->instances);
    free(levels);
    return status;
}

static void load(struct loaded_version *version)
{
    const struct loaded_options *options = &version->options_;
    const struct repository_version *source = version->source;
    const struct model_options model_options = {
        .name = version->name,
        .version = source->number,
        .path = source->path,
        .backends = options->backends,
        .thread_count = options->thread_count,
        .row_count_max = options->batch_rows_max,
        .quick_ns_max = options->quick_ns_max,
        .instance_count = options->instance_count,
        .config = options->config,
    };
    if (!source->usable) {
        version->why_not = source->why_not;
        return;
    }
    if (model_open(&model_options, &version->model, &version->why_not) != GALEN_OK) {
        return;
    }
    const enum galen_status status = start_instances(version);
    if (status != GALEN_OK) {
        (void)error_set(&version->why_not, status, "model '%s' version %" PRIu64 ": %s",
                        version->name, source->number, galen_status_text(status));
        model_close(version->model);
        version->model = NULL;
    }
}

enum galen_status loaded_version_open(const struct loaded_options *options,
                                      struct repository_version *source,
                                      struct loaded_version **out_version)
{
    struct loaded_version *version = calloc(1, sizeof(*version));
    if (version == NULL) {
        return GALEN_NO_MEMORY;
    }
    count_begin(&version->reference_count_);
    version->options_ = *options;
    version->source = repository_version_ref(source);
    if (options->config != NULL) {
        (void)blob_ref(options->config);
    }
    INVARIANT(strlen(options->model) < sizeof(version->name));
    memcpy(version->name, options->model, strlen(options->model));
    load(version);
    options->keeper->opened(options->keeper, version);
    *out_version = version;
    return GALEN_OK;
}

struct loaded_version *loaded_version_ref(struct loaded_version *version)
{
    count_more(&version->reference_count_);
    return version;
}

void loaded_version_unref(struct loaded_version *version)
{
    if (version == NULL) {
        return;
    }
    if (count_less(&version->reference_count_)) {
        version->options_.keeper->unused(version->options_.keeper, version);
    }
}

void loaded_version_close(struct loaded_version *version)
{
    instances_destroy(version->instances);
    model_close(version->model);
    repository_version_unref(version->source);
    blob_unref(version->options_.config);
    free(version);
}

bool loaded_version_serves(const struct loaded_version *version)
{
    return version != NULL && version->model != NULL;
}
