/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk in memory that behaves as badly as disks may: what was not synced is lost when the
 * machine stops, or part of it is, or a page in its middle; it gets full; a sync fails and
 * what it was for is gone, though it can still be read.
 *
 * Threads: one.
 */
#pragma once

#include "service/audit/disk.h"
#include "virtual.h"

struct virtual_file;

struct virtual_disk {
    struct audit_disk base; /* first */
    struct virtual *world;
    struct virtual_file *files;
    uint64_t size_bytes;
    uint64_t size_bytes_max;  /* beyond it there is no space */
    uint32_t sync_fails;      /* per thousand */
    uint32_t append_fails;    /* per thousand, after a part was written */
    uint64_t operations_left; /* then the machine stops: everything fails until it starts */
};

void virtual_disk_init(struct virtual_disk *disk, struct virtual *world);
void virtual_disk_deinit(struct virtual_disk *disk);

/* Everything that was open is to be closed first. Loses what may be lost. */
void virtual_disk_restart(struct virtual_disk *disk);

/* Whether these words stand in what would be there after a power cut. */
bool virtual_disk_has(const struct virtual_disk *disk, struct bytes words);

/* Calls visit for every file. */
void virtual_disk_visit(const struct virtual_disk *disk,
                        void (*visit)(void *context, const char *path,
                                      struct bytes content),
                        void *context);
