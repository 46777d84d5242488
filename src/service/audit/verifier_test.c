/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/verifier.h"

#include "expect.h"

enum { RECORD_COUNT = 12, LINE_SIZE_MAX = 1024 };

static const char chain[] = "gateway-20261125T205516Z-1a2b3c4d5e6f7081";

/* A chain in memory: lines without their line feeds, and the tree behind each. */
static uint8_t lines[RECORD_COUNT + 1][LINE_SIZE_MAX];
static size_t sizes[RECORD_COUNT + 1];
static uint8_t roots[RECORD_COUNT + 1][SHA256_SIZE];
static struct sha256 *sha256;
static struct ed25519 *pair;
static struct checkpoint_key key;
static struct audit_verifier verifier;

static const char *fields_of(size_t seq)
{
    return seq == 0                  ? "{\"event\":\"start\"}"
           : seq == RECORD_COUNT - 1 ? "{\"event\":\"stop\"}"
                                     : "{\"event\":\"infer\",\"outcome\":\"ok\"}";
}

static void write_line(size_t seq, uint8_t *hash)
{
    struct writer out;
    const struct audit_record_head head = {
        .seq = seq,
        .ts = BYTES("2026-11-25T20:55:16.123456Z"),
        .chain = bytes_from_string(chain),
        .service = BYTES("gateway"),
        .key_id = BYTES("audit-hmac-000001"),
    };
    writer_init(&out, LINE_SIZE_MAX);
    EXPECT_OK(audit_record_write(&head, bytes_from_string(fields_of(seq)), hash, sha256,
                                 &out, hash));
    sizes[seq] = out.size - 1;
    memcpy(lines[seq], writer_bytes(&out).data, sizes[seq]);
    writer_deinit(&out);
}

static void begin(const struct audit_claim *claims, size_t claim_count)
{
    const struct audit_verifier_options options = {
        .chain = bytes_from_string(chain),
        .keys = &key,
        .key_count = 1,
        .claims = claims,
        .claim_count = claim_count,
        .sha256 = sha256,
    };
    audit_verifier_init(&verifier, &options);
}

