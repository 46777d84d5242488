/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/upstream.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "expect.h"
#include "infer/fake.h"
#include "infer/fake_management.h"
#include "infer_conformance.h"
#include "manual_mailbox.h"

enum { ENDPOINT_COUNT = 3 };

static const char *const names[] = {"a:1", "b:1", "c:1"};
static const char *const versions[] = {"1", "3"};
static const struct galen_tensor_spec specs[] = {
    {"numbers", GALEN_FP32, 2, {GALEN_DIMENSION_ANY, 2}}};
static const struct v2_model model = {
    .name = "m",
    .versions = versions,
    .version_count = 2,
    .platform = "fake",
    .inputs = specs,
    .input_count = 1,
    .outputs = specs,
    .output_count = 1,
};
static const float numbers[] = {1.5F, -0.0F};
static const struct galen_tensor tensors[] = {
    {"numbers", GALEN_FP32, 2, {1, 2}, numbers, sizeof(numbers)}};

struct client {
    struct infer_call call;
    struct arena arena;
    size_t done_count;
};

struct rig {
    struct upstream *upstream;
    struct infer_fake services[ENDPOINT_COUNT];
    struct infer_fake probes[ENDPOINT_COUNT];
    struct infer_fake_management management;
    struct manual_mailbox mailbox;
    struct upstream_counts counts;
    struct client clients[16];
    size_t client_count;
    uint64_t now_ns;
    uint64_t wake_ns;
    uint64_t random;
    struct task closed;
    bool is_closed;
};

static struct rig rig;

static uint64_t read_clock(void *context)
{
    (void)context;
    return rig.now_ns;
}

static uint64_t read_random(void *context)
{
    (void)context;
    rig.random = rig.random * UINT64_C(6364136223846793005) + 1;
    return rig.random >> 11;
}

static void wake_at(void *context, uint64_t due_ns)
{
    (void)context;
    rig.wake_ns = due_ns;
}

static enum galen_status open_endpoint(void *context, const char *name,
                                       struct upstream_endpoint *out_endpoint)
{
    (void)context;
    for (size_t i = 0; i < ENDPOINT_COUNT; i++) {
        if (strcmp(names[i], name) == 0) {
            infer_fake_init(&rig.services[i], &model);
            infer_fake_init(&rig.probes[i], &model);
            rig.services[i].outputs = tensors;
            rig.services[i].output_count = 1;
            rig.services[i].holds = true;
            *out_endpoint = (struct upstream_endpoint){.service = &rig.services[i].base,
                                                       .probe = &rig.probes[i].base,
                                                       .management = &rig.management.base};
            return GALEN_OK;
        }
    }
    return GALEN_UNAVAILABLE;
}

static void on_closed(struct task *task)
{
    (void)task;
    rig.is_closed = true;
}

static struct upstream_options usual_options(void)
{
    return (struct upstream_options){
        .name = "engine",
        .balance = {.eject_failures = 3,
                    .eject_base_ns = 10 * NS_PER_S,
                    .eject_ns_max = 60 * NS_PER_S,
                    .eject_percent_max = 100,
                    .pending_count_max = 64,
                    .retry_percent = 20,
                    .retry_count_min = 2},
        .retry_count_max = 2,
        .try_timeout_ns = 2 * NS_PER_S,
        .backoff_ns = NS_PER_S / 10,
        .probe_interval_ns = NS_PER_S,
        .probe_timeout_ns = NS_PER_S,
        .mailbox = &rig.mailbox.base,
        .counts = &rig.counts,
        .now_ns = read_clock,
        .random = read_random,
        .wake_at = wake_at,
        .open_endpoint = open_endpoint,
        .closed = &rig.closed,
    };
}

static void run_all(void)
{
    while (manual_mailbox_run(&rig.mailbox) > 0) {
    }
}

static void pass(uint64_t ns)
{
    const uint64_t until_ns = rig.now_ns + ns;
    run_all();
    while (rig.wake_ns <= until_ns) {
        rig.now_ns = rig.wake_ns > rig.now_ns ? rig.wake_ns : rig.now_ns;
        rig.wake_ns = CLOCK_NEVER;
        upstream_wake(rig.upstream);
        run_all();
    }
    rig.now_ns = until_ns;
}

