/* SPDX-License-Identifier: Apache-2.0 */
/* The audit of a simulated process: the real log on a simulated disk, with a writer that
 * takes its virtual time instead of a thread. */
#pragma once

#include "service/audit/audit.h"
#include "service/audit/log.h"
#include "virtual_disk.h"

struct virtual_audit {
    struct audit base; /* first */
    struct virtual *world;
    struct virtual_disk disk;
    struct audit_clock clock;
    struct ed25519 *key; /* borrowed */
    struct checkpoint_key checkpoint_key;
    struct audit_log *log;
    struct list queue;
    struct event commits;
};

void virtual_audit_init(struct virtual_audit *audit, struct virtual *world,
                        struct ed25519 *key);

/* No entry may be under way. */
void virtual_audit_deinit(struct virtual_audit *audit);

/* Whether a record with these words would be there after a power cut. */
bool virtual_audit_has(const struct virtual_audit *audit, struct bytes words);
