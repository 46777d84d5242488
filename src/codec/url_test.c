/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/url.h"

#include "expect.h"

struct fixture {
    struct arena arena;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    arena_init(&fixture.arena, 65536);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    arena_deinit(&((struct fixture *)*state)->arena);
    return 0;
}

#define EXPECT_BYTES(expected, actual) assert_true(bytes_equal_string((actual), (expected)))

static void every_byte_but_nul_survives_the_round_trip(void **state)
{
    struct fixture *fixture = *state;
    uint8_t all[255];
    struct writer encoded;
    struct bytes decoded;
    for (size_t i = 0; i < sizeof(all); i++) {
        all[i] = (uint8_t)(i + 1);
    }
    writer_init(&encoded, 4096);

    url_encode(bytes_of(all, sizeof(all)), &encoded);

    EXPECT_OK(url_decode(writer_bytes(&encoded), &fixture->arena, &decoded));
    assert_true(bytes_equal(decoded, bytes_of(all, sizeof(all))));
    writer_deinit(&encoded);
}

static void a_broken_escape_and_a_nul_are_refused(void **state)
{
    struct fixture *fixture = *state;
    static const char *const broken[] = {"%", "a%4", "%zz", "%4g", "%00", "x%-1"};
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        struct bytes decoded = BYTES("untouched");
        EXPECT_STATUS(GALEN_INVALID,
                      url_decode(bytes_from_string(broken[i]), &fixture->arena, &decoded));
        EXPECT_BYTES("untouched", decoded);
    }
}

static void a_parameter_is_found_and_decoded(void **state)
{
    struct fixture *fixture = *state;
    struct bytes value;

    EXPECT_OK(url_query_get(BYTES("a=1&model=breast%2Dcancer+x&b"), "model",
                            &fixture->arena, &value));
    EXPECT_BYTES("breast-cancer x", value);
    EXPECT_OK(url_query_get(BYTES("a=1&b"), "b", &fixture->arena, &value));
    EXPECT_BYTES("", value);
}

static void a_parameter_that_is_absent_or_there_twice_is_told_apart(void **state)
{
    struct fixture *fixture = *state;
    struct bytes value;

    EXPECT_STATUS(GALEN_NOT_FOUND,
                  url_query_get(BYTES("models=1"), "model", &fixture->arena, &value));
    EXPECT_STATUS(GALEN_INVALID, url_query_get(BYTES("model=1&model=1"), "model",
                                               &fixture->arena, &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_byte_but_nul_survives_the_round_trip, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_broken_escape_and_a_nul_are_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_parameter_is_found_and_decoded, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            a_parameter_that_is_absent_or_there_twice_is_told_apart, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