static void begin(const struct upstream_options *options)
{
    rig = (struct rig){.now_ns = NS_PER_S, .wake_ns = CLOCK_NEVER, .random = 1};
    rig.closed.run = on_closed;
    manual_mailbox_init(&rig.mailbox);
    infer_fake_management_init(&rig.management);
    EXPECT_OK(upstream_create(options, &rig.upstream));
}

static int set_up(void **state)
{
    const struct upstream_options options = usual_options();
    (void)state;
    begin(&options);
    upstream_set_endpoints(rig.upstream, names, ENDPOINT_COUNT);
    pass(0);
    return 0;
}

static void begin_without_probes(size_t endpoint_count)
{
    struct upstream_options options = usual_options();
    options.probe_interval_ns = 0;
    begin(&options);
    upstream_set_endpoints(rig.upstream, names, endpoint_count);
}

static int tear_down(void **state)
{
    (void)state;
    run_all();
    for (size_t i = 0; i < rig.client_count; i++) {
        assert_int_equal(rig.clients[i].done_count, 1);
        infer_call_clear(&rig.clients[i].call);
        arena_deinit(&rig.clients[i].arena);
    }
    upstream_close(rig.upstream);
    run_all();
    assert_true(rig.is_closed);
    manual_mailbox_deinit(&rig.mailbox);
    return 0;
}

static void on_done(struct infer_call *call)
{
    struct client *client = LIST_ITEM(call, struct client, call);
    client->done_count++;
}

static struct infer_call *prepare(enum infer_operation operation)
{
    struct client *client = &rig.clients[rig.client_count++];
    arena_init(&client->arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    client->call =
        (struct infer_call){.operation = operation,
                            .arena = &client->arena,
                            .mailbox = &rig.mailbox.base,
                            .done = on_done,
                            .request = {.model = "m",
                                        .version = "1",
                                        .id = "",
                                        .deadline_ns = rig.now_ns + 30 * NS_PER_S,
                                        .inputs = tensors,
                                        .input_count = operation == INFER_RUN ? 1 : 0}};
    return &client->call;
}

static struct infer_call *submit(enum infer_operation operation)
{
    struct infer_call *call = prepare(operation);
    infer_submit(upstream_any(rig.upstream), call);
    return call;
}

static struct infer_call *run(void)
{
    return submit(INFER_RUN);
}

static bool is_done(struct infer_call *call)
{
    return LIST_ITEM(call, struct client, call)->done_count > 0;
}

/* The only one that has a call waiting. */
static size_t asked(void)
{
    size_t found = ENDPOINT_COUNT;
    for (size_t i = 0; i < ENDPOINT_COUNT; i++) {
        if (infer_fake_next(&rig.services[i]) != NULL) {
            assert_int_equal(found, ENDPOINT_COUNT);
            found = i;
        }
    }
    assert_int_not_equal(found, ENDPOINT_COUNT);
    return found;
}

static void answer(size_t endpoint)
{
    infer_fake_answer(&rig.services[endpoint], infer_fake_next(&rig.services[endpoint]));
    run_all();
}

static void break_off(size_t endpoint, enum infer_failure failure, enum galen_status status)
{
    struct infer_call *call = infer_fake_next(&rig.services[endpoint]);
    call->route.failure = failure;
    infer_fake_fail(&rig.services[endpoint], call, status, "why");
    run_all();
}

static uint64_t attempts(size_t endpoint, enum upstream_attempt attempt)
{
    return tally_read(&upstream_counts_of(&rig.counts, names[endpoint])->attempts[attempt]);
}

static void answer_is_passed_on_with_who_gave_it(void **state)
{
    (void)state;
    struct infer_call *call = run();
    run_all();
    const size_t endpoint = asked();
    answer(endpoint);

    EXPECT_OK(call->status);
    assert_int_equal(call->response.output_count, 1);
    assert_string_equal(call->response.version, "1");
    assert_string_equal(call->route.endpoint, names[endpoint]);
    assert_int_equal(call->route.attempt_count, 1);
    assert_int_equal(attempts(endpoint, UPSTREAM_OK), 1);
}

static void broken_attempt_is_made_again_elsewhere(void **state)
{
    (void)state;
    struct infer_call *call = run();
    const size_t first = asked();
    break_off(first, INFER_BROKEN, GALEN_BAD_UPSTREAM);
    const size_t second = asked();
    assert_int_not_equal(first, second);
    assert_false(is_done(call));
    answer(second);

    EXPECT_OK(call->status);
    assert_string_equal(call->error.text, "");
    assert_string_equal(call->route.endpoint, names[second]);
    assert_int_equal(call->route.attempt_count, 2);
    assert_int_equal(attempts(first, UPSTREAM_BROKEN), 1);
    assert_int_equal(tally_read(&rig.counts.retries), 1);
}

static void refusals_of_the_client_and_failures_with_it_are_final(void **state)
{
    static const enum galen_status statuses[] = {GALEN_INVALID, GALEN_NOT_FOUND,
                                                 GALEN_INTERNAL, GALEN_UNPROCESSABLE};
    (void)state;
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        struct infer_call *call = run();
        break_off(asked(), INFER_REFUSED, statuses[i]);
        EXPECT_STATUS(statuses[i], call->status);
        assert_string_equal(call->error.text, "why");
        assert_int_equal(call->route.attempt_count, 1);
    }
}

