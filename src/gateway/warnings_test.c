/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/warnings.h"

#include "expect.h"

static struct galen_tensor codes(const char *bytes, size_t size)
{
    return (struct galen_tensor){.name = "galen.warnings",
                                 .datatype = GALEN_BYTES,
                                 .rank = 1,
                                 .shape = {1},
                                 .bytes = bytes,
                                 .size_bytes = size};
}

static void known_codes_are_collected_once(void **state)
{
    (void)state;
    static const char twice[] = "\7\0\0\0imputed\7\0\0\0imputed\x0a\0\0\0demo_model";
    const struct galen_tensor tensor = codes(twice, sizeof(twice) - 1);
    struct warnings warnings = {0};

    EXPECT_OK(warnings_add_tensor(&warnings, &tensor, NULL));

    assert_int_equal(warnings.bits, 1U << WARNING_imputed | 1U << WARNING_demo_model);
}

static void unknown_and_malformed_codes_are_the_upstreams_fault(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } cases[] = {
        {"\3\0\0\0abc", 7},       {"\7\0\0\0imput", 9}, {"\7\0", 2},
        {"\xff\xff\xff\xffx", 5}, {"\0\0\0\0", 4},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct galen_tensor tensor = codes(cases[i].bytes, cases[i].size);
        struct warnings warnings = {0};
        EXPECT_STATUS(GALEN_BAD_UPSTREAM, warnings_add_tensor(&warnings, &tensor, NULL));
        assert_int_equal(warnings.bits, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_codes_are_collected_once),
        cmocka_unit_test(unknown_and_malformed_codes_are_the_upstreams_fault),
    };
    return cmocka_run_group_tests_name("warnings", tests, NULL, NULL);
}
