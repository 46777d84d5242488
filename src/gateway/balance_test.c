/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/balance.h"

#include <string.h>

#include "base/clock.h"
#include "expect.h"

static const char *const three[] = {"a:1", "b:1", "c:1"};

static const struct balance_options usual = {
    .eject_failures = 3,
    .eject_base_ns = 10 * NS_PER_S,
    .eject_ns_max = 25 * NS_PER_S,
    .eject_percent_max = 50,
    .pending_count_max = 4,
    .retry_percent = 20,
    .retry_count_min = 2,
    .is_probed = true,
};

static struct balance balance;
static uint64_t random_state;

static int set_up(void **state)
{
    (void)state;
    random_state = 1;
    balance_init(&balance, &usual);
    assert_int_equal(balance_set(&balance, three, 3), 7);
    return 0;
}

static uint64_t next_random(void)
{
    random_state = random_state * UINT64_C(6364136223846793005) + 1;
    return random_state ^ random_state >> 29;
}

static size_t choose(uint64_t now_ns, uint64_t tried, size_t topic)
{
    const struct balance_question question = {
        .now_ns = now_ns, .random = next_random(), .tried = tried, .topic = topic};
    size_t endpoint = SIZE_MAX;
    uint64_t return_ns = 0;
    assert_int_equal(balance_choose(&balance, &question, &endpoint, &return_ns),
                     BALANCE_CHOSEN);
    return endpoint;
}

static enum balance_choice refusal(uint64_t now_ns, uint64_t *out_return_ns)
{
    const struct balance_question question = {.now_ns = now_ns, .topic = BALANCE_NO_TOPIC};
    size_t endpoint = SIZE_MAX;
    return balance_choose(&balance, &question, &endpoint, out_return_ns);
}

/* The bit set of those that are chosen in 200 tries. */
static uint64_t chosen(uint64_t now_ns, uint64_t tried, size_t topic)
{
    uint64_t seen = 0;
    for (size_t i = 0; i < 200; i++) {
        seen |= UINT64_C(1) << choose(now_ns, tried, topic);
    }
    return seen;
}

static uint64_t any(uint64_t now_ns)
{
    return chosen(now_ns, 0, BALANCE_NO_TOPIC);
}

static void attempt(size_t endpoint, enum balance_outcome outcome, uint64_t now_ns)
{
    const struct balance_result result = {.outcome = outcome, .topic = BALANCE_NO_TOPIC};
    balance_begin(&balance, endpoint);
    balance_end(&balance, endpoint, &result, now_ns);
}

static void fail_often(size_t endpoint, enum balance_outcome outcome, uint64_t now_ns)
{
    for (uint32_t i = 0; i < usual.eject_failures; i++) {
        attempt(endpoint, outcome, now_ns);
    }
}

static void probe(size_t endpoint, enum balance_probe answer, uint64_t now_ns)
{
    balance_probed(&balance, endpoint, BALANCE_NO_TOPIC, answer, now_ns, now_ns);
}

static void equals_are_chosen_alike(void **state)
{
    size_t counts[3] = {0};
    (void)state;
    for (size_t i = 0; i < 3000; i++) {
        counts[choose(0, 0, BALANCE_NO_TOPIC)]++;
    }
    for (size_t i = 0; i < 3; i++) {
        assert_in_range(counts[i], 900, 1100);
    }
}

static void least_pending_is_chosen(void **state)
{
    (void)state;
    balance_begin(&balance, 0);
    balance_begin(&balance, 0);
    balance_begin(&balance, 1);
    balance_begin(&balance, 2);
    balance_begin(&balance, 2);

    assert_int_equal(any(0), 2);
}

static void request_goes_where_it_was_not_until_it_was_everywhere(void **state)
{
    (void)state;
    assert_int_equal(chosen(0, 1, BALANCE_NO_TOPIC), 6);
    assert_int_equal(chosen(0, 5, BALANCE_NO_TOPIC), 2);
    assert_int_equal(chosen(0, 7, BALANCE_NO_TOPIC), 7);
}

static void circuit_takes_no_more_than_its_maximum_and_says_full(void **state)
{
    uint64_t return_ns;
    (void)state;
    for (uint32_t i = 0; i < 3 * usual.pending_count_max; i++) {
        balance_begin(&balance, choose(0, 0, BALANCE_NO_TOPIC));
    }
    assert_int_equal(refusal(0, &return_ns), BALANCE_FULL);

    const struct balance_result result = {.outcome = BALANCE_UNSAID};
    balance_end(&balance, 1, &result, 0);
    assert_int_equal(any(0), 2);
}

