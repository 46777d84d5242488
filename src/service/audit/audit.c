/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/audit.h"

#include "crypto/hmac.h"

static void on_flush(struct task *task)
{
    struct audit_lane *lane = LIST_ITEM(task, struct audit_lane, flush_);
    lane->audit->ops->submit(lane->audit, &lane->entries_);
}

void audit_lane_init(struct audit_lane *lane, struct audit *audit, struct hmac *hmac,
                     struct mailbox *mailbox)
{
    *lane = (struct audit_lane){
        .audit = audit, .hmac = hmac, .mailbox = mailbox, .flush_ = {.run = on_flush}};
    list_init(&lane->entries_);
}

void audit_lane_submit(struct audit_lane *lane, struct audit_entry *entry)
{
    if (list_is_empty(&lane->entries_)) {
        mailbox_post(lane->mailbox, &lane->flush_);
    }
    list_append(&lane->entries_, &entry->link);
}

enum galen_status audit_lane_pseudonym(const struct audit_lane *lane, struct bytes bytes,
                                       uint8_t *out_code)
{
    return hmac_of(lane->hmac, bytes, out_code);
}
