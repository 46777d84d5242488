/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/posix_disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/descriptor.h"

enum { PATH_SIZE = 4096, FILE_MODE = 0640, FOLDER_MODE = 0750 };

struct posix_file {
    struct audit_file base; /* first */
    int descriptor;
};

static enum galen_status fail(struct error *out_error, const char *what, const char *path)
{
    const int number = errno;
    return error_set(out_error, number == ENOENT ? GALEN_NOT_FOUND : GALEN_UNAVAILABLE,
                     "%s: cannot be %s: %s", path, what, strerrordesc_np(number));
}

/* The same where a missing parent is a disk that fails. */
static enum galen_status fail_write(struct error *out_error, const char *what,
                                    const char *path)
{
    (void)fail(out_error, what, path);
    return GALEN_UNAVAILABLE;
}

/* What a folder lists is durable only when the folder itself is. */
static bool sync_folder(const char *path)
{
    const int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        return false;
    }
    const bool synced = fsync(folder) == 0;
    const int number = errno;
    (void)close(folder);
    errno = number;
    return synced;
}

static bool sync_parent(const char *path)
{
    char parent[PATH_SIZE];
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return sync_folder(".");
    }
    const size_t size = slash == path ? 1 : (size_t)(slash - path);
    if (size >= sizeof(parent)) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(parent, path, size);
    parent[size] = '\0';
    return sync_folder(parent);
}

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Another process may make it between the look and the call. */
static enum galen_status make_folder(struct audit_disk *disk, const char *path,
                                     struct error *out_error)
{
    (void)disk;
    if (is_folder(path)) {
        return GALEN_OK;
    }
    const bool is_there =
        mkdir(path, FOLDER_MODE) == 0 || (errno == EEXIST && is_folder(path));
    return is_there && sync_parent(path) ? GALEN_OK : fail_write(out_error, "made", path);
}

static enum galen_status wrap(int descriptor, struct audit_file **out_file)
{
    struct posix_file *file = malloc(sizeof(*file));
    if (file == NULL) {
        (void)close(descriptor);
        return GALEN_NO_MEMORY;
    }
    *file = (struct posix_file){.base = {posix_disk()->ops}, .descriptor = descriptor};
    *out_file = &file->base;
    return GALEN_OK;
}

static enum galen_status create(struct audit_disk *disk, const char *path,
                                struct audit_file **out_file, struct error *out_error)
{
    (void)disk;
    const int descriptor =
        open(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    if (descriptor < 0) {
        return fail_write(out_error, "made", path);
    }
    if (!sync_parent(path)) {
        (void)fail(out_error, "kept", path);
        (void)close(descriptor);
        (void)unlink(path);
        return GALEN_UNAVAILABLE;
    }
    return wrap(descriptor, out_file);
}

static enum galen_status append(struct audit_file *file, struct bytes bytes,
                                struct error *out_error)
{
    return descriptor_write(((struct posix_file *)file)->descriptor, bytes)
               ? GALEN_OK
               : fail_write(out_error, "written", "a file of the trail");
}

static enum galen_status sync_file(struct audit_file *file, struct error *out_error)
{
    return fdatasync(((struct posix_file *)file)->descriptor) == 0
               ? GALEN_OK
               : fail_write(out_error, "kept", "a file of the trail");
}

static enum galen_status sync_path(struct audit_disk *disk, const char *path,
                                   struct error *out_error)
{
    (void)disk;
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return fail(out_error, "read", path);
    }
    const bool synced = fsync(descriptor) == 0;
    const enum galen_status status =
        synced ? GALEN_OK : fail_write(out_error, "kept", path);
    (void)close(descriptor);
    return status;
}

static void close_file(struct audit_file *file)
{
    (void)close(((struct posix_file *)file)->descriptor);
    free(file);
}

/* Under a name of its own until it is whole; link(2) does not replace what is there. */
static bool put_whole(const char *path, const char *draft, struct bytes bytes)
{
    const int descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    if (descriptor < 0) {
        return false;
    }
    bool done = descriptor_write(descriptor, bytes) && fsync(descriptor) == 0;
    done = close(descriptor) == 0 && done && link(draft, path) == 0;
    const int number = errno;
    (void)unlink(draft);
    errno = number;
    return done && sync_parent(path);
}

static enum galen_status put(struct audit_disk *disk, const char *path, struct bytes bytes,
                             struct error *out_error)
{
    (void)disk;
    char draft[PATH_SIZE];
    const int size = snprintf(draft, sizeof(draft), "%s.%d.part", path, (int)getpid());
    if (size < 0 || (size_t)size >= sizeof(draft)) {
        errno = ENAMETOOLONG;
        return fail_write(out_error, "made", path);
    }
    return put_whole(path, draft, bytes) ? GALEN_OK : fail_write(out_error, "made", path);
}

static void remove_entry(struct audit_disk *disk, const char *path)
{
    (void)disk;
    (void)remove(path);
}

static enum galen_status list(struct audit_disk *disk, const char *path,
                              void (*visit)(void *context, const char *name), void *context,
                              struct error *out_error)
{
    (void)disk;
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return fail(out_error, "read", path);
    }
    const struct dirent *entry;
    errno = 0;
    while ((entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            visit(context, entry->d_name);
        }
        errno = 0;
    }
    const enum galen_status status = errno == 0 ? GALEN_OK : fail(out_error, "read", path);
    (void)closedir(folder);
    return status;
}

static enum galen_status read_all(int descriptor, const char *path, size_t size,
                                  struct blob **out_blob, struct error *out_error)
{
    struct blob *blob = blob_create(size, 0);
    size_t done = 0;
    if (blob == NULL) {
        return GALEN_NO_MEMORY;
    }
    while (done < size) {
        const ssize_t more = read(descriptor, blob_data(blob) + done, size - done);
        if (more < 0 && errno == EINTR) {
            continue;
        }
        if (more <= 0) {
            blob_unref(blob);
            return fail(out_error, "read", path);
        }
        done += (size_t)more;
    }
    *out_blob = blob;
    return GALEN_OK;
}

static enum galen_status read_file(struct audit_disk *disk, const char *path,
                                   size_t size_bytes_max, struct blob **out_blob,
                                   struct error *out_error)
{
    (void)disk;
    struct stat status;
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return fail(out_error, "read", path);
    }
    enum galen_status result;
    if (fstat(descriptor, &status) != 0) {
        result = fail(out_error, "read", path);
    } else if ((uint64_t)status.st_size > size_bytes_max) {
        result = error_set(out_error, GALEN_TOO_LARGE, "%s: is larger than %zu bytes", path,
                           size_bytes_max);
    } else {
        result = read_all(descriptor, path, (size_t)status.st_size, out_blob, out_error);
    }
    (void)close(descriptor);
    return result;
}

static enum galen_status free_bytes(struct audit_disk *disk, const char *path,
                                    uint64_t *out_bytes, struct error *out_error)
{
    (void)disk;
    struct statvfs status;
    if (statvfs(path, &status) != 0) {
        return fail(out_error, "read", path);
    }
    *out_bytes = (uint64_t)status.f_bavail * status.f_frsize;
    return GALEN_OK;
}

struct audit_disk *posix_disk(void)
{
    static const struct audit_disk_ops ops = {
        .make_folder = make_folder,
        .create = create,
        .append = append,
        .sync = sync_file,
        .close = close_file,
        .sync_path = sync_path,
        .put = put,
        .remove = remove_entry,
        .list = list,
        .read = read_file,
        .free_bytes = free_bytes,
    };
    static struct audit_disk disk = {&ops};
    return &disk;
}
