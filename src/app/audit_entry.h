/* SPDX-License-Identifier: Apache-2.0 */
/* One record of a trail, and what it says. Pure. */
#pragma once

#include "codec/json.h"
#include "service/audit/record.h"

/* One record, borrowed until the next. */
struct audit_entry {
    const struct audit_record *record;
    struct bytes line;       /* without its line feed */
    const struct json *root; /* what it says; NULL: it is no JSON */
};

/* What stands at a path of audit.def: a string's or a number's text, or nothing. */
struct bytes audit_entry_text(const struct audit_entry *entry, const char *path);
uint64_t audit_entry_count(const struct audit_entry *entry, const char *path); /* 0: none */
