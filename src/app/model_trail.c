/* SPDX-License-Identifier: Apache-2.0 */
#include "app/model_trail.h"

#include <stdlib.h>

#include "base/limits.h"

struct model_trail {
    struct audit_opening *opening;
    struct audit_log *log;
    struct error error; /* of the disk that failed last */
};

static void on_sink(void *context, size_t sink, enum galen_status status,
                    const struct error *error)
{
    struct model_trail *trail = context;
    (void)sink;
    if (status != GALEN_OK) {
        trail->error = *error;
    }
}

DEFINE_SCOPED(model_trail, model_trail_close)

enum galen_status model_trail_open(const struct settings *settings,
                                   struct model_trail **out_trail, struct error *out_error)
{
    *out_trail = NULL;
    if (!settings->audit_enabled) {
        return GALEN_OK;
    }
    scoped(model_trail) trail = calloc(1, sizeof(*trail));
    if (trail == NULL) {
        return GALEN_NO_MEMORY;
    }
    TRY(audit_opening_create(settings, "model", &trail->opening, out_error));
    trail->opening->options.on_sink = on_sink;
    trail->opening->options.context = trail;
    TRY(audit_log_create(&trail->opening->options, &trail->log, out_error));
    *out_trail = take(&trail);
    return GALEN_OK;
}

void model_trail_close(struct model_trail *trail)
{
    if (trail != NULL) {
        audit_log_close(trail->log);
        audit_opening_destroy(trail->opening);
        free(trail);
    }
}

static enum galen_status commit(struct model_trail *trail, struct bytes fields,
                                struct error *out_error)
{
    audit_log_append(trail->log, fields);
    return audit_log_commit(trail->log) == GALEN_OK
               ? GALEN_OK
               : error_set(out_error, GALEN_AUDIT_UNAVAILABLE,
                           "no audit record can be made durable: %s", trail->error.text);
}

enum galen_status model_trail_record(struct model_trail *trail,
                                     const struct audit_event *event,
                                     struct error *out_error)
{
    struct writer fields;
    if (trail == NULL) {
        return GALEN_OK;
    }
    writer_init(&fields, LIMIT_AUDIT_RECORD_SIZE_BYTES_MAX);
    audit_event_write(event, &fields);
    const enum galen_status status = fields.status == GALEN_OK
                                         ? commit(trail, writer_bytes(&fields), out_error)
                                         : fields.status;
    writer_deinit(&fields);
    return status;
}
