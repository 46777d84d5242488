/* SPDX-License-Identifier: Apache-2.0 */
/* What the settings `auth.…` and the list `clients` come to. Pure but for memory. */
#pragma once

#include "service/auth/auth_rules.h"
#include "service/settings.h"

/* allows_anonymous: whether everybody is let in where there is neither issuer
 * nor client. GALEN_INVALID:
 * the error names the setting; GALEN_NO_MEMORY, GALEN_INTERNAL. */
MUST_USE enum galen_status auth_settings_rules(const struct settings *settings,
                                               bool allows_anonymous,
                                               struct auth_rules **out_rules,
                                               struct error *out_error);

/* `auth.algorithms` as key_set_parse takes it. GALEN_INVALID: one is none. */
MUST_USE enum galen_status auth_settings_algorithms(const struct settings *settings,
                                                    uint32_t *out_algorithms,
                                                    struct error *out_error);
