/* SPDX-License-Identifier: Apache-2.0 */
/* An explanation of records that a test makes up. Only for its tests. */
#pragma once

#include "app/explanation.h"

#include <stdio.h>

#include "expect.h"

#define EXPECT_CONTAINS(text, part) assert_non_null(strstr((text), (part)))

#define ZEROS_16 "0000000000000000"
#define ZEROS_64 ZEROS_16 ZEROS_16 ZEROS_16 ZEROS_16

static struct explanation explanation;

/* microsecond: of the record's time. fields: ",\"name\":value" and so on. */
static inline void add_to(const char *trail, const char *service, unsigned microsecond,
                          uint64_t seq, const char *event, const char *fields)
{
    static char line[LIMIT_AUDIT_RECORD_SIZE_BYTES_MAX];
    struct audit_record record;
    const int size =
        snprintf(line, sizeof(line),
                 "{\"v\":1,\"seq\":%llu,\"ts\":\"2026-11-25T20:55:16.%06uZ\",\"chain\":"
                 "\"%s-20261125T205500Z-1a2b3c4d5e6f7081\",\"service\":\"%s\",\"key_id\":"
                 "\"audit-hmac-000001\",\"event\":\"%s\"%s,\"prev\":\"" ZEROS_64
                 "\",\"hash\":\"" ZEROS_64 "\"}",
                 (unsigned long long)seq, microsecond, service, service, event, fields);
    assert_in_range(size, 1, sizeof(line) - 1);
    const struct bytes text = bytes_of(line, (size_t)size);
    EXPECT_OK(audit_record_read(text, &record));
    const struct audit_entry entry = {.record = &record, .line = text};
    EXPECT_OK(explanation_add(&explanation, trail, &entry));
}

static inline void add(const char *service, unsigned microsecond, uint64_t seq,
                       const char *event, const char *fields)
{
    add_to("audit", service, microsecond, seq, event, fields);
}

/* As if all had been found as it was written, under a checkpoint of so many records. */
static inline void approve(uint64_t checkpoint_size)
{
    for (size_t i = 0; i < explanation.count; i++) {
        struct explained *it = &explanation.records[i];
        it->is_checked = true;
        it->proof = EXPLAINED_PROVED;
        it->checkpoint_size = checkpoint_size;
        memset(it->checkpoint_root, 'a', sizeof(it->checkpoint_root));
    }
}

static int set_up(void **state)
{
    (void)state;
    explanation_init(&explanation, "request-1");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    explanation_deinit(&explanation);
    return 0;
}

#define EXPLAIN_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
