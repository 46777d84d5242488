/* SPDX-License-Identifier: Apache-2.0 */
#include "app/token_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/limits.h"
#include "codec/json_writer.h"
#include "model/directory.h"
#include "service/auth/jwk_write.h"

enum {
    KEY_COUNT_MAX = LIMIT_KEY_SET_KEY_COUNT_MAX,
    ENTRY_COUNT_MAX = 1000,
    NUMBER_DIGITS = 6,
    FILE_NAME_SIZE = 64,
    KEY_SIZE_BYTES_MAX = 65536,
    MEMORY_SIZE_BYTES_MAX = 8 << 20,
    FOLDER_MODE = 0700,
    SECRET_MODE = 0600,
    PUBLIC_MODE = 0644,
    OTHERS = 0077,
};

static const char set_name[] = "jwks.json";
static const char set_draft_name[] = ".jwks.json.new";

struct token_keys {
    const char *path;
    int folder;
    struct arena arena; /* what is read, the keys' texts too: wiped */
    size_t count;
    uint64_t newest_number;
    struct signing_key *at[KEY_COUNT_MAX];
};

void token_keys_destroy(struct token_keys *keys)
{
    if (keys == NULL) {
        return;
    }
    for (size_t i = 0; i < keys->count; i++) {
        signing_key_destroy(keys->at[i]);
    }
    arena_deinit(&keys->arena);
    directory_close_(&keys->folder);
    free(keys);
}

static enum galen_status refuse(const struct token_keys *keys, const char *name,
                                enum galen_status status, const char *why,
                                struct error *out_error)
{
    return error_set(out_error, status, "%s%s%s: %s", keys->path, name == NULL ? "" : "/",
                     name == NULL ? "" : name, why);
}

static enum galen_status refuse_errno(const struct token_keys *keys, const char *name,
                                      struct error *out_error)
{
    return refuse(keys, name, GALEN_UNAVAILABLE, strerrordesc_np(errno), out_error);
}

static bool read_number(struct bytes digits, uint64_t *out_number)
{
    *out_number = 0;
    for (size_t i = 0; i < digits.size; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9') {
            return false;
        }
        *out_number = *out_number * 10 + (uint64_t)(digits.data[i] - '0');
    }
    return digits.size == NUMBER_DIGITS && *out_number > 0;
}

/* `NNNNNN-ALGORITHM.pem`. */
static bool read_name(struct bytes name, uint64_t *out_number,
                      enum signature_algorithm *out_algorithm)
{
    struct bytes number;
    struct bytes algorithm;
    const struct bytes rest = bytes_split(name, '-', &number);
    const struct bytes ending = bytes_split(rest, '.', &algorithm);
    return bytes_equal_string(ending, "pem") && read_number(number, out_number) &&
           signature_algorithm_find(algorithm, out_algorithm);
}

static enum galen_status check_mode(const struct token_keys *keys, const char *name,
                                    struct error *out_error)
{
    struct stat about;
    if (fstatat(keys->folder, name, &about, AT_SYMLINK_NOFOLLOW) != 0) {
        return refuse_errno(keys, name, out_error);
    }
    return (about.st_mode & OTHERS) == 0
               ? GALEN_OK
               : refuse(keys, name, GALEN_FORBIDDEN,
                        "others than its owner may read or write it: chmod 600", out_error);
}

static enum galen_status read_key(struct token_keys *keys, const char *name,
                                  enum signature_algorithm algorithm,
                                  struct error *out_error)
{
    struct bytes text;
    struct error why = {"", ""};
    TRY(check_mode(keys, name, out_error));
    enum galen_status status = directory_read_file(keys->folder, name, KEY_SIZE_BYTES_MAX,
                                                   &keys->arena, &text, &why);
    if (status != GALEN_OK) {
        return refuse(keys, name, status, why.text, out_error);
    }
    if (keys->count == KEY_COUNT_MAX) {
        return refuse(keys, NULL, GALEN_TOO_LARGE, "has more keys than a key set may",
                      out_error);
    }
    status = signing_key_from_pem(text, algorithm, &keys->at[keys->count]);
    if (status != GALEN_OK) {
        return refuse(keys, name, status, "is no private key of that algorithm, in PEM",
                      out_error);
    }
    keys->count++;
    return GALEN_OK;
}

/* By name, which is by number. */
static enum galen_status read_entries(struct token_keys *keys, struct error *out_error)
{
    struct directory_entry *entries;
    size_t count;
    struct error why = {"", ""};
    const enum galen_status status =
        directory_list(keys->folder, ENTRY_COUNT_MAX, &keys->arena, &entries, &count, &why);
    if (status != GALEN_OK) {
        return refuse(keys, NULL, status, why.text, out_error);
    }
    for (size_t i = 0; i < count; i++) {
        enum signature_algorithm algorithm;
        uint64_t number;
        if (read_name(bytes_from_string(entries[i].name), &number, &algorithm)) {
            TRY(read_key(keys, entries[i].name, algorithm, out_error));
            keys->newest_number = number;
        }
    }
    return GALEN_OK;
}

