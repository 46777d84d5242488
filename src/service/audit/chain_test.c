/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/chain.h"

#include "base/utc.h"
#include "service/audit/record.h"

#include "audit_rig.h"
#include "expect.h"

static struct audit_chain *open_chain(const struct audit_claim *known, uint64_t missed)
{
    struct audit_chain *chain = NULL;
    struct error error;
    EXPECT_OK(audit_chain_open(&audit_rig.options, audit_rig.trail, known, missed, &chain,
                               &error));
    return chain;
}

static void append(struct audit_chain *chain, const char *fields)
{
    audit_chain_append(chain, bytes_from_string(fields));
}

static void commit(struct audit_chain *chain)
{
    struct error error;
    EXPECT_OK(audit_chain_commit(chain, &error));
}

static void stop(struct audit_chain *chain)
{
    struct error error;
    EXPECT_OK(audit_chain_stop(chain, &error));
    audit_chain_close(chain);
}

/* A file of the chain of that name; the caller's. NULL: there is none. */
static struct blob *content(const char *chain, const char *name)
{
    char path[256];
    struct blob *blob = NULL;
    (void)snprintf(path, sizeof(path), "%s/%s/%s", audit_rig.trail, chain, name);
    (void)posix_disk()->ops->read(posix_disk(), path, 1 << 24, &blob, NULL);
    return blob;
}

static struct bytes text_of(struct blob *blob)
{
    return bytes_of(blob_data(blob), blob_size(blob));
}

/* Reads the whole records of a text; returns how many. */
static size_t read_records(struct bytes text, struct audit_record *records,
                           size_t count_max)
{
    size_t count = 0;
    while (text.size > 0) {
        const struct bytes line = bytes_first(text, bytes_find(text, '\n'));
        assert_true(count < count_max && line.size < text.size);
        EXPECT_OK(audit_record_read(line, &records[count++]));
        text = bytes_from(text, line.size + 1);
    }
    return count;
}

static bool has(struct bytes text, const char *words)
{
    return memmem(text.data, text.size, words, strlen(words)) != NULL;
}

static struct checkpoint last_checkpoint(struct bytes text, size_t *out_count)
{
    struct checkpoint checkpoint = {.size = 0};
    for (*out_count = 0; text.size > 0; (*out_count)++) {
        struct error error;
        EXPECT_OK(checkpoint_read(text, &audit_rig.checkpoint_key, 1, &checkpoint, &text,
                                  &error));
        assert_true(bytes_starts_with(text, BYTES("\n")));
        text = bytes_from(text, 1);
    }
    return checkpoint;
}

static void a_chain_goes_from_start_to_stop_and_is_signed(void **state)
{
    (void)state;
    struct audit_record records[4];
    char name[AUDIT_CHAIN_NAME_SIZE];
    size_t checkpoint_count = 0;
    struct audit_chain *chain = open_chain(NULL, 0);
    memcpy(name, audit_chain_name(chain), sizeof(name));
    append(chain, "{\"event\":\"infer\"}");
    commit(chain);
    stop(chain);

    struct blob *segment = content(name, "000001.ndjson");
    struct blob *notes = content(name, "checkpoints");
    assert_int_equal(read_records(text_of(segment), records, 4), 3);
    assert_true(bytes_equal_string(records[0].event, "start"));
    assert_true(bytes_equal_string(records[1].event, "infer"));
    assert_true(bytes_equal_string(records[2].event, "stop"));
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(records[i].head.seq, i);
        assert_true(bytes_equal_string(records[i].head.chain, name));
        assert_memory_equal(records[i].prev,
                            i == 0 ? (const uint8_t[SHA256_SIZE]){0} : records[i - 1].hash,
                            SHA256_SIZE);
    }
    assert_int_equal(last_checkpoint(text_of(notes), &checkpoint_count).size, 3);
    assert_int_equal(checkpoint_count, 2);
    blob_unref(segment);
    blob_unref(notes);
}

