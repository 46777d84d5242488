/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/proof.h"

#include "service/audit/record.h"

#include "expect.h"

enum { RECORD_COUNT = 7, LINE_SIZE_MAX = 1024, TEXT_SIZE_MAX = 8192 };

static const char chain[] = "gateway-20261125T205516Z-1a2b3c4d5e6f7081";

static uint8_t lines[RECORD_COUNT][LINE_SIZE_MAX];
static size_t sizes[RECORD_COUNT];
static uint8_t hashes[RECORD_COUNT][SHA256_SIZE];
static uint8_t notes[RECORD_COUNT + 1][LINE_SIZE_MAX];
static size_t note_sizes[RECORD_COUNT + 1];
static struct sha256 *sha256;
static struct ed25519 *pair;
static struct checkpoint_key key;
static struct error error;

static void write_line(size_t seq)
{
    static const uint8_t zeros[SHA256_SIZE];
    struct writer out;
    const struct audit_record_head head = {
        .seq = seq,
        .ts = BYTES("2026-11-25T20:55:16.123456Z"),
        .chain = bytes_from_string(chain),
        .service = BYTES("gateway"),
        .key_id = BYTES("audit-hmac-000001"),
    };
    writer_init(&out, LINE_SIZE_MAX);
    EXPECT_OK(audit_record_write(&head, BYTES("{\"event\":\"infer\",\"a\":\"\xC3\xA9\"}"),
                                 seq == 0 ? zeros : hashes[seq - 1], sha256, &out,
                                 hashes[seq]));
    sizes[seq] = out.size - 1;
    memcpy(lines[seq], writer_bytes(&out).data, sizes[seq]);
    writer_deinit(&out);
}

static void write_note(const struct merkle *merkle)
{
    struct writer out;
    struct checkpoint checkpoint = {.chain = bytes_from_string(chain),
                                    .size = merkle->size};
    EXPECT_OK(merkle_root(merkle, checkpoint.root));
    writer_init(&out, LINE_SIZE_MAX);
    EXPECT_OK(checkpoint_write(&checkpoint, &key, &out));
    note_sizes[merkle->size] = out.size;
    memcpy(notes[merkle->size], writer_bytes(&out).data, out.size);
    writer_deinit(&out);
}

