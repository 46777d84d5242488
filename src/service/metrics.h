/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics (metrics.def) in Prometheus' text format, version 0.0.4. Pure. */
#pragma once

#include "base/writer.h"

#define METRICS_MEDIA_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum metric {
#define METRIC(member, name, type, label, help) METRIC_##member,
#include "service/metrics.def"
    METRIC_COUNT,
};

/* The lines HELP and TYPE: before all samples of the metric. */
void metric_begin(struct writer *out, enum metric metric);

/* One sample. label: the value of the metric's label; NULL where it has none. */
void metric_put_u64(struct writer *out, enum metric metric, const char *label,
                    uint64_t value);
/* A duration, in seconds. */
void metric_put_ns(struct writer *out, enum metric metric, const char *label, uint64_t ns);

/* The page docs/metrics.md. */
void metrics_write_markdown(struct writer *out);
