/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/wipe.h"
#include "crypto/random.h"
#include "service/keys_impl.h"

enum {
    TEXT_SIZE_BYTES_MAX = 4096,
    SECRET_MODE = 0600,
    PUBLIC_MODE = 0644,
    FOLDER_MODE = 0700,
};

/* A key that is made, before it has its number. */
struct addition {
    const struct keys_folder *folder;
    struct keys_file file;
    struct ed25519 *ed25519; /* NULL: it has no public half */
    struct writer secret;
};

static enum galen_status make_hmac(struct addition *addition)
{
    uint8_t key[HMAC_KEY_SIZE];
    const enum galen_status status = random_bytes(key, sizeof(key));
    uint8_t *hex =
        status == GALEN_OK ? writer_extend(&addition->secret, SHA256_HEX_SIZE) : NULL;
    if (hex != NULL) {
        sha256_to_hex(key, (char *)hex);
    }
    writer_put_byte(&addition->secret, '\n');
    wipe(key, sizeof(key));
    return status == GALEN_OK ? addition->secret.status : status;
}

static enum galen_status make_ed25519(struct addition *addition)
{
    TRY(ed25519_generate(&addition->ed25519));
    return ed25519_to_pem(addition->ed25519, &addition->secret);
}

static enum galen_status make_secret(struct addition *addition)
{
    return keys_kind_of(addition->file.purpose) == KEYS_HMAC ? make_hmac(addition)
                                                             : make_ed25519(addition);
}

/* Its mode is as it should be whatever the umask. */
static bool fill(int file, struct bytes text, mode_t mode)
{
    const bool is_filled =
        descriptor_write(file, text) && fchmod(file, mode) == 0 && fsync(file) == 0;
    const int why = errno;
    const bool is_closed = close(file) == 0;
    errno = is_filled ? errno : why;
    return is_filled && is_closed;
}

/* Nobody sees less than the whole of a file; `*out_is_taken`: the name is another's. */
static enum galen_status put_file(const struct keys_folder *folder,
                                  const struct keys_file *file, struct bytes text,
                                  bool *out_is_taken)
{
    char name[KEYS_FILE_NAME_SIZE];
    char draft[RANDOM_UUID_SIZE + sizeof(".new-")] = ".new-";
    TRY(random_uuid(draft + strlen(draft)));
    keys_put_file_name(file, name);
    const int descriptor = openat(folder->descriptor, draft,
                                  O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, SECRET_MODE);
    if (descriptor < 0) {
        return keys_refuse_errno(folder, name);
    }
    const bool is_put =
        fill(descriptor, text, file->is_public ? PUBLIC_MODE : SECRET_MODE) &&
        linkat(folder->descriptor, draft, folder->descriptor, name, 0) == 0;
    const int why = errno;
    (void)unlinkat(folder->descriptor, draft, 0);
    errno = why;
    *out_is_taken = !is_put && why == EEXIST;
    return is_put || *out_is_taken ? GALEN_OK : keys_refuse_errno(folder, name);
}

static enum galen_status put_public(struct addition *addition, bool *out_is_taken)
{
    struct keys_file file = addition->file;
    struct checkpoint_key key = {.key = addition->ed25519};
    struct writer text;
    file.is_public = true;
    keys_put_id(&file, key.name);
    writer_init(&text, TEXT_SIZE_BYTES_MAX);
    enum galen_status status = checkpoint_key_write(&key, &text);
    writer_put_byte(&text, '\n');
    status = status == GALEN_OK ? text.status : status;
    if (status == GALEN_OK) {
        status = put_file(addition->folder, &file, writer_bytes(&text), out_is_taken);
    }
    writer_deinit(&text);
    return status;
}

static void take_public_back(const struct addition *addition)
{
    struct keys_file file = addition->file;
    char name[KEYS_FILE_NAME_SIZE];
    file.is_public = true;
    keys_put_file_name(&file, name);
    (void)unlinkat(addition->folder->descriptor, name, 0);
}

/* The public half first: whoever sees a secret sees what belongs to it. */
static enum galen_status put_both(struct addition *addition, bool *out_is_taken)
{
    const bool has_public = addition->ed25519 != NULL;
    if (has_public) {
        TRY(put_public(addition, out_is_taken));
        if (*out_is_taken) {
            return GALEN_OK;
        }
    }
    const enum galen_status status = put_file(
        addition->folder, &addition->file, writer_bytes(&addition->secret), out_is_taken);
    if (has_public && (status != GALEN_OK || *out_is_taken)) {
        take_public_back(addition);
    }
    return status;
}

static enum galen_status put_under_next_number(struct addition *addition)
{
    bool is_taken = true;
    while (is_taken) {
        if (addition->file.number == KEYS_NUMBER_MAX) {
            return keys_refuse(addition->folder, NULL, GALEN_TOO_LARGE,
                               "there is no number left for a key");
        }
        addition->file.number++;
        TRY(put_both(addition, &is_taken));
    }
    return fsync(addition->folder->descriptor) == 0
               ? GALEN_OK
               : keys_refuse_errno(addition->folder, NULL);
}

static enum galen_status find_highest(struct addition *addition)
{
    struct keys_file *files;
    size_t count;
    TRY(keys_folder_list(addition->folder, &files, &count));
    for (size_t i = 0; i < count; i++) {
        if (files[i].purpose == addition->file.purpose) {
            addition->file.number = files[i].number;
        }
    }
    free(files);
    return GALEN_OK;
}

static bool sync_parent(int folder)
{
    const int parent = openat(folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool is_synced = parent >= 0 && fsync(parent) == 0;
    keys_folder_close_(&(struct keys_folder){.descriptor = parent});
    return is_synced;
}

static enum galen_status make_folder(struct keys_folder *folder)
{
    const bool is_made = mkdir(folder->path, FOLDER_MODE) == 0;
    if (!is_made && errno != EEXIST) {
        return keys_refuse_errno(folder, NULL);
    }
    TRY(keys_folder_open(folder));
    return !is_made || sync_parent(folder->descriptor) ? GALEN_OK
                                                       : keys_refuse_errno(folder, NULL);
}

static enum galen_status add(struct addition *addition)
{
    TRY(find_highest(addition));
    TRY(make_secret(addition));
    return put_under_next_number(addition);
}

enum galen_status keys_add(const char *path, enum key_purpose purpose, char *out_id,
                           struct error *out_error)
{
    struct keys_folder folder KEYS_FOLDER_CLOSED = {path, -1, out_error};
    struct addition addition = {.folder = &folder, .file = {.purpose = purpose}};
    TRY(make_folder(&folder));
    writer_init(&addition.secret, TEXT_SIZE_BYTES_MAX);
    const enum galen_status status = add(&addition);
    writer_deinit(&addition.secret);
    ed25519_destroy(addition.ed25519);
    if (status == GALEN_OK) {
        keys_put_id(&addition.file, out_id);
    }
    return status;
}
