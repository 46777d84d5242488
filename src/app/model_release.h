/* SPDX-License-Identifier: Apache-2.0 */
/* What promote, rollback, canary, disable and enable share: a release from the look at the
 * model to the audit record of what came of it. */
#pragma once

#include "app/model_wish.h"
#include "model/release_record.h"

/* The model is wish->words[0]. Prints what was done, or on stderr why it was not. */
enum exit_code model_release_run(const struct model_wish *wish, enum release_action action);

/* What is left to do, or why there is nothing. */
struct model_made {
    uint64_t number;    /* of model_triton_settle, which is due; 0: none is */
    uint64_t linger_ms; /* before it */
    bool is_overtaken;  /* not made: somebody else was first, or is at it */
};

/* The same for a program. said: what `galen model` would have printed, as wish->is_json has
 * it; NULL: nothing. Statuses of release.h, but GALEN_NOT_FOUND: there is no such model;
 * GALEN_CONFLICT: it is not to be, as things stand, or somebody else was first;
 * GALEN_AUDIT_UNAVAILABLE. Blocking, on the disk and on Tritons; threads: any, if
 * wish->actor is set. */
MUST_USE enum galen_status model_release_make(const struct model_wish *wish,
                                              enum release_action action,
                                              struct writer *said,
                                              struct model_made *out_made,
                                              struct error *out_error);
