/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/writer.h"

#include "audit_rig.h"
#include "expect.h"
#include "manual_mailbox.h"

enum { ENTRY_COUNT = 300, THREAD_COUNT = 3, WAIT_MS = 10000 };

static struct manual_mailbox mailbox;
static size_t done_count;
static size_t refused_count;

static void on_done(struct audit_entry *entry)
{
    done_count++;
    refused_count += entry->status != GALEN_OK;
}

static uint64_t real_now_ns(void *context)
{
    (void)context;
    return clock_monotonic_ns();
}

static struct audit_writer *open_writer(const char *const *trails, size_t trail_count,
                                        bool requires_all)
{
    struct audit_writer *writer = NULL;
    struct error error;
    audit_rig.clock.now_ns = real_now_ns;
    const struct audit_log_options options = {
        .chain = audit_rig.options,
        .trails = trails,
        .trail_count = trail_count,
        .requires_all = requires_all,
        .retry_ns = NS_PER_MS,
    };
    EXPECT_OK(audit_writer_create(&options, &writer, &error));
    return writer;
}

static void submit(struct audit_writer *writer, struct audit_entry *entry)
{
    struct list entries;
    list_init(&entries);
    *entry = (struct audit_entry){.fields = BYTES("{\"event\":\"infer\"}"),
                                  .mailbox = &mailbox.base,
                                  .done = on_done};
    list_append(&entries, &entry->link);
    audit_writer_base(writer)->ops->submit(audit_writer_base(writer), &entries);
    assert_true(list_is_empty(&entries));
}

static void wait_for(size_t count)
{
    while (done_count < count) {
        assert_true(manual_mailbox_wait(&mailbox, WAIT_MS) > 0);
    }
    assert_int_equal(done_count, count);
}

static int set_up(void **state)
{
    done_count = 0;
    refused_count = 0;
    manual_mailbox_init(&mailbox);
    return audit_rig_set_up(state);
}

static int tear_down(void **state)
{
    manual_mailbox_deinit(&mailbox);
    return audit_rig_tear_down(state);
}

struct submitter {
    struct audit_writer *writer;
    struct audit_entry entries[ENTRY_COUNT];
};

static void *submit_all(void *context)
{
    struct submitter *submitter = context;
    for (size_t i = 0; i < ENTRY_COUNT; i++) {
        submit(submitter->writer, &submitter->entries[i]);
    }
    return NULL;
}

static void entries_of_many_threads_are_done_once(void **state)
{
    (void)state;
    static struct submitter submitters[THREAD_COUNT];
    const char *const trails[] = {audit_rig.trail};
    struct audit_writer *writer = open_writer(trails, 1, false);
    pthread_t threads[THREAD_COUNT];
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        submitters[i].writer = writer;
        assert_int_equal(pthread_create(&threads[i], NULL, submit_all, &submitters[i]), 0);
    }
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    wait_for((size_t)THREAD_COUNT * ENTRY_COUNT);
    assert_int_equal(refused_count, 0);
    struct audit_writer_statistics statistics;
    audit_writer_read(writer, &statistics);
    assert_int_equal(statistics.record_count, THREAD_COUNT * ENTRY_COUNT);
    assert_true(statistics.commit_count <= statistics.record_count);
    assert_true(statistics.sinks[0].works);
    assert_int_equal(statistics.waiting_count, 0);
    audit_writer_close(writer);
}

static void a_disk_that_fails_refuses_and_then_works_again(void **state)
{
    (void)state;
    const char *const trails[] = {audit_rig.trail};
    struct audit_writer *writer = open_writer(trails, 1, false);
    struct audit_entry entry;
    atomic_store(&audit_rig.disk.fails, true);
    submit(writer, &entry);
    wait_for(1);
    assert_int_equal(entry.status, GALEN_AUDIT_UNAVAILABLE);
    assert_false(audit_is_available(audit_writer_base(writer)));

    atomic_store(&audit_rig.disk.fails, false);
    while (!audit_is_available(audit_writer_base(writer))) {
        (void)sched_yield(); /* it comes back by itself */
    }
    submit(writer, &entry);
    wait_for(2);
    assert_int_equal(entry.status, GALEN_OK);
    audit_writer_close(writer);
}

static void one_trail_of_two_is_enough_for_any(void **state)
{
    (void)state;
    const char *const trails[] = {"/nowhere/at/all", audit_rig.trail};
    struct audit_writer *writer = open_writer(trails, 2, false);
    struct audit_entry entry;
    submit(writer, &entry);
    wait_for(1);
    assert_int_equal(entry.status, GALEN_OK);
    struct audit_writer_statistics statistics;
    audit_writer_read(writer, &statistics);
    assert_false(statistics.sinks[0].works);
    assert_true(statistics.sinks[1].works);
    audit_writer_close(writer);
}

static void one_trail_of_two_is_not_enough_for_all(void **state)
{
    (void)state;
    struct audit_writer *writer = NULL;
    struct error error;
    const char *const trails[] = {"/nowhere/at/all", audit_rig.trail};
    const struct audit_log_options options = {.chain = audit_rig.options,
                                              .trails = trails,
                                              .trail_count = 2,
                                              .requires_all = true,
                                              .retry_ns = NS_PER_MS};
    assert_int_equal(audit_writer_create(&options, &writer, &error), GALEN_UNAVAILABLE);
    assert_non_null(strstr(error.text, "/nowhere/at/all"));
    assert_null(writer);
}

#define WRITER_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WRITER_TEST(entries_of_many_threads_are_done_once),
        WRITER_TEST(a_disk_that_fails_refuses_and_then_works_again),
        WRITER_TEST(one_trail_of_two_is_enough_for_any),
        WRITER_TEST(one_trail_of_two_is_not_enough_for_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
