/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The disk as a test sees it: the n-th call from now on fails with EIO, and where it is to
 * be a crash all after it too. For programs linked with --wrap of each call below.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct disk {
    size_t fail_at; /* 0: none */
    bool is_crash;  /* then nothing works any more */
};

static struct disk disk;

static inline bool disk_fails(void)
{
    const bool is_last = disk.fail_at == 1;
    if (disk.fail_at > 1 || (is_last && !disk.is_crash)) {
        disk.fail_at--;
    }
    errno = is_last ? EIO : errno;
    return is_last;
}

/* DISK_CALL(type, name, (parameters), (arguments)) */
#define DISK_CALL(name, parameters, arguments)                 \
    int disk_real_##name parameters __asm__("__real_" #name);  \
    int disk_##name parameters __asm__("__wrap_" #name);       \
    int disk_##name parameters                                 \
    {                                                          \
        return disk_fails() ? -1 : disk_real_##name arguments; \
    }

DISK_CALL(flock, (int file, int operation), (file, operation))
DISK_CALL(fsync, (int file), (file))
DISK_CALL(linkat,
          (int from_folder, const char *from, int to_folder, const char *to, int flags),
          (from_folder, from, to_folder, to, flags))
DISK_CALL(mkdirat, (int folder, const char *path, mode_t mode), (folder, path, mode))
DISK_CALL(renameat, (int from_folder, const char *from, int to_folder, const char *to),
          (from_folder, from, to_folder, to))
DISK_CALL(renameat2,
          (int from_folder, const char *from, int to_folder, const char *to,
           unsigned flags),
          (from_folder, from, to_folder, to, flags))
DISK_CALL(symlinkat, (const char *target, int folder, const char *path),
          (target, folder, path))
DISK_CALL(unlinkat, (int folder, const char *path, int flags), (folder, path, flags))

ssize_t disk_real_write(int file, const void *bytes, size_t size) __asm__("__real_write");
ssize_t disk_write(int file, const void *bytes, size_t size) __asm__("__wrap_write");
ssize_t disk_write(int file, const void *bytes, size_t size)
{
    return disk_fails() ? -1 : disk_real_write(file, bytes, size);
}

int disk_real_openat(int folder, const char *path, int flags,
                     ...) __asm__("__real_openat64");
int disk_openat(int folder, const char *path, int flags, ...) __asm__("__wrap_openat64");
int disk_openat(int folder, const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
    va_end(more);
    return disk_fails() ? -1 : disk_real_openat(folder, path, flags, mode);
}