static void after_so_many_failures_the_last_is_the_answer(void **state)
{
    (void)state;
    struct infer_call *call = run();
    for (size_t i = 0; i < 3; i++) {
        assert_false(is_done(call));
        break_off(asked(), INFER_REFUSED, GALEN_UNAVAILABLE);
    }
    EXPECT_STATUS(GALEN_UNAVAILABLE, call->status);
    assert_string_equal(call->error.text, "why");
    assert_int_equal(call->route.attempt_count, 3);
}

static void unusable_answer_is_refused_by_the_name_of_who_gave_it(void **state)
{
    size_t endpoint = 0;
    (void)state;
    struct infer_call *call = run();
    for (size_t i = 0; i < 3; i++) {
        endpoint = asked();
        break_off(endpoint, INFER_UNUSABLE, GALEN_BAD_UPSTREAM);
    }
    EXPECT_STATUS(GALEN_BAD_UPSTREAM, call->status);
    assert_memory_equal(call->error.text, names[endpoint], 3);
    assert_string_equal(call->error.text + 3, ": why");
}

static void who_cannot_be_reached_costs_no_retry_while_others_are_left(void **state)
{
    (void)state;
    struct infer_call *call = run();
    break_off(asked(), INFER_UNREACHED, GALEN_UNAVAILABLE);
    break_off(asked(), INFER_UNREACHED, GALEN_UNAVAILABLE);
    break_off(asked(), INFER_BROKEN, GALEN_BAD_UPSTREAM);
    pass(NS_PER_S / 5); /* now the same ones again */
    break_off(asked(), INFER_BROKEN, GALEN_BAD_UPSTREAM);
    pass(NS_PER_S / 2);
    answer(asked());
    EXPECT_OK(call->status);
    assert_int_equal(call->route.attempt_count, 5);
}

static void same_endpoint_is_asked_again_after_a_while(void **state)
{
    (void)state;
    begin_without_probes(1);
    struct infer_call *call = run();
    break_off(0, INFER_BROKEN, GALEN_BAD_UPSTREAM);
    assert_null(infer_fake_next(&rig.services[0]));
    assert_in_range(rig.wake_ns - rig.now_ns, NS_PER_S / 10, NS_PER_S / 5);
    pass(NS_PER_S / 5);
    answer(0);
    EXPECT_OK(call->status);
}

static void nobody_is_asked_again_before_its_retry_after(void **state)
{
    (void)state;
    begin_without_probes(1);
    struct infer_call *call = run();
    infer_fake_next(&rig.services[0])->route.retry_after_s = 7;
    break_off(0, INFER_REFUSED, GALEN_BUSY);

    EXPECT_STATUS(GALEN_BUSY, call->status);
    assert_int_equal(call->route.retry_after_s, 7);
    assert_int_equal(call->route.attempt_count, 1);
}

