/* SPDX-License-Identifier: Apache-2.0 */
#include "app/settings_keys.h"

#include <limits.h>
#include <stdlib.h>

#include "base/log.h"

static enum galen_status make_missing_keys(const char *folder, struct error *out_error)
{
    scoped(keys) keys = NULL;
    const enum galen_status status = keys_read(folder, &keys, out_error);
    if (status != GALEN_OK && status != GALEN_NOT_FOUND) {
        return status;
    }
    for (unsigned purpose = 0; purpose < KEY_PURPOSE_COUNT; purpose++) {
        char id[KEY_ID_SIZE];
        if (keys == NULL || keys_in_use(keys, (enum key_purpose)purpose) == NULL) {
            TRY(keys_add(folder, (enum key_purpose)purpose, id, out_error));
            log_event(LOG_WARN, "key.made", LOG_STR("id", id));
        }
    }
    return GALEN_OK;
}

/* Who can write the trail must not find there what signs it. */
static enum galen_status check_apart(const char *keys, const char *trail,
                                     struct error *out_error)
{
    char keys_path[PATH_MAX];
    char trail_path[PATH_MAX];
    if (realpath(keys, keys_path) == NULL || realpath(trail, trail_path) == NULL) {
        return GALEN_OK; /* a trail that is not there yet holds nothing */
    }
    const size_t size = strlen(trail_path);
    const bool is_inside = strncmp(keys_path, trail_path, size) == 0 &&
                           (keys_path[size] == '/' || keys_path[size] == '\0');
    return is_inside
               ? error_set(out_error, GALEN_INVALID,
                           "keys.directory: is inside the audit trail %s, where who can "
                           "write the trail can take them",
                           trail)
               : GALEN_OK;
}

enum galen_status settings_keys_need(const struct settings *settings,
                                     const struct keys *keys, enum key_purpose purpose,
                                     const struct key **out_key, struct error *out_error)
{
    const struct key *key = keys_in_use(keys, purpose);
    if (key == NULL || key->is_public_only) {
        return error_set(out_error, GALEN_INVALID,
                         "keys.directory: there is no key for %s in %s: make one with "
                         "`galen key rotate %s --keys %s`",
                         key_purpose_name(purpose), settings->keys_directory,
                         key_purpose_name(purpose), settings->keys_directory);
    }
    *out_key = key;
    return GALEN_OK;
}

enum galen_status settings_keys_read(const struct settings *settings,
                                     struct keys **out_keys, struct error *out_error)
{
    const char *folder = settings->keys_directory;
    if (settings->mode == SETTINGS_MODE_DEMO) {
        TRY(make_missing_keys(folder, out_error));
    } else {
        TRY(check_apart(folder, settings->audit_directory, out_error));
        TRY(check_apart(folder, settings->audit_second_directory, out_error));
    }
    const enum galen_status status = keys_read(folder, out_keys, out_error);
    return status != GALEN_NOT_FOUND
               ? status
               : error_set(
                     out_error, GALEN_INVALID,
                     "keys.directory: there is no folder %s: make keys with `galen key "
                     "rotate --all --keys %s`, or set audit.enabled=false where nothing "
                     "real is asked",
                     folder, folder);
}
