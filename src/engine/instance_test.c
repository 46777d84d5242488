/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/instance.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/limits.h"
#include "expect.h"
#include "manual_mailbox.h"
#include "random.h"

enum { CALL_COUNT = 8, WAIT_MS = 20000, STORM_THREAD_COUNT = 3, STORM_CALL_COUNT = 3000 };

/* What a network would be: while the gate is closed a run waits inside. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool closed;
    size_t inside_count;
    size_t run_count;
    size_t last_batch_count;
    pthread_t last_thread;
    const struct inference *held; /* inside although the gate is open */
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void run(void *context, const struct batch *batch, struct compute_times *out_times)
{
    const struct inference *first = inference_of_link(list_first(&batch->entries));
    (void)context;
    *out_times = (struct compute_times){.infer_ns = 1};
    (void)pthread_mutex_lock(&gate.lock);
    gate.inside_count++;
    gate.run_count++;
    gate.last_batch_count = batch->entries.count;
    gate.last_thread = pthread_self();
    (void)pthread_cond_broadcast(&gate.changed);
    while (gate.closed || gate.held == first) {
        (void)pthread_cond_wait(&gate.changed, &gate.lock);
    }
    gate.inside_count--;
    (void)pthread_cond_broadcast(&gate.changed);
    (void)pthread_mutex_unlock(&gate.lock);
    for (struct list_link *link = list_first(&batch->entries); link != NULL;
         link = list_next(&batch->entries, link)) {
        inference_of_link(link)->entry.status = GALEN_OK;
    }
}

static void set_gate(bool closed)
{
    (void)pthread_mutex_lock(&gate.lock);
    gate.closed = closed;
    (void)pthread_cond_broadcast(&gate.changed);
    (void)pthread_mutex_unlock(&gate.lock);
}

static void hold(const struct inference *inference)
{
    (void)pthread_mutex_lock(&gate.lock);
    gate.held = inference;
    (void)pthread_cond_broadcast(&gate.changed);
    (void)pthread_mutex_unlock(&gate.lock);
}

static void wait_until_inside(size_t count)
{
    (void)pthread_mutex_lock(&gate.lock);
    while (gate.inside_count < count) {
        (void)pthread_cond_wait(&gate.changed, &gate.lock);
    }
    (void)pthread_mutex_unlock(&gate.lock);
}

/* Runs that have begun and, but for the one that is held, are over. */
static void wait_until_run(size_t count)
{
    (void)pthread_mutex_lock(&gate.lock);
    while (gate.run_count < count || gate.inside_count > 1) {
        (void)pthread_cond_wait(&gate.changed, &gate.lock);
    }
    (void)pthread_mutex_unlock(&gate.lock);
}

struct client {
    struct inference inference;
    struct infer_call call;
    size_t done_count;
    size_t done_rank; /* among all of its mailbox; from 1 */
};

struct fixture {
    struct instances *instances;
    struct manual_mailbox mailbox;
    struct client clients[CALL_COUNT];
    size_t done_count;
};

static void count_done(struct infer_call *call)
{
    struct client *client = LIST_ITEM(call, struct client, call);
    client->done_count++;
    if (call->context != NULL) {
        client->done_rank = ++*(size_t *)call->context;
    }
}

static void client_init(struct client *client, struct mailbox *mailbox)
{
    *client = (struct client){
        .inference = {.entry = {.waiting = {.row_count = 1, .deadline_ns = CLOCK_NEVER}}},
        .call = {.mailbox = mailbox, .done = count_done}};
    client->inference.call = &client->call;
}

static void open_instances(struct fixture *fixture, size_t count, uint64_t wait_ns_max)
{
    const struct instances_options options = {
        .settings = {.row_count_max = 4, .queue_count_max = 4, .wait_ns_max = wait_ns_max},
        .count = count,
        .run = run};
    EXPECT_OK(instances_create(&options, &fixture->instances));
}

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    gate.run_count = 0;
    manual_mailbox_init(&fixture.mailbox);
    for (size_t i = 0; i < CALL_COUNT; i++) {
        client_init(&fixture.clients[i], &fixture.mailbox.base);
        fixture.clients[i].call.context = &fixture.done_count;
    }
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    set_gate(false);
    instances_destroy(fixture->instances);
    manual_mailbox_deinit(&fixture->mailbox);
    return 0;
}

static void submit(struct fixture *fixture, size_t index)
{
    instances_submit(fixture->instances, &fixture->clients[index].inference);
}

