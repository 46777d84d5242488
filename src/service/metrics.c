/* SPDX-License-Identifier: Apache-2.0 */
#include "service/metrics.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/invariant.h"

enum { NUMBER_SIZE = 40 };

static const struct {
    const char *name;
    const char *type;
    const char *label; /* "": none */
    const char *help;
} metrics[] = {
#define METRIC(member, name, type, label, help) {name, #type, label, help},
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

static void put_name(struct writer *out, enum metric metric, const char *label)
{
    INVARIANT((label == NULL) == (metrics[metric].label[0] == '\0'));
    writer_put_string(out, metrics[metric].name);
    if (label != NULL) {
        writer_put_byte(out, '{');
        writer_put_string(out, metrics[metric].label);
        writer_put_string(out, "=\"");
        put_escaped(out, label);
        writer_put_string(out, "\"}");
    }
    writer_put_byte(out, ' ');
}

void metric_put_u64(struct writer *out, enum metric metric, const char *label,
                    uint64_t value)
{
    put_name(out, metric, label);
    writer_put_u64(out, value);
    writer_put_byte(out, '\n');
}

void metric_put_ns(struct writer *out, enum metric metric, const char *label, uint64_t ns)
{
    char text[NUMBER_SIZE];
    (void)snprintf(text, sizeof(text), "%llu.%09llu\n", (unsigned long long)(ns / NS_PER_S),
                   (unsigned long long)(ns % NS_PER_S));
    put_name(out, metric, label);
    writer_put_string(out, text);
}

static void write_row(struct writer *out, size_t i)
{
    writer_put_string(out, "| `");
    writer_put_string(out, metrics[i].name);
    if (metrics[i].label[0] != '\0') {
        writer_put_string(out, "{");
        writer_put_string(out, metrics[i].label);
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
        out, "# Metrics\n\nEvery process answers `GET /metrics` on `listen.metrics` "
             "(127.0.0.1:8002), for Prometheus. `galen serve --metrics`\nprints this "
             "page.\n\n| metric | type | meaning |\n|---|---|---|\n");
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        write_row(out, i);
    }
}
