/* SPDX-License-Identifier: Apache-2.0 */
#include "model/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

/* Not blocking: a pipe in the place of a file must not hold us up. */
enum { OPEN_FLAGS = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK };

void directory_close_(const int *descriptor)
{
    if (*descriptor >= 0) {
        (void)close(*descriptor);
    }
}

static int keep_open(int *descriptor)
{
    const int kept = *descriptor;
    *descriptor = -1;
    return kept;
}

static enum galen_status refuse_errno(struct error *out_error)
{
    switch (errno) {
    case ENOENT:
        return error_set(out_error, GALEN_NOT_FOUND, "does not exist");
    case ELOOP:
        return error_set(out_error, GALEN_INVALID, "is a link, which is not followed");
    case ENOTDIR:
        return error_set(out_error, GALEN_INVALID, "is not a folder");
    case ENOMEM:
        return GALEN_NO_MEMORY;
    default:
        return error_set(out_error, GALEN_UNAVAILABLE, "cannot be read: %s",
                         strerrordesc_np(errno));
    }
}

static bool is_link(int parent, const char *name)
{
    struct stat status;
    return fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISLNK(status.st_mode);
}

enum galen_status directory_open_root(const char *path, int *out_folder,
                                      struct error *out_error)
{
    const int folder = open(path, OPEN_FLAGS | O_DIRECTORY);
    if (folder < 0) {
        return refuse_errno(out_error);
    }
    *out_folder = folder;
    return GALEN_OK;
}

enum galen_status directory_open(int parent, const char *name, int *out_folder,
                                 struct error *out_error)
{
    const int folder = openat(parent, name, OPEN_FLAGS | O_DIRECTORY | O_NOFOLLOW);
    if (folder < 0) {
        /* With O_DIRECTORY a link is ENOTDIR on Linux. */
        errno = errno == ENOTDIR && is_link(parent, name) ? ELOOP : errno;
        return refuse_errno(out_error);
    }
    *out_folder = folder;
    return GALEN_OK;
}

static enum directory_kind kind_of(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return DIRECTORY_FOLDER;
    case S_IFREG:
        return DIRECTORY_FILE;
    case S_IFLNK:
        return DIRECTORY_LINK;
    default:
        return DIRECTORY_OTHER;
    }
}

enum galen_status directory_look(int folder, const char *name,
                                 struct directory_entry *out_entry)
{
    struct stat status;
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return GALEN_NOT_FOUND;
    }
    *out_entry = (struct directory_entry){
        .name = name,
        .kind = kind_of(status.st_mode),
        .inode = status.st_ino,
        .size_bytes = (uint64_t)status.st_size,
        .changed_ns =
            (uint64_t)status.st_ctim.tv_sec * NS_PER_S + (uint64_t)status.st_ctim.tv_nsec,
    };
    return GALEN_OK;
}

struct listing {
    struct arena *arena;
    struct directory_entry *entries;
    size_t count;
    size_t capacity;
};

static enum galen_status grow(struct listing *listing)
{
    const size_t capacity = listing->capacity == 0 ? 16 : 2 * listing->capacity;
    struct directory_entry *larger =
        arena_alloc_array(listing->arena, capacity, sizeof(*larger));
    if (larger == NULL) {
        return GALEN_NO_MEMORY;
    }
    if (listing->count > 0) {
        memcpy(larger, listing->entries, listing->count * sizeof(*larger));
    }
    listing->entries = larger;
    listing->capacity = capacity;
    return GALEN_OK;
}

static enum galen_status add(struct listing *listing, int folder, const char *name)
{
    if (listing->count == listing->capacity) {
        TRY(grow(listing));
    }
    const char *copy = arena_copy_string(listing->arena, bytes_from_string(name));
    if (copy == NULL) {
        return GALEN_NO_MEMORY;
    }
    struct directory_entry *entry = &listing->entries[listing->count++];
    if (directory_look(folder, copy, entry) != GALEN_OK) {
        *entry = (struct directory_entry){.name = copy, .kind = DIRECTORY_OTHER};
    }
    return GALEN_OK;
}