static void who_says_it_is_not_ready_is_asked_only_when_all_say_so(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        probe(i, BALANCE_PROBE_YES, 0);
    }
    probe(0, BALANCE_PROBE_NO, 1);
    assert_int_equal(any(1), 6);
    probe(1, BALANCE_PROBE_NOTHING, 1);
    probe(2, BALANCE_PROBE_NO, 1);
    assert_int_equal(any(1), 7);
    probe(1, BALANCE_PROBE_YES, 2);
    assert_int_equal(any(2), 2);
}

static void who_is_known_to_be_ready_goes_before_who_was_never_asked(void **state)
{
    (void)state;
    probe(2, BALANCE_PROBE_YES, 0);
    assert_int_equal(any(0), 4);
}

static void model_is_asked_where_it_is_ready(void **state)
{
    (void)state;
    const size_t topic = balance_topic_add(&balance, "m", "2", 1);
    for (size_t i = 0; i < 3; i++) {
        probe(i, BALANCE_PROBE_YES, 0);
    }
    balance_probed(&balance, 0, topic, BALANCE_PROBE_NO, 1, 1);
    balance_probed(&balance, 1, topic, BALANCE_PROBE_YES, 1, 1);
    assert_int_equal(chosen(1, 0, topic), 2); /* of 2 nothing is known */
    assert_int_equal(chosen(1, 2, topic), 4);
    assert_int_equal(chosen(1, 6, topic), 2); /* rather twice than where it is not */
    assert_int_equal(any(1), 7);
}

static void what_comes_back_from_silence_may_have_other_models(void **state)
{
    (void)state;
    const size_t topic = balance_topic_add(&balance, "m", "2", 1);
    for (size_t i = 0; i < 3; i++) {
        probe(i, BALANCE_PROBE_YES, 0);
        balance_probed(&balance, i, topic, BALANCE_PROBE_YES, 1, 1);
    }
    probe(0, BALANCE_PROBE_NOTHING, 2);
    probe(0, BALANCE_PROBE_YES, 3);
    assert_int_equal(chosen(3, 0, topic), 6);
}

static void topic_that_was_not_asked_for_longest_makes_room(void **state)
{
    char name[] = "m00";
    (void)state;
    for (uint64_t i = 0; i < LIMIT_ENDPOINT_TOPIC_COUNT_MAX; i++) {
        name[1] = (char)('0' + i / 10);
        name[2] = (char)('0' + i % 10);
        assert_int_equal(balance_topic_add(&balance, name, "", 1 + i), i);
    }
    assert_int_equal(balance_topic_find(&balance, "m00", "", 100), 0);
    balance_probed(&balance, 0, 1, BALANCE_PROBE_NO, 100, 100);

    assert_int_equal(balance_topic_add(&balance, "new", "", 101), 1);
    assert_int_equal(balance_topic_find(&balance, "m01", "", 102), BALANCE_NO_TOPIC);
    assert_int_equal(balance_topic_find(&balance, "m00", "1", 102), BALANCE_NO_TOPIC);
    assert_int_equal(balance.endpoints[0].known_topics, 0);
}

static void failures_in_a_row_eject_and_an_answer_between_them_does_not(void **state)
{
    (void)state;
    attempt(0, BALANCE_BROKEN, 0);
    attempt(0, BALANCE_FAILED, 0);
    attempt(0, BALANCE_ANSWERED, 0);
    attempt(0, BALANCE_UNUSABLE, 0);
    attempt(0, BALANCE_LATE, 0);
    assert_int_equal(any(0), 7);
    attempt(0, BALANCE_UNAVAILABLE, 0);
    assert_int_equal(any(0), 6);
    assert_false(balance_is_in_rotation(&balance, 0, 0));
}

static void cancelled_attempts_say_nothing(void **state)
{
    (void)state;
    fail_often(0, BALANCE_UNSAID, 0);
    assert_int_equal(any(0), 7);
}

