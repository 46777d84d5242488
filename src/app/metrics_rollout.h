/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics of canaries that are under way, and of the verdicts that were taken. */
#pragma once

#include "app/role.h"
#include "base/writer.h"

/* On the first worker's loop. */
void metrics_put_rollouts(struct writer *out, const struct rollouts *rollouts);
void metrics_put_releases(struct writer *out, const struct repository *effective);