static void what_must_happen_once_is_sent_again_only_if_it_was_never_sent(void **state)
{
    (void)state;
    struct infer_call *call = prepare(INFER_RUN);
    call->request.is_once = true;
    infer_submit(upstream_any(rig.upstream), call);
    break_off(asked(), INFER_UNREACHED, GALEN_UNAVAILABLE);
    assert_true(infer_fake_next(&rig.services[asked()])->request.deadline_ns ==
                call->request.deadline_ns);
    break_off(asked(), INFER_BROKEN, GALEN_BAD_UPSTREAM);

    EXPECT_STATUS(GALEN_BAD_UPSTREAM, call->status);
    assert_int_equal(call->route.attempt_count, 2);
}

static void slow_attempt_has_its_own_time_while_another_endpoint_is_left(void **state)
{
    (void)state;
    begin_without_probes(2);
    struct infer_call *call = run();
    const size_t first = asked();
    assert_true(infer_fake_next(&rig.services[first])->request.deadline_ns ==
                rig.now_ns + 2 * NS_PER_S);
    pass(2 * NS_PER_S);
    break_off(first, INFER_LATE, GALEN_TIMEOUT);
    const size_t second = asked();
    assert_int_not_equal(first, second);
    pass(2 * NS_PER_S);
    break_off(second, INFER_LATE, GALEN_TIMEOUT);
    pass(NS_PER_S);
    assert_true(infer_fake_next(&rig.services[asked()])->request.deadline_ns ==
                call->request.deadline_ns); /* the last has what is left */
    answer(asked());
    EXPECT_OK(call->status);
    assert_int_equal(attempts(first, UPSTREAM_LATE), 1);
}

static void half_of_the_time_is_an_attempt_s_where_nothing_is_set(void **state)
{
    struct upstream_options options = usual_options();
    (void)state;
    options.try_timeout_ns = 0;
    options.probe_interval_ns = 0;
    begin(&options);
    upstream_set_endpoints(rig.upstream, names, 2);
    struct infer_call *call = run();
    assert_true(infer_fake_next(&rig.services[asked()])->request.deadline_ns ==
                rig.now_ns + 15 * NS_PER_S);
    answer(asked());
    EXPECT_OK(call->status);
}

static void attempt_that_had_all_the_time_is_no_sign_against_the_endpoint(void **state)
{
    (void)state;
    begin_without_probes(1);
    for (size_t i = 0; i < 5; i++) {
        struct infer_call *call = prepare(INFER_RUN);
        call->request.deadline_ns = rig.now_ns + 1;
        infer_submit(upstream_any(rig.upstream), call);
        pass(1);
        break_off(0, INFER_LATE, GALEN_TIMEOUT);
        EXPECT_STATUS(GALEN_TIMEOUT, call->status);
    }
    (void)run();
    answer(0);
}

static void retries_beyond_the_budget_wait_for_it(void **state)
{
    struct infer_call *calls[5];
    (void)state;
    begin_without_probes(1);
    for (size_t i = 0; i < 5; i++) {
        calls[i] = run();
    }
    upstream_set_endpoints(rig.upstream, names + 1, 1);
    for (size_t i = 0; i < 5; i++) {
        break_off(0, INFER_BROKEN, GALEN_BAD_UPSTREAM);
    }
    assert_int_equal(rig.services[1].pending.count, 2);
    for (size_t i = 0; i < 5; i++) {
        assert_true(rig.services[1].pending.count <= 2);
        answer(1);
        pass(0);
    }
    for (size_t i = 0; i < 5; i++) {
        EXPECT_OK(calls[i]->status);
    }
    assert_int_equal(tally_read(&rig.counts.retries_waited), 3);
}

static void retry_that_waits_ends_with_its_deadline(void **state)
{
    struct infer_call *calls[3];
    (void)state;
    begin_without_probes(1);
    for (size_t i = 0; i < 3; i++) {
        calls[i] = run();
    }
    upstream_set_endpoints(rig.upstream, names + 1, 1);
    for (size_t i = 0; i < 3; i++) {
        break_off(0, INFER_BROKEN, GALEN_BAD_UPSTREAM);
    }
    pass(30 * NS_PER_S);
    EXPECT_STATUS(GALEN_TIMEOUT, calls[2]->status);
    answer(1);
    answer(1);
    EXPECT_OK(calls[0]->status);
}

