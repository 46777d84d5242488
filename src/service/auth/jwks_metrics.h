/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted of an issuer's keys, in Prometheus' format. Pure. */
#pragma once

#include "base/writer.h"
#include "service/auth/jwks_keeper.h"

void jwks_metrics_put(struct writer *out, const struct jwks_counts *counts);