static int setup(void **state)
{
    (void)state;
    struct merkle merkle;
    if (sha256_create(&sha256) != GALEN_OK || ed25519_generate(&pair) != GALEN_OK) {
        return -1;
    }
    key = (struct checkpoint_key){"checkpoint-000001", pair};
    merkle_init(&merkle, sha256);
    for (size_t seq = 0; seq < RECORD_COUNT; seq++) {
        write_line(seq);
        EXPECT_OK(merkle_append(&merkle, hashes[seq]));
        write_note(&merkle);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sha256_destroy(sha256);
    ed25519_destroy(pair);
    return 0;
}

static struct bytes note_of(size_t size)
{
    return bytes_of(notes[size], note_sizes[size]);
}

static struct audit_proof prove_record(uint64_t seq, uint64_t size)
{
    struct audit_proof proof = {
        .kind = AUDIT_PROOF_INCLUSION,
        .chain = bytes_from_string(chain),
        .seq = seq,
        .record = bytes_of(lines[seq], sizes[seq]),
        .notes = {note_of(size)},
        .sizes = {size},
    };
    EXPECT_OK(merkle_prove_inclusion(sha256, hashes[0], size, seq, &proof.path));
    return proof;
}

static struct audit_proof prove_growth(uint64_t from, uint64_t to)
{
    struct audit_proof proof = {
        .kind = AUDIT_PROOF_CONSISTENCY,
        .chain = bytes_from_string(chain),
        .notes = {note_of(from), note_of(to)},
        .sizes = {from, to},
    };
    EXPECT_OK(merkle_prove_consistency(sha256, hashes[0], to, from, &proof.path));
    return proof;
}

static enum galen_status read_and_check(struct bytes text)
{
    struct arena arena;
    struct audit_proof proof;
    arena_init(&arena, 1 << 20);
    enum galen_status status = audit_proof_read(text, &arena, &proof, &error);
    if (status == GALEN_OK) {
        status = audit_proof_check(&proof, &key, 1, &error);
    }
    arena_deinit(&arena);
    return status;
}

static size_t write_proof(const struct audit_proof *proof, uint8_t *out_text)
{
    struct writer out;
    writer_init(&out, TEXT_SIZE_MAX);
    EXPECT_OK(audit_proof_write(proof, &out));
    const size_t size = out.size;
    memcpy(out_text, writer_bytes(&out).data, size);
    writer_deinit(&out);
    return size;
}

static void each_record_is_proved_by_each_checkpoint_over_it(void **state)
{
    (void)state;
    uint8_t text[TEXT_SIZE_MAX];
    for (uint64_t size = 1; size <= RECORD_COUNT; size++) {
        for (uint64_t seq = 0; seq < size; seq++) {
            const struct audit_proof proof = prove_record(seq, size);
            EXPECT_OK(read_and_check(bytes_of(text, write_proof(&proof, text))));
        }
    }
}

static void each_checkpoint_continues_those_before_it(void **state)
{
    (void)state;
    uint8_t text[TEXT_SIZE_MAX];
    for (uint64_t to = 1; to <= RECORD_COUNT; to++) {
        for (uint64_t from = 1; from <= to; from++) {
            const struct audit_proof proof = prove_growth(from, to);
            EXPECT_OK(read_and_check(bytes_of(text, write_proof(&proof, text))));
        }
    }
}

/* Every bit: what is still JSON and still a proof would prove the same, and nothing does.
 */
static void expect_no_other(const struct audit_proof *proof)
{
    uint8_t text[TEXT_SIZE_MAX];
    const size_t size = write_proof(proof, text);
    for (size_t i = 0; i + 1 < size; i++) {
        text[i] ^= (uint8_t)(1U << (i % 5));
        EXPECT_STATUS(GALEN_INVALID, read_and_check(bytes_of(text, size)));
        text[i] ^= (uint8_t)(1U << (i % 5));
    }
}

static void a_changed_proof_proves_nothing(void **state)
{
    (void)state;
    const struct audit_proof record = prove_record(3, 5);
    const struct audit_proof growth = prove_growth(3, 6);
    expect_no_other(&record);
    expect_no_other(&growth);
}

static void another_record_is_not_proved(void **state)
{
    (void)state;
    struct audit_proof proof = prove_record(3, 5);
    proof.record = bytes_of(lines[2], sizes[2]);
    EXPECT_STATUS(GALEN_INVALID, audit_proof_check(&proof, &key, 1, &error));
    proof.seq = 2;
    EXPECT_STATUS(GALEN_INVALID, audit_proof_check(&proof, &key, 1, &error));
    assert_non_null(strstr(error.text, "path"));
}

static void another_key_does_not_count(void **state)
{
    (void)state;
    struct ed25519 *other;
    EXPECT_OK(ed25519_generate(&other));
    const struct checkpoint_key wrong = {"checkpoint-000001", other};
    const struct audit_proof proof = prove_record(3, 5);
    EXPECT_STATUS(GALEN_INVALID, audit_proof_check(&proof, &wrong, 1, &error));
    ed25519_destroy(other);
}

static void what_is_no_proof_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "[]",
        "{}",
        "{\"proof\":\"magic\"}",
        "{\"proof\":\"inclusion\"}",
        "{\"proof\":\"consistency\",\"chain\":\"x\",\"from\":-1}",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        EXPECT_STATUS(GALEN_INVALID, read_and_check(bytes_from_string(wrong[i])));
    }
}

#define PROOF_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROOF_TEST(each_record_is_proved_by_each_checkpoint_over_it),
        PROOF_TEST(each_checkpoint_continues_those_before_it),
        PROOF_TEST(a_changed_proof_proves_nothing),
        PROOF_TEST(another_record_is_not_proved),
        PROOF_TEST(another_key_does_not_count),
        PROOF_TEST(what_is_no_proof_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
