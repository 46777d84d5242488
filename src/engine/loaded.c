/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/loaded.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/invariant.h"
#include "engine/execution.h"

static void run_batch(void *context, const struct batch *batch,
                      struct compute_times *out_times)
{
    execution_run(context, batch, out_times);
}

static enum galen_status start_instances(struct loaded_version *version)
{
    const struct loaded_options *options = &version->options_;
    const size_t row_count_max = version->model->row_count_max;
    const struct instances_options instances_options = {
        .settings = {.row_count_max = row_count_max == 0 ? 1 : row_count_max,
                     .queue_count_max = options->queue_count_max,
                     .wait_ns_max = row_count_max == 0 ? 0 : options->wait_ns_max},
        .count = options->instance_count,
        .quick_ns_max = options->quick_ns_max,
        .run = run_batch,
        .context = version->model,
    };
    return instances_create(&instances_options, &version->instances);
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
    atomic_init(&version->reference_count_, 1);
    version->options_ = *options;
    version->source = repository_version_ref(source);
    INVARIANT(strlen(options->model) < sizeof(version->name));
    memcpy(version->name, options->model, strlen(options->model));
    load(version);
    options->keeper->opened(options->keeper, version);
    *out_version = version;
    return GALEN_OK;
}

struct loaded_version *loaded_version_ref(struct loaded_version *version)
{
    atomic_fetch_add_explicit(&version->reference_count_, 1, memory_order_relaxed);
    return version;
}

void loaded_version_unref(struct loaded_version *version)
{
    if (version == NULL) {
        return;
    }
    const size_t before =
        atomic_fetch_sub_explicit(&version->reference_count_, 1, memory_order_acq_rel);
    INVARIANT(before > 0);
    if (before == 1) {
        version->options_.keeper->unused(version->options_.keeper, version);
    }
}

void loaded_version_close(struct loaded_version *version)
{
    instances_destroy(version->instances);
    model_close(version->model);
    repository_version_unref(version->source);
    free(version);
}

bool loaded_version_serves(const struct loaded_version *version)
{
    return version != NULL && version->model != NULL;
}
