/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An audit for tests, of one entry at a time: keeps the last entry's fields, and finishes
 * entries at once, or when the test says so. Threads: one.
 */
#pragma once

#include "service/audit/audit.h"

#define AUDIT_FAKE_TEXT_SIZE 4096u

struct audit_fake {
    struct audit base; /* first */
    bool holds;        /* entries wait for audit_fake_finish */
    enum galen_status status;
    struct audit_entry *held; /* the last; NULL: none */
    size_t count;             /* of all that were submitted */
    char text[AUDIT_FAKE_TEXT_SIZE];
};

void audit_fake_init(struct audit_fake *fake);

/* The held entry is done, with the fake's status. */
void audit_fake_finish(struct audit_fake *fake);
