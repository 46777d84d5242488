/* SPDX-License-Identifier: Apache-2.0 */
#include "app/audit_entry.h"

#include "base/invariant.h"

/* Paths are those of audit.def: their names are short. */
static const struct json *member_at(const struct json *root, const char *path)
{
    char name[64];
    const struct json *at = root;
    struct bytes rest = bytes_from_string(path);
    while (rest.size > 0) {
        struct bytes head;
        rest = bytes_split(rest, '.', &head);
        INVARIANT(head.size < sizeof(name));
        memcpy(name, head.data, head.size);
        name[head.size] = '\0';
        if (at == NULL || json_type(at) != JSON_OBJECT) {
            return NULL;
        }
        at = json_member(at, name);
    }
    return at;
}

struct bytes audit_entry_text(const struct audit_entry *entry, const char *path)
{
    const struct json *value = member_at(entry->root, path);
    if (value == NULL) {
        return BYTES_NONE;
    }
    return json_type(value) == JSON_STRING   ? json_string(value)
           : json_type(value) == JSON_NUMBER ? json_number(value)
                                             : BYTES_NONE;
}

uint64_t audit_entry_count(const struct audit_entry *entry, const char *path)
{
    uint64_t count = 0;
    return bytes_parse_u64(audit_entry_text(entry, path), UINT64_MAX, &count) ? count : 0;
}
