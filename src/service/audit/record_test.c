/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/record.h"

#include "base/limits.h"

#include "expect.h"

static const struct audit_record_head head = {
    .seq = 7,
    .ts = BYTES_INIT("2026-11-25T20:55:16.123456Z"),
    .chain = BYTES_INIT("gateway-20261125T205516Z-1a2b3c4d5e6f7081"),
    .service = BYTES_INIT("gateway"),
    .key_id = BYTES_INIT("audit-hmac-000001"),
};

static const char expected_line[] =
    "{\"v\":1,\"seq\":7,\"ts\":\"2026-11-25T20:55:16.123456Z\","
    "\"chain\":\"gateway-20261125T205516Z-1a2b3c4d5e6f7081\",\"service\":\"gateway\","
    "\"key_id\":\"audit-hmac-000001\",\"event\":\"infer\",\"dur_us\":12,\"prev\":\""
    "0101010101010101010101010101010101010101010101010101010101010101\",\"hash\":\""
    /* Python: hashlib.sha256(b'\0' + b'\1' * 32 + line_without_hash).hexdigest() */
    "858c12229c362b5fe818d7edf722a28551a74d8016061712adede08518998095\"}\n";

static struct sha256 *sha256;
static struct writer out;
static uint8_t hash[SHA256_SIZE];

static struct bytes write_line(void)
{
    uint8_t prev[SHA256_SIZE];
    memset(prev, 1, sizeof(prev));
    assert_int_equal(audit_record_write(&head, BYTES("{\"event\":\"infer\",\"dur_us\":12}"),
                                        prev, sha256, &out, hash),
                     GALEN_OK);
    return writer_bytes(&out);
}

static struct bytes without_line_feed(struct bytes line)
{
    return bytes_first(line, line.size - 1);
}

static int setup(void **state)
{
    (void)state;
    writer_init(&out, 1 << 20);
    return sha256_create(&sha256) == GALEN_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    writer_deinit(&out);
    sha256_destroy(sha256);
    return 0;
}

static void a_record_is_written_as_documented(void **state)
{
    (void)state;
    const struct bytes line = write_line();
    assert_int_equal(line.size, sizeof(expected_line) - 1);
    assert_memory_equal(line.data, expected_line, line.size);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    struct audit_record record;
    uint8_t again[SHA256_SIZE];
    const struct bytes line = write_line();
    assert_int_equal(audit_record_read(without_line_feed(line), &record), GALEN_OK);
    assert_int_equal(record.head.seq, 7);
    assert_true(bytes_equal(record.head.ts, head.ts));
    assert_true(bytes_equal(record.head.chain, head.chain));
    assert_true(bytes_equal(record.head.service, head.service));
    assert_true(bytes_equal(record.head.key_id, head.key_id));
    assert_true(bytes_equal_string(record.event, "infer"));
    assert_int_equal(audit_record_hash(&record, sha256, again), GALEN_OK);
    assert_memory_equal(record.hash, hash, sizeof(hash));
    assert_memory_equal(again, hash, sizeof(hash));
}

/* Whether a damaged line is told from the one that was written: it has another form,
 * another hash, or what a chain compares is another. */
static bool is_told(struct bytes line)
{
    struct audit_record record;
    uint8_t computed[SHA256_SIZE];
    if (audit_record_read(without_line_feed(line), &record) != GALEN_OK) {
        return true;
    }
    assert_int_equal(audit_record_hash(&record, sha256, computed), GALEN_OK);
    return memcmp(computed, record.hash, sizeof(computed)) != 0;
}

static void every_flipped_bit_is_told(void **state)
{
    (void)state;
    const struct bytes line = write_line();
    uint8_t copy[1024];
    assert_true(line.size <= sizeof(copy));
    for (size_t i = 0; i < line.size - 1; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            memcpy(copy, line.data, line.size);
            copy[i] ^= (uint8_t)(1U << bit);
            assert_true(is_told(bytes_of(copy, line.size)));
        }
    }
}

static void every_part_of_a_line_is_refused(void **state)
{
    (void)state;
    struct audit_record record;
    const struct bytes line = without_line_feed(write_line());
    for (size_t size = 0; size < line.size; size++) {
        assert_int_equal(audit_record_read(bytes_first(line, size), &record),
                         GALEN_INVALID);
    }
}

static void a_line_that_is_too_long_is_refused(void **state)
{
    (void)state;
    static uint8_t line[LIMIT_AUDIT_RECORD_SIZE_BYTES_MAX];
    struct audit_record record;
    memset(line, ' ', sizeof(line));
    assert_int_equal(audit_record_read(bytes_of(line, sizeof(line)), &record),
                     GALEN_INVALID);
}

static void names_of_chains_are_told(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "gateway",
                                        "gateway-20261125T205516Z",
                                        "gateway-20261125T205516Z-1a2b3c4d5e6f708",
                                        "gateway-20261125T205516Z-1a2b3c4d5e6f70811",
                                        "gateway-20261125T205516Z-1A2b3c4d5e6f7081",
                                        "Gateway-20261125T205516Z-1a2b3c4d5e6f7081",
                                        "-20261125T205516Z-1a2b3c4d5e6f7081",
                                        "gateway-20261125205516ZZ-1a2b3c4d5e6f7081",
                                        "../x-20261125T205516Z-1a2b3c4d5e6f7081"};
    assert_true(audit_chain_name_is_valid(head.chain));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(audit_chain_name_is_valid(bytes_from_string(wrong[i])));
    }
}

#define RECORD_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORD_TEST(a_record_is_written_as_documented),
        RECORD_TEST(what_is_written_is_read),
        RECORD_TEST(every_flipped_bit_is_told),
        RECORD_TEST(every_part_of_a_line_is_refused),
        RECORD_TEST(a_line_that_is_too_long_is_refused),
        RECORD_TEST(names_of_chains_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
