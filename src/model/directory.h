/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folders and files below one that is open already, never through a link. All block on the
 * disk. Statuses: GALEN_NOT_FOUND; GALEN_INVALID: a link, or not what was asked for;
 * GALEN_TOO_LARGE; GALEN_UNAVAILABLE: the system's refusal; GALEN_NO_MEMORY. The error says
 * which in words that follow a path: "is a link".
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"

/* A descriptor that is closed on every way out: int file CLOSED_LATER = -1. */
#define CLOSED_LATER __attribute__((cleanup(directory_close_)))
void directory_close_(const int *descriptor);

enum directory_kind { DIRECTORY_FOLDER, DIRECTORY_FILE, DIRECTORY_LINK, DIRECTORY_OTHER };

struct directory_entry {
    const char *name;
    enum directory_kind kind;
    uint64_t inode;
    uint64_t size_bytes;
    uint64_t changed_ns; /* wall clock: of its content or of itself (ctime) */
};

/* parent AT_FDCWD: path is a path, and may be a link. Gives a descriptor. */
MUST_USE enum galen_status directory_open_root(const char *path, int *out_folder,
                                               struct error *out_error);
MUST_USE enum galen_status directory_open(int parent, const char *name, int *out_folder,
                                          struct error *out_error);

/* What is there by that name, itself also where it is a link. GALEN_NOT_FOUND. */
MUST_USE enum galen_status directory_look(int folder, const char *name,
                                          struct directory_entry *out_entry);

/* All entries but those that begin with '.', by name, in the arena. GALEN_TOO_LARGE: there
 * are more than count_max. */
MUST_USE enum galen_status directory_list(int folder, size_t count_max, struct arena *arena,
                                          struct directory_entry **out_entries,
                                          size_t *out_count, struct error *out_error);

/* A regular file of at most size_bytes_max. Gives a descriptor and its size. */
MUST_USE enum galen_status directory_open_file(int folder, const char *name,
                                               uint64_t size_bytes_max, int *out_file,
                                               uint64_t *out_size_bytes,
                                               struct error *out_error);

/* The same, read whole into the arena. */
MUST_USE enum galen_status directory_read_file(int folder, const char *name,
                                               uint64_t size_bytes_max, struct arena *arena,
                                               struct bytes *out_text,
                                               struct error *out_error);

/* What a link says, in the caller's buffer, with a NUL. GALEN_TOO_LARGE: it has no room. */
MUST_USE enum galen_status directory_read_link(int folder, const char *name,
                                               char *out_target, size_t size,
                                               struct error *out_error);
