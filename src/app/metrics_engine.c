/* SPDX-License-Identifier: Apache-2.0 */
#include "app/metrics_engine.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "engine/engine.h"
#include "service/metrics.h"

/* One version, as of one moment. */
struct row {
    const char *labels[METRIC_LABEL_COUNT_MAX]; /* model and version */
    struct engine_activity activity;
};

struct table {
    struct arena names;
    struct row *rows;
    size_t count;
    size_t capacity;
    enum galen_status status;
};

#define OF(member) offsetof(struct scheduler_statistics, member)

static const struct {
    enum metric metric;
    size_t offset;
    uint64_t unit; /* that it is divided by */
} counters[] = {
    {METRIC_INFERENCE_SUCCESS, OF(success.count), 1},
    {METRIC_INFERENCE_COUNT, OF(inference_count), 1},
    {METRIC_INFERENCE_EXECUTIONS, OF(execution_count), 1},
    {METRIC_REQUEST_DURATION, OF(success.ns), NS_PER_US},
    {METRIC_QUEUE_DURATION, OF(queue.ns), NS_PER_US},
    {METRIC_COMPUTE_INPUT_DURATION, OF(compute_input.ns), NS_PER_US},
    {METRIC_COMPUTE_INFER_DURATION, OF(compute_infer.ns), NS_PER_US},
    {METRIC_COMPUTE_OUTPUT_DURATION, OF(compute_output.ns), NS_PER_US},
};

static const struct {
    enum metric metric;
    size_t offset;
    uint64_t unit;
} histograms[] = {
    {METRIC_REQUEST_HISTOGRAM, OF(request_ns), NS_PER_US},
    {METRIC_QUEUE_HISTOGRAM, OF(queue_ns), NS_PER_US},
    {METRIC_COMPUTE_INPUT_HISTOGRAM, OF(compute_input_ns), NS_PER_US},
    {METRIC_COMPUTE_INFER_HISTOGRAM, OF(compute_infer_ns), NS_PER_US},
    {METRIC_COMPUTE_OUTPUT_HISTOGRAM, OF(compute_output_ns), NS_PER_US},
    {METRIC_BATCH_SIZE, OF(batch_rows), 1},
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const char *const failure_names[] = {[SCHEDULER_REJECTED] = "REJECTED",
                                            [SCHEDULER_CANCELED] = "CANCELED",
                                            [SCHEDULER_BACKEND] = "BACKEND",
                                            [SCHEDULER_OTHER] = "OTHER"};
static const char *const reason_names[] = {[BATCH_FULL] = "full",
                                           [BATCH_PREFERRED] = "preferred",
                                           [BATCH_WAITED] = "delay",
                                           [BATCH_DEADLINE] = "deadline",
                                           [BATCH_FLUSHED] = "drain"};
_Static_assert(LENGTH(failure_names) == SCHEDULER_FAILURE_COUNT, "each has its name");
_Static_assert(LENGTH(reason_names) == BATCH_REASON_COUNT, "each has its name");

static bool make_room(struct table *table)
{
    if (table->count < table->capacity) {
        return true;
    }
    const size_t capacity = table->capacity == 0 ? 16 : 2 * table->capacity;
    struct row *rows = reallocarray(table->rows, capacity, sizeof(*rows));
    if (rows == NULL) {
        return false;
    }
    table->rows = rows;
    table->capacity = capacity;
    return true;
}

static void add_row(void *context, const struct engine_activity *activity)
{
    struct table *table = context;
    const char *model =
        arena_copy_string(&table->names, bytes_from_string(activity->model));
    const char *version =
        arena_copy_string(&table->names, bytes_from_string(activity->version));
    if (model == NULL || version == NULL || !make_room(table)) {
        table->status = GALEN_NO_MEMORY;
        return;
    }
    table->rows[table->count++] =
        (struct row){.labels = {model, version}, .activity = *activity};
}

static const void *statistic(const struct row *row, size_t offset)
{
    return (const char *)&row->activity.statistics + offset;
}

static void put_counters(struct writer *out, const struct table *table)
{
    for (size_t i = 0; i < LENGTH(counters); i++) {
        metric_begin(out, counters[i].metric);
        for (size_t k = 0; k < table->count; k++) {
            const struct row *row = &table->rows[k];
            const uint64_t *value = statistic(row, counters[i].offset);
            metric_put_u64(out, counters[i].metric, row->labels, *value / counters[i].unit);
        }
    }
}

static void put_pending(struct writer *out, const struct table *table)
{
    metric_begin(out, METRIC_INFERENCE_PENDING);
    for (size_t i = 0; i < table->count; i++) {
        metric_put_u64(out, METRIC_INFERENCE_PENDING, table->rows[i].labels,
                       table->rows[i].activity.waiting_count);
    }
}

/* offset: of an array of counts, one a name. */
static void put_by_reason(struct writer *out, const struct table *table, enum metric metric,
                          size_t offset, const char *const *names, size_t count)
{
    metric_begin(out, metric);
    for (size_t i = 0; i < table->count; i++) {
        const uint64_t *values = statistic(&table->rows[i], offset);
        for (size_t k = 0; k < count; k++) {
            const char *const labels[] = {table->rows[i].labels[0],
                                          table->rows[i].labels[1], names[k]};
            metric_put_u64(out, metric, labels, values[k]);
        }
    }
}

static void put_histograms(struct writer *out, const struct table *table)
{
    for (size_t i = 0; i < LENGTH(histograms); i++) {
        metric_begin(out, histograms[i].metric);
        for (size_t k = 0; k < table->count; k++) {
            const struct row *row = &table->rows[k];
            metric_put_histogram(out, histograms[i].metric, row->labels,
                                 statistic(row, histograms[i].offset), histograms[i].unit);
        }
    }
}

/* A request has one answer here, so its first is its only one. In Triton's buckets. */
static void put_first_responses(struct writer *out, const struct table *table)
{
    static const struct histogram_bounds bounds = {
        .count = 4,
        .values = {100 * NS_PER_MS, 500 * NS_PER_MS, 2 * NS_PER_S, 5 * NS_PER_S}};
    metric_begin(out, METRIC_FIRST_RESPONSE);
    for (size_t i = 0; i < table->count; i++) {
        struct histogram histogram;
        histogram_coarsen(&table->rows[i].activity.statistics.request_ns, &bounds,
                          &histogram);
        metric_put_histogram(out, METRIC_FIRST_RESPONSE, table->rows[i].labels, &histogram,
                             NS_PER_MS);
    }
}

static void put_table(struct writer *out, const struct table *table)
{
    put_counters(out, table);
    put_pending(out, table);
    put_by_reason(out, table, METRIC_INFERENCE_FAILURE, OF(failure_counts), failure_names,
                  LENGTH(failure_names));
    put_by_reason(out, table, METRIC_BATCH_CLOSED, OF(batch_counts), reason_names,
                  LENGTH(reason_names));
    put_histograms(out, table);
    put_first_responses(out, table);
}

enum galen_status metrics_put_engine(struct writer *out, struct infer_service *engine)
{
    struct table table = {.status = GALEN_OK};
    arena_init(&table.names, LIMIT_ARENA_SIZE_BYTES_MAX);
    engine_visit(engine, add_row, &table);
    if (table.status == GALEN_OK) {
        put_table(out, &table);
    }
    free(table.rows);
    arena_deinit(&table.names);
    return table.status;
}
