/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a role's requests leave their records. An entry is the caller's storage: from
 * submit until `done` runs, as a task of its mailbox and exactly once, it and its fields
 * belong to the audit. Who answers a client waits for done.
 *
 * Threads: submit from any; done on the mailbox's own. Blocking: never.
 */
#pragma once

#include <stdatomic.h>

#include "base/bytes.h"
#include "base/list.h"
#include "base/mailbox.h"
#include "base/status.h"

struct audit_entry {
    /* the caller's */
    struct bytes fields; /* audit_event_write's */
    struct mailbox *mailbox;
    void (*done)(struct audit_entry *entry);
    void *context;

    enum galen_status status; /* from done on; GALEN_OK: durable; GALEN_AUDIT_UNAVAILABLE */

    /* the audit's, from submit until done */
    struct task task;
    struct list_link link;
};

struct audit;

struct hmac;

struct audit_ops {
    /* Takes all entries; the list is empty when it returns. */
    void (*submit)(struct audit *audit, struct list *entries);
};

/* The first member of each implementation. */
struct audit {
    const struct audit_ops *ops;
    atomic_bool is_available; /* false: what is submitted now would be refused */
};

static inline bool audit_is_available(struct audit *audit)
{
    return atomic_load_explicit(&audit->is_available, memory_order_relaxed);
}

/*
 * A loop's way to the audit. What is submitted in one turn of the loop goes on at the
 * turn's end, together: who is busy shares a sync. Threads: the loop's.
 */
struct audit_lane {
    struct audit *audit;     /* borrowed */
    struct hmac *hmac;       /* borrowed; the loop's own, of the key that records name */
    struct mailbox *mailbox; /* the loop's */
    struct list entries_;
    struct task flush_;
};

void audit_lane_init(struct audit_lane *lane, struct audit *audit, struct hmac *hmac,
                     struct mailbox *mailbox);
void audit_lane_submit(struct audit_lane *lane, struct audit_entry *entry);

/* out_code: 32 bytes. GALEN_INTERNAL, GALEN_NO_MEMORY. */
MUST_USE enum galen_status audit_lane_pseudonym(const struct audit_lane *lane,
                                                struct bytes bytes, uint8_t *out_code);
