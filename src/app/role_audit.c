/* SPDX-License-Identifier: Apache-2.0 */
#include "app/role_audit.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "service/audit/posix_disk.h"
#include "service/audit/real_clock.h"

enum { BOOT_ID_SIZE = 17, TRAIL_COUNT = 2 };

/* What the audit's options point to, for as long as it runs. */
struct audit_wiring {
    char boot_id[BOOT_ID_SIZE];
    char instance[SETTINGS_TEXT_SIZE];
    const char *trails[TRAIL_COUNT];
};

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

static enum galen_status need_key(const struct role *role, enum key_purpose purpose,
                                  const struct key **out_key, struct error *out_error)
{
    const struct key *key = keys_in_use(role->keys, purpose);
    if (key == NULL || key->is_public_only) {
        return error_set(out_error, GALEN_INVALID,
                         "keys.directory: there is no key for %s in %s: make one with "
                         "`galen key rotate %s --keys %s`",
                         key_purpose_name(purpose), role->settings.keys_directory,
                         key_purpose_name(purpose), role->settings.keys_directory);
    }
    *out_key = key;
    return GALEN_OK;
}

static enum galen_status read_keys(struct role *role, struct error *out_error)
{
    const char *folder = role->settings.keys_directory;
    if (role->settings.mode == SETTINGS_MODE_DEMO) {
        TRY(make_missing_keys(folder, out_error));
    } else {
        TRY(check_apart(folder, role->settings.audit_directory, out_error));
        TRY(check_apart(folder, role->settings.audit_second_directory, out_error));
    }
    const enum galen_status status = keys_read(folder, &role->keys, out_error);
    return status != GALEN_NOT_FOUND
               ? status
               : error_set(
                     out_error, GALEN_INVALID,
                     "keys.directory: there is no folder %s: make keys with `galen key "
                     "rotate --all --keys %s`, or set audit.enabled=false where nothing "
                     "real is asked",
                     folder, folder);
}

static size_t wire(struct role *role)
{
    const struct settings *settings = &role->settings;
    struct audit_wiring *wiring = role->wiring;
    uint8_t random[sizeof(uint64_t)];
    unsigned long long number = 0;
    audit_real_clock.random(NULL, random, sizeof(random));
    memcpy(&number, random, sizeof(random));
    (void)snprintf(wiring->boot_id, sizeof(wiring->boot_id), "%016llx", number);
    memcpy(wiring->instance, settings->audit_instance, sizeof(wiring->instance));
    if (wiring->instance[0] == '\0') {
        (void)gethostname(wiring->instance, sizeof(wiring->instance) - 1);
    }
    wiring->trails[0] = settings->audit_directory;
    wiring->trails[1] = settings->audit_second_directory;
    return settings->audit_second_directory[0] == '\0' ? 1 : TRAIL_COUNT;
}

static struct audit_chain_options chain_options(const struct role *role,
                                                const struct key *checkpoint_key,
                                                const struct key *hmac_key)
{
    const struct settings *settings = &role->settings;
    return (struct audit_chain_options){
        .disk = posix_disk(),
        .clock = &audit_real_clock,
        .service = role->kind->name,
        .instance = role->wiring->instance,
        .boot_id = role->wiring->boot_id,
        .key_id = hmac_key->id,
        .checkpoint_key = &checkpoint_key->checkpoint,
        .witness = settings->audit_witness[0] == '\0' ? NULL : settings->audit_witness,
        .segment_size_bytes_max = settings->audit_segment_size_bytes,
        .checkpoint_records = settings->audit_checkpoint_records,
        .checkpoint_ns = settings->audit_checkpoint_seconds * NS_PER_S,
    };
}

const char *role_trail(const struct role *role, size_t sink)
{
    return role->wiring->trails[sink];
}

enum galen_status role_open_audit(struct role *role, struct error *out_error)
{
    const struct key *checkpoint_key;
    const struct key *hmac_key;
    if (!role->settings.audit_enabled) {
        return GALEN_OK;
    }
    TRY(read_keys(role, out_error));
    TRY(need_key(role, KEY_CHECKPOINT, &checkpoint_key, out_error));
    TRY(need_key(role, KEY_AUDIT_HMAC, &hmac_key, out_error));
    role->wiring = calloc(1, sizeof(*role->wiring));
    if (role->wiring == NULL) {
        return GALEN_NO_MEMORY;
    }
    role->audit_key = hmac_key->hmac_key;
    const size_t trail_count = wire(role);
    const struct audit_log_options options = {
        .chain = chain_options(role, checkpoint_key, hmac_key),
        .trails = role->wiring->trails,
        .trail_count = trail_count,
        .requires_all = role->settings.audit_require == SETTINGS_REQUIRE_ALL,
        .retry_ns = role->settings.audit_retry_ms * NS_PER_MS,
    };
    return audit_writer_create(&options, &role->audit, out_error);
}

void role_close_audit(struct role *role)
{
    audit_writer_close(role->audit);
    keys_destroy(role->keys);
    free(role->wiring);
}
