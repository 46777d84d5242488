/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/fake.h"

#include "base/invariant.h"

static void run_done(struct task *task)
{
    struct audit_entry *entry = LIST_ITEM(task, struct audit_entry, task);
    entry->done(entry);
}

void audit_fake_finish(struct audit_fake *fake)
{
    struct audit_entry *entry = fake->held;
    INVARIANT(entry != NULL);
    fake->held = NULL;
    entry->status = fake->status;
    entry->task.run = run_done;
    mailbox_post(entry->mailbox, &entry->task);
}

static void submit(struct audit *audit, struct list *entries)
{
    struct audit_fake *fake = (struct audit_fake *)audit;
    struct audit_entry *entry = LIST_ITEM(list_first(entries), struct audit_entry, link);
    INVARIANT(fake->held == NULL && entries->count == 1 &&
              entry->fields.size < sizeof(fake->text));
    list_remove(entries, &entry->link);
    memcpy(fake->text, entry->fields.data, entry->fields.size);
    fake->text[entry->fields.size] = '\0';
    fake->held = entry;
    fake->count++;
    if (!fake->holds) {
        audit_fake_finish(fake);
    }
}

void audit_fake_init(struct audit_fake *fake)
{
    static const struct audit_ops ops = {.submit = submit};
    *fake = (struct audit_fake){.base = {.ops = &ops}, .status = GALEN_OK};
    atomic_init(&fake->base.is_available, true);
}
