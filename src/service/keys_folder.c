/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/limits.h"
#include "service/keys_impl.h"

enum { NUMBER_DIGITS = 6 };

static const struct {
    const char *name;
    enum keys_kind kind;
    const char *help;
} purposes[] = {
#define KEY_PURPOSE(name, member, kind, help) [KEY_##member] = {name, KEYS_##kind, help},
#include "service/keys.def"
};

const char *key_purpose_name(enum key_purpose purpose)
{
    return purposes[purpose].name;
}

const char *key_purpose_help(enum key_purpose purpose)
{
    return purposes[purpose].help;
}

enum keys_kind keys_kind_of(enum key_purpose purpose)
{
    return purposes[purpose].kind;
}

bool key_purpose_find(struct bytes name, enum key_purpose *out_purpose)
{
    for (size_t i = 0; i < KEY_PURPOSE_COUNT; i++) {
        if (bytes_equal_string(name, purposes[i].name)) {
            *out_purpose = (enum key_purpose)i;
            return true;
        }
    }
    return false;
}

void keys_put_id(const struct keys_file *file, char *out_id)
{
    (void)snprintf(out_id, KEY_ID_SIZE, "%s-%0*llu", key_purpose_name(file->purpose),
                   NUMBER_DIGITS, (unsigned long long)file->number);
}

void keys_put_file_name(const struct keys_file *file, char *out_name)
{
    char id[KEY_ID_SIZE];
    keys_put_id(file, id);
    (void)snprintf(out_name, KEYS_FILE_NAME_SIZE, "%s.%s", id,
                   file->is_public ? "pub" : "key");
}

static bool ends_with(struct bytes text, struct bytes end)
{
    return text.size >= end.size &&
           bytes_equal(bytes_from(text, text.size - end.size), end);
}

static bool is_number(struct bytes digits, uint64_t *out_number)
{
    uint64_t number = 0;
    for (size_t i = 0; i < digits.size; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9') {
            return false;
        }
        number = number * 10 + (uint64_t)(digits.data[i] - '0');
    }
    *out_number = number;
    return number > 0;
}

/* `PURPOSE-NNNNNN.key` or `.pub`, which only signatures have. */
static bool read_file_name(struct bytes name, struct keys_file *out_file)
{
    const size_t behind = NUMBER_DIGITS + sizeof("-.key") - 1;
    if (name.size <= behind) {
        return false;
    }
    const size_t purpose_size = name.size - behind;
    out_file->is_public = ends_with(name, BYTES(".pub"));
    return name.data[purpose_size] == '-' &&
           key_purpose_find(bytes_first(name, purpose_size), &out_file->purpose) &&
           is_number(bytes_first(bytes_from(name, purpose_size + 1), NUMBER_DIGITS),
                     &out_file->number) &&
           (!out_file->is_public || keys_kind_of(out_file->purpose) == KEYS_ED25519);
}

enum galen_status keys_refuse(const struct keys_folder *folder, const char *name,
                              enum galen_status status, const char *why)
{
    return error_set(folder->error, status, "%s%s%s: %s", folder->path,
                     name == NULL ? "" : "/", name == NULL ? "" : name, why);
}

enum galen_status keys_refuse_errno(const struct keys_folder *folder, const char *name)
{
    return errno == ENOMEM
               ? GALEN_NO_MEMORY
               : keys_refuse(folder, name, GALEN_UNAVAILABLE, strerrordesc_np(errno));
}

static enum galen_status refuse_to_open(const struct keys_folder *folder)
{
    switch (errno) {
    case ENOENT:
        return keys_refuse(folder, NULL, GALEN_NOT_FOUND, "there is no such folder");
    case ENOTDIR:
        return keys_refuse(folder, NULL, GALEN_INVALID, "is not a folder");
    default:
        return keys_refuse_errno(folder, NULL);
    }
}

void keys_folder_close_(const struct keys_folder *folder)
{
    if (folder->descriptor >= 0) {
        (void)close(folder->descriptor);
    }
}

/* Whatever the folder's mode says: Kubernetes mounts volumes of secrets so, with mode 1777.
 */
static bool is_read_only(int descriptor)
{
    struct statvfs about;
    return fstatvfs(descriptor, &about) == 0 && (about.f_flag & ST_RDONLY) != 0;
}

enum galen_status keys_folder_open(struct keys_folder *folder)
{
    struct stat about;
    folder->descriptor = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->descriptor < 0 || fstat(folder->descriptor, &about) != 0) {
        return refuse_to_open(folder);
    }
    return (about.st_mode & (S_IWGRP | S_IWOTH)) == 0 || is_read_only(folder->descriptor)
               ? GALEN_OK
               : keys_refuse(folder, NULL, GALEN_FORBIDDEN,
                             "others than its owner may write to it: chmod go-w");
}

struct listing {
    const struct keys_folder *folder;
    struct keys_file *files; /* LIMIT_KEY_FILE_COUNT_MAX */
    size_t count;
};

static enum galen_status list_name(struct listing *listing, const char *text)
{
    const struct bytes name = bytes_from_string(text);
    if (text[0] == '.' ||
        (!ends_with(name, BYTES(".key")) && !ends_with(name, BYTES(".pub")))) {
        return GALEN_OK;
    }
    if (listing->count == LIMIT_KEY_FILE_COUNT_MAX) {
        return keys_refuse(listing->folder, NULL, GALEN_TOO_LARGE, "holds too many keys");
    }
    return read_file_name(name, &listing->files[listing->count++])
               ? GALEN_OK
               : keys_refuse(listing->folder, text, GALEN_INVALID,
                             "is not named as a key is, PURPOSE-NNNNNN.key or .pub");
}

static enum galen_status list_stream(struct listing *listing, DIR *stream)
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (entry == NULL) {
            return errno == 0 ? GALEN_OK : keys_refuse_errno(listing->folder, NULL);
        }
        TRY(list_name(listing, entry->d_name));
    }
}

static enum galen_status list_all(struct listing *listing)
{
    const int own =
        openat(listing->folder->descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = own < 0 ? NULL : fdopendir(own);
    if (stream == NULL) {
        const enum galen_status status = keys_refuse_errno(listing->folder, NULL);
        keys_folder_close_(&(struct keys_folder){.descriptor = own});
        return status;
    }
    const enum galen_status status = list_stream(listing, stream);
    (void)closedir(stream);
    return status;
}

static int compare_files(const void *a, const void *b)
{
    const struct keys_file *left = a;
    const struct keys_file *right = b;
    if (left->purpose != right->purpose) {
        return left->purpose < right->purpose ? -1 : 1;
    }
    if (left->number != right->number) {
        return left->number < right->number ? -1 : 1;
    }
    return (int)left->is_public - (int)right->is_public;
}

enum galen_status keys_folder_list(const struct keys_folder *folder,
                                   struct keys_file **out_files, size_t *out_count)
{
    struct listing listing = {.folder = folder};
    listing.files = calloc(LIMIT_KEY_FILE_COUNT_MAX, sizeof(*listing.files));
    if (listing.files == NULL) {
        return GALEN_NO_MEMORY;
    }
    const enum galen_status status = list_all(&listing);
    if (status != GALEN_OK) {
        free(listing.files);
        return status;
    }
    qsort(listing.files, listing.count, sizeof(*listing.files), compare_files);
    *out_files = listing.files;
    *out_count = listing.count;
    return GALEN_OK;
}