static enum galen_status read_entries(DIR *stream, size_t count_max,
                                      struct listing *listing, struct error *out_error)
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (entry == NULL) {
            return errno == 0 ? GALEN_OK : refuse_errno(out_error);
        }
        if (entry->d_name[0] == '.') {
            continue;
        }
        if (listing->count == count_max) {
            return error_set(out_error, GALEN_TOO_LARGE, "holds more than %zu entries",
                             count_max);
        }
        TRY(add(listing, dirfd(stream), entry->d_name));
    }
}

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const struct directory_entry *)a)->name,
                  ((const struct directory_entry *)b)->name);
}

enum galen_status directory_list(int folder, size_t count_max, struct arena *arena,
                                 struct directory_entry **out_entries, size_t *out_count,
                                 struct error *out_error)
{
    const int own = openat(folder, ".", OPEN_FLAGS | O_DIRECTORY);
    DIR *stream = own < 0 ? NULL : fdopendir(own);
    if (stream == NULL) {
        const enum galen_status refusal = refuse_errno(out_error);
        directory_close_(&own);
        return refusal;
    }
    struct listing listing = {.arena = arena};
    const enum galen_status status = read_entries(stream, count_max, &listing, out_error);
    (void)closedir(stream);
    TRY(status);
    if (listing.count > 0) {
        qsort(listing.entries, listing.count, sizeof(*listing.entries), compare_entries);
    }
    *out_entries = listing.entries;
    *out_count = listing.count;
    return GALEN_OK;
}

enum galen_status directory_open_file(int folder, const char *name, uint64_t size_bytes_max,
                                      int *out_file, uint64_t *out_size_bytes,
                                      struct error *out_error)
{
    int file CLOSED_LATER = openat(folder, name, OPEN_FLAGS | O_NOFOLLOW);
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0) {
        return refuse_errno(out_error);
    }
    if (!S_ISREG(status.st_mode)) {
        return error_set(out_error, GALEN_INVALID, "is not a file");
    }
    if ((uint64_t)status.st_size > size_bytes_max) {
        return error_set(out_error, GALEN_TOO_LARGE, "is larger than %llu bytes",
                         (unsigned long long)size_bytes_max);
    }
    *out_size_bytes = (uint64_t)status.st_size;
    *out_file = keep_open(&file);
    return GALEN_OK;
}

static ssize_t read_some(int file, uint8_t *at, size_t size)
{
    ssize_t got;
    do {
        got = read(file, at, size);
    } while (got < 0 && errno == EINTR);
    return got;
}

enum galen_status directory_read_file(int folder, const char *name, uint64_t size_bytes_max,
                                      struct arena *arena, struct bytes *out_text,
                                      struct error *out_error)
{
    int file CLOSED_LATER = -1;
    uint64_t size_bytes;
    TRY(directory_open_file(folder, name, size_bytes_max, &file, &size_bytes, out_error));
    uint8_t *text = arena_alloc(arena, (size_t)size_bytes + 1);
    if (text == NULL) {
        return GALEN_NO_MEMORY;
    }
    size_t size = 0;
    ssize_t got = 1;
    while (got > 0 && size <= size_bytes) { /* one more than there was: it must not come */
        got = read_some(file, text + size, (size_t)size_bytes + 1 - size);
        size += got > 0 ? (size_t)got : 0;
    }
    if (got < 0) {
        return refuse_errno(out_error);
    }
    if (size != size_bytes) {
        return error_set(out_error, GALEN_UNAVAILABLE, "changed while it was read");
    }
    *out_text = bytes_of(text, size);
    return GALEN_OK;
}

enum galen_status directory_read_link(int folder, const char *name, char *out_target,
                                      size_t size, struct error *out_error)
{
    const ssize_t got = readlinkat(folder, name, out_target, size);
    if (got < 0) {
        return refuse_errno(out_error);
    }
    if ((size_t)got >= size) {
        return error_set(out_error, GALEN_TOO_LARGE, "points too far");
    }
    out_target[got] = '\0';
    return GALEN_OK;
}
