/* SPDX-License-Identifier: Apache-2.0 */
#include "model/release_state.h"

#include <stdio.h>

#include "base/limits.h"
#include "expect.h"

static const struct release_tag one_tags[] = {{"canary", 3}, {"current", 1}};
static const struct release_tag two_tags[] = {
    {"canary", 3}, {"current", 2}, {"previous", 1}};
static const struct release_state one = {.tags = one_tags, .tag_count = 2};
static const struct release_state two = {.tags = two_tags, .tag_count = 3};

static void a_tag_is_found_by_its_name(void **unused)
{
    (void)unused;
    assert_int_equal(release_state_version(&two, "current"), 2);
    assert_int_equal(release_state_version(&two, "previous"), 1);
    assert_int_equal(release_state_version(&one, "previous"), 0);
    assert_int_equal(release_state_version(&one, "staging"), 0);
}

static void names_of_tags_are_neither_numbers_nor_ours(void **unused)
{
    (void)unused;
    static const char *const wrong[] = {"",         "7",        ".x",  "a/b",
                                        "disabled", "releases", "a b", ".."};
    assert_true(release_tag_is_valid("current"));
    assert_true(release_tag_is_valid("v7"));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(release_tag_is_valid(wrong[i]));
    }
}

static void what_is_put_is_in_its_place_and_the_rest_stays(void **unused)
{
    (void)unused;
    struct arena arena;
    arena_init(&arena, 1 << 16);
    struct release_state state = one;
    EXPECT_OK(release_state_put(&state, "previous", 1, &arena));
    EXPECT_OK(release_state_put(&state, "current", 2, &arena));
    assert_true(release_state_equal(&state, &two));
    assert_int_equal(release_state_version(&one, "current"), 1);
    EXPECT_OK(release_state_put(&state, "a", 9, &arena));
    assert_string_equal(state.tags[0].name, "a");
    assert_int_equal(state.tag_count, 4);
    arena_deinit(&arena);
}

static void tags_have_a_limit(void **unused)
{
    (void)unused;
    static char names[LIMIT_RELEASE_TAG_COUNT_MAX + 1][16];
    struct arena arena;
    struct release_state state = {.tag_count = 0};
    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < LIMIT_RELEASE_TAG_COUNT_MAX; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "t%03zu", i);
        EXPECT_OK(release_state_put(&state, names[i], 1, &arena));
    }
    EXPECT_STATUS(GALEN_TOO_LARGE, release_state_put(&state, "u", 1, &arena));
    EXPECT_OK(release_state_put(&state, "t000", 2, &arena));
    arena_deinit(&arena);
}

static void states_differ_in_tags_versions_and_being_disabled(void **unused)
{
    (void)unused;
    struct release_state disabled = one;
    disabled.is_disabled = true;
    assert_true(release_state_equal(&one, &one));
    assert_false(release_state_equal(&one, &two));
    assert_false(release_state_equal(&one, &disabled));
}

static bool is_between(const struct release_tag *tags, size_t count)
{
    const struct release_state now = {.tags = tags, .tag_count = count};
    return release_state_is_between(&now, &one, &two);
}

static void what_a_kill_can_leave_is_between(void **unused)
{
    (void)unused;
    const struct release_tag half[] = {{"canary", 3}, {"current", 1}, {"previous", 1}};
    const struct release_tag other_half[] = {{"canary", 3}, {"current", 2}};
    const struct release_tag beside[] = {{"canary", 3}, {"current", 1}, {"staging", 7}};
    assert_true(is_between(one_tags, 2));
    assert_true(is_between(two_tags, 3));
    assert_true(is_between(half, 3));
    assert_true(is_between(other_half, 2));
    assert_true(is_between(beside, 3));
}

static void what_no_kill_leaves_is_not_between(void **unused)
{
    (void)unused;
    const struct release_tag third[] = {{"canary", 3}, {"current", 3}};
    const struct release_tag less[] = {{"current", 1}};
    const struct release_tag none[] = {{"canary", 3}};
    struct release_state disabled = one;
    disabled.is_disabled = true;
    assert_false(is_between(third, 2));
    assert_false(is_between(less, 1));
    assert_false(is_between(none, 1));
    assert_false(release_state_is_between(&disabled, &one, &two));
    assert_true(release_state_is_between(&one, &one, &disabled));
}

static void who_has_yet_to_remove_a_tag_is_between(void **unused)
{
    (void)unused;
    assert_true(release_state_is_between(&two, &two, &one));
}

static void what_is_dropped_is_gone_and_the_rest_stays(void **unused)
{
    (void)unused;
    struct arena arena;
    struct release_state state = two;
    arena_init(&arena, 1 << 16);
    EXPECT_OK(release_state_drop(&state, "current", &arena));
    EXPECT_OK(release_state_drop(&state, "staging", &arena));
    assert_int_equal(state.tag_count, 2);
    assert_int_equal(release_state_version(&state, "canary"), 3);
    assert_int_equal(release_state_version(&state, "current"), 0);
    assert_int_equal(release_state_version(&state, "previous"), 1);
    assert_int_equal(two.tag_count, 3);
    arena_deinit(&arena);
}

static void percentages_have_at_most_two_places(void **unused)
{
    (void)unused;
    static const char *const right[] = {"0", "5", "0.5", "12.25", "0.01", "99.99", "100"};
    static const char *const wrong[] = {"",    "-1",    "101", "100.01", "1.", ".5",
                                        "1.x", "1.234", "05",  "1e1",    "1,5"};
    uint32_t share;
    char text[RELEASE_PERCENT_SIZE];
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
        assert_true(release_percent_parse(bytes_from_string(right[i]), &share));
        release_percent_write(share, text);
        assert_string_equal(text, right[i]);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(release_percent_parse(bytes_from_string(wrong[i]), &share));
    }
    assert_true(release_percent_parse(BYTES("12.5"), &share));
    assert_int_equal(share, 1250);
}

static void another_canary_is_another_state(void **unused)
{
    (void)unused;
    struct release_state with = two;
    with.rollout = (struct release_rollout){.version = 3, .share = 500, .started = 1};
    struct release_state more = with;
    more.rollout.share = 600;
    assert_false(release_state_equal(&two, &with));
    assert_false(release_state_equal(&with, &more));
    assert_true(release_state_is_between(&with, &two, &with));
    assert_true(release_state_is_between(&two, &two, &with));
    assert_false(release_state_is_between(&more, &two, &with));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tag_is_found_by_its_name),
        cmocka_unit_test(names_of_tags_are_neither_numbers_nor_ours),
        cmocka_unit_test(what_is_put_is_in_its_place_and_the_rest_stays),
        cmocka_unit_test(tags_have_a_limit),
        cmocka_unit_test(states_differ_in_tags_versions_and_being_disabled),
        cmocka_unit_test(what_a_kill_can_leave_is_between),
        cmocka_unit_test(what_no_kill_leaves_is_not_between),
        cmocka_unit_test(who_has_yet_to_remove_a_tag_is_between),
        cmocka_unit_test(what_is_dropped_is_gone_and_the_rest_stays),
        cmocka_unit_test(percentages_have_at_most_two_places),
        cmocka_unit_test(another_canary_is_another_state),
    };
    return cmocka_run_group_tests_name("release_state", tests, NULL, NULL);
}