/* A folder that may have no keys. path: borrowed. */
static enum galen_status open_folder(const char *path, struct token_keys **out_keys,
                                     struct error *out_error)
{
    struct error why = {"", ""};
    scoped(token_keys) keys = calloc(1, sizeof(*keys));
    if (keys == NULL) {
        return GALEN_NO_MEMORY;
    }
    keys->path = path;
    keys->folder = -1;
    arena_init(&keys->arena, MEMORY_SIZE_BYTES_MAX);
    const enum galen_status status = directory_open_root(path, &keys->folder, &why);
    if (status != GALEN_OK) {
        return refuse(keys, NULL, status, why.text, out_error);
    }
    TRY(read_entries(keys, out_error));
    *out_keys = take(&keys);
    return GALEN_OK;
}

enum galen_status token_keys_read(const char *folder, struct token_keys **out_keys,
                                  struct error *out_error)
{
    scoped(token_keys) keys = NULL;
    TRY(open_folder(folder, &keys, out_error));
    if (keys->count == 0) {
        return refuse(keys, NULL, GALEN_NOT_FOUND,
                      "has no keys; galen token keygen makes one", out_error);
    }
    *out_keys = take(&keys);
    return GALEN_OK;
}

const struct signing_key *token_keys_newest(const struct token_keys *keys)
{
    return keys->at[keys->count - 1];
}

enum galen_status token_keys_put_set(const struct token_keys *keys, struct writer *out)
{
    struct json_writer json = json_writer_on(out);
    json_begin_object(&json);
    json_put_name(&json, "keys");
    json_begin_array(&json);
    for (size_t i = keys->count; i > 0; i--) {
        TRY(jwk_put(&json, keys->at[i - 1]));
    }
    json_end_array(&json);
    json_end_object(&json);
    return out->status;
}

/* Making one */

static enum galen_status put_file(const struct token_keys *keys, const char *name,
                                  struct bytes text, mode_t mode, struct error *out_error)
{
    const int file = openat(keys->folder, name,
                            O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (file < 0) {
        return refuse_errno(keys, name, out_error);
    }
    const bool is_written =
        descriptor_write(file, text) && fchmod(file, mode) == 0 && fsync(file) == 0;
    const int why = errno;
    (void)close(file);
    errno = why;
    return is_written ? GALEN_OK : refuse_errno(keys, name, out_error);
}

static enum galen_status put_set(const struct token_keys *keys, struct error *out_error)
{
    struct writer text;
    writer_init(&text, LIMIT_KEY_SET_SIZE_BYTES_MAX);
    enum galen_status status = token_keys_put_set(keys, &text);
    writer_put_byte(&text, '\n');
    if (status == GALEN_OK) {
        (void)unlinkat(keys->folder, set_draft_name, 0);
        status =
            put_file(keys, set_draft_name, writer_bytes(&text), PUBLIC_MODE, out_error);
    }
    writer_deinit(&text);
    TRY(status);
    return renameat(keys->folder, set_draft_name, keys->folder, set_name) == 0
               ? GALEN_OK
               : refuse_errno(keys, set_name, out_error);
}

static enum galen_status put_key(struct token_keys *keys, const struct signing_key *key,
                                 struct error *out_error)
{
    char name[FILE_NAME_SIZE];
    struct writer pem;
    (void)snprintf(name, sizeof(name), "%0*llu-%s.pem", NUMBER_DIGITS,
                   (unsigned long long)keys->newest_number + 1,
                   signature_algorithm_name(signing_key_algorithm(key)));
    writer_init(&pem, KEY_SIZE_BYTES_MAX);
    enum galen_status status = signing_key_to_pem(key, &pem);
    if (status == GALEN_OK) {
        status = put_file(keys, name, writer_bytes(&pem), SECRET_MODE, out_error);
    }
    writer_deinit(&pem);
    return status;
}

static enum signature_algorithm choose_algorithm(const struct token_keys *keys,
                                                 const struct token_keys_wish *wish)
{
    if (wish->algorithm != SIGNATURE_ALGORITHM_COUNT) {
        return wish->algorithm;
    }
    return keys->count == 0 ? SIGNATURE_ES256
                            : signing_key_algorithm(token_keys_newest(keys));
}

static enum galen_status make_folder(const char *path, struct token_keys **out_keys,
                                     struct error *out_error)
{
    if (mkdir(path, FOLDER_MODE) != 0 && errno != EEXIST) {
        return error_set(out_error, GALEN_UNAVAILABLE, "%s: %s", path,
                         strerrordesc_np(errno));
    }
    return open_folder(path, out_keys, out_error);
}

static enum galen_status check_room(const struct token_keys *keys,
                                    const struct token_keys_wish *wish,
                                    struct error *out_error)
{
    if (keys->count > 0 && !wish->rotates) {
        return refuse(keys, NULL, GALEN_INVALID,
                      "has keys already; --rotate adds the next one", out_error);
    }
    if (keys->count == KEY_COUNT_MAX || keys->newest_number == TOKEN_KEYS_NUMBER_MAX) {
        return refuse(keys, NULL, GALEN_TOO_LARGE,
                      "has no room for another key: remove the oldest", out_error);
    }
    return GALEN_OK;
}

enum galen_status token_keys_add(const char *folder, const struct token_keys_wish *wish,
                                 char *out_id, struct error *out_error)
{
    scoped(token_keys) keys = NULL;
    TRY(make_folder(folder, &keys, out_error));
    TRY(check_room(keys, wish, out_error));
    struct signing_key **slot = &keys->at[keys->count];
    TRY(signing_key_generate(choose_algorithm(keys, wish), slot));
    keys->count++;
    TRY(put_key(keys, *slot, out_error));
    TRY(put_set(keys, out_error));
    return jwk_id_of(*slot, out_id);
}