static void cancel_ends_an_attempt_and_a_wait(void **state)
{
    (void)state;
    begin_without_probes(1);
    struct infer_call *runs = run();
    infer_cancel(runs);
    run_all();
    EXPECT_STATUS(GALEN_CANCELLED, runs->status);
    assert_int_equal(rig.services[0].cancel_count, 1);

    struct infer_call *waits = run();
    break_off(0, INFER_BROKEN, GALEN_BAD_UPSTREAM);
    infer_cancel(waits);
    infer_cancel(waits);
    run_all();
    EXPECT_STATUS(GALEN_CANCELLED, waits->status);
    pass(NS_PER_S);
}

static void when_all_are_ejected_callers_learn_when_to_come_again(void **state)
{
    (void)state;
    begin_without_probes(1);
    for (size_t i = 0; i < 3; i++) {
        (void)run();
        break_off(0, INFER_REFUSED, GALEN_INTERNAL);
    }
    struct infer_call *call = run();
    run_all();
    EXPECT_STATUS(GALEN_UNAVAILABLE, call->status);
    assert_int_equal(call->route.retry_after_s, 10);
    assert_null(call->route.endpoint);
    assert_int_equal(tally_read(&upstream_counts_of(&rig.counts, names[0])->ejections), 1);
}

static void without_endpoints_nobody_is_available(void **state)
{
    (void)state;
    begin_without_probes(0);
    struct infer_call *call = run();
    struct infer_call *ready = submit(INFER_READY);
    run_all();
    EXPECT_STATUS(GALEN_UNAVAILABLE, call->status);
    EXPECT_STATUS(GALEN_UNAVAILABLE, ready->status);
    assert_string_equal(call->error.text, "no engine is known");
}

static void endpoint_that_is_gone_is_closed_after_its_last_attempt(void **state)
{
    (void)state;
    begin_without_probes(1);
    struct infer_call *call = run();
    upstream_set_endpoints(rig.upstream, names + 1, 2);
    assert_false(rig.services[0].closed);
    (void)run();
    assert_int_equal(rig.services[0].pending.count, 1);
    answer(0);
    EXPECT_OK(call->status);
    assert_true(rig.services[0].closed && rig.probes[0].closed);
    answer(asked());
}

static void probes_take_endpoints_out_and_bring_them_back(void **state)
{
    (void)state;
    rig.probes[0].status = GALEN_UNAVAILABLE;
    rig.probes[0].why = "draining";
    pass(2 * NS_PER_S);
    for (size_t i = 0; i < 4; i++) {
        (void)run();
    }
    assert_int_equal(rig.services[0].submit_count, 0);
    rig.probes[0].status = GALEN_OK;
    pass(2 * NS_PER_S);
    for (size_t i = 0; i < 2; i++) {
        (void)run();
    }
    assert_int_equal(rig.services[0].submit_count, 2);
    for (size_t i = 0; i < ENDPOINT_COUNT; i++) {
        answer(i);
        answer(i);
    }
}

/* What requests were answered for is asked of the endpoints that have not been. */
static void probes_ask_for_models_that_requests_ask_for(void **state)
{
    static const struct v2_model other = {
        .name = "other", .versions = versions, .version_count = 2, .platform = "fake"};
    (void)state;
    for (size_t i = 0; i < ENDPOINT_COUNT; i++) {
        rig.probes[i].models = &other;
    }
    (void)run();
    const size_t has_it = asked();
    answer(has_it);
    pass(2 * NS_PER_S);
    for (size_t i = 0; i < 4; i++) {
        (void)run();
    }
    /* It has been denied there by now, as everywhere. */
    assert_true(rig.probes[has_it].submit_count > 3);
    rig.probes[1].models = &model;
    pass(2 * NS_PER_S);
    const size_t before = rig.services[1].submit_count;
    for (size_t i = 0; i < 4; i++) {
        (void)run();
    }
    assert_int_equal(rig.services[1].submit_count, before + 4);
    for (size_t i = 0; i < ENDPOINT_COUNT; i++) {
        while (infer_fake_next(&rig.services[i]) != NULL) {
            answer(i);
        }
    }
}

static void new_model_is_shared_as_soon_as_it_was_answered_for(void **state)
{
    (void)state;
    (void)run();
    answer(asked());
    pass(NS_PER_MS);
    for (size_t i = 0; i < ENDPOINT_COUNT; i++) {
        (void)run();
    }
    for (size_t i = 0; i < ENDPOINT_COUNT; i++) {
        assert_int_equal(rig.services[i].pending.count, 1);
        answer(i);
    }
}