static void wait_for(struct fixture *fixture, size_t index, enum galen_status status)
{
    struct client *client = &fixture->clients[index];
    while (client->done_count == 0 && manual_mailbox_wait(&fixture->mailbox, WAIT_MS) > 0) {
    }
    assert_int_equal(client->done_count, 1);
    EXPECT_STATUS(status, client->call.status);
}

static void lone_call_is_answered_in_its_mailbox(void **state)
{
    struct fixture *fixture = *state;
    open_instances(fixture, 1, 0);

    submit(fixture, 0);

    wait_for(fixture, 0, GALEN_OK);
}

static void calls_that_waited_while_it_was_busy_are_joined(void **state)
{
    struct fixture *fixture = *state;
    open_instances(fixture, 1, 0);
    set_gate(true);
    submit(fixture, 0);
    wait_until_inside(1);

    for (size_t i = 1; i < 5; i++) {
        submit(fixture, i);
    }
    set_gate(false);

    for (size_t i = 0; i < 5; i++) {
        wait_for(fixture, i, GALEN_OK);
    }
    assert_int_equal(gate.run_count, 2);
    assert_int_equal(gate.last_batch_count, 4);
}

static void two_instances_run_at_the_same_time(void **state)
{
    struct fixture *fixture = *state;
    open_instances(fixture, 2, 0);
    set_gate(true);

    submit(fixture, 0);
    wait_until_inside(1);
    submit(fixture, 1);
    wait_until_inside(2);
    set_gate(false);

    wait_for(fixture, 0, GALEN_OK);
    wait_for(fixture, 1, GALEN_OK);
}

static void company_is_waited_for(void **state)
{
    struct fixture *fixture = *state;
    open_instances(fixture, 2, WAIT_MS * NS_PER_MS);

    for (size_t i = 0; i < 4; i++) {
        submit(fixture, i);
    }

    for (size_t i = 0; i < 4; i++) {
        wait_for(fixture, i, GALEN_OK);
    }
    assert_int_equal(gate.run_count, 1);
}

static void wait_for_company_ends(void **state)
{
    struct fixture *fixture = *state;
    open_instances(fixture, 1, NS_PER_MS);
    const uint64_t before_ns = clock_monotonic_ns();

    submit(fixture, 0);
    wait_for(fixture, 0, GALEN_OK);

    assert_true(clock_monotonic_ns() - before_ns >= NS_PER_MS);
}

static void full_queue_is_busy(void **state)
{
    struct fixture *fixture = *state;
    open_instances(fixture, 1, 0);
    set_gate(true);
    submit(fixture, 0);
    wait_until_inside(1);
    for (size_t i = 1; i < 6; i++) {
        submit(fixture, i);
    }

    wait_for(fixture, 5, GALEN_BUSY);

    assert_string_equal(fixture->clients[5].call.error.text,
                        "the queue is full: 4 requests wait");
    set_gate(false);
    for (size_t i = 0; i < 5; i++) {
        wait_for(fixture, i, GALEN_OK);
    }
}

static void cancelled_while_it_waits_ends_at_once(void **state)
{
    struct fixture *fixture = *state;
    open_instances(fixture, 1, 0);
    set_gate(true);
    submit(fixture, 0);
    wait_until_inside(1);
    submit(fixture, 1);

    instances_cancel(&fixture->clients[1].inference);

    assert_int_equal(fixture->clients[1].done_count, 0);
    wait_for(fixture, 1, GALEN_CANCELLED);
    set_gate(false);
    wait_for(fixture, 0, GALEN_OK);
}

static void cancelled_while_it_runs_ends_with_the_run(void **state)
{
    struct fixture *fixture = *state;
    open_instances(fixture, 1, 0);
    set_gate(true);
    submit(fixture, 0);
    wait_until_inside(1);

    instances_cancel(&fixture->clients[0].inference);
    assert_int_equal(manual_mailbox_run(&fixture->mailbox), 0);
    set_gate(false);

    wait_for(fixture, 0, GALEN_CANCELLED);
}

static void deadline_that_passes_while_it_waits_is_told_at_the_next_submit(void **state)
{
    struct fixture *fixture = *state;
    open_instances(fixture, 1, 0);
    set_gate(true);
    submit(fixture, 0);
    wait_until_inside(1);
    struct batcher_entry *entry = &fixture->clients[1].inference.entry.waiting;
    entry->deadline_ns = clock_monotonic_ns() + NS_PER_MS;
    submit(fixture, 1);
    while (clock_monotonic_ns() < entry->deadline_ns) {
    }

    submit(fixture, 2);

    wait_for(fixture, 1, GALEN_TIMEOUT);
    set_gate(false);
    wait_for(fixture, 0, GALEN_OK);
    wait_for(fixture, 2, GALEN_OK);
}

