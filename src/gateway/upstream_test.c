/* SPDX-License-Identifier: Apache-2.0 */
/* Calls and their attempts; upstream_probe_test has the rest. */
#include "gateway/upstream.h"

#include "infer_conformance.h"
#include "upstream_rig.h"

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
    assert_int_equal(call->route.trouble_count, 1);
    assert_string_equal(call->route.troubles[0].endpoint, names[first]);
    assert_string_equal(call->route.troubles[0].outcome, "broken");
    assert_int_equal(attempts(first, UPSTREAM_BROKEN), 1);
    assert_int_equal(tally_read(&rig.counts.retries), 1);
}

static void refusals_of_the_client_are_final(void **state)
{
    static const enum galen_status statuses[] = {GALEN_INVALID, GALEN_NOT_FOUND,
                                                 GALEN_UNPROCESSABLE};
    (void)state;
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        struct infer_call *call = run();
        break_off(asked(), INFER_REFUSED, statuses[i]);
        EXPECT_STATUS(statuses[i], call->status);
        assert_string_equal(call->error.text, "why");
        assert_int_equal(call->route.attempt_count, 1);
        assert_int_equal(call->route.trouble_count, 0);
    }
}

static void failure_at_one_endpoint_is_tried_at_another(void **state)
{
    (void)state;
    struct infer_call *call = run();
    const size_t first = asked();
    break_off(first, INFER_REFUSED, GALEN_INTERNAL);
    const size_t second = asked();
    assert_int_not_equal(first, second);
    answer(second);
    EXPECT_OK(call->status);
    assert_int_equal(attempts(first, UPSTREAM_FAILED), 1);
}

static void failure_at_every_endpoint_is_the_answer(void **state)
{
    (void)state;
    struct infer_call *call = run();
    for (size_t i = 0; i < 3; i++) {
        assert_false(is_done(call));
        break_off(asked(), INFER_REFUSED, GALEN_INTERNAL);
    }
    EXPECT_STATUS(GALEN_INTERNAL, call->status);
    assert_int_equal(call->route.attempt_count, 3);
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
    assert_int_equal(call->route.trouble_count, 3);
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

static enum galen_status refuse_of_first(const struct infer_call *call, const void *context,
                                         struct error *out_error)
{
    size_t *count = *(size_t *const *)context;
    assert_int_equal(call->response.output_count, 1);
    return (*count)++ > 0 ? GALEN_OK
                          : error_set(out_error, GALEN_BAD_UPSTREAM, "of no use");
}

static void answer_that_the_caller_cannot_use_is_asked_for_elsewhere(void **state)
{
    size_t count = 0;
    size_t *const place = &count;
    (void)state;
    struct infer_call *call = prepare(INFER_RUN);
    call->request.check = refuse_of_first;
    call->request.check_context = &place;
    infer_submit(upstream_any(rig.upstream), call);
    const size_t first = asked();
    answer(first);
    assert_false(is_done(call));
    answer(asked());
    EXPECT_OK(call->status);
    assert_int_equal(count, 2);
    assert_int_equal(attempts(first, UPSTREAM_UNUSABLE), 1);
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
    assert_int_equal(call->route.trouble_count, 4);
    assert_string_equal(call->route.troubles[1].outcome, "unreached");
    assert_string_equal(call->route.troubles[3].outcome, "broken");
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

/* Of one endpoint, whose place another has taken: two of the retries are under way. */
static void break_off_five(struct infer_call **calls)
{
    begin_without_probes(1);
    for (size_t i = 0; i < 5; i++) {
        calls[i] = run();
    }
    upstream_set_endpoints(rig.upstream, names + 1, 1);
    for (size_t i = 0; i < 5; i++) {
        break_off(0, INFER_BROKEN, GALEN_BAD_UPSTREAM);
    }
}

static void retries_beyond_the_budget_wait_for_it(void **state)
{
    struct infer_call *calls[5];
    (void)state;
    break_off_five(calls);
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

/* Whoever ends gives way to the next, and that finds nobody: none waits for its time. */
static void retries_that_wait_end_at_once_when_nobody_is_left_to_be_asked(void **state)
{
    struct infer_call *calls[5];
    (void)state;
    break_off_five(calls);
    upstream_set_endpoints(rig.upstream, NULL, 0);
    pass(0);
    assert_false(is_done(calls[4]));
    break_off(1, INFER_BROKEN, GALEN_BAD_UPSTREAM);
    pass(0);
    for (size_t i = 2; i < 5; i++) {
        EXPECT_STATUS(GALEN_BAD_UPSTREAM, calls[i]->status);
    }
    answer(1);
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
    const struct CMUnitTest tests[] = {
        FRESH(answer_is_passed_on_with_who_gave_it),
        FRESH(broken_attempt_is_made_again_elsewhere),
        FRESH(refusals_of_the_client_are_final),
        FRESH(failure_at_one_endpoint_is_tried_at_another),
        FRESH(failure_at_every_endpoint_is_the_answer),
        FRESH(after_so_many_failures_the_last_is_the_answer),
        FRESH(unusable_answer_is_refused_by_the_name_of_who_gave_it),
        FRESH(answer_that_the_caller_cannot_use_is_asked_for_elsewhere),
        FRESH(who_cannot_be_reached_costs_no_retry_while_others_are_left),
        OWN(same_endpoint_is_asked_again_after_a_while),
        OWN(nobody_is_asked_again_before_its_retry_after),
        FRESH(what_must_happen_once_is_sent_again_only_if_it_was_never_sent),
        OWN(slow_attempt_has_its_own_time_while_another_endpoint_is_left),
        OWN(half_of_the_time_is_an_attempt_s_where_nothing_is_set),
        OWN(attempt_that_had_all_the_time_is_no_sign_against_the_endpoint),
        OWN(retries_beyond_the_budget_wait_for_it),
        OWN(retries_that_wait_end_at_once_when_nobody_is_left_to_be_asked),
        OWN(retry_that_waits_ends_with_its_deadline),
        OWN(cancel_ends_an_attempt_and_a_wait),
        OWN(when_all_are_ejected_callers_learn_when_to_come_again),
        OWN(without_endpoints_nobody_is_available),
    };
    return cmocka_run_group_tests_name("upstream", tests, NULL, NULL) + run_conformance();
}
