/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted of an issuer's keys, in Prometheus' format. Pure. */
#pragma once

#include "base/writer.h"
#include "service/auth/jwks_keeper.h"
#include "service/auth/key_set.h"

void jwks_metrics_put(struct writer *out, const struct jwks_counts *counts);

/* Keys that are of no use. keys: NULL where there are none at all. */
void jwks_metrics_put_passed(struct writer *out, const struct key_set *keys);
