/* SPDX-License-Identifier: Apache-2.0 */
/* What a process needs to open the audit trail, as its settings have it. */
#pragma once

#include "service/audit/log.h"
#include "service/keys.h"
#include "service/settings.h"

enum { AUDIT_OPENING_TRAIL_COUNT = 2 };

struct audit_opening {
    struct keys *keys;
    const struct key *hmac_key;       /* of keys; pseudonyms in records */
    struct audit_log_options options; /* point into this and into the settings */
    const char *trails[AUDIT_OPENING_TRAIL_COUNT];
    char boot_id[17];
    uint8_t config_sha256[SHA256_SIZE];
    char instance[SETTINGS_TEXT_SIZE];
};

/* Reads the keys; in demo mode those that are missing are made. settings and service, the
 * first part of a chain's name, are borrowed for as long as the opening is there.
 * GALEN_INVALID and the rest of keys_read: the error names the setting, the file or the
 * command that helps. */
MUST_USE enum galen_status audit_opening_create(const struct settings *settings,
                                                const char *service,
                                                struct audit_opening **out_opening,
                                                struct error *out_error);
void audit_opening_destroy(struct audit_opening *opening); /* NULL is allowed */
DEFINE_SCOPED(audit_opening, audit_opening_destroy)
