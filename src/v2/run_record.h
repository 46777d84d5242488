/* SPDX-License-Identifier: Apache-2.0 */
/* What the record of one run says in the role that ran it, of one change by who manages, or
 * of who was not let in (docs/audit.md). Pure. */
#pragma once

#include "service/audit/audit.h"
#include "service/auth/auth_record.h"
#include "v2/transaction.h"

struct run_record {
    enum v2_operation operation; /* V2_INFER, or one that changes something; or any that
                                    was refused */
    const char *model;           /* as the path has it; "": none */
    const char *version;         /* that answered; "": none */
    const char *id;              /* the gateway's, or the client's; "": none */
    struct bytes traceparent;    /* empty: it belongs to no trace */
    const struct principal *principal; /* who asked; NULL: nobody was asked */
    enum refusal refusal;              /* why not; REFUSAL_NOT: they were let in */
    bool is_submitted;                 /* the service was asked */
    enum galen_status status;          /* of its answer, or why it was not asked */
    struct bytes body;                 /* as it came; data NULL: it was not read */
    const struct reply *reply;
    uint64_t duration_ns;
    const struct infer_timing *timing; /* of the run; NULL: it is no run */
};

/* Whether the name of a model in the path is one that a model has; others are the client's
 * word, and none of ours. A load that fails is of a model that there is. */
bool v2_names_a_model(enum v2_operation operation, bool is_submitted,
                      enum galen_status status);

/* When the run waited and ran; nothing where that is not known. */
void run_record_put_timing(const struct infer_timing *timing, struct audit_event *event);

/* Writes one JSON object of audit_event_write's. GALEN_INTERNAL, GALEN_NO_MEMORY. */
MUST_USE enum galen_status run_record_write(const struct run_record *record,
                                            const struct audit_lane *audit,
                                            struct writer *out);
