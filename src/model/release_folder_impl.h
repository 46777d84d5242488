/* SPDX-License-Identifier: Apache-2.0 */
/* What reading and writing of a model's releases share. */
#pragma once

#include "model/release_folder.h"

#define RELEASES "releases"
#define RELEASE_DONE "done"
#define RELEASE_ROLLOUT "canary"
#define RELEASE_ENGINES "engines"
#define RELEASE_DISABLED "disabled"
#define RELEASE_UNFINISHED ".release-" /* what is on its way to its place begins so */

enum { RELEASE_NAME_SIZE = 32, RELEASE_TARGET_SIZE = 48 };

/* "000007.json". out_name: RELEASE_NAME_SIZE. */
void release_record_name(uint64_t number, char *out_name);

/* The system's refusal, errno, of something in the model's folder. */
enum galen_status release_folder_fail(const struct release_folder *folder, const char *name,
                                      struct error *out_error);