static int setup(void **state)
{
    (void)state;
    uint8_t hash[SHA256_SIZE] = {0};
    struct merkle merkle;
    if (sha256_create(&sha256) != GALEN_OK || ed25519_generate(&pair) != GALEN_OK) {
        return -1;
    }
    key = (struct checkpoint_key){"checkpoint-000001", pair};
    merkle_init(&merkle, sha256);
    for (size_t seq = 0; seq < RECORD_COUNT; seq++) {
        write_line(seq, hash);
        EXPECT_OK(merkle_append(&merkle, hash));
        EXPECT_OK(merkle_root(&merkle, roots[seq + 1]));
    }
    begin(NULL, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sha256_destroy(sha256);
    ed25519_destroy(pair);
    return 0;
}

static struct bytes line_of(size_t seq)
{
    return bytes_of(lines[seq], sizes[seq]);
}

static enum galen_status give(size_t seq)
{
    return audit_verifier_record(&verifier, line_of(seq));
}

static void give_first(size_t count)
{
    for (size_t seq = 0; seq < count; seq++) {
        EXPECT_OK(give(seq));
    }
}

static enum galen_status sign(enum audit_source source, uint64_t size, const uint8_t *root)
{
    struct writer note;
    struct checkpoint checkpoint = {.chain = bytes_from_string(chain), .size = size};
    memcpy(checkpoint.root, root, SHA256_SIZE);
    writer_init(&note, LINE_SIZE_MAX);
    EXPECT_OK(checkpoint_write(&checkpoint, &key, &note));
    const enum galen_status status =
        audit_verifier_note(&verifier, source, writer_bytes(&note));
    writer_deinit(&note);
    return status;
}

static void expect_fault(enum audit_fault_kind kind, uint64_t seq, enum galen_status status)
{
    EXPECT_STATUS(GALEN_INVALID, status);
    assert_string_equal(audit_fault_slug(verifier.fault.kind), audit_fault_slug(kind));
    assert_int_equal(verifier.fault.seq, seq);
}

static void a_whole_chain_with_its_checkpoints_is_right(void **state)
{
    (void)state;
    EXPECT_OK(sign(AUDIT_SOURCE_CHAIN, 5, roots[5]));
    assert_false(audit_verifier_wants_note(&verifier, AUDIT_SOURCE_CHAIN));
    give_first(5);
    assert_true(audit_verifier_wants_note(&verifier, AUDIT_SOURCE_CHAIN));
    EXPECT_OK(sign(AUDIT_SOURCE_CHAIN, RECORD_COUNT, roots[RECORD_COUNT]));
    for (size_t seq = 5; seq < RECORD_COUNT; seq++) {
        EXPECT_OK(give(seq));
    }
    EXPECT_OK(audit_verifier_end(&verifier));
    assert_true(verifier.is_stopped);
    assert_int_equal(verifier.sources[AUDIT_SOURCE_CHAIN].covered, RECORD_COUNT);
    assert_int_equal(verifier.sources[AUDIT_SOURCE_CHAIN].count, 2);
}

static void every_changed_byte_is_found_at_its_record(void **state)
{
    (void)state;
    give_first(3);
    const struct audit_verifier before = verifier;
    uint8_t *line = lines[3];
    for (size_t i = 0; i < sizes[3]; i++) {
        const uint8_t right = line[i];
        for (unsigned other = 0; other < 256; other++) {
            line[i] = (uint8_t)other;
            if (other != right) {
                verifier = before;
                EXPECT_STATUS(GALEN_INVALID, give(3));
                assert_int_equal(verifier.fault.seq, 3);
            }
        }
        line[i] = right;
    }
}

static void a_deleted_line_is_missed_at_its_place(void **state)
{
    (void)state;
    give_first(4);
    expect_fault(AUDIT_FAULT_SEQ, 4, give(5));
}

static void a_line_said_twice_is_found(void **state)
{
    (void)state;
    give_first(4);
    expect_fault(AUDIT_FAULT_SEQ, 4, give(3));
}

static void a_chain_that_begins_late_is_found(void **state)
{
    (void)state;
    expect_fault(AUDIT_FAULT_SEQ, 0, give(1));
}

static void nothing_follows_a_stop(void **state)
{
    (void)state;
    give_first(RECORD_COUNT);
    expect_fault(AUDIT_FAULT_STOP, RECORD_COUNT, give(RECORD_COUNT - 1));
}

static void a_stopped_chain_is_signed_to_its_end(void **state)
{
    (void)state;
    EXPECT_OK(sign(AUDIT_SOURCE_CHAIN, 3, roots[3]));
    give_first(RECORD_COUNT);
    expect_fault(AUDIT_FAULT_STOP_UNSIGNED, 3, audit_verifier_end(&verifier));
}

static void missing_records_show_by_the_checkpoint(void **state)
{
    (void)state;
    EXPECT_OK(sign(AUDIT_SOURCE_CHAIN, 6, roots[6]));
    give_first(5);
    expect_fault(AUDIT_FAULT_CHECKPOINT_BEYOND, 5, audit_verifier_end(&verifier));
}

static void missing_records_show_by_the_witness(void **state)
{
    (void)state;
    EXPECT_OK(sign(AUDIT_SOURCE_WITNESS, 6, roots[6]));
    give_first(5);
    expect_fault(AUDIT_FAULT_WITNESS_BEYOND, 5, audit_verifier_end(&verifier));
}

static void a_checkpoint_over_other_records_is_found(void **state)
{
    (void)state;
    EXPECT_OK(sign(AUDIT_SOURCE_CHAIN, 2, roots[2]));
    give_first(2);
    EXPECT_OK(sign(AUDIT_SOURCE_CHAIN, 4, roots[5]));
    EXPECT_OK(give(2));
    expect_fault(AUDIT_FAULT_CHECKPOINT_ROOT, 2, give(3));
}

static void checkpoints_grow(void **state)
{
    (void)state;
    EXPECT_OK(sign(AUDIT_SOURCE_CHAIN, 2, roots[2]));
    give_first(2);
    expect_fault(AUDIT_FAULT_CHECKPOINT_ORDER, 2, sign(AUDIT_SOURCE_CHAIN, 2, roots[2]));
}

static void a_checkpoint_of_another_key_does_not_count(void **state)
{
    (void)state;
    struct ed25519 *other;
    EXPECT_OK(ed25519_generate(&other));
    const struct checkpoint_key right = key;
    key.key = other;
    verifier.options.keys = &right;
    expect_fault(AUDIT_FAULT_CHECKPOINT_KEY, 0, sign(AUDIT_SOURCE_CHAIN, 2, roots[2]));
    ed25519_destroy(other);
}

static void later_chains_are_believed(void **state)
{
    (void)state;
    struct audit_claim claims[2] = {{.record_count = 2}, {.record_count = 4}};
    struct audit_record record;
    for (size_t i = 0; i < 2; i++) {
        EXPECT_OK(audit_record_read(line_of(claims[i].record_count - 1), &record));
        memcpy(claims[i].hash, record.hash, SHA256_SIZE);
    }
    begin(claims, 2);
    give_first(3);
    expect_fault(AUDIT_FAULT_RECORDS_SHORT, 3, audit_verifier_end(&verifier));
    claims[1].hash[0] ^= 1;
    expect_fault(AUDIT_FAULT_RECORDS_OTHER, 3, give(3));
}

#define VERIFIER_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        VERIFIER_TEST(a_whole_chain_with_its_checkpoints_is_right),
        VERIFIER_TEST(every_changed_byte_is_found_at_its_record),
        VERIFIER_TEST(a_deleted_line_is_missed_at_its_place),
        VERIFIER_TEST(a_line_said_twice_is_found),
        VERIFIER_TEST(a_chain_that_begins_late_is_found),
        VERIFIER_TEST(nothing_follows_a_stop),
        VERIFIER_TEST(a_stopped_chain_is_signed_to_its_end),
        VERIFIER_TEST(missing_records_show_by_the_checkpoint),
        VERIFIER_TEST(missing_records_show_by_the_witness),
        VERIFIER_TEST(a_checkpoint_over_other_records_is_found),
        VERIFIER_TEST(checkpoints_grow),
        VERIFIER_TEST(a_checkpoint_of_another_key_does_not_count),
        VERIFIER_TEST(later_chains_are_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
