/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a role that answers clients: of subjects, and of what its policies hide. */
#pragma once

#include "app/role.h"

/* After role_open_audit, whose keys it shares. Nothing for roles that answer no clients.
 * The error names the setting or the command that helps. */
MUST_USE enum galen_status role_open_policies(struct role *role, struct error *out_error);

/* Whether the role that runs can go on with the policies of these settings. GALEN_INVALID:
 * they need a key that it has not. */
MUST_USE enum galen_status role_check_policies(const struct role *role,
                                               const struct settings *next,
                                               struct error *out_error);
void role_close_policies(struct role *role);