static void ejected_endpoint_gets_one_attempt_when_its_time_is_over(void **state)
{
    const uint64_t back_ns = usual.eject_base_ns;
    (void)state;
    fail_often(0, BALANCE_BROKEN, 0);
    assert_int_equal(any(back_ns - 1), 6);
    assert_int_equal(any(back_ns), 7);

    balance_begin(&balance, 0);
    balance_begin(&balance, 1);
    balance_begin(&balance, 2);
    assert_int_equal(any(back_ns), 6); /* as many are pending there, and yet */

    const struct balance_result well = {.outcome = BALANCE_ANSWERED,
                                        .topic = BALANCE_NO_TOPIC};
    balance_end(&balance, 0, &well, back_ns);
    balance_begin(&balance, 0);
    assert_int_equal(any(back_ns), 7);
}

static void who_fails_again_is_out_for_longer_up_to_the_maximum(void **state)
{
    uint64_t now_ns = 0;
    (void)state;
    fail_often(0, BALANCE_BROKEN, now_ns);
    for (uint64_t k = 1; k < 6; k++) {
        const uint64_t longest_ns = k * usual.eject_base_ns;
        now_ns += longest_ns < usual.eject_ns_max ? longest_ns : usual.eject_ns_max;
        assert_int_equal(any(now_ns - 1), 6);
        assert_int_equal(any(now_ns), 7);
        attempt(0, BALANCE_BROKEN, now_ns); /* one is enough */
    }
}

static void time_in_rotation_is_forgiven(void **state)
{
    (void)state;
    fail_often(0, BALANCE_BROKEN, 0);
    attempt(0, BALANCE_BROKEN, usual.eject_base_ns);
    attempt(0, BALANCE_ANSWERED, 3 * usual.eject_base_ns);
    assert_int_equal(balance.endpoints[0].ejection_count, 2);

    fail_often(0, BALANCE_BROKEN, 5 * usual.eject_base_ns);
    assert_int_equal(balance.endpoints[0].ejection_count, 1);
}

static void late_answer_of_before_does_not_end_an_ejection(void **state)
{
    (void)state;
    balance_begin(&balance, 0);
    fail_often(0, BALANCE_BROKEN, 0);
    const struct balance_result well = {.outcome = BALANCE_ANSWERED,
                                        .topic = BALANCE_NO_TOPIC};
    balance_end(&balance, 0, &well, 1);
    assert_int_equal(any(1), 6);
}

static void no_more_than_the_share_is_ejected(void **state)
{
    (void)state;
    fail_often(0, BALANCE_BROKEN, 0);
    fail_often(1, BALANCE_BROKEN, 0);
    assert_int_equal(any(0), 6); /* half of three is one */
    assert_int_equal(balance_set(&balance, three, 1), 0);
    attempt(0, BALANCE_ANSWERED, usual.eject_base_ns);
    fail_often(0, BALANCE_BROKEN, usual.eject_base_ns);
    assert_int_equal(any(usual.eject_base_ns), 1); /* and half of one is none */
}

static void retry_would_rather_ask_who_is_ejected_than_who_has_failed_it(void **state)
{
    (void)state;
    balance.options.eject_percent_max = 100;
    probe(0, BALANCE_PROBE_YES, 0);
    fail_often(0, BALANCE_BROKEN, 0);
    fail_often(1, BALANCE_BROKEN, 0);
    probe(1, BALANCE_PROBE_NO, 0);
    assert_int_equal(any(1), 4);
    assert_int_equal(chosen(1, 1, BALANCE_NO_TOPIC), 4); /* who is well comes first */
    assert_int_equal(chosen(1, 4, BALANCE_NO_TOPIC), 1); /* of which 1 is not ready */
    balance_begin(&balance, 0);
    assert_int_equal(chosen(1, 4, BALANCE_NO_TOPIC), 4); /* one attempt at a time */
    assert_int_equal(chosen(1, 5, BALANCE_NO_TOPIC), 4);
}

static void when_all_are_ejected_it_says_when_the_first_returns(void **state)
{
    struct balance_options options = usual;
    uint64_t return_ns = 0;
    (void)state;
    options.eject_percent_max = 100;
    balance_init(&balance, &options);
    (void)balance_set(&balance, three, 3);
    fail_often(1, BALANCE_BROKEN, 5);
    fail_often(0, BALANCE_BROKEN, 6);
    assert_int_equal(any(6), 4);
    fail_often(2, BALANCE_BROKEN, 7);

    assert_int_equal(refusal(8, &return_ns), BALANCE_EJECTED);
    assert_int_equal(return_ns, 5 + usual.eject_base_ns);
}

