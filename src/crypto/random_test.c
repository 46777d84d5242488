/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/random.h"

#include "expect.h"

static void every_byte_asked_for_is_filled(void **state)
{
    (void)state;
    uint8_t seen[33] = {0};

    /* A byte stays zero in all of 64 draws with probability 2^-512. */
    for (int i = 0; i < 64; i++) {
        uint8_t draw[sizeof(seen)] = {0};
        EXPECT_OK(random_bytes(draw, sizeof(draw) - 1));
        for (size_t j = 0; j < sizeof(seen); j++) {
            seen[j] |= draw[j];
        }
    }

    for (size_t j = 0; j + 1 < sizeof(seen); j++) {
        assert_int_not_equal(seen[j], 0);
    }
    assert_int_equal(seen[sizeof(seen) - 1], 0);
}

static void uuid_has_its_form_version_and_variant(void **state)
{
    (void)state;
    char text[RANDOM_UUID_SIZE];

    EXPECT_OK(random_uuid(text));

    assert_int_equal(strlen(text), RANDOM_UUID_SIZE - 1);
    for (size_t i = 0; i < RANDOM_UUID_SIZE - 1; i++) {
        const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        assert_non_null(strchr(is_dash ? "-" : "0123456789abcdef", text[i]));
    }
    assert_int_equal(text[14], '4');
    assert_non_null(strchr("89ab", text[19]));
}

static void two_uuids_differ(void **state)
{
    (void)state;
    char first[RANDOM_UUID_SIZE];
    char second[RANDOM_UUID_SIZE];

    EXPECT_OK(random_uuid(first));
    EXPECT_OK(random_uuid(second));

    assert_string_not_equal(first, second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_asked_for_is_filled),
        cmocka_unit_test(uuid_has_its_form_version_and_variant),
        cmocka_unit_test(two_uuids_differ),
    };
    return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
