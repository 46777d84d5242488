/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of a role from file, environment and command line, in this order. */
#pragma once

#include "app/role.h"

/* Fills role->settings, and keeps the arguments for another time. False: the program ends
 * now with *out_code; what is wrong has been said on stderr. */
bool configure(struct role *role, int argument_count, char **arguments,
               enum exit_code *out_code);

/* One setting, as --set has it: KEY=VALUE. GALEN_INVALID, GALEN_NOT_FOUND. */
MUST_USE enum galen_status configure_set(struct settings *settings, const char *pair,
                                         struct error *out_error);

/* The same again, from the same places: what it would be configured with now. GALEN_INVALID
 * and the rest of what there is to be said of settings. */
MUST_USE enum galen_status configure_again(const struct role *role,
                                           struct settings *out_settings,
                                           struct error *out_error);
