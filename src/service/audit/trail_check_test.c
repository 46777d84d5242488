/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/trail_check.h"

#include <dirent.h>
#include <stdlib.h>

#include "audit_sample.h"

#define FIRST "gateway-20261125T205516Z-1a2b3c4d5e6f7081"
#define SECOND "gateway-20261125T205517Z-2a2b3c4d5e6f7081"
#define OTHER "serve-20261125T205516Z-3a2b3c4d5e6f7081"

static const char torn_line[] = "{\"v\":1,\"seq\":5,\"ts\":\"2026";
static const char torn_note[] = "galen.audit/gatew";

enum { FILE_SIZE_MAX = 65536, REPORT_COUNT_MAX = 8 };

static struct temporary_folder *folder;
static struct sample_signer signer;
static char trail_path[SAMPLE_PATH_SIZE];
static char witness_path[SAMPLE_PATH_SIZE];
static struct temporary_folder trail;

static struct {
    struct audit_chain_report reports[REPORT_COUNT_MAX];
    char names[REPORT_COUNT_MAX][AUDIT_CHAIN_NAME_SIZE];
    size_t count;
    size_t fault_count;
    size_t stranger_count;
} found;

/* Killed in its second segment, with half a record and half a note. */
static void write_first(struct sample_chain *chain)
{
    sample_begin(chain, &trail, &signer, FIRST);
    chain->witness = "../witness";
    sample_infer(chain);
    sample_checkpoint(chain);
    sample_infer(chain);
    chain->segment++;
    sample_infer(chain);
    sample_checkpoint(chain);
    sample_infer(chain);
    sample_put_in_segment(chain, bytes_from_string(torn_line));
    sample_put(chain, "checkpoints", bytes_from_string(torn_note));
}

static void write_second(const struct sample_chain *first)
{
    struct sample_chain chain;
    sample_follow(&chain, first, SECOND, torn_line, torn_note);
    chain.witness = "../witness";
    sample_infer(&chain);
    sample_checkpoint(&chain);
    sample_stop(&chain);
    sample_close(&chain);
}

/* Of another service, and running. */
static void write_other(void)
{
    struct sample_chain chain;
    sample_begin(&chain, &trail, &signer, OTHER);
    sample_infer(&chain);
    sample_close(&chain);
}

static int setup(void **state)
{
    struct sample_chain first;
    if (folder_create(state) != 0) {
        return -1;
    }
    folder = *state;
    signer_create(&signer);
    folder_mkdir(folder, "trail");
    folder_mkdir(folder, "witness");
    (void)snprintf(trail_path, sizeof(trail_path), "%s/trail", folder->path);
    (void)snprintf(witness_path, sizeof(witness_path), "%s/witness", folder->path);
    trail.descriptor = open(trail_path, O_DIRECTORY | O_CLOEXEC);
    write_first(&first);
    write_second(&first);
    write_other();
    sample_close(&first);
    return 0;
}

static int teardown(void **state)
{
    (void)close(trail.descriptor);
    signer_destroy(&signer);
    return folder_destroy(state);
}

static void on_chain(void *context, const struct audit_chain_report *report)
{
    (void)context;
    assert_true(found.count < REPORT_COUNT_MAX);
    found.reports[found.count] = *report;
    (void)snprintf(found.names[found.count], sizeof(found.names[0]), "%s", report->chain);
    found.count++;
    found.fault_count += report->fault.kind != AUDIT_FAULT_NONE;
}

static void on_stranger(void *context, const char *path, const char *name)
{
    (void)context, (void)path, (void)name;
    found.stranger_count++;
}

static void check_with(const char *witness)
{
    const struct audit_trail_check check = {
        .trail = trail_path,
        .witness = witness,
        .keys = &signer.key,
        .key_count = 1,
        .on_chain = on_chain,
        .on_stranger = on_stranger,
    };
    memset(&found, 0, sizeof(found));
    EXPECT_OK(audit_trail_check_run(&check, NULL));
}

static void check(void)
{
    check_with(NULL);
}

static const struct audit_chain_report *report_of(const char *chain)
{
    size_t i = 0;
    while (i < found.count && strcmp(found.names[i], chain) != 0) {
        i++;
    }
    assert_true(i < found.count);
    return &found.reports[i];
}

static void expect_fault(const char *chain, enum audit_fault_kind kind, uint64_t seq)
{
    const struct audit_chain_report *report = report_of(chain);
    assert_string_equal(audit_fault_slug(report->fault.kind), audit_fault_slug(kind));
    assert_int_equal(report->fault.seq, seq);
}

static void remove_in_trail(const char *path)
{
    assert_int_equal(unlinkat(trail.descriptor, path, 0), 0);
}