static void open_with(struct fixture *fixture, size_t count,
                      const struct batcher_level *level, bool preserve_ordering)
{
    const struct instances_options options = {
        .settings = {.row_count_max = 1,
                     .queue_count_max = 4,
                     .levels = level,
                     .level_count = 1,
                     .default_priority = 1,
                     .preserve_ordering = preserve_ordering},
        .count = count,
        .run = run};
    EXPECT_OK(instances_create(&options, &fixture->instances));
}

static void timeout_of_the_queue_is_unavailable_in_tritons_words(void **state)
{
    struct fixture *fixture = *state;
    const struct batcher_level level = {.timeout_override = true};
    open_with(fixture, 1, &level, false);
    set_gate(true);
    submit(fixture, 0);
    wait_until_inside(1);
    fixture->clients[1].inference.entry.waiting.queue_timeout_ns = 1;
    submit(fixture, 1);

    submit(fixture, 2);

    wait_for(fixture, 1, GALEN_UNAVAILABLE);
    assert_string_equal(fixture->clients[1].call.error.text, "Request timeout expired");
    set_gate(false);
    wait_for(fixture, 0, GALEN_OK);
    wait_for(fixture, 2, GALEN_OK);
}

static const struct batcher_level plain = {.timeout_ns = 0};

static void answers_leave_in_the_order_of_arrival_where_it_is_kept(void **state)
{
    struct fixture *fixture = *state;
    open_with(fixture, 2, &plain, true);
    hold(&fixture->clients[0].inference);
    submit(fixture, 0);
    wait_until_inside(1);
    submit(fixture, 1);
    submit(fixture, 2);
    wait_until_run(3);

    hold(NULL);

    for (size_t i = 0; i < 3; i++) {
        wait_for(fixture, i, GALEN_OK);
        assert_int_equal(fixture->clients[i].done_rank, i + 1);
    }
}

static void answers_that_wait_for_another_are_awaited_by_a_drain(void **state)
{
    struct fixture *fixture = *state;
    open_with(fixture, 2, &plain, true);
    hold(&fixture->clients[0].inference);
    submit(fixture, 0);
    wait_until_inside(1);
    submit(fixture, 1);
    wait_until_run(2);
    instances_drain(fixture->instances);

    assert_false(instances_wait_idle(fixture->instances, clock_monotonic_ns()));
    hold(NULL);

    assert_true(instances_wait_idle(fixture->instances, CLOCK_NEVER));
    wait_for(fixture, 0, GALEN_OK);
    wait_for(fixture, 1, GALEN_OK);
}

static void sizes_of_batches_and_reasons_are_counted(void **state)
{
    struct fixture *fixture = *state;
    struct scheduler_statistics counts;
    struct scheduler_batch_size sizes[4];
    const uint64_t before_ns = clock_monotonic_ns();
    open_instances(fixture, 1, WAIT_MS * NS_PER_MS);
    for (size_t i = 0; i < 4; i++) {
        submit(fixture, i);
    }
    for (size_t i = 0; i < 4; i++) {
        wait_for(fixture, i, GALEN_OK);
    }

    instances_statistics(fixture->instances, &counts);
    assert_int_equal(counts.batch_counts[BATCH_FULL], 1);
    assert_int_equal(counts.compute_infer.ns, 4);
    assert_true(counts.last_inference_ns > before_ns);
    assert_int_equal(instances_batch_sizes(fixture->instances, sizes, 4), 1);
    assert_int_equal(sizes[0].row_count, 4);
}

static void drained_instances_finish_what_they_have(void **state)
{
    struct fixture *fixture = *state;
    open_instances(fixture, 1, WAIT_MS * NS_PER_MS);
    submit(fixture, 0);

    instances_drain(fixture->instances);
    submit(fixture, 1);

    assert_true(instances_wait_idle(fixture->instances, CLOCK_NEVER));
    wait_for(fixture, 0, GALEN_OK);
    wait_for(fixture, 1, GALEN_UNAVAILABLE);
}

