/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a release that was made, to who asked for it. Pure. */
#pragma once

#include "model/release_record.h"

/* All borrowed. */
struct model_report {
    const char *model;
    const struct release_record *record; /* as it was planned */
    bool changes;                        /* else all was so already */
    const char *tag;                     /* that was to move */
    uint64_t version;                    /* that it was to name */
    uint64_t finished; /* a release that somebody else was cut off in; 0: none */
};

/* One line. */
void model_report_write_text(const struct model_report *report, struct writer *out);

/* One JSON object, and a line feed. */
void model_report_write_json(const struct model_report *report, struct writer *out);

/* What is to be known besides: lines that begin with "galen: "; mostly none. */
void model_report_write_notes(const struct model_report *report, struct writer *out);
