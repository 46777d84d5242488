/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file system as the audit trail needs it: the port that the real one (posix_disk) and
 * the simulated one (tests/simulation/virtual_disk) implement.
 *
 * Everything blocks. GALEN_UNAVAILABLE is any failure of the disk, whose error number the
 * error names; a file that has failed once is not to be used again, but closed.
 */
#pragma once

#include "base/blob.h"
#include "base/bytes.h"
#include "base/error.h"

struct audit_disk;
struct audit_file;

struct audit_disk_ops {
    /* Durable in its parent when it returns. GALEN_OK also where it was there. */
    enum galen_status (*make_folder)(struct audit_disk *disk, const char *path,
                                     struct error *out_error);
    /* A new file, durable in its folder when it returns, or none; it must not be there. */
    enum galen_status (*create)(struct audit_disk *disk, const char *path,
                                struct audit_file **out_file, struct error *out_error);
    /* All of bytes, at the end. */
    enum galen_status (*append)(struct audit_file *file, struct bytes bytes,
                                struct error *out_error);
    /* When it returns GALEN_OK, what was appended survives the machine. */
    enum galen_status (*sync)(struct audit_file *file, struct error *out_error);
    void (*close)(struct audit_file *file);
    /* The same as sync for a file that somebody else wrote. GALEN_NOT_FOUND. */
    enum galen_status (*sync_path)(struct audit_disk *disk, const char *path,
                                   struct error *out_error);
    /* A whole file, durable when it returns, or none. It must not be there. */
    enum galen_status (*put)(struct audit_disk *disk, const char *path, struct bytes bytes,
                             struct error *out_error);

    /* A file, or a folder that is empty, of what never came to be. What cannot be removed
     * stays. */
    void (*remove)(struct audit_disk *disk, const char *path);

    /* Calls visit for each entry of the folder but "." and "..", in any order.
     * GALEN_NOT_FOUND: there is no such folder. */
    enum galen_status (*list)(struct audit_disk *disk, const char *path,
                              void (*visit)(void *context, const char *name), void *context,
                              struct error *out_error);
    /* All of a file, if it is not larger. GALEN_NOT_FOUND, GALEN_TOO_LARGE,
     * GALEN_NO_MEMORY. */
    enum galen_status (*read)(struct audit_disk *disk, const char *path,
                              size_t size_bytes_max, struct blob **out_blob,
                              struct error *out_error);
    /* That may still be written below path. */
    enum galen_status (*free_bytes)(struct audit_disk *disk, const char *path,
                                    uint64_t *out_bytes, struct error *out_error);
};

/* The first member of each implementation's disk and file. */
struct audit_disk {
    const struct audit_disk_ops *ops;
};
struct audit_file {
    const struct audit_disk_ops *ops;
};
