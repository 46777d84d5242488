/* SPDX-License-Identifier: Apache-2.0 */
#include "virtual_audit.h"

#include "base/clock.h"
#include "base/invariant.h"

enum { RETRY_MS = 3, SYNC_MS_MAX = 3 };

static uint64_t virtual_now(void *context)
{
    return ((const struct virtual *)context)->now_ns;
}

static void fill_random(void *context, uint8_t *out_bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        out_bytes[i] = (uint8_t)virtual_random(context);
    }
}

static void run_done(struct task *task)
{
    struct audit_entry *entry = LIST_ITEM(task, struct audit_entry, task);
    entry->done(entry);
}

static void schedule(struct virtual_audit *audit)
{
    virtual_schedule(audit->world, &audit->commits,
                     virtual_between(audit->world, 0, SYNC_MS_MAX * NS_PER_MS));
}

/* All that waits goes to the disk at once. */
static void on_commits(struct event *event)
{
    struct virtual_audit *audit = LIST_ITEM(event, struct virtual_audit, commits);
    struct list_link *link = list_first(&audit->queue);
    for (; link != NULL; link = list_next(&audit->queue, link)) {
        audit_log_append(audit->log, LIST_ITEM(link, struct audit_entry, link)->fields);
    }
    const enum galen_status status = audit_log_commit(audit->log);
    atomic_store(&audit->base.is_available, audit_log_is_available(audit->log));
    while ((link = list_first(&audit->queue)) != NULL) {
        struct audit_entry *entry = LIST_ITEM(link, struct audit_entry, link);
        list_remove(&audit->queue, link);
        entry->status = status;
        entry->task.run = run_done;
        mailbox_post(entry->mailbox, &entry->task);
    }
}

static void submit(struct audit *base, struct list *entries)
{
    struct virtual_audit *audit = (struct virtual_audit *)base;
    struct list_link *link;
    if (list_is_empty(&audit->queue)) {
        schedule(audit);
    }
    while ((link = list_first(entries)) != NULL) {
        list_remove(entries, link);
        list_append(&audit->queue, link);
    }
}

void virtual_audit_init(struct virtual_audit *audit, struct virtual *world,
                        struct ed25519 *key)
{
    static const struct audit_ops ops = {.submit = submit};
    static const char *const trails[] = {"audit"};
    *audit = (struct virtual_audit){.base = {.ops = &ops}, .world = world, .key = key};
    atomic_init(&audit->base.is_available, true);
    virtual_disk_init(&audit->disk, world);
    list_init(&audit->queue);
    audit->commits.run = on_commits;
    audit->clock = (struct audit_clock){virtual_now, virtual_now, fill_random, world};
    audit->checkpoint_key = (struct checkpoint_key){"checkpoint-000001", key};
    const struct audit_log_options options = {
        .chain = {.disk = &audit->disk.base,
                  .clock = &audit->clock,
                  .service = "gateway",
                  .instance = "simulation",
                  .boot_id = "0123456789abcdef",
                  .key_id = "audit-hmac-000001",
                  .checkpoint_key = &audit->checkpoint_key,
                  .segment_size_bytes_max = 1 << 14,
                  .checkpoint_records = 16,
                  .checkpoint_ns = NS_PER_S},
        .trails = trails,
        .trail_count = 1,
        .retry_ns = RETRY_MS * NS_PER_MS,
    };
    INVARIANT(audit_log_create(&options, &audit->log, NULL) == GALEN_OK);
}

void virtual_audit_deinit(struct virtual_audit *audit)
{
    INVARIANT(list_is_empty(&audit->queue));
    audit_log_close(audit->log);
    virtual_disk_deinit(&audit->disk);
}

bool virtual_audit_has(const struct virtual_audit *audit, struct bytes words)
{
    return virtual_disk_has(&audit->disk, words);
}
