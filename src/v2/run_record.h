/* SPDX-License-Identifier: Apache-2.0 */
/* What the record of one run says in the role that ran it (docs/audit.md). Pure. */
#pragma once

#include "service/audit/audit.h"
#include "v2/transaction.h"

struct run_record {
    const struct infer_call *call; /* its request's id is the gateway's, or the client's */
    bool is_submitted;             /* the service was asked */
    enum galen_status status;      /* call->status, or why it was not asked */
    struct bytes body;             /* as it came; data NULL: it was not read */
    const struct reply *reply;
    uint64_t duration_ns;
};

/* Writes one JSON object of audit_event_write's. GALEN_INTERNAL, GALEN_NO_MEMORY. */
MUST_USE enum galen_status run_record_write(const struct run_record *record,
                                            const struct audit_lane *audit,
                                            struct writer *out);
