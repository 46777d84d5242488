/* SPDX-License-Identifier: Apache-2.0 */
/* What promote, rollback, canary, disable and enable share: a release from the look at the
 * model to the audit record of what came of it. */
#pragma once

#include "app/model_wish.h"
#include "model/release_record.h"

/* The model is wish->words[0]; version is what a promotion or a canary names, and 0 for the
 * others. Prints what was done, or on stderr why it was not. */
enum exit_code model_release_run(const struct model_wish *wish, enum release_action action,
                                 uint64_t version);

/* The same for a program that decides by itself: of the canary that is under way. Prints
 * nothing. Statuses of release.h; GALEN_NOT_FOUND: none is under way;
 * GALEN_AUDIT_UNAVAILABLE. */
MUST_USE enum galen_status model_release_make(const struct model_wish *wish,
                                              enum release_action action,
                                              struct error *out_error);