static void expire_probe(size_t endpoint)
{
    struct infer_call *call = infer_fake_next(&rig.probes[endpoint]);
    if (call != NULL && call->request.deadline_ns <= rig.now_ns) {
        infer_fake_fail(&rig.probes[endpoint], call, GALEN_TIMEOUT, "silent");
    }
}

static void attempts_at_a_silent_endpoint_are_made_elsewhere(void **state)
{
    (void)state;
    struct upstream_options options = usual_options();
    options.try_timeout_ns = 20 * NS_PER_S;
    begin(&options);
    upstream_set_endpoints(rig.upstream, names, 2);
    pass(0);
    struct infer_call *call = run();
    const size_t first = asked();
    rig.probes[first].holds = true;
    for (size_t i = 0; i < 50 && infer_fake_next(&rig.services[first]) != NULL; i++) {
        pass(NS_PER_S / 10);
        expire_probe(first);
    }
    assert_true(rig.now_ns < 6 * NS_PER_S);
    assert_int_not_equal(asked(), first);
    answer(asked());
    EXPECT_OK(call->status);
    if (infer_fake_next(&rig.probes[first]) != NULL) {
        infer_fake_answer(&rig.probes[first], infer_fake_next(&rig.probes[first]));
    }
}

static void one_ready_endpoint_is_enough_for_requests_and_not_for_tags(void **state)
{
    static const struct v2_model other = {
        .name = "other", .versions = versions, .version_count = 2, .platform = "fake"};
    (void)state;
    rig.probes[0].models = &other;
    rig.probes[1].models = &other;
    struct infer_call *one = submit(INFER_READY);
    struct infer_call *all = prepare(INFER_READY);
    infer_submit(upstream_all(rig.upstream), all);
    run_all();
    EXPECT_OK(one->status);
    assert_string_equal(one->response.version, "1");
    EXPECT_STATUS(GALEN_NOT_FOUND, all->status);

    rig.probes[2].models = &other;
    one = submit(INFER_READY);
    run_all();
    EXPECT_STATUS(GALEN_NOT_FOUND, one->status);
    for (size_t i = 0; i < ENDPOINT_COUNT; i++) {
        rig.probes[i].models = &model;
    }
    all = prepare(INFER_READY);
    infer_submit(upstream_all(rig.upstream), all);
    run_all();
    EXPECT_OK(all->status);
}

static void question_of_readiness_can_be_cancelled(void **state)
{
    (void)state;
    for (size_t i = 0; i < ENDPOINT_COUNT; i++) {
        rig.probes[i].holds = true;
    }
    struct infer_call *call = submit(INFER_READY);
    infer_cancel(call);
    run_all();
    EXPECT_STATUS(GALEN_CANCELLED, call->status);
}

static void closing_ends_a_probe_that_is_under_way(void **state)
{
    (void)state;
    for (size_t i = 0; i < ENDPOINT_COUNT; i++) {
        rig.probes[i].holds = true;
    }
    pass(NS_PER_S * 3 / 2);
    assert_non_null(infer_fake_next(&rig.probes[0]));
}

static void names_beyond_the_table_are_counted_as_other(void **state)
{
    char name[8];
    (void)state;
    for (unsigned i = 0; i < 2 * UPSTREAM_COUNTED_MAX; i++) {
        (void)snprintf(name, sizeof(name), "e%u", i);
        tally_add(&upstream_counts_of(&rig.counts, name)->begun, 1);
    }
    const size_t count = rig.counts.count;
    assert_int_equal(count, UPSTREAM_COUNTED_MAX);
    assert_string_equal(rig.counts.endpoints[count - 1].name, "other");
    assert_true(tally_read(&rig.counts.endpoints[count - 1].begun) > 128);
}

static void on_managed(struct infer_management_call *call)
{
    *(bool *)call->context = true;
}