static void what_is_appended_is_nowhere_until_commit(void **state)
{
    (void)state;
    struct audit_chain *chain = open_chain(NULL, 0);
    append(chain, "{\"event\":\"infer\"}");
    struct blob *before = content(audit_chain_name(chain), "000001.ndjson");
    assert_false(has(text_of(before), "infer"));
    commit(chain);
    struct blob *after = content(audit_chain_name(chain), "000001.ndjson");
    assert_true(has(text_of(after), "infer"));
    blob_unref(before);
    blob_unref(after);
    audit_chain_close(chain);
}

static void a_chain_commits_to_the_one_before_it(void **state)
{
    (void)state;
    struct audit_record first[4];
    struct audit_record second[4];
    char name[AUDIT_CHAIN_NAME_SIZE];
    struct audit_chain *chain = open_chain(NULL, 0);
    memcpy(name, audit_chain_name(chain), sizeof(name));
    stop(chain);
    audit_rig.now_ns += NS_PER_S;
    chain = open_chain(NULL, 7);
    struct blob *before = content(name, "000001.ndjson");
    struct blob *after = content(audit_chain_name(chain), "000001.ndjson");
    assert_int_equal(read_records(text_of(before), first, 4), 2);
    assert_int_equal(read_records(text_of(after), second, 4), 1);
    assert_memory_equal(second[0].prev, first[1].hash, SHA256_SIZE);
    char expected[160];
    (void)snprintf(expected, sizeof(expected),
                   "\"missed\":7,\"previous\":{\"chain\":\"%s\",\"records\":2,"
                   "\"checkpoint_bytes\":",
                   name);
    assert_true(has(text_of(after), expected));
    assert_false(has(text_of(after), "torn"));
    blob_unref(before);
    blob_unref(after);
    stop(chain);
}

static void expect_name_behind(const char *time)
{
    char known[AUDIT_CHAIN_NAME_SIZE];
    struct audit_claim end = {.record_count = 1};
    (void)snprintf(known, sizeof(known), "gateway-%s-fedcba9876543210", time);
    memcpy(end.chain, known, sizeof(known));
    struct audit_chain *chain = open_chain(&end, 0);
    assert_true(strcmp(audit_chain_name(chain), known) > 0);
    assert_memory_equal(audit_chain_name(chain), known, sizeof("gateway-") + strlen(time));
    assert_true(audit_chain_name_is_valid(bytes_from_string(audit_chain_name(chain))));
    stop(chain);
}

static void the_newest_chain_has_the_greatest_name(void **state)
{
    (void)state;
    char now[UTC_COMPACT_SIZE];
    utc_write_compact(rig_wall_ns(NULL), now);
    expect_name_behind(now);
    expect_name_behind("29991231T235959Z");
}

static void a_torn_record_is_vouched_for(void **state)
{
    (void)state;
    char path[256];
    struct audit_chain *chain = open_chain(NULL, 0);
    (void)snprintf(path, sizeof(path), "%s/%s/000001.ndjson", audit_rig.trail,
                   audit_chain_name(chain));
    audit_chain_close(chain);
    FILE *file = fopen(path, "ae");
    assert_non_null(file);
    assert_true(fputs("{\"v\":1,\"seq\":1,\"ts", file) >= 0);
    assert_int_equal(fclose(file), 0);
    audit_rig.now_ns += NS_PER_S;
    chain = open_chain(NULL, 0);
    struct blob *after = content(audit_chain_name(chain), "000001.ndjson");
    /* sha256sum of these 18 bytes */
    assert_true(
        has(text_of(after),
            "\"records\":1,\"torn_bytes\":18,\"torn_sha256\":"
            "\"e1d98c69b1d0b1d164b15de53ffed99e1b194bdfaf77e67ce4d921aecbbf80e7\""));
    blob_unref(after);
    stop(chain);
}