static void a_whole_trail_is_right(void **state)
{
    (void)state;
    check_with(witness_path);
    assert_int_equal(found.fault_count, 0);
    assert_int_equal(found.count, 3);
    assert_int_equal(found.stranger_count, 0);
    const struct audit_chain_report *first = report_of(FIRST);
    assert_int_equal(first->state, AUDIT_CHAIN_OPEN);
    assert_int_equal(first->record_count, 5);
    assert_int_equal(first->signed_count, 4);
    assert_int_equal(first->checkpoint_count, 2);
    assert_int_equal(first->witness_count, 2);
    assert_int_equal(first->torn_bytes, sizeof(torn_line) - 1);
    assert_int_equal(report_of(SECOND)->state, AUDIT_CHAIN_STOPPED);
    assert_int_equal(report_of(OTHER)->signed_count, 0);
}

/* One file of the trail, put back when the test has looked. */
struct victim {
    char path[SAMPLE_PATH_SIZE];
    uint8_t bytes[FILE_SIZE_MAX];
    size_t size;
};

static void read_victim(const char *path, struct victim *out_victim)
{
    const int file = openat(trail.descriptor, path, O_RDONLY | O_CLOEXEC);
    assert_true(file >= 0);
    (void)snprintf(out_victim->path, sizeof(out_victim->path), "%s", path);
    const ssize_t size = read(file, out_victim->bytes, sizeof(out_victim->bytes));
    assert_true(size >= 0 && (size_t)size < sizeof(out_victim->bytes));
    out_victim->size = (size_t)size;
    assert_int_equal(close(file), 0);
}

static void expect_found(const struct victim *victim, size_t offset, uint8_t byte)
{
    check();
    if (found.fault_count == 0) {
        fail_msg("%s: byte %zu may be %u", victim->path, offset, byte);
    }
}

static void try_byte(const struct victim *victim, int file, size_t offset, uint8_t byte)
{
    if (byte != victim->bytes[offset]) {
        assert_int_equal(pwrite(file, &byte, 1, (off_t)offset), 1);
        expect_found(victim, offset, byte);
        assert_int_equal(pwrite(file, &victim->bytes[offset], 1, (off_t)offset), 1);
    }
}

static void try_all_bytes(const struct victim *victim)
{
    const int file = openat(trail.descriptor, victim->path, O_RDWR | O_CLOEXEC);
    assert_true(file >= 0);
    for (size_t i = 0; i < victim->size; i++) {
        try_byte(victim, file, i, victim->bytes[i] ^ (uint8_t)(1U << (i % 8)));
        try_byte(victim, file, i, victim->bytes[i] ^ 0x20);
        try_byte(victim, file, i, '\n');
        try_byte(victim, file, i, 0);
    }
    assert_int_equal(close(file), 0);
}

/* Every file of every chain but what a running one has not signed and no other tells of. */
static const char *const victims[] = {
    FIRST "/000001.ndjson",  FIRST "/000002.ndjson", FIRST "/checkpoints",
    SECOND "/000001.ndjson", SECOND "/checkpoints",  OTHER "/000001.ndjson",
};
enum { VICTIM_COUNT = sizeof(victims) / sizeof(victims[0]) };

static void every_changed_byte_is_found(void **state)
{
    (void)state;
    static struct victim victim;
    for (size_t i = 0; i < VICTIM_COUNT; i++) {
        read_victim(victims[i], &victim);
        try_all_bytes(&victim);
    }
    check();
    assert_int_equal(found.fault_count, 0);
}

/* What is cut off behind the last checkpoint of a chain that nobody tells of is all that
 * may be missing unseen, and only whole records of it. */
static void every_missing_end_is_found(void **state)
{
    (void)state;
    static struct victim victim;
    for (size_t i = 0; i < VICTIM_COUNT - 1; i++) {
        read_victim(victims[i], &victim);
        for (size_t size = victim.size; size-- > 0;) {
            const int file = openat(trail.descriptor, victim.path, O_RDWR | O_CLOEXEC);
            assert_int_equal(ftruncate(file, (off_t)size), 0);
            assert_int_equal(close(file), 0);
            expect_found(&victim, size, 0);
        }
        folder_write(&trail, victim.path, bytes_of(victim.bytes, victim.size));
    }
}

static void a_byte_more_is_found(void **state)
{
    (void)state;
    static struct victim victim;
    for (size_t i = 0; i < VICTIM_COUNT; i++) {
        read_victim(victims[i], &victim);
        sample_append_file(&trail, victim.path, BYTES("\n"));
        expect_found(&victim, victim.size, '\n');
        folder_write(&trail, victim.path, bytes_of(victim.bytes, victim.size));
    }
}