static void who_cannot_be_reached_leaves_rotation_at_once(void **state)
{
    (void)state;
    attempt(0, BALANCE_UNREACHED, 0);
    assert_int_equal(any(0), 6);
    probe(0, BALANCE_PROBE_YES, 1);
    assert_true(balance_is_in_rotation(&balance, 0, 1));
}

static void probe_shortens_the_ejection_of_who_could_not_be_reached_only(void **state)
{
    (void)state;
    fail_often(0, BALANCE_UNREACHED, 10);
    balance_probed(&balance, 0, BALANCE_NO_TOPIC, BALANCE_PROBE_YES, 9, 11);
    assert_false(balance_is_in_rotation(&balance, 0, 11)); /* it was asked before */
    probe(0, BALANCE_PROBE_YES, 12);
    assert_true(balance_is_in_rotation(&balance, 0, 12));
    attempt(0, BALANCE_ANSWERED, 12);

    fail_often(0, BALANCE_UNAVAILABLE, 20);
    probe(0, BALANCE_PROBE_YES, 21);
    assert_false(balance_is_in_rotation(&balance, 0, 21));
}

static void who_says_retry_after_is_asked_last_until_then_or_until_it_answers(void **state)
{
    const struct balance_result later = {
        .outcome = BALANCE_UNAVAILABLE, .rest_ns = NS_PER_S, .topic = BALANCE_NO_TOPIC};
    (void)state;
    for (uint32_t i = 0; i < 2 * usual.eject_failures; i++) {
        balance_begin(&balance, 0);
        balance_end(&balance, 0, &later, 5);
    }
    assert_int_equal(any(5), 6);
    assert_int_equal(any(5 + NS_PER_S), 7); /* nor is it ejected */

    balance_begin(&balance, 0);
    balance_end(&balance, 0, &later, 5);
    attempt(0, BALANCE_ANSWERED, 6);
    assert_int_equal(any(6), 7);
}

static void nobody_is_asked_twice_by_a_request_that_it_told_to_wait(void **state)
{
    const struct balance_question question = {
        .now_ns = 5, .tried = 7, .topic = BALANCE_NO_TOPIC};
    const struct balance_result later = {
        .outcome = BALANCE_UNAVAILABLE, .rest_ns = NS_PER_S, .topic = BALANCE_NO_TOPIC};
    size_t endpoint;
    uint64_t return_ns;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        probe(i, i == 2 ? BALANCE_PROBE_NO : BALANCE_PROBE_YES, 5);
        balance_begin(&balance, i);
        balance_end(&balance, i, &later, 5);
    }
    assert_int_equal(chosen(5, 3, BALANCE_NO_TOPIC), 4); /* though it is not ready */
    assert_int_equal(balance_choose(&balance, &question, &endpoint, &return_ns),
                     BALANCE_RESTING);
    assert_int_equal(any(5), 3); /* another request may */
}

static void known_names_keep_their_state_and_the_rest_leaves(void **state)
{
    static const char *const next[] = {"d:1", "b:1"};
    (void)state;
    fail_often(1, BALANCE_BROKEN, 0);
    balance_begin(&balance, 0);

    assert_int_equal(balance_set(&balance, next, 2), 8);
    assert_int_equal(any(0), 8); /* b is ejected, a and c are gone */
    assert_false(balance_has_left(&balance, 0));
    assert_true(balance_has_left(&balance, 2));
    balance_forget(&balance, 2);

    const struct balance_result well = {.outcome = BALANCE_ANSWERED,
                                        .topic = BALANCE_NO_TOPIC};
    balance_end(&balance, 0, &well, 0);
    assert_true(balance_has_left(&balance, 0));
    balance_forget(&balance, 0);
    assert_int_equal(any(0), 8);
}

static void who_comes_back_before_it_has_left_never_left(void **state)
{
    (void)state;
    balance_begin(&balance, 0);
    assert_int_equal(balance_set(&balance, three + 1, 2), 0);
    assert_int_equal(balance_set(&balance, three, 3), 0);
    assert_int_equal(balance.endpoints[0].pending_count, 1);
    assert_int_equal(any(0), 6);
}

static void without_endpoints_there_is_nobody(void **state)
{
    uint64_t return_ns;
    (void)state;
    balance_init(&balance, &usual);
    assert_int_equal(refusal(0, &return_ns), BALANCE_NONE);
}

