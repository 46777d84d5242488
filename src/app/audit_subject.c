/* SPDX-License-Identifier: Apache-2.0 */
#include "app/audit_subject.h"

#include <errno.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/wipe.h"
#include "service/keys.h"

enum { TEXT_SIZE = 4 * LIMIT_SUBJECT_CODE_POINT_COUNT_MAX + 2 };

static bool read_text(const char *file, uint8_t *text, size_t *out_size)
{
    const bool is_stdin = strcmp(file, "-") == 0;
    FILE *stream = is_stdin ? stdin : fopen(file, "rb");
    if (stream == NULL) {
        (void)audit_complain(file, strerror(errno));
        return false;
    }
    *out_size = fread(text, 1, TEXT_SIZE, stream);
    const bool is_bad = ferror(stream) != 0;
    if (!is_stdin) {
        (void)fclose(stream);
    }
    if (is_bad) {
        (void)audit_complain(file, "cannot be read");
    }
    return !is_bad;
}

static struct bytes first_line(struct bytes text)
{
    const size_t end = bytes_find(text, '\n');
    const bool is_all = end + 1 >= text.size;
    return is_all ? bytes_first(text, end) : BYTES_NONE;
}

static bool add(const struct key *key, struct bytes subject, struct audit_subject *out)
{
    scoped(hmac) hmac = NULL;
    uint8_t code[SHA256_SIZE];
    if (out->count == AUDIT_SUBJECT_KEY_COUNT_MAX ||
        hmac_create(key->hmac_key, &hmac) != GALEN_OK ||
        hmac_of(hmac, subject, code) != GALEN_OK) {
        return false;
    }
    sha256_to_hex(code, out->pseudonyms[out->count++]);
    return true;
}

static bool make_pseudonyms(struct bytes subject, const char *folder,
                            struct audit_subject *out)
{
    struct error error = {"", ""};
    scoped(keys) keys = NULL;
    if (keys_read(folder, &keys, &error) != GALEN_OK) {
        (void)audit_complain(folder, error.text);
        return false;
    }
    for (size_t i = 0; i < keys_count(keys); i++) {
        const struct key *key = keys_at(keys, i);
        if (key->purpose == KEY_SUBJECT && !add(key, subject, out)) {
            (void)audit_complain(folder, "has too many keys of subjects");
            return false;
        }
    }
    if (out->count == 0) {
        (void)audit_complain(folder, "has no key of subjects");
    }
    return out->count > 0;
}

bool audit_subject_read(const char *file, const char *keys,
                        struct audit_subject *out_subject)
{
    uint8_t text[TEXT_SIZE];
    size_t size;
    *out_subject = (struct audit_subject){.is_asked = true};
    if (!read_text(file, text, &size)) {
        return false;
    }
    const struct bytes subject = first_line(bytes_of(text, size));
    bool is_done = false;
    if (subject.size == 0) {
        (void)audit_complain(file, "is not one line with a subject");
    } else {
        is_done = make_pseudonyms(subject, keys, out_subject);
    }
    wipe(text, sizeof(text));
    return is_done;
}

bool audit_subject_is(const struct audit_subject *subject, struct bytes pseudonym)
{
    if (subject == NULL || !subject->is_asked) {
        return true;
    }
    for (size_t i = 0; i < subject->count; i++) {
        if (bytes_equal(pseudonym, bytes_of(subject->pseudonyms[i], SHA256_HEX_SIZE))) {
            return true;
        }
    }
    return false;
}
