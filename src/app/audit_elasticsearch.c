/* SPDX-License-Identifier: Apache-2.0 */
/* The _bulk API of Elasticsearch: an action, then the document, each a line. */
#include <stdio.h>
#include <stdlib.h>

#include "app/audit_export.h"
#include "codec/json_writer.h"

static void put_action(const char *index, const struct audit_entry *entry,
                       struct writer *out)
{
    struct json_writer json = json_writer_on(out);
    char id[128];
    (void)snprintf(id, sizeof(id), "%.*s/%llu", BYTES_PRINT(entry->record->head.chain),
                   (unsigned long long)entry->record->head.seq);
    json_begin_object(&json);
    json_put_name(&json, "index");
    json_begin_object(&json);
    json_put_name(&json, "_index");
    json_put_cstring(&json, index);
    json_put_name(&json, "_id");
    json_put_cstring(&json, id);
    json_end_object(&json);
    json_end_object(&json);
    writer_put_byte(out, '\n');
}

static enum galen_status put(void *state, const struct audit_entry *entry,
                             struct writer *out)
{
    const char *const *index = state;
    put_action(*index, entry, out);
    writer_put_string(out, "{\"@timestamp\":\"");
    writer_put(out, entry->record->head.ts);
    writer_put_string(out, "\",");
    writer_put(out, bytes_from(entry->line, 1));
    writer_put_byte(out, '\n');
    return out->status;
}

static void *open(const char *index)
{
    const char **state = malloc(sizeof(*state));
    if (state != NULL) {
        *state = index;
    }
    return state;
}

const struct audit_exporter audit_elasticsearch_exporter = {
    .name = "elasticsearch",
    .put = put,
    .open = open,
    .close = free,
};