static void more_endpoints_than_there_is_room_for_are_left_out(void **state)
{
    static char texts[LIMIT_ENDPOINT_COUNT_MAX + 1][4];
    const char *names[LIMIT_ENDPOINT_COUNT_MAX + 1];
    (void)state;
    for (size_t i = 0; i <= LIMIT_ENDPOINT_COUNT_MAX; i++) {
        memcpy(texts[i], (char[4]){(char)('a' + i / 10), (char)('0' + i % 10)}, 4);
        names[i] = texts[i];
    }
    balance_init(&balance, &usual);
    assert_true(balance_set(&balance, names, LIMIT_ENDPOINT_COUNT_MAX + 1) == UINT64_MAX);
}

static void retries_have_a_share_of_the_requests_and_always_a_few(void **state)
{
    (void)state;
    balance_request_begin(&balance);
    assert_true(balance_retry_begin(&balance));
    assert_true(balance_retry_begin(&balance));
    assert_false(balance_retry_begin(&balance));

    for (size_t i = 0; i < 14; i++) {
        balance_request_begin(&balance);
    }
    assert_true(balance_retry_begin(&balance)); /* a fifth of 15 */
    assert_false(balance_retry_begin(&balance));
    balance_retry_end(&balance);
    assert_true(balance_has_budget(&balance));
}

static void only_what_another_endpoint_may_do_better_is_repeated(void **state)
{
    static const struct {
        enum balance_outcome outcome;
        bool is_repeated;
        bool is_repeated_once;
    } rows[] = {
        {BALANCE_ANSWERED, false, false}, {BALANCE_UNREACHED, true, true},
        {BALANCE_BROKEN, true, false},    {BALANCE_LATE, true, false},
        {BALANCE_FAILED, true, false},    {BALANCE_UNAVAILABLE, true, false},
        {BALANCE_UNUSABLE, true, false},  {BALANCE_UNSAID, false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(balance_may_repeat(rows[i].outcome, false), rows[i].is_repeated);
        assert_int_equal(balance_may_repeat(rows[i].outcome, true),
                         rows[i].is_repeated_once);
    }
}

int main(void)
{
#define FRESH(test) cmocka_unit_test_setup(test, set_up)
    const struct CMUnitTest tests[] = {
        FRESH(equals_are_chosen_alike),
        FRESH(least_pending_is_chosen),
        FRESH(request_goes_where_it_was_not_until_it_was_everywhere),
        FRESH(circuit_takes_no_more_than_its_maximum_and_says_full),
        FRESH(who_says_it_is_not_ready_is_asked_only_when_all_say_so),
        FRESH(who_is_known_to_be_ready_goes_before_who_was_never_asked),
        FRESH(model_is_asked_where_it_is_ready),
        FRESH(what_comes_back_from_silence_may_have_other_models),
        FRESH(topic_that_was_not_asked_for_longest_makes_room),
        FRESH(failures_in_a_row_eject_and_an_answer_between_them_does_not),
        FRESH(cancelled_attempts_say_nothing),
        FRESH(ejected_endpoint_gets_one_attempt_when_its_time_is_over),
        FRESH(who_fails_again_is_out_for_longer_up_to_the_maximum),
        FRESH(time_in_rotation_is_forgiven),
        FRESH(late_answer_of_before_does_not_end_an_ejection),
        FRESH(no_more_than_the_share_is_ejected),
        FRESH(retry_would_rather_ask_who_is_ejected_than_who_has_failed_it),
        FRESH(when_all_are_ejected_it_says_when_the_first_returns),
        FRESH(who_cannot_be_reached_leaves_rotation_at_once),
        FRESH(probe_shortens_the_ejection_of_who_could_not_be_reached_only),
        FRESH(who_says_retry_after_is_asked_last_until_then_or_until_it_answers),
        FRESH(nobody_is_asked_twice_by_a_request_that_it_told_to_wait),
        FRESH(known_names_keep_their_state_and_the_rest_leaves),
        FRESH(who_comes_back_before_it_has_left_never_left),
        FRESH(without_endpoints_there_is_nobody),
        FRESH(more_endpoints_than_there_is_room_for_are_left_out),
        FRESH(retries_have_a_share_of_the_requests_and_always_a_few),
        FRESH(only_what_another_endpoint_may_do_better_is_repeated),
    };
    return cmocka_run_group_tests_name("balance", tests, NULL, NULL);
}
