/* SPDX-License-Identifier: Apache-2.0 */
#include "app/audit_keys.h"

#include "app/audit.h"
#include "app/keys_folder.h"

static bool add(struct audit_keys *keys, const struct checkpoint_key *key)
{
    if (keys->count == AUDIT_KEY_COUNT_MAX) {
        (void)audit_complain(key->name, "is one key too many");
        return false;
    }
    keys->all[keys->count++] = *key;
    return true;
}

bool audit_keys_add(void *field, const char *text)
{
    struct audit_keys *keys = field;
    struct checkpoint_key key;
    struct ed25519 *read;
    if (checkpoint_key_read(bytes_from_string(text), key.name, &read) != GALEN_OK) {
        (void)audit_complain(text,
                             "is no verifier key (name+id+key, as galen key list prints)");
        return false;
    }
    key.key = read;
    if (!add(keys, &key)) {
        ed25519_destroy(read);
        return false;
    }
    keys->own[keys->own_count++] = read;
    return true;
}

static bool add_all(struct audit_keys *keys, const char *folder, const struct keys *ring)
{
    size_t count = 0;
    const struct checkpoint_key *found = keys_checkpoint(ring, &count);
    if (count == 0) {
        (void)audit_complain(folder, "holds no checkpoint key (checkpoint-000001.pub)");
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!add(keys, &found[i])) {
            return false;
        }
    }
    return true;
}

bool audit_keys_add_folder(void *field, const char *folder)
{
    struct audit_keys *keys = field;
    struct error error;
    struct keys *ring;
    error_clear(&error);
    if (keys->folder_count == AUDIT_KEY_COUNT_MAX) {
        (void)audit_complain(folder, "is one folder too many");
        return false;
    }
    const enum galen_status status = keys_read_public(folder, &ring, &error);
    if (status != GALEN_OK) {
        (void)audit_complain(folder, error.text[0] == '\0' ? galen_status_text(status)
                                                           : error.text);
        return false;
    }
    keys->folders[keys->folder_count++] = ring;
    return add_all(keys, folder, ring);
}

bool audit_keys_complete(struct audit_keys *keys)
{
    return keys->count > 0 || audit_keys_add_folder(keys, keys_folder_default());
}

void audit_keys_clear(struct audit_keys *keys)
{
    for (size_t i = 0; i < keys->own_count; i++) {
        ed25519_destroy(keys->own[i]);
    }
    for (size_t i = 0; i < keys->folder_count; i++) {
        keys_destroy(keys->folders[i]);
    }
    keys->count = keys->own_count = keys->folder_count = 0;
}
