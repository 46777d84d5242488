/* SPDX-License-Identifier: Apache-2.0 */
/* Which records explain a request, and where its time went. */
#include "app/explanation.h"

#include "explain_rig.h"

#define OK ",\"request_id\":\"request-1\",\"outcome\":\"ok\""

static void what_the_client_was_answered_by_comes_first(void **state)
{
    (void)state;
    add("engine", 3, 1, "infer", OK);
    add("preprocess", 1, 1, "infer", OK);
    add("gateway", 5, 1, "infer", OK);
    add("gateway", 9, 2, "shadow", OK);
    explanation_settle(&explanation);
    assert_int_equal(explanation.count, 4);
    assert_memory_equal(explanation.records[0].chain, "gateway", 7);
    assert_int_equal(explanation.records[0].seq, 1);
    assert_memory_equal(explanation.records[1].chain, "preprocess", 10);
    assert_memory_equal(explanation.records[2].chain, "engine", 6);
    assert_int_equal(explanation.records[3].seq, 2);
}

static void records_that_were_made_late_keep_their_place(void **state)
{
    (void)state;
    add("engine", 1, 1, "infer", OK);
    add("gateway", 2, 1, "infer", OK);
    add("preprocess", 3, 1, "infer", OK);
    explanation_settle(&explanation);
    assert_memory_equal(explanation.records[0].chain, "gateway", 7);
    assert_memory_equal(explanation.records[1].chain, "preprocess", 10);
    assert_memory_equal(explanation.records[2].chain, "engine", 6);
}

static void of_several_requests_with_one_id_the_newest_is_kept(void **state)
{
    (void)state;
    add("engine", 1, 1, "infer", OK);
    add("gateway", 2, 1, "infer", OK ",\"dur_us\":1");
    add("engine", 3, 2, "infer", OK);
    add("gateway", 4, 2, "infer", OK ",\"dur_us\":2");
    explanation_settle(&explanation);
    assert_int_equal(explanation.count, 2);
    assert_int_equal(explanation.records[0].seq, 2);
    assert_int_equal(explanation.records[1].seq, 2);
    assert_int_equal(explanation.earlier_count, 1);
}

static void the_copy_in_a_second_trail_is_no_other_request(void **state)
{
    (void)state;
    add_to("audit", "serve", 2, 1, "infer", OK ",\"dur_us\":1");
    add_to("second", "serve", 2, 8, "infer", OK ",\"dur_us\":1");
    (void)snprintf(explanation.records[1].chain, AUDIT_CHAIN_NAME_SIZE,
                   "serve-of-another-trail");
    explanation_settle(&explanation);
    assert_int_equal(explanation.count, 2);
    assert_int_equal(explanation.earlier_count, 0);
}

static void where_there_is_no_room_the_oldest_go(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3 * LIMIT_EXPLAINED_RECORD_COUNT_MAX; i++) {
        add("engine", 1000 - i, i, "infer", OK);
    }
    add("gateway", 1001, 0, "infer", OK);
    explanation_settle(&explanation);
    assert_int_equal(explanation.count, LIMIT_EXPLAINED_RECORD_COUNT_MAX);
    assert_memory_equal(explanation.records[0].chain, "gateway", 7);
    assert_int_equal(explanation.left_out, 2 * LIMIT_EXPLAINED_RECORD_COUNT_MAX + 1);
}

static void without_a_gateway_the_first_record_is_the_first(void **state)
{
    (void)state;
    add("engine", 7, 2, "infer", OK);
    add("engine", 5, 1, "infer", OK);
    explanation_settle(&explanation);
    assert_int_equal(explanation.count, 2);
    assert_int_equal(explanation.records[0].seq, 1);
}

static void all_that_is_there_has_to_be_sound(void **state)
{
    (void)state;
    assert_false(explanation_is_sound(&explanation));
    add("gateway", 5, 1, "infer", OK);
    assert_false(explanation_is_sound(&explanation));
    approve(2);
    assert_true(explanation_is_sound(&explanation));
    explanation.records[0].proof = EXPLAINED_UNCOVERED;
    assert_true(explanation_is_sound(&explanation));
    explanation.records[0].proof = EXPLAINED_UNPROVED;
    assert_false(explanation_is_sound(&explanation));
    approve(2);
    explanation.records[0].fault.kind = AUDIT_FAULT_HASH;
    assert_false(explanation_is_sound(&explanation));
    explanation.records[0].fault.kind = AUDIT_FAULT_NONE;
    explanation.other_faulty_count = 1;
    assert_false(explanation_is_sound(&explanation));
}

static void expect_part(const struct explained_part *part, const char *name,
                        uint64_t began_us, uint64_t took_us)
{
    assert_string_equal(part->name, name);
    assert_int_equal(part->began_us, began_us);
    assert_int_equal(part->took_us, took_us);
}

static void parts_follow_one_another_and_fill_the_whole(void **state)
{
    (void)state;
    struct explained_part parts[EXPLAINED_PART_COUNT_MAX];
    add("serve", 5, 1, "infer",
        ",\"dur_us\":100,\"before_us\":10,\"preprocess_us\":20,\"infer_us\":50,"
        "\"queue_us\":5,\"compute_us\":40");
    assert_int_equal(explained_parts(&explanation.records[0], parts), 6);
    expect_part(&parts[0], "before", 0, 10);
    expect_part(&parts[1], "preprocess", 10, 20);
    expect_part(&parts[2], "infer", 30, 50);
    expect_part(&parts[3], "queue", 35, 5);
    expect_part(&parts[4], "compute", 40, 40);
    expect_part(&parts[5], "after", 80, 20);
    assert_true(parts[3].is_inner && parts[4].is_inner && !parts[5].is_inner);
}

static void what_a_record_does_not_say_is_no_part(void **state)
{
    (void)state;
    struct explained_part parts[EXPLAINED_PART_COUNT_MAX];
    add("gateway", 5, 1, "validate", ",\"dur_us\":100");
    add("engine", 6, 1, "infer", ",\"dur_us\":100,\"compute_us\":40");
    assert_int_equal(explained_parts(&explanation.records[0], parts), 0);
    assert_int_equal(explained_parts(&explanation.records[1], parts), 1);
    expect_part(&parts[0], "compute", 0, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EXPLAIN_TEST(what_the_client_was_answered_by_comes_first),
        EXPLAIN_TEST(records_that_were_made_late_keep_their_place),
        EXPLAIN_TEST(of_several_requests_with_one_id_the_newest_is_kept),
        EXPLAIN_TEST(the_copy_in_a_second_trail_is_no_other_request),
        EXPLAIN_TEST(where_there_is_no_room_the_oldest_go),
        EXPLAIN_TEST(without_a_gateway_the_first_record_is_the_first),
        EXPLAIN_TEST(all_that_is_there_has_to_be_sound),
        EXPLAIN_TEST(parts_follow_one_another_and_fill_the_whole),
        EXPLAIN_TEST(what_a_record_does_not_say_is_no_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
