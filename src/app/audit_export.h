/* SPDX-License-Identifier: Apache-2.0 */
/* Records as other systems take them. To add one: its file, its line here and in
 * audit_export.c. */
#pragma once

#include "app/audit_read.h"
#include "base/writer.h"

struct audit_exporter {
    const char *name;
    /* Puts what one record becomes, whole lines. out is printed and emptied after each
     * call. What is held back comes with flush. */
    enum galen_status (*put)(void *state, const struct audit_entry *entry,
                             struct writer *out);
    enum galen_status (*flush)(void *state, struct writer *out); /* NULL: nothing is held */
    void *(*open)(const char *index); /* NULL result: no memory; NULL: there is no state */
    void (*close)(void *state);
};

extern const struct audit_exporter audit_elasticsearch_exporter;
extern const struct audit_exporter audit_loki_exporter;
extern const struct audit_exporter audit_fhir_exporter;