static void a_chain_without_a_record_is_no_predecessor(void **state)
{
    (void)state;
    struct audit_claim found;
    struct error error;
    char name[AUDIT_CHAIN_NAME_SIZE];
    struct audit_chain *chain = open_chain(NULL, 0);
    memcpy(name, audit_chain_name(chain), sizeof(name));
    stop(chain);
    scratch_write(&audit_rig.scratch,
                  "audit/gateway-29991231T235959Z-0000000000000000/000001.ndjson", "");
    scratch_write(&audit_rig.scratch,
                  "audit/engine-29991231T235959Z-0000000000000000/000001.ndjson", "");
    EXPECT_OK(audit_predecessor_find(&audit_rig.disk.base, audit_rig.trail, "gateway",
                                     &found, &error));
    assert_string_equal(found.chain, name);
    assert_int_equal(found.record_count, 2);
}

static void a_chain_that_cannot_begin_leaves_nothing(void **state)
{
    (void)state;
    struct audit_chain *chain = NULL;
    struct error error;
    EXPECT_OK(posix_disk()->ops->make_folder(posix_disk(), audit_rig.trail, &error));
    atomic_store(&audit_rig.disk.append_fails, true);
    assert_int_equal(
        audit_chain_open(&audit_rig.options, audit_rig.trail, NULL, 0, &chain, &error),
        GALEN_UNAVAILABLE);
    assert_int_equal(rmdir(audit_rig.trail), 0);
}

static void draw_always_the_same(void *context, uint8_t *out_bytes, size_t size)
{
    (void)context;
    memset(out_bytes, 7, size);
}

static void a_chain_that_cannot_begin_takes_nothing_of_another(void **state)
{
    (void)state;
    const struct audit_claim none = {.record_count = 0};
    struct audit_chain *second = NULL;
    struct error error;
    audit_rig.clock.random = draw_always_the_same;
    struct audit_chain *first = open_chain(&none, 0);
    assert_int_equal(
        audit_chain_open(&audit_rig.options, audit_rig.trail, &none, 0, &second, &error),
        GALEN_UNAVAILABLE);
    struct blob *segment = content(audit_chain_name(first), "000001.ndjson");
    assert_non_null(segment);
    blob_unref(segment);
    stop(first);
}

static void a_chain_is_signed_as_it_begins(void **state)
{
    (void)state;
    size_t count = 0;
    struct audit_chain *chain = open_chain(NULL, 0);
    struct blob *notes = content(audit_chain_name(chain), "checkpoints");
    assert_int_equal(last_checkpoint(text_of(notes), &count).size, 1);
    assert_int_equal(audit_chain_checkpoint_due_ns(chain), CLOCK_NEVER);
    blob_unref(notes);
    stop(chain);
}

static void full_segments_are_followed_by_others(void **state)
{
    (void)state;
    struct audit_record records[4];
    audit_rig.options.segment_size_bytes_max = 600;
    struct audit_chain *chain = open_chain(NULL, 0);
    for (int i = 0; i < 4; i++) {
        append(chain, "{\"event\":\"infer\"}");
        commit(chain);
    }
    struct blob *second = content(audit_chain_name(chain), "000002.ndjson");
    assert_non_null(second);
    assert_true(read_records(text_of(second), records, 4) > 0);
    assert_true(records[0].head.seq > 0);
    blob_unref(second);
    stop(chain);
}

static uint64_t checkpointed_size(struct audit_chain *chain)
{
    size_t count = 0;
    struct blob *notes = content(audit_chain_name(chain), "checkpoints");
    const uint64_t size = last_checkpoint(text_of(notes), &count).size;
    blob_unref(notes);
    return size;
}

static void a_checkpoint_comes_after_so_many_records(void **state)
{
    (void)state;
    audit_rig.options.checkpoint_records = 2;
    struct audit_chain *chain = open_chain(NULL, 0);
    append(chain, "{\"event\":\"infer\"}");
    commit(chain);
    assert_int_equal(checkpointed_size(chain), 1);
    append(chain, "{\"event\":\"infer\"}");
    commit(chain);
    assert_int_equal(checkpointed_size(chain), 3);
    stop(chain);
}

