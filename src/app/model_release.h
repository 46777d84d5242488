/* SPDX-License-Identifier: Apache-2.0 */
/* What promote, rollback, disable and enable share: a release from the look at the model to
 * the audit record of what came of it. */
#pragma once

#include "app/model_wish.h"
#include "model/release_record.h"

/* The model is wish->words[0]; version is what a promotion names, and 0 for the others.
 * Prints what was done, or on stderr why it was not. */
enum exit_code model_release_run(const struct model_wish *wish, enum release_action action,
                                 uint64_t version);
