/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics (metrics.def) in Prometheus' text format, version 0.0.4
 * (prometheus.io/docs/instrumenting/exposition_formats). Pure. */
#pragma once

#include "base/histogram.h"
#include "base/writer.h"

#define METRICS_MEDIA_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum { METRIC_LABEL_COUNT_MAX = 4 };

enum metric {
#define METRIC(member, name, type, labels, help) METRIC_##member,
#include "service/metrics.def"
    METRIC_COUNT,
};

/* The lines HELP and TYPE: before all samples of the metric, which follow one another. */
void metric_begin(struct writer *out, enum metric metric);

/* One sample. labels: the values of the metric's labels, in their order; NULL where it has
 * none. */
void metric_put_u64(struct writer *out, enum metric metric, const char *const *labels,
                    uint64_t value);
/* A duration, in seconds. */
void metric_put_ns(struct writer *out, enum metric metric, const char *const *labels,
                   uint64_t ns);
/* A share, 0 to 1. */
void metric_put_share(struct writer *out, enum metric metric, const char *const *labels,
                      double share);
/* All samples of a histogram with these labels. unit: what its values are divided by, a
 * power of ten. */
void metric_put_histogram(struct writer *out, enum metric metric, const char *const *labels,
                          const struct histogram *histogram, uint64_t unit);

/* The page docs/metrics.md. */
void metrics_write_markdown(struct writer *out);
