/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/arms.h"

#include <string.h>

#include "expect.h"
#include "random.h"

enum { PERSON_COUNT = 20000, PSEUDONYM_SIZE = 32 };

static struct repository_version numbers[] = {{.number = 1}, {.number = 2}};
static struct repository_version *const versions[] = {&numbers[0], &numbers[1]};

static struct repository_model model_of(const char *name, uint32_t share, uint64_t started)
{
    return (struct repository_model){
        .name = name,
        .versions = versions,
        .version_count = 2,
        .choice = &numbers[0],
        .rollout = {.version = 2, .share = share, .shadow = 2500, .started = started},
    };
}

static struct arms plan(uint32_t share, uint64_t started)
{
    const struct repository_model model = model_of("m", share, started);
    return arms_of(&model, NULL);
}

static enum arm arm_of(const struct arms *arms, uint64_t person)
{
    struct random random = {person};
    uint64_t words[PSEUDONYM_SIZE / sizeof(uint64_t)];
    enum arm_basis basis;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        words[i] = random_u64(&random);
    }
    const struct arms_asker asker = {.subject = bytes_of(words, sizeof(words))};
    const enum arm arm = arms_choose(arms, &asker, &basis);
    assert_int_equal(basis, ARM_BY_SUBJECT);
    return arm;
}

static uint64_t count_canary(const struct arms *arms)
{
    uint64_t count = 0;
    for (uint64_t i = 0; i < PERSON_COUNT; i++) {
        count += arm_of(arms, i) == ARM_CANARY;
    }
    return count;
}

static void the_canary_has_its_share_of_all_persons(void **unused)
{
    (void)unused;
    static const uint32_t shares[] = {1, 100, 2000, 5000, 9999};
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        const struct arms arms = plan(shares[i], 1);
        const uint64_t expected = (uint64_t)PERSON_COUNT * shares[i] / RELEASE_WHOLE;
        const uint64_t count = count_canary(&arms);
        assert_true(count + 300 > expected && count < expected + 300);
    }
}

static void nobody_is_with_a_canary_that_has_no_share(void **unused)
{
    (void)unused;
    const struct arms arms = plan(0, 1);
    assert_int_equal(count_canary(&arms), 0);
}

static void who_is_with_the_canary_stays_while_its_share_grows(void **unused)
{
    (void)unused;
    struct arms before = plan(500, 7);
    for (uint32_t share = 1000; share < RELEASE_WHOLE; share += 1500) {
        const struct arms after = plan(share, 7);
        for (uint64_t i = 0; i < PERSON_COUNT; i++) {
            assert_false(arm_of(&before, i) == ARM_CANARY &&
                         arm_of(&after, i) == ARM_STABLE);
        }
        before = after;
    }
}

static void another_canary_or_model_draws_anew(void **unused)
{
    (void)unused;
    const struct repository_model other = model_of("n", 5000, 1);
    const struct arms arms[] = {plan(5000, 1), plan(5000, 2), arms_of(&other, NULL)};
    uint64_t second = 0;
    uint64_t third = 0;
    for (uint64_t i = 0; i < PERSON_COUNT; i++) {
        second += arm_of(&arms[0], i) == arm_of(&arms[1], i);
        third += arm_of(&arms[0], i) == arm_of(&arms[2], i);
    }
    assert_in_range(second, PERSON_COUNT * 48 / 100, PERSON_COUNT * 52 / 100);
    assert_in_range(third, PERSON_COUNT * 48 / 100, PERSON_COUNT * 52 / 100);
}

static void a_subject_comes_before_a_caller_and_that_before_chance(void **unused)
{
    (void)unused;
    const struct arms arms = plan(5000, 1);
    enum arm_basis basis;
    struct arms_asker asker = {.caller = BYTES("ward"), .chance = 0};
    const enum arm by_caller = arms_choose(&arms, &asker, &basis);
    assert_int_equal(basis, ARM_BY_CALLER);
    asker.chance = UINT64_MAX;
    assert_int_equal(arms_choose(&arms, &asker, &basis), by_caller);
    asker.caller = BYTES_NONE;
    assert_int_equal(arms_choose(&arms, &asker, &basis), ARM_STABLE);
    assert_int_equal(basis, ARM_BY_CHANCE);
    asker.chance = 0;
    assert_int_equal(arms_choose(&arms, &asker, &basis), ARM_CANARY);
}

static void the_canary_is_the_version_of_that_number(void **unused)
{
    (void)unused;
    const struct arms arms = plan(5000, 1);
    assert_ptr_equal(arms.canary, &numbers[1]);
}

static void a_part_of_the_others_has_a_shadow(void **unused)
{
    (void)unused;
    const struct arms arms = plan(5000, 1);
    struct random random = {1};
    uint64_t count = 0;
    for (size_t i = 0; i < PERSON_COUNT; i++) {
        count += arms_has_shadow(&arms, random_u64(&random));
    }
    assert_in_range(count, PERSON_COUNT * 23 / 100, PERSON_COUNT * 27 / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_canary_has_its_share_of_all_persons),
        cmocka_unit_test(nobody_is_with_a_canary_that_has_no_share),
        cmocka_unit_test(who_is_with_the_canary_stays_while_its_share_grows),
        cmocka_unit_test(another_canary_or_model_draws_anew),
        cmocka_unit_test(a_subject_comes_before_a_caller_and_that_before_chance),
        cmocka_unit_test(the_canary_is_the_version_of_that_number),
        cmocka_unit_test(a_part_of_the_others_has_a_shadow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
