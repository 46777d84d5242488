/* SPDX-License-Identifier: Apache-2.0 */
/* What a release changed, in the words of `galen model`. Pure. */
#pragma once

#include "model/release_record.h"

/* Of tags and shares: "current 1 -> 2, previous -> 1". */
void model_changes_write(const struct release_record *record, struct writer *out);

/* "canary takes 5 % on engines green, shadow 50 %, auto" */
void model_rollout_write(const struct release_rollout *rollout, struct writer *out);