static void management_is_asked_of_an_endpoint(void **state)
{
    struct arena arena;
    bool is_managed = false;
    (void)state;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    struct infer_management_call call = {.operation = MANAGE_INDEX,
                                         .model = "",
                                         .version = "",
                                         .arena = &arena,
                                         .mailbox = &rig.mailbox.base,
                                         .done = on_managed,
                                         .context = &is_managed};
    infer_manage(upstream_management(rig.upstream), &call);
    run_all();
    assert_true(is_managed);
    EXPECT_OK(call.status);

    upstream_set_endpoints(rig.upstream, names, 0);
    infer_manage(upstream_management(rig.upstream), &call);
    run_all();
    EXPECT_STATUS(GALEN_UNAVAILABLE, call.status);
    arena_deinit(&arena);
}

static struct infer_service *open_subject(struct infer_subject *subject)
{
    (void)subject;
    const struct upstream_options options = usual_options();
    begin(&options);
    upstream_set_endpoints(rig.upstream, names, ENDPOINT_COUNT);
    for (size_t i = 0; i < ENDPOINT_COUNT; i++) {
        rig.services[i].holds = false;
    }
    return upstream_any(rig.upstream);
}

static void close_subject(struct infer_subject *subject)
{
    (void)subject;
    run_all();
    assert_true(rig.is_closed);
    manual_mailbox_deinit(&rig.mailbox);
}

static void pump(struct infer_subject *subject)
{
    (void)subject;
    manual_mailbox_run(&rig.mailbox);
}

static void hold(struct infer_subject *subject, bool held)
{
    (void)subject;
    for (size_t i = 0; i < ENDPOINT_COUNT; i++) {
        struct infer_fake *fake = &rig.services[i];
        fake->holds = held;
        while (!held && infer_fake_next(fake) != NULL) {
            infer_fake_answer(fake, infer_fake_next(fake));
        }
    }
}

static int run_conformance(void)
{
    struct infer_subject subject = {.name = "upstream conformance",
                                    .open = open_subject,
                                    .closed = close_subject,
                                    .mailbox = &rig.mailbox.base,
                                    .pump = pump,
                                    .hold = hold,
                                    .model = "m",
                                    .version = "3",
                                    .inputs = tensors,
                                    .input_count = 1,
                                    .outputs = tensors,
                                    .output_count = 1};
    return infer_conformance_run(&subject);
}

int main(void)
{
#define FRESH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define OWN(test) cmocka_unit_test_teardown(test, tear_down)
    const struct CMUnitTest tests[] = {
        FRESH(answer_is_passed_on_with_who_gave_it),
        FRESH(broken_attempt_is_made_again_elsewhere),
        FRESH(refusals_of_the_client_and_failures_with_it_are_final),
        FRESH(after_so_many_failures_the_last_is_the_answer),
        FRESH(unusable_answer_is_refused_by_the_name_of_who_gave_it),
        FRESH(who_cannot_be_reached_costs_no_retry_while_others_are_left),
        OWN(same_endpoint_is_asked_again_after_a_while),
        OWN(nobody_is_asked_again_before_its_retry_after),
        FRESH(what_must_happen_once_is_sent_again_only_if_it_was_never_sent),
        OWN(slow_attempt_has_its_own_time_while_another_endpoint_is_left),
        OWN(half_of_the_time_is_an_attempt_s_where_nothing_is_set),
        OWN(attempt_that_had_all_the_time_is_no_sign_against_the_endpoint),
        OWN(retries_beyond_the_budget_wait_for_it),
        OWN(retry_that_waits_ends_with_its_deadline),
        OWN(cancel_ends_an_attempt_and_a_wait),
        OWN(when_all_are_ejected_callers_learn_when_to_come_again),
        OWN(without_endpoints_nobody_is_available),
        OWN(endpoint_that_is_gone_is_closed_after_its_last_attempt),
        FRESH(probes_take_endpoints_out_and_bring_them_back),
        FRESH(probes_ask_for_models_that_requests_ask_for),
        FRESH(new_model_is_shared_as_soon_as_it_was_answered_for),
        OWN(attempts_at_a_silent_endpoint_are_made_elsewhere),
        FRESH(one_ready_endpoint_is_enough_for_requests_and_not_for_tags),
        FRESH(question_of_readiness_can_be_cancelled),
        FRESH(closing_ends_a_probe_that_is_under_way),
        FRESH(names_beyond_the_table_are_counted_as_other),
        FRESH(management_is_asked_of_an_endpoint),
    };
    return cmocka_run_group_tests_name("upstream", tests, NULL, NULL) + run_conformance();
}
