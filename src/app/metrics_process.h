/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics of the process itself, under the names that Prometheus' own clients give
 * them. */
#pragma once

#include "app/role.h"
#include "base/writer.h"

void metrics_put_process(struct writer *out, const struct role *role);
