/* SPDX-License-Identifier: Apache-2.0 */
#include "app/audit_opening.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/settings_keys.h"
#include "base/clock.h"
#include "service/audit/posix_disk.h"
#include "service/audit/real_clock.h"

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
    TRY(settings_keys_read(settings, &opening->keys, out_error));
    TRY(settings_keys_need(settings, opening->keys, KEY_CHECKPOINT, &checkpoint_key,
                           out_error));
    TRY(settings_keys_need(settings, opening->keys, KEY_AUDIT_HMAC, &opening->hmac_key,
                           out_error));
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
