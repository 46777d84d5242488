/* SPDX-License-Identifier: Apache-2.0 */
/* `galen model … --admin URL`: a running galen is asked to do it (docs/releases.md).
 * Blocking. */
#pragma once

#include "app/model_wish.h"
#include "model/release_record.h"

/* Prints what it says, or on stderr why it did not. word: of the path, "history", or ""
 * for the list; the model is wish->words[0], if any. */
enum exit_code model_remote_read(const struct model_wish *wish, const char *word);
enum exit_code model_remote_release(const struct model_wish *wish,
                                    enum release_action action);
