/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/scheduler_statistics.h"

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)
#define S UINT64_C(1000000000)

static const struct histogram_bounds duration_bounds = {
    .count = 20,
    .values = {10 * US,  20 * US, 50 * US, 100 * US, 200 * US, 500 * US, 1 * MS,
               2 * MS,   5 * MS,  10 * MS, 20 * MS,  50 * MS,  100 * MS, 200 * MS,
               500 * MS, 1 * S,   2 * S,   5 * S,    10 * S,   20 * S}};
static const struct histogram_bounds row_bounds = {
    .count = 13, .values = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096}};

void scheduler_statistics_init(struct scheduler_statistics *statistics)
{
    *statistics = (struct scheduler_statistics){.execution_count = 0};
    histogram_init(&statistics->request_ns, &duration_bounds);
    histogram_init(&statistics->queue_ns, &duration_bounds);
    histogram_init(&statistics->compute_input_ns, &duration_bounds);
    histogram_init(&statistics->compute_infer_ns, &duration_bounds);
    histogram_init(&statistics->compute_output_ns, &duration_bounds);
    histogram_init(&statistics->batch_rows, &row_bounds);
}

static void add(struct scheduler_duration *duration, uint64_t count, uint64_t ns)
{
    duration->count += count;
    duration->ns += count * ns;
}

void scheduler_count_failure(struct scheduler_statistics *statistics,
                             enum scheduler_failure failure, uint64_t took_ns)
{
    add(&statistics->fail, 1, took_ns);
    statistics->failure_counts[failure]++;
}

void scheduler_count_success(struct scheduler_statistics *statistics,
                             const struct batcher_entry *entry, const struct batch *batch,
                             uint64_t now_ns)
{
    const uint64_t request_ns = now_ns - entry->arrived_ns;
    const uint64_t queue_ns = batch->left_ns - entry->arrived_ns;
    add(&statistics->success, 1, request_ns);
    add(&statistics->queue, 1, queue_ns);
    statistics->inference_count += entry->row_count;
    histogram_add(&statistics->request_ns, request_ns, 1);
    histogram_add(&statistics->queue_ns, queue_ns, 1);
}

void scheduler_count_execution(struct scheduler_statistics *statistics,
                               const struct batch *batch, const struct compute_times *times,
                               uint64_t success_count, uint64_t now_ns)
{
    add(&statistics->compute_input, success_count, times->input_ns);
    add(&statistics->compute_infer, success_count, times->infer_ns);
    add(&statistics->compute_output, success_count, times->output_ns);
    histogram_add(&statistics->compute_input_ns, times->input_ns, success_count);
    histogram_add(&statistics->compute_infer_ns, times->infer_ns, success_count);
    histogram_add(&statistics->compute_output_ns, times->output_ns, success_count);
    histogram_add(&statistics->batch_rows, batch->row_count, 1);
    statistics->batch_counts[batch->reason]++;
    statistics->execution_count++;
    statistics->last_inference_ns = now_ns;
}
