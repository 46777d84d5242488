/* SPDX-License-Identifier: Apache-2.0 */
#include "service/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/wipe.h"
#include "service/keys_impl.h"

enum { FILE_SIZE_BYTES_MAX = 4096 };

struct slot {
    struct key key;
    struct ed25519 *ed25519; /* of KEY_CHECKPOINT */
};

struct keys {
    size_t count;
    struct checkpoint_key *checkpoint; /* as many as there is room for in slots */
    size_t checkpoint_count;
    struct slot *slots;
    size_t slot_count; /* room */
};

void keys_destroy(struct keys *keys)
{
    if (keys == NULL) {
        return;
    }
    for (size_t i = 0; i < keys->count; i++) {
        ed25519_destroy(keys->slots[i].ed25519);
    }
    if (keys->slots != NULL) {
        wipe(keys->slots, keys->slot_count * sizeof(*keys->slots));
    }
    free(keys->slots);
    free(keys->checkpoint);
    free(keys);
}

static enum galen_status create(size_t slot_count, struct keys **out_keys)
{
    scoped(keys) keys = calloc(1, sizeof(*keys));
    if (keys == NULL) {
        return GALEN_NO_MEMORY;
    }
    keys->slot_count = slot_count;
    keys->slots = calloc(slot_count + 1, sizeof(*keys->slots));
    keys->checkpoint = calloc(slot_count + 1, sizeof(*keys->checkpoint));
    if (keys->slots == NULL || keys->checkpoint == NULL) {
        return GALEN_NO_MEMORY;
    }
    *out_keys = take(&keys);
    return GALEN_OK;
}

/* One file while it is read: its text is wiped with it. */
struct source {
    const struct keys_folder *folder;
    const struct keys_file *file;
    char name[KEYS_FILE_NAME_SIZE];
    uint8_t data[FILE_SIZE_BYTES_MAX + 1];
    struct bytes text;
};

static enum galen_status refuse(const struct source *source, enum galen_status status,
                                const char *why)
{
    return keys_refuse(source->folder, source->name, status, why);
}

/* Root's, for a group of ours to read: a volume of secrets in Kubernetes (fsGroup). */
static bool is_lent(const struct stat *about)
{
    return about->st_uid == 0 && (about->st_mode & (S_IRWXG | S_IRWXO)) == S_IRGRP &&
           (about->st_gid == getegid() || group_member(about->st_gid) != 0);
}