static void a_missing_segment_is_found(void **state)
{
    (void)state;
    remove_in_trail(FIRST "/000001.ndjson");
    check();
    expect_fault(FIRST, AUDIT_FAULT_SEGMENT_MISSING, 0);
}

static void a_missing_last_segment_is_found(void **state)
{
    (void)state;
    remove_in_trail(FIRST "/000002.ndjson");
    check();
    expect_fault(FIRST, AUDIT_FAULT_RECORDS_SHORT, 3);
}

static void missing_checkpoints_are_found(void **state)
{
    (void)state;
    remove_in_trail(FIRST "/checkpoints");
    remove_in_trail(SECOND "/checkpoints");
    check();
    expect_fault(FIRST, AUDIT_FAULT_CHECKPOINTS_SHORT, 5);
    expect_fault(SECOND, AUDIT_FAULT_STOP_UNSIGNED, 0);
}

static void a_missing_chain_is_found_by_its_successor(void **state)
{
    (void)state;
    assert_int_equal(renameat(trail.descriptor, FIRST, folder->descriptor, "gone"), 0);
    check();
    expect_fault(FIRST, AUDIT_FAULT_CHAIN_MISSING, 0);
    assert_int_equal(report_of(FIRST)->state, AUDIT_CHAIN_MISSING);
    assert_int_equal(found.fault_count, 1);
}

static void a_missing_last_chain_is_found_by_the_witness(void **state)
{
    (void)state;
    assert_int_equal(renameat(trail.descriptor, SECOND, folder->descriptor, "gone"), 0);
    check_with(witness_path);
    expect_fault(SECOND, AUDIT_FAULT_CHAIN_MISSING, 0);
    expect_fault(FIRST, AUDIT_FAULT_TORN_CHECKPOINT, 4);
}

static void a_stranger_in_a_chain_is_a_fault(void **state)
{
    (void)state;
    folder_write(&trail, FIRST "/000001.ndjson.bak", BYTES("x"));
    folder_write(&trail, "notes.txt", BYTES("x"));
    check();
    expect_fault(FIRST, AUDIT_FAULT_NAME, 5);
    assert_int_equal(found.stranger_count, 1);
    assert_int_equal(found.fault_count, 1);
}

static void a_link_in_a_chain_is_not_followed(void **state)
{
    (void)state;
    assert_int_equal(
        renameat(trail.descriptor, FIRST "/000001.ndjson", folder->descriptor, "moved"), 0);
    folder_link(&trail, FIRST "/000001.ndjson", "../../moved");
    check();
    expect_fault(FIRST, AUDIT_FAULT_UNREADABLE, 0);
}

static void a_torn_end_that_nobody_tells_of_is_a_fault(void **state)
{
    (void)state;
    sample_append_file(&trail, OTHER "/000001.ndjson", BYTES("{\"v\":1"));
    check();
    expect_fault(OTHER, AUDIT_FAULT_TORN, 2);
}

static void a_chain_without_a_record_is_empty(void **state)
{
    (void)state;
    folder_mkdir(&trail, "engine-20261125T205516Z-1a2b3c4d5e6f7081");
    check();
    assert_int_equal(found.fault_count, 0);
    assert_int_equal(report_of("engine-20261125T205516Z-1a2b3c4d5e6f7081")->state,
                     AUDIT_CHAIN_EMPTY);
}

static void a_trail_that_is_not_there_is_told(void **state)
{
    (void)state;
    const struct audit_trail_check none = {.trail = "/nonexistent/trail"};
    struct error error;
    EXPECT_STATUS(GALEN_NOT_FOUND, audit_trail_check_run(&none, &error));
    assert_non_null(strstr(error.text, "/nonexistent/trail"));
}

#define TRAIL_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRAIL_TEST(a_whole_trail_is_right),
        TRAIL_TEST(every_changed_byte_is_found),
        TRAIL_TEST(every_missing_end_is_found),
        TRAIL_TEST(a_byte_more_is_found),
        TRAIL_TEST(a_missing_segment_is_found),
        TRAIL_TEST(a_missing_last_segment_is_found),
        TRAIL_TEST(missing_checkpoints_are_found),
        TRAIL_TEST(a_missing_chain_is_found_by_its_successor),
        TRAIL_TEST(a_missing_last_chain_is_found_by_the_witness),
        TRAIL_TEST(a_stranger_in_a_chain_is_a_fault),
        TRAIL_TEST(a_link_in_a_chain_is_not_followed),
        TRAIL_TEST(a_torn_end_that_nobody_tells_of_is_a_fault),
        TRAIL_TEST(a_chain_without_a_record_is_empty),
        TRAIL_TEST(a_trail_that_is_not_there_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
