/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of a role from file, environment and command line, in this order. */
#pragma once

#include "app/role.h"

/* Fills role->settings. False: the program ends now with *out_code; what is wrong has been
 * said on stderr. */
bool configure(struct role *role, int argument_count, char **arguments,
               enum exit_code *out_code);
