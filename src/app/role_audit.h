/* SPDX-License-Identifier: Apache-2.0 */
/* The audit trail of a role, as its settings have it. */
#pragma once

#include "app/role.h"

/* Reads the keys and opens the trail, unless audit.enabled is false. In demo mode keys that
 * are missing are made. The error names the setting, the file or the command that helps. */
MUST_USE enum galen_status role_open_audit(struct role *role, struct error *out_error);

/* Ends the trail. Nothing may be under way. */
void role_close_audit(struct role *role);
