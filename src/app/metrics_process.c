/* SPDX-License-Identifier: Apache-2.0 */
#include "app/metrics_process.h"

#include <uv.h>

#include "base/clock.h"
#include "service/metrics.h"

static void put_number(struct writer *out, enum metric metric, uint64_t value)
{
    metric_begin(out, metric);
    metric_put_u64(out, metric, NULL, value);
}

static uint64_t ns_of(const uv_timeval_t *time)
{
    return (uint64_t)time->tv_sec * NS_PER_S + (uint64_t)time->tv_usec * NS_PER_US;
}

static void put_cpu(struct writer *out)
{
    uv_rusage_t usage;
    if (uv_getrusage(&usage) == 0) {
        metric_begin(out, METRIC_PROCESS_CPU);
        metric_put_ns(out, METRIC_PROCESS_CPU, NULL,
                      ns_of(&usage.ru_utime) + ns_of(&usage.ru_stime));
    }
}

/* A control group without a limit has none or a huge one, by the version of the kernel. */
static uint64_t memory_limit_bytes(void)
{
    const uint64_t constrained = uv_get_constrained_memory();
    const uint64_t total = uv_get_total_memory();
    return constrained == 0 || constrained > total ? total : constrained;
}

static void put_memory(struct writer *out)
{
    size_t resident_bytes;
    if (uv_resident_set_memory(&resident_bytes) == 0) {
        put_number(out, METRIC_PROCESS_RESIDENT, resident_bytes);
    }
    put_number(out, METRIC_MEMORY_LIMIT, memory_limit_bytes());
}

void metrics_put_process(struct writer *out, const struct role *role)
{
    const char *const labels[] = {role->kind->name, GALEN_VERSION};
    metric_begin(out, METRIC_BUILD_INFO);
    metric_put_u64(out, METRIC_BUILD_INFO, labels, 1);
    put_number(out, METRIC_PROCESS_START, role->begun_s);
    put_cpu(out);
    put_memory(out);
}
