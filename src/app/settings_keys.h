/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of keys, as settings have it. */
#pragma once

#include "service/keys.h"
#include "service/settings.h"

/* In demo mode keys that are missing are made; else the folder may not be inside the trail.
 * GALEN_INVALID and the rest of keys_read: the error names the setting, the file or the
 * command that helps. */
MUST_USE enum galen_status settings_keys_read(const struct settings *settings,
                                              struct keys **out_keys,
                                              struct error *out_error);

/* The one in use. GALEN_INVALID: there is none; the error has the command that makes one.
 */
MUST_USE enum galen_status settings_keys_need(const struct settings *settings,
                                              const struct keys *keys,
                                              enum key_purpose purpose,
                                              const struct key **out_key,
                                              struct error *out_error);
