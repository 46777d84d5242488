/* SPDX-License-Identifier: Apache-2.0 */
/* The push API of Loki: a body a line, some records in each. */
#include <stdlib.h>

#include "app/audit_export.h"
#include "base/limits.h"
#include "base/utc.h"
#include "codec/json_writer.h"

/* Loki takes bodies of some megabytes; ours stay well below. */
enum { STREAM_COUNT_MAX = 64, RECORD_COUNT_MAX = 512, LABEL_SIZE = 32 };

/* What is labelled has few values: an index of Loki is by label. */
static const char *const labels[] = {"service", "event", "outcome"};

enum { LABEL_COUNT = sizeof(labels) / sizeof(labels[0]) };

struct stream {
    char values[LABEL_COUNT][LABEL_SIZE];
    struct writer entries; /* JSON, with commas between */
};

struct loki {
    struct stream streams[STREAM_COUNT_MAX];
    size_t stream_count;
    size_t record_count;
};

static void put_stream(struct json_writer *json, const struct stream *stream,
                       struct writer *out)
{
    json_begin_object(json);
    json_put_name(json, "stream");
    json_begin_object(json);
    json_put_name(json, "job");
    json_put_cstring(json, "galen-audit");
    for (size_t i = 0; i < LABEL_COUNT; i++) {
        if (stream->values[i][0] != '\0') {
            json_put_name(json, labels[i]);
            json_put_cstring(json, stream->values[i]);
        }
    }
    json_end_object(json);
    json_put_name(json, "values");
    json_put_raw(json, BYTES("["));
    writer_put(out, writer_bytes(&stream->entries));
    writer_put_byte(out, ']');
    json_end_object(json);
}

static enum galen_status flush(void *state, struct writer *out)
{
    struct loki *loki = state;
    if (loki->record_count == 0) {
        return GALEN_OK;
    }
    struct json_writer json = json_writer_on(out);
    json_begin_object(&json);
    json_put_name(&json, "streams");
    json_begin_array(&json);
    enum galen_status status = GALEN_OK;
    for (size_t i = 0; i < loki->stream_count; i++) {
        struct stream *stream = &loki->streams[i];
        put_stream(&json, stream, out);
        status = status == GALEN_OK ? stream->entries.status : status;
        writer_deinit(&stream->entries);
    }
    json_end_array(&json);
    json_end_object(&json);
    writer_put_byte(out, '\n');
    loki->stream_count = loki->record_count = 0;
    return status == GALEN_OK ? out->status : status;
}

static void read_labels(const struct audit_entry *entry, char (*out_values)[LABEL_SIZE])
{
    for (size_t i = 0; i < LABEL_COUNT; i++) {
        const struct bytes text =
            bytes_first(audit_entry_text(entry, labels[i]), LABEL_SIZE - 1);
        memset(out_values[i], 0, LABEL_SIZE);
        if (text.size > 0) {
            memcpy(out_values[i], text.data, text.size);
        }
    }
}

/* NULL: there are as many as there may be. */
static struct stream *stream_of(struct loki *loki, const struct audit_entry *entry)
{
    char values[LABEL_COUNT][LABEL_SIZE];
    read_labels(entry, values);
    for (size_t i = 0; i < loki->stream_count; i++) {
        if (memcmp(loki->streams[i].values, values, sizeof(values)) == 0) {
            return &loki->streams[i];
        }
    }
    if (loki->stream_count == STREAM_COUNT_MAX) {
        return NULL;
    }
    struct stream *stream = &loki->streams[loki->stream_count++];
    memcpy(stream->values, values, sizeof(values));
    writer_init(&stream->entries, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX);
    return stream;
}

static enum galen_status put_entry(struct stream *stream, const struct audit_entry *entry)
{
    uint64_t wall_ns = 0;
    if (!utc_read(entry->record->head.ts, &wall_ns)) {
        return GALEN_INVALID;
    }
    struct writer *out = &stream->entries;
    writer_put_string(out, out->size > 0 ? ",[\"" : "[\"");
    writer_put_u64(out, wall_ns);
    writer_put_string(out, "\",");
    struct json_writer json = json_writer_on(out);
    json_put_string(&json, entry->line);
    writer_put_byte(out, ']');
    return out->status;
}

static enum galen_status put(void *state, const struct audit_entry *entry,
                             struct writer *out)
{
    struct loki *loki = state;
    struct stream *stream = stream_of(loki, entry);
    if (stream == NULL) {
        TRY(flush(loki, out));
        stream = stream_of(loki, entry);
    }
    TRY(put_entry(stream, entry));
    return ++loki->record_count == RECORD_COUNT_MAX ? flush(loki, out) : GALEN_OK;
}

static void *open(const char *index)
{
    (void)index;
    return calloc(1, sizeof(struct loki));
}

static void close(void *state)
{
    struct loki *loki = state;
    for (size_t i = 0; i < loki->stream_count; i++) {
        writer_deinit(&loki->streams[i].entries);
    }
    free(loki);
}

const struct audit_exporter audit_loki_exporter = {
    .name = "loki",
    .put = put,
    .flush = flush,
    .open = open,
    .close = close,
};