static void a_checkpoint_comes_after_a_time(void **state)
{
    (void)state;
    struct audit_chain *chain = open_chain(NULL, 0);
    append(chain, "{\"event\":\"infer\"}");
    commit(chain);
    assert_int_equal(audit_chain_checkpoint_due_ns(chain), 2 * NS_PER_S);
    assert_int_equal(checkpointed_size(chain), 1);
    audit_rig.now_ns += NS_PER_S;
    commit(chain);
    assert_int_equal(checkpointed_size(chain), 2);
    assert_int_equal(audit_chain_checkpoint_due_ns(chain), CLOCK_NEVER);
    stop(chain);
}

static void the_witness_gets_each_checkpoint(void **state)
{
    (void)state;
    char witness[96];
    char name[AUDIT_CHAIN_NAME_SIZE];
    (void)snprintf(witness, sizeof(witness), "%s/witness", audit_rig.scratch.path);
    audit_rig.options.witness = witness;
    scratch_write(&audit_rig.scratch, "witness/readme", "");
    struct audit_chain *chain = open_chain(NULL, 0);
    memcpy(name, audit_chain_name(chain), sizeof(name));
    stop(chain);
    char path[256];
    struct blob *copy = NULL;
    (void)snprintf(path, sizeof(path), "%s/%s.00000000000000000002.checkpoint", witness,
                   name);
    EXPECT_OK(posix_disk()->ops->read(posix_disk(), path, 4096, &copy, NULL));
    struct blob *notes = content(name, "checkpoints");
    assert_non_null(
        memmem(blob_data(notes), blob_size(notes), blob_data(copy), blob_size(copy)));
    blob_unref(copy);
    blob_unref(notes);
}

static void a_witness_that_is_not_there_is_counted(void **state)
{
    (void)state;
    audit_rig.options.witness = "/nowhere/at/all";
    struct audit_chain *chain = open_chain(NULL, 0);
    struct error error;
    EXPECT_OK(audit_chain_stop(chain, &error));
    assert_int_equal(audit_chain_unwitnessed(chain), 2);
    audit_chain_close(chain);
}

static void after_a_failure_the_durable_end_is_told(void **state)
{
    (void)state;
    struct audit_claim end;
    struct error error;
    struct audit_chain *chain = open_chain(NULL, 0);
    append(chain, "{\"event\":\"infer\"}");
    atomic_store(&audit_rig.disk.fails, true);
    assert_int_equal(audit_chain_commit(chain, &error), GALEN_UNAVAILABLE);
    audit_chain_tell_end(chain, &end);
    assert_string_equal(end.chain, audit_chain_name(chain));
    assert_int_equal(end.record_count, 1);
    assert_true(end.is_unsure);
    audit_chain_close(chain);
    atomic_store(&audit_rig.disk.fails, false);
    chain = open_chain(&end, 1);
    struct blob *after = content(audit_chain_name(chain), "000001.ndjson");
    assert_true(has(text_of(after), "\"records\":1,\"unsure\":\"disk-failed\""));
    blob_unref(after);
    stop(chain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        AUDIT_RIG_TEST(a_chain_goes_from_start_to_stop_and_is_signed),
        AUDIT_RIG_TEST(what_is_appended_is_nowhere_until_commit),
        AUDIT_RIG_TEST(a_chain_commits_to_the_one_before_it),
        AUDIT_RIG_TEST(the_newest_chain_has_the_greatest_name),
        AUDIT_RIG_TEST(a_torn_record_is_vouched_for),
        AUDIT_RIG_TEST(a_chain_without_a_record_is_no_predecessor),
        AUDIT_RIG_TEST(a_chain_that_cannot_begin_leaves_nothing),
        AUDIT_RIG_TEST(a_chain_that_cannot_begin_takes_nothing_of_another),
        AUDIT_RIG_TEST(a_chain_is_signed_as_it_begins),
        AUDIT_RIG_TEST(full_segments_are_followed_by_others),
        AUDIT_RIG_TEST(a_checkpoint_comes_after_so_many_records),
        AUDIT_RIG_TEST(a_checkpoint_comes_after_a_time),
        AUDIT_RIG_TEST(the_witness_gets_each_checkpoint),
        AUDIT_RIG_TEST(a_witness_that_is_not_there_is_counted),
        AUDIT_RIG_TEST(after_a_failure_the_durable_end_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
