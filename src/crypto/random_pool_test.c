/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/random_pool.h"

#include <string.h>

#include "expect.h"

enum { ID_SIZE = 16, ID_COUNT = 3 * RANDOM_POOL_SIZE / ID_SIZE };

static void no_two_are_equal_across_refills(void **state)
{
    (void)state;
    static uint8_t ids[ID_COUNT][ID_SIZE];
    struct random_pool pool = {.left = 0};

    for (size_t i = 0; i < ID_COUNT; i++) {
        EXPECT_OK(random_pool_take(&pool, ids[i], ID_SIZE));
    }

    for (size_t i = 0; i < ID_COUNT; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_memory_not_equal(ids[i], ids[j], ID_SIZE);
        }
    }
}

static void what_was_given_is_wiped(void **state)
{
    (void)state;
    static const uint8_t zeros[ID_SIZE];
    uint8_t id[ID_SIZE];
    struct random_pool pool = {.left = 0};

    EXPECT_OK(random_pool_take(&pool, id, sizeof(id)));

    assert_memory_equal(pool.bytes, zeros, sizeof(zeros));
    assert_memory_not_equal(id, zeros, sizeof(zeros));
}

static void all_of_it_can_be_taken_at_once(void **state)
{
    (void)state;
    uint8_t all[RANDOM_POOL_SIZE] = {0};
    static const uint8_t zeros[ID_SIZE];
    struct random_pool pool = {.left = 0};
    uint8_t one;

    EXPECT_OK(random_pool_take(&pool, &one, 1));
    EXPECT_OK(random_pool_take(&pool, all, sizeof(all)));

    assert_int_equal(pool.left, 0);
    assert_memory_not_equal(all + sizeof(all) - ID_SIZE, zeros, ID_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_two_are_equal_across_refills),
        cmocka_unit_test(what_was_given_is_wiped),
        cmocka_unit_test(all_of_it_can_be_taken_at_once),
    };
    return cmocka_run_group_tests_name("random_pool", tests, NULL, NULL);
}
