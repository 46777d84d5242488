/* SPDX-License-Identifier: Apache-2.0 */
/* What a release changed, in the words of `galen model`. */
#pragma once

#include "model/release_record.h"

/* Of tags and shares: "current 1 -> 2, previous -> 1", on stdout, without a line feed. */
void model_print_changes(const struct release_record *record);

/* "canary takes 5 %, shadow 50 %, auto"; out_text: MODEL_ROLLOUT_SIZE. */
enum { MODEL_ROLLOUT_SIZE = 64 };
void model_tell_rollout(const struct release_rollout *rollout, char *out_text);
