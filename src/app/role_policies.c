/* SPDX-License-Identifier: Apache-2.0 */
#include "app/role_policies.h"

#include "app/audit_opening.h"
#include "app/settings_keys.h"
#include "base/wipe.h"
#include "crypto/random.h"
#include "service/settings_policies.h"

/* Without a trail nothing is kept of a subject: its pseudonym only has to tell it from
 * others while the process runs. */
static enum galen_status choose_subject_key(struct role *role, const struct keys *keys,
                                            struct error *out_error)
{
    const struct key *key;
    if (!role->settings.audit_enabled) {
        return random_bytes(role->subject_key, sizeof(role->subject_key));
    }
    TRY(settings_keys_need(&role->settings, keys, KEY_SUBJECT, &key, out_error));
    memcpy(role->subject_key, key->hmac_key, sizeof(role->subject_key));
    return GALEN_OK;
}

/* Where there is one, it is at hand for policies that come later. */
static enum galen_status choose_redact_key(struct role *role, const struct keys *keys,
                                           struct error *out_error)
{
    const struct key *key = keys == NULL ? NULL : keys_in_use(keys, KEY_REDACT);
    if (key == NULL && settings_policies_need_key(&role->settings)) {
        TRY(settings_keys_need(&role->settings, keys, KEY_REDACT, &key, out_error));
    }
    role->has_redact_key = key != NULL;
    if (key != NULL) {
        memcpy(role->redact_key, key->hmac_key, sizeof(role->redact_key));
    }
    return GALEN_OK;
}

static enum galen_status choose_keys(struct role *role, const struct keys *keys,
                                     struct error *out_error)
{
    TRY(choose_subject_key(role, keys, out_error));
    return choose_redact_key(role, keys, out_error);
}

enum galen_status role_open_policies(struct role *role, struct error *out_error)
{
    scoped(keys) own = NULL;
    if (!role->kind->is_gateway) {
        return GALEN_OK;
    }
    if (role->audit_opening != NULL) {
        return choose_keys(role, role->audit_opening->keys, out_error);
    }
    if (settings_policies_need_key(&role->settings)) {
        TRY(settings_keys_read(&role->settings, &own, out_error));
    }
    return choose_keys(role, own, out_error);
}

enum galen_status role_check_policies(const struct role *role, const struct settings *next,
                                      struct error *out_error)
{
    return role->has_redact_key || !settings_policies_need_key(next)
               ? GALEN_OK
               : error_set(out_error, GALEN_INVALID,
                           "policies: make pseudonyms, and this process began without a "
                           "key for redact: start it anew");
}

void role_close_policies(struct role *role)
{
    wipe(role->subject_key, sizeof(role->subject_key));
    wipe(role->redact_key, sizeof(role->redact_key));
}