static void drain_that_takes_too_long_evicts_who_waits(void **state)
{
    struct fixture *fixture = *state;
    open_instances(fixture, 1, 0);
    set_gate(true);
    submit(fixture, 0);
    wait_until_inside(1);
    submit(fixture, 1);
    instances_drain(fixture->instances);

    assert_false(instances_wait_idle(fixture->instances, clock_monotonic_ns()));

    wait_for(fixture, 1, GALEN_UNAVAILABLE);
    set_gate(false);
    wait_for(fixture, 0, GALEN_OK);
}

static void open_quick_instances(struct fixture *fixture, uint64_t quick_ns_max)
{
    const struct instances_options options = {
        .settings = {.row_count_max = 4, .queue_count_max = 4},
        .count = 1,
        .quick_ns_max = quick_ns_max,
        .run = run};
    EXPECT_OK(instances_create(&options, &fixture->instances));
    for (size_t i = 0; i < CALL_COUNT; i++) {
        fixture->clients[i].inference.is_quick = true;
    }
}

static void quick_call_runs_where_it_is_submitted_and_is_done_later(void **state)
{
    struct fixture *fixture = *state;
    open_quick_instances(fixture, WAIT_MS * NS_PER_MS);

    submit(fixture, 0);

    assert_int_equal(gate.run_count, 1);
    assert_true(pthread_equal(gate.last_thread, pthread_self()));
    assert_int_equal(fixture->clients[0].done_count, 0);
    wait_for(fixture, 0, GALEN_OK);
}

static void quick_call_waits_where_others_wait(void **state)
{
    struct fixture *fixture = *state;
    open_quick_instances(fixture, WAIT_MS * NS_PER_MS);
    fixture->clients[0].inference.is_quick = false;
    fixture->clients[1].inference.is_quick = false;
    set_gate(true);
    submit(fixture, 0);
    wait_until_inside(1);
    submit(fixture, 1);

    submit(fixture, 2); /* on this thread it would wait at the gate for ever */

    set_gate(false);
    for (size_t i = 0; i < 3; i++) {
        wait_for(fixture, i, GALEN_OK);
    }
    assert_int_equal(gate.last_batch_count, 2);
}

static void calls_that_are_not_quick_after_all_go_to_the_instances(void **state)
{
    struct fixture *fixture = *state;
    open_quick_instances(fixture, 1); /* nothing runs in a nanosecond */

    for (size_t i = 0; i < CALL_COUNT; i++) {
        submit(fixture, i);
        wait_for(fixture, i, GALEN_OK);
        assert_int_equal(pthread_equal(gate.last_thread, pthread_self()) != 0, i < 5);
    }
}

static void settings_out_of_range_start_nothing(void **state)
{
    struct fixture *fixture = *state;
    const struct instances_options none = {.count = 1, .run = run};
    struct instances_options many = {.settings = {.row_count_max = 1, .queue_count_max = 1},
                                     .count = 257};

    EXPECT_STATUS(GALEN_INVALID, instances_create(&none, &fixture->instances));
    EXPECT_STATUS(GALEN_INVALID, instances_create(&many, &fixture->instances));

    assert_null(fixture->instances);
}

static void largest_settings_have_room(void **state)
{
    struct fixture *fixture = *state;
    const struct batcher_level level = {.timeout_ns = 1, .timeout_action = BATCHER_DELAY};
    const struct instances_options options = {
        .settings = {.row_count_max = LIMIT_BATCH_COUNT_LIMIT,
                     .queue_count_max = LIMIT_QUEUE_COUNT_LIMIT,
                     .levels = &level,
                     .level_count = 1,
                     .preserve_ordering = true},
        .count = 1,
        .run = run};

    EXPECT_OK(instances_create(&options, &fixture->instances));
}

/* A loop with calls of its own that it submits, cancels and counts. */
struct storm {
    struct instances *instances;
    struct random random;
    struct manual_mailbox mailbox;
    struct client clients[16];
    bool pending[16];
    size_t submit_count;
    size_t done_count;
};

static void storm_reap(struct storm *storm)
{
    for (size_t i = 0; i < 16; i++) {
        if (storm->pending[i] && storm->clients[i].done_count == 1) {
            storm->pending[i] = false;
            storm->done_count++;
        }
    }
}

