/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoints that come and go, and what they are asked beside requests. */
#include "gateway/upstream.h"

#include <stdio.h>

#include "upstream_rig.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
    return cmocka_run_group_tests_name("upstream probe", tests, NULL, NULL);
}
