/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics of what answers clients: requests by route and phase, connections. */
#pragma once

#include "app/role.h"
#include "base/writer.h"

/* All loops' together. Any thread while they run. */
void metrics_put_gateway(struct writer *out, const struct role *role);
void metrics_put_connections(struct writer *out, const struct role *role);
