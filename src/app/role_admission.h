/* SPDX-License-Identifier: Apache-2.0 */
/* What a process that answers clients has taken on: one, shared by its workers. */
#pragma once

#include "app/role.h"

/* GALEN_NO_MEMORY; GALEN_INTERNAL: there is no randomness. */
MUST_USE enum galen_status role_open_admission(struct role *role);
void role_close_admission(struct role *role);
