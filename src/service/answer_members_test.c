/* SPDX-License-Identifier: Apache-2.0 */
#include "service/answer_members.h"

#include "expect.h"

static const char *why;

static struct answer_pattern parsed(const char *text)
{
    struct answer_pattern pattern = {0};
    if (!answer_pattern_parse(bytes_from_string(text), &pattern, &why)) {
        fail_msg("%s: %s", text, why);
    }
    return pattern;
}

static void a_row_stands_behind_what_it_is_in(void **state)
{
    (void)state;
    for (unsigned i = ANSWER_ROOT + 1; i < ANSWER_MEMBER_COUNT; i++) {
        const struct answer_row *row = &answer_rows[i];
        const enum answer_kind kind = answer_rows[row->in].kind;
        assert_true((unsigned)row->in < i);
        assert_true(kind == ANSWER_KIND_OBJECT || kind == ANSWER_KIND_LIST);
        assert_true(!answer_rows[row->in].is_kept || row->is_kept);
    }
}

static void the_pointer_of_each_member_names_it_alone(void **state)
{
    (void)state;
    for (unsigned i = ANSWER_ROOT + 1; i < ANSWER_MEMBER_COUNT; i++) {
        struct writer text;
        struct answer_pattern pattern;
        writer_init(&text, 128);
        answer_put_pointer((enum answer_member)i, 7, &text);
        assert_true(answer_pattern_parse(writer_bytes(&text), &pattern, &why));
        assert_true(pattern.members == ANSWER_BIT(i));
        writer_deinit(&text);
    }
}

static void a_star_is_every_member_of_one_level(void **state)
{
    (void)state;
    const uint64_t timing = ANSWER_BIT(ANSWER_TIMING_PREPROCESS) |
                            ANSWER_BIT(ANSWER_TIMING_INFER) |
                            ANSWER_BIT(ANSWER_TIMING_TOTAL);
    assert_true(parsed("/timing_us/*").members == timing);
    assert_true(parsed("/*/*/score").members ==
                (ANSWER_BIT(ANSWER_PREDICTION_SCORE) | ANSWER_BIT(ANSWER_ENTITY_SCORE)));
    assert_int_equal(parsed("/*/*/score").index, ANSWER_EVERY_INDEX);
}

static void an_index_is_of_one_element(void **state)
{
    (void)state;
    assert_int_equal(parsed("/predictions/0/score").index, 0);
    assert_int_equal(parsed("/*/4294967294/score").index, 4294967294U);
    assert_true(parsed("/predictions/0/score").members ==
                ANSWER_BIT(ANSWER_PREDICTION_SCORE));
}

static void what_is_in_no_answer_is_told_so(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *why;
    } cases[] = {
        {"", "is not a JSON Pointer"},
        {"timing_us", "is not a JSON Pointer"},
        {"#/timing_us", "is not a JSON Pointer"},
        {"/timing_us~", "is not a JSON Pointer"},
        {"/timing_us~2", "is not a JSON Pointer"},
        {"/a/b/c/d/e/f/g/h/i", "is not a JSON Pointer"},
        {"/", "names nothing"},
        {"//", "names nothing"},
        {"/timing_us/", "names nothing"},
        {"/Timing_us", "names nothing"},
        {"/timing_us~0", "names nothing"},
        {"/timing_us~1total", "names nothing"},
        {"/timing_us/total/x", "names nothing"},
        {"/entities/text", "names nothing"},
        {"/entities/01/text", "names nothing"},
        {"/entities/-/text", "names nothing"},
        {"/entities/-1/text", "names nothing"},
        {"/entities/4294967295/text", "names nothing"},
        {"/entities/99999999999999999999/text", "names nothing"},
        {"/entities/**/text", "names nothing"},
        {"/timing*", "names nothing"},
        {"/predictions/*/text", "names nothing"},
        {"/entities/*", "names elements of a list"},
        {"/predictions/0", "names elements of a list"},
        {"/*/0", "names elements of a list"},
        {"/*/*", "names elements of a list"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct answer_pattern pattern = {0};
        why = "";
        assert_false(
            answer_pattern_parse(bytes_from_string(cases[i].text), &pattern, &why));
        if (strncmp(why, cases[i].why, strlen(cases[i].why)) != 0) {
            fail_msg("%s: %s", cases[i].text, why);
        }
        assert_true(pattern.members == 0);
    }
}

static bool meet(const char *a, const char *b)
{
    const struct answer_pattern left = parsed(a);
    const struct answer_pattern right = parsed(b);
    assert_int_equal(answer_patterns_meet(&left, &right),
                     answer_patterns_meet(&right, &left));
    return answer_patterns_meet(&left, &right);
}

static void patterns_meet_in_what_both_name(void **state)
{
    (void)state;
    assert_true(meet("/timing_us", "/timing_us/total"));
    assert_true(meet("/timing_us/*", "/timing_us/total"));
    assert_true(meet("/predictions", "/predictions/0/score"));
    assert_true(meet("/predictions/*/score", "/predictions/3/score"));
    assert_false(meet("/predictions/2/score", "/predictions/3/score"));
    assert_false(meet("/predictions/*/score", "/predictions/*/label"));
    assert_false(meet("/predictions/*/score", "/entities/*/score"));
    assert_false(meet("/model", "/timing_us"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_stands_behind_what_it_is_in),
        cmocka_unit_test(the_pointer_of_each_member_names_it_alone),
        cmocka_unit_test(a_star_is_every_member_of_one_level),
        cmocka_unit_test(an_index_is_of_one_element),
        cmocka_unit_test(what_is_in_no_answer_is_told_so),
        cmocka_unit_test(patterns_meet_in_what_both_name),
    };
    return cmocka_run_group_tests_name("answer_members", tests, NULL, NULL);
}
