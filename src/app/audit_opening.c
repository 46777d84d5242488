/* SPDX-License-Identifier: Apache-2.0 */
#include "app/audit_opening.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "service/audit/posix_disk.h"
#include "service/audit/real_clock.h"

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

static enum galen_status need_key(const struct settings *settings, const struct keys *keys,
                                  enum key_purpose purpose, const struct key **out_key,
                                  struct error *out_error)
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

static enum galen_status read_keys(const struct settings *settings, struct keys **out_keys,
                                   struct error *out_error)
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

static void name_process(struct audit_opening *opening, const struct settings *settings)
{
    uint8_t random[sizeof(uint64_t)];
    unsigned long long number = 0;
    audit_real_clock.random(NULL, random, sizeof(random));
    memcpy(&number, random, sizeof(random));
    (void)snprintf(opening->boot_id, sizeof(opening->boot_id), "%016llx", number);
    memcpy(opening->instance, settings->audit_instance, sizeof(opening->instance));
    if (opening->instance[0] == '\0') {
        (void)gethostname(opening->instance, sizeof(opening->instance) - 1);
    }
}

static struct audit_chain_options chain_options(const struct audit_opening *opening,
                                                const struct settings *settings,
                                                const char *service,
                                                const struct key *checkpoint_key)
{
    return (struct audit_chain_options){
        .disk = posix_disk(),
        .clock = &audit_real_clock,
        .service = service,
        .instance = opening->instance,
        .boot_id = opening->boot_id,
        .key_id = opening->hmac_key->id,
        .config_sha256 = opening->config_sha256,
        .checkpoint_key = &checkpoint_key->checkpoint,
        .witness = settings->audit_witness[0] == '\0' ? NULL : settings->audit_witness,
        .segment_size_bytes_max = settings->audit_segment_size_bytes,
        .checkpoint_records = settings->audit_checkpoint_records,
        .checkpoint_ns = settings->audit_checkpoint_seconds * NS_PER_S,
    };
}

static enum galen_status fill(struct audit_opening *opening,
                              const struct settings *settings, const char *service,
                              struct error *out_error)
{
    const struct key *checkpoint_key;
    TRY(read_keys(settings, &opening->keys, out_error));
    TRY(need_key(settings, opening->keys, KEY_CHECKPOINT, &checkpoint_key, out_error));
    TRY(need_key(settings, opening->keys, KEY_AUDIT_HMAC, &opening->hmac_key, out_error));
    TRY(settings_digest(settings, opening->config_sha256));
    name_process(opening, settings);
    opening->trails[0] = settings->audit_directory;
    opening->trails[1] = settings->audit_second_directory;
    opening->options = (struct audit_log_options){
        .chain = chain_options(opening, settings, service, checkpoint_key),
        .trails = opening->trails,
        .trail_count =
            settings->audit_second_directory[0] == '\0' ? 1 : AUDIT_OPENING_TRAIL_COUNT,
        .requires_all = settings->audit_require == SETTINGS_REQUIRE_ALL,
        .retry_ns = settings->audit_retry_ms * NS_PER_MS,
    };
    return GALEN_OK;
}

enum galen_status audit_opening_create(const struct settings *settings, const char *service,
                                       struct audit_opening **out_opening,
                                       struct error *out_error)
{
    scoped(audit_opening) opening = calloc(1, sizeof(*opening));
    if (opening == NULL) {
        return GALEN_NO_MEMORY;
    }
    TRY(fill(opening, settings, service, out_error));
    *out_opening = take(&opening);
    return GALEN_OK;
}

void audit_opening_destroy(struct audit_opening *opening)
{
    if (opening != NULL) {
        keys_destroy(opening->keys);
        free(opening);
    }
}
