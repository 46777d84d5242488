/* SPDX-License-Identifier: Apache-2.0 */
#include "service/metrics.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/invariant.h"

enum { NUMBER_SIZE = 48 };

static const struct {
    const char *name;
    const char *type;
    const char *labels; /* "": none; "a,b" */
    const char *help;
} metrics[] = {
#define METRIC(member, name, type, labels, help) {name, #type, labels, help},
#include "service/metrics.def"
};

static void put_header(struct writer *out, const char *keyword, enum metric metric,
                       const char *text)
{
    writer_put_string(out, keyword);
    writer_put_string(out, metrics[metric].name);
    writer_put_byte(out, ' ');
    writer_put_string(out, text);
    writer_put_byte(out, '\n');
}

void metric_begin(struct writer *out, enum metric metric)
{
    put_header(out, "# HELP ", metric, metrics[metric].help);
    put_header(out, "# TYPE ", metric, metrics[metric].type);
}

/* As the format escapes the value of a label. */
static void put_escaped(struct writer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\\' || *text == '"') {
            writer_put_byte(out, '\\');
        }
        writer_put_string(out, *text == '\n' ? "\\n" : "");
        if (*text != '\n') {
            writer_put_byte(out, (uint8_t)*text);
        }
    }
}

static void put_label(struct writer *out, bool is_first, struct bytes name,
                      const char *value)
{
    writer_put_byte(out, is_first ? '{' : ',');
    writer_put(out, name);
    writer_put_string(out, "=\"");
    put_escaped(out, value);
    writer_put_byte(out, '"');
}

/* Everything of a sample before its value. suffix: of the name; bound: the value of `le`;
 * NULL: none. */
static void put_series(struct writer *out, enum metric metric, const char *suffix,
                       const char *const *labels, const char *bound)
{
    struct bytes names = bytes_from_string(metrics[metric].labels);
    bool is_first = true;
    INVARIANT((labels == NULL) == (names.size == 0));
    writer_put_string(out, metrics[metric].name);
    writer_put_string(out, suffix);
    for (size_t i = 0; names.size > 0; i++) {
        struct bytes name;
        INVARIANT(i < METRIC_LABEL_COUNT_MAX);
        names = bytes_split(names, ',', &name);
        put_label(out, is_first, name, labels[i]);
        is_first = false;
    }
    if (bound != NULL) {
        put_label(out, is_first, BYTES("le"), bound);
        is_first = false;
    }
    writer_put_string(out, is_first ? " " : "} ");
}

static void put_count(struct writer *out, uint64_t count)
{
    writer_put_u64(out, count);
    writer_put_byte(out, '\n');
}

/* With as many decimals as the unit has zeros: nothing is rounded. */
static void put_quotient(struct writer *out, uint64_t value, uint64_t unit)
{
    writer_put_u64(out, value / unit);
    writer_put_string(out, unit > 1 ? "." : "");
    for (uint64_t place = unit / 10; place > 0; place /= 10) {
        writer_put_byte(out, (uint8_t)('0' + value / place % 10));
    }
    writer_put_byte(out, '\n');
}

void metric_put_u64(struct writer *out, enum metric metric, const char *const *labels,
                    uint64_t value)
{
    put_series(out, metric, "", labels, NULL);
    put_count(out, value);
}

void metric_put_ns(struct writer *out, enum metric metric, const char *const *labels,
                   uint64_t ns)
{
    put_series(out, metric, "", labels, NULL);
    put_quotient(out, ns, NS_PER_S);
}

void metric_put_share(struct writer *out, enum metric metric, const char *const *labels,
                      double share)
{
    char text[NUMBER_SIZE];
    (void)snprintf(text, sizeof(text), "%.6f\n", share);
    put_series(out, metric, "", labels, NULL);
    writer_put_string(out, text);
}

/* "0.0025": without zeros at its end. */
static void print_bound(uint64_t value, uint64_t unit, char *out_text, size_t size)
{
    int used = snprintf(out_text, size, "%llu", (unsigned long long)(value / unit));
    const char *separator = ".";
    for (uint64_t rest = value % unit; rest > 0 && used < (int)size; rest %= unit) {
        rest *= 10;
        used += snprintf(out_text + used, size - (size_t)used, "%s%llu", separator,
                         (unsigned long long)(rest / unit));
        separator = "";
    }
}

void metric_put_histogram(struct writer *out, enum metric metric, const char *const *labels,
                          const struct histogram *histogram, uint64_t unit)
{
    const struct histogram_bounds *bounds = histogram->bounds;
    uint64_t count = 0;
    for (size_t i = 0; i <= bounds->count; i++) {
        char bound[NUMBER_SIZE] = "+Inf";
        if (i < bounds->count) {
            print_bound(bounds->values[i], unit, bound, sizeof(bound));
        }
        count += histogram->counts[i];
        put_series(out, metric, "_bucket", labels, bound);
        put_count(out, count);
    }
    put_series(out, metric, "_sum", labels, NULL);
    put_quotient(out, histogram->sum, unit);
    put_series(out, metric, "_count", labels, NULL);
    put_count(out, count);
}

static void write_row(struct writer *out, size_t i)
{
    writer_put_string(out, "| `");
    writer_put_string(out, metrics[i].name);
    if (metrics[i].labels[0] != '\0') {
        writer_put_string(out, "{");
        writer_put_string(out, metrics[i].labels);
        writer_put_string(out, "}");
    }
    writer_put_string(out, "` | ");
    writer_put_string(out, metrics[i].type);
    writer_put_string(out, " | ");
    writer_put_string(out, metrics[i].help);
    writer_put_string(out, " |\n");
}

void metrics_write_markdown(struct writer *out)
{
    writer_put_string(
        out,
        "# Metrics\n\nEvery process answers `GET /metrics` on `listen.metrics` "
        "(127.0.0.1:8002), for Prometheus. `galen serve --metrics`\nprints this page.\n\n"
        "Those of the engine have the names that NVIDIA Triton gives them, so that its "
        "dashboards and alerts go on working. Their\nhistograms have the same buckets in "
        "every process: they add up over replicas.\n\n"
        "| metric | type | meaning |\n|---|---|---|\n");
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        write_row(out, i);
    }
}