static enum galen_status check_mode(const struct source *source, const struct stat *about)
{
    if (!S_ISREG(about->st_mode)) {
        return refuse(source, GALEN_INVALID, "is not a file");
    }
    if (!source->file->is_public && (about->st_mode & (S_IRWXG | S_IRWXO)) != 0 &&
        !is_lent(about)) {
        return refuse(source, GALEN_FORBIDDEN,
                      "others than its owner may read or write it: chmod 600, or root's "
                      "with mode 0440 and a group of this process");
    }
    if ((about->st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return refuse(source, GALEN_FORBIDDEN,
                      "others than its owner may write to it: chmod go-w");
    }
    return GALEN_OK;
}

static enum galen_status read_text(struct source *source, int file)
{
    size_t size = 0;
    ssize_t got;
    do {
        got = read(file, source->data + size, sizeof(source->data) - size);
        size += got > 0 ? (size_t)got : 0;
    } while ((got > 0 && size < sizeof(source->data)) || (got < 0 && errno == EINTR));
    if (got < 0) {
        return keys_refuse_errno(source->folder, source->name);
    }
    source->text = bytes_of(source->data, size);
    return size <= FILE_SIZE_BYTES_MAX
               ? GALEN_OK
               : refuse(source, GALEN_INVALID, "is too large for a key");
}

/* Not blocking: a pipe in the place of a key must not hold us up. */
static enum galen_status read_source(struct source *source)
{
    struct stat about;
    keys_put_file_name(source->file, source->name);
    const int file = openat(source->folder->descriptor, source->name,
                            O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0) {
        return keys_refuse_errno(source->folder, source->name);
    }
    enum galen_status status = fstat(file, &about) == 0
                                   ? check_mode(source, &about)
                                   : keys_refuse_errno(source->folder, source->name);
    if (status == GALEN_OK) {
        status = read_text(source, file);
    }
    (void)close(file);
    return status;
}

/* An editor's line feed at the end is no part of what is said. */
static struct bytes first_line(struct bytes text)
{
    const bool has_end = text.size > 0 && text.data[text.size - 1] == '\n';
    return bytes_first(text, text.size - (has_end ? 1 : 0));
}

static enum galen_status take_hmac(struct source *source, struct slot *slot)
{
    return sha256_from_hex(first_line(source->text), slot->key.hmac_key)
               ? GALEN_OK
               : refuse(source, GALEN_INVALID, "is not 64 hexadecimal digits");
}

static enum galen_status take_private(struct source *source, struct slot *slot)
{
    const enum galen_status status = ed25519_from_pem(source->text, &slot->ed25519);
    return status == GALEN_INVALID
               ? refuse(source, status, "is no private key of Ed25519 in PEM")
               : status;
}

static bool are_equal(const struct ed25519 *a, const struct ed25519 *b)
{
    uint8_t left[ED25519_PUBLIC_KEY_SIZE];
    uint8_t right[ED25519_PUBLIC_KEY_SIZE];
    ed25519_public(a, left);
    ed25519_public(b, right);
    return memcmp(left, right, sizeof(left)) == 0;
}

static enum galen_status take_public(struct source *source, struct slot *slot)
{
    scoped(ed25519) key = NULL;
    char name[CHECKPOINT_KEY_NAME_SIZE];
    const enum galen_status status =
        checkpoint_key_read(first_line(source->text), name, &key);
    if (status != GALEN_OK) {
        return status == GALEN_INVALID ? refuse(source, status, "is no verifier key")
                                       : status;
    }
    if (strcmp(name, slot->key.id) != 0) {
        return refuse(source, GALEN_INVALID, "is the verifier key of another name");
    }
    if (slot->ed25519 != NULL && !are_equal(slot->ed25519, key)) {
        return refuse(source, GALEN_INVALID, "is not of the private key beside it");
    }
    if (slot->ed25519 == NULL) {
        slot->key.is_public_only = true;
        slot->ed25519 = take(&key);
    }
    return GALEN_OK;
}

static enum galen_status take_source(struct source *source, struct slot *slot)
{
    if (source->file->is_public) {
        return take_public(source, slot);
    }
    return keys_kind_of(source->file->purpose) == KEYS_HMAC ? take_hmac(source, slot)
                                                            : take_private(source, slot);
}

/* Both files of a number stand together. */
static struct slot *slot_of(struct keys *keys, const struct keys_file *file)
{
    struct slot *newest = keys->count == 0 ? NULL : &keys->slots[keys->count - 1];
    if (newest != NULL && newest->key.purpose == file->purpose &&
        newest->key.number == file->number) {
        return newest;
    }
    struct slot *slot = &keys->slots[keys->count++];
    slot->key.purpose = file->purpose;
    slot->key.number = file->number;
    keys_put_id(file, slot->key.id);
    return slot;
}

static enum galen_status load(struct keys *keys, const struct keys_folder *folder,
                              const struct keys_file *file)
{
    struct source source = {.folder = folder, .file = file};
    enum galen_status status = read_source(&source);
    if (status == GALEN_OK) {
        status = take_source(&source, slot_of(keys, file));
    }
    wipe(&source, sizeof(source));
    return status;
}

static void finish(struct keys *keys)
{
    bool has_one[KEY_PURPOSE_COUNT] = {false};
    for (size_t i = keys->count; i-- > 0;) {
        struct key *key = &keys->slots[i].key;
        key->is_in_use = !key->is_public_only && !has_one[key->purpose];
        has_one[key->purpose] |= key->is_in_use;
    }
    for (size_t i = 0; i < keys->count; i++) {
        struct key *key = &keys->slots[i].key;
        if (key->purpose == KEY_CHECKPOINT) {
            memcpy(key->checkpoint.name, key->id, sizeof(key->id));
            key->checkpoint.key = keys->slots[i].ed25519;
            keys->checkpoint[keys->checkpoint_count++] = key->checkpoint;
        }
    }
}

static enum galen_status load_all(const struct keys_folder *folder,
                                  const struct keys_file *files, size_t count,
                                  bool is_public, struct keys **out_keys)
{
    scoped(keys) keys = NULL;
    TRY(create(count, &keys));
    for (size_t i = 0; i < count; i++) {
        if (files[i].is_public || !is_public) {
            TRY(load(keys, folder, &files[i]));
        }
    }
    finish(keys);
    *out_keys = take(&keys);
    return GALEN_OK;
}

static enum galen_status read_folder(const char *path, bool is_public,
                                     struct keys **out_keys, struct error *out_error)
{
    struct keys_folder folder KEYS_FOLDER_CLOSED = {path, -1, out_error};
    struct keys_file *files;
    size_t count;
    TRY(keys_folder_open(&folder));
    TRY(keys_folder_list(&folder, &files, &count));
    const enum galen_status status = load_all(&folder, files, count, is_public, out_keys);
    free(files);
    return status;
}

enum galen_status keys_read(const char *folder, struct keys **out_keys,
                            struct error *out_error)
{
    return read_folder(folder, false, out_keys, out_error);
}

enum galen_status keys_read_public(const char *folder, struct keys **out_keys,
                                   struct error *out_error)
{
    return read_folder(folder, true, out_keys, out_error);
}

size_t keys_count(const struct keys *keys)
{
    return keys->count;
}

const struct key *keys_at(const struct keys *keys, size_t index)
{
    return &keys->slots[index].key;
}

const struct key *keys_in_use(const struct keys *keys, enum key_purpose purpose)
{
    for (size_t i = 0; i < keys->count; i++) {
        const struct key *key = &keys->slots[i].key;
        if (key->purpose == purpose && key->is_in_use) {
            return key;
        }
    }
    return NULL;
}

const struct checkpoint_key *keys_checkpoint(const struct keys *keys, size_t *out_count)
{
    *out_count = keys->checkpoint_count;
    return keys->checkpoint;
}