static void storm_step(struct storm *storm)
{
    const size_t index = random_below(&storm->random, 16);
    struct client *client = &storm->clients[index];
    if (!storm->pending[index]) {
        client_init(client, &storm->mailbox.base);
        client->inference.is_quick = random_one_in(&storm->random, 2);
        client->inference.entry.waiting.row_count = 1 + random_below(&storm->random, 4);
        client->inference.entry.waiting.priority = random_below(&storm->random, 3);
        if (random_one_in(&storm->random, 4)) {
            client->inference.entry.waiting.deadline_ns =
                clock_monotonic_ns() + random_below(&storm->random, 50 * NS_PER_US);
        }
        storm->pending[index] = true;
        storm->submit_count++;
        instances_submit(storm->instances, &client->inference);
    } else if (random_one_in(&storm->random, 3)) {
        instances_cancel(&client->inference);
    }
    manual_mailbox_run(&storm->mailbox);
    storm_reap(storm);
}

static void *storm_main(void *context)
{
    struct storm *storm = context;
    while (storm->submit_count < STORM_CALL_COUNT) {
        storm_step(storm);
    }
    while (storm->done_count < storm->submit_count &&
           manual_mailbox_wait(&storm->mailbox, WAIT_MS) > 0) {
        storm_reap(storm);
    }
    return NULL;
}

static const struct batcher_level two[] = {
    {.timeout_ns = 0},
    {.timeout_ns = 20 * NS_PER_US, .timeout_action = BATCHER_DELAY},
};

static void expect_every_call_is_done_once(struct fixture *fixture, bool preserve_ordering)
{
    static struct storm storms[STORM_THREAD_COUNT];
    pthread_t threads[STORM_THREAD_COUNT];
    const struct instances_options options = {
        .settings = {.row_count_max = 4,
                     .queue_count_max = 4,
                     .wait_ns_max = 10 * NS_PER_US,
                     .preserve_ordering = preserve_ordering,
                     .levels = two,
                     .level_count = 2,
                     .default_priority = 2},
        .count = 2,
        .quick_ns_max = WAIT_MS * NS_PER_MS,
        .run = run};
    EXPECT_OK(instances_create(&options, &fixture->instances));
    for (size_t i = 0; i < STORM_THREAD_COUNT; i++) {
        storms[i] = (struct storm){.instances = fixture->instances, .random = {i}};
        manual_mailbox_init(&storms[i].mailbox);
        assert_int_equal(pthread_create(&threads[i], NULL, storm_main, &storms[i]), 0);
    }

    uint64_t done_count = 0;
    for (size_t i = 0; i < STORM_THREAD_COUNT; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(storms[i].done_count, storms[i].submit_count);
        done_count += storms[i].done_count;
        manual_mailbox_deinit(&storms[i].mailbox);
    }

    struct scheduler_statistics counts;
    instances_statistics(fixture->instances, &counts);
    assert_int_equal(counts.success.count + counts.fail.count, done_count);
    assert_int_equal(instances_waiting_count(fixture->instances), 0);
}

static void every_call_of_several_loops_is_done_once(void **state)
{
    expect_every_call_is_done_once(*state, false);
}

static void every_call_of_several_loops_is_done_once_in_order(void **state)
{
    expect_every_call_is_done_once(*state, true);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lone_call_is_answered_in_its_mailbox),
        TEST(calls_that_waited_while_it_was_busy_are_joined),
        TEST(two_instances_run_at_the_same_time),
        TEST(company_is_waited_for),
        TEST(wait_for_company_ends),
        TEST(full_queue_is_busy),
        TEST(cancelled_while_it_waits_ends_at_once),
        TEST(cancelled_while_it_runs_ends_with_the_run),
        TEST(deadline_that_passes_while_it_waits_is_told_at_the_next_submit),
        TEST(timeout_of_the_queue_is_unavailable_in_tritons_words),
        TEST(answers_leave_in_the_order_of_arrival_where_it_is_kept),
        TEST(answers_that_wait_for_another_are_awaited_by_a_drain),
        TEST(sizes_of_batches_and_reasons_are_counted),
        TEST(drained_instances_finish_what_they_have),
        TEST(drain_that_takes_too_long_evicts_who_waits),
        TEST(quick_call_runs_where_it_is_submitted_and_is_done_later),
        TEST(quick_call_waits_where_others_wait),
        TEST(calls_that_are_not_quick_after_all_go_to_the_instances),
        TEST(settings_out_of_range_start_nothing),
        TEST(largest_settings_have_room),
        TEST(every_call_of_several_loops_is_done_once),
        TEST(every_call_of_several_loops_is_done_once_in_order),
    };
    return cmocka_run_group_tests_name("instance", tests, NULL, NULL);
}
