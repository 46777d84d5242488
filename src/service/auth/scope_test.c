/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/scope.h"

#include "expect.h"

static void the_grammar_of_the_rfc_holds(void **state)
{
    (void)state;
    static const char *const valid[] = {
        "infer:text", "a", "!", "#[]^_`{|}~", "system/*.rs", "https://example.org/x?y=z"};
    static const char *const invalid[] = {"",     " ",     "a b",      "a\"", "a\\b",
                                          "a\tb", "a\x7f", "\xc3\xa9", "a\n"};
    for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
        assert_true(scope_is_valid(bytes_from_string(valid[i])));
    }
    for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
        assert_false(scope_is_valid(bytes_from_string(invalid[i])));
    }
    assert_false(scope_is_valid(BYTES("a\0b")));
}

static const struct {
    const char *granted;
    const char *required;
    bool covers;
} rows[] = {
    {"infer:text", "infer:text", true},
    {"infer:text", "infer:texts", false},
    {"infer:text", "infer:tex", false},
    {"infer:text", "Infer:text", false},
    {"infer:tensor:*", "infer:tensor:ecg", true},
    {"infer:tensor:*", "infer:tensor:", false},
    {"infer:tensor:*", "infer:tensor", false},
    {"infer:tensor:*", "infer:tensors", false},
    {"infer:tensor:*", "infer:tensor:*", true},
    {"infer:tensor:ecg", "infer:tensor:*", false},
    {"infer:*", "infer:text", true},
    {"infer:*", "infer:tensor:ecg", true},
    {"infer:*", "models:promote", false},
    {"infer:te*", "infer:text", false},
    {"*", "infer:text", false},
    {":*", ":x", false},
    {"", "", true},
    {"", "infer:text", false},
    {"system/Observation.cruds", "system/Observation.crus", true},
    {"system/Observation.cruds", "system/Observation.c", true},
    {"system/Observation.rs", "system/Observation.rs", true},
    {"system/Observation.rs", "system/Observation.crs", false},
    {"system/*.cruds", "system/Observation.crus", true},
    {"system/*.rs", "system/Observation.s", true},
    {"system/*.rs", "system/*.r", true},
    {"system/Observation.cruds", "system/*.r", false},
    {"system/Observation.rs", "system/Patient.rs", false},
    {"system/Observation.rs", "system/observation.rs", false},
    {"user/Observation.rs", "system/Observation.rs", false},
    {"patient/Observation.rs", "patient/Observation.r", true},
    {"system/Observation.sr", "system/Observation.r", false}, /* not in their order */
    {"system/Observation.rr", "system/Observation.r", false}, /* twice */
    {"system/Observation.rx", "system/Observation.r", false}, /* unknown */
    {"system/Observation.", "system/Observation.", true},     /* the same word */
    {"system/Observation.*", "system/Observation.r", false},  /* version 1 */
    {"system/Observation.read", "system/Observation.r", false},
    {"system/Observation.rs?category=laboratory", "system/Observation.r", false},
    {"system/Observation.rs?a=b", "system/Observation.rs?a=b", true},
    {"system/Observation.rs", "system/Observation.rs?a=b", false},
    {"system/.rs", "system/.r", false},
    {"system/Obs*.rs", "system/Observation.r", false},
    {"other/Observation.rs", "other/Observation.r", false},
    {"launch/patient", "launch/patient", true},
};

static void a_scope_covers_what_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].covers != scope_covers(bytes_from_string(rows[i].granted),
                                           bytes_from_string(rows[i].required))) {
            fail_msg("'%s' and '%s'", rows[i].granted, rows[i].required);
        }
    }
}

/* Each of the 31 sets of interactions covers its subsets and no others. */
static void interactions_are_sets(void **state)
{
    (void)state;
    for (unsigned has = 1; has < 32; has++) {
        for (unsigned needs = 1; needs < 32; needs++) {
            char granted[32] = "system/*.";
            char required[32] = "system/Patient.";
            for (unsigned i = 0; i < 5; i++) {
                const char letter[2] = {"cruds"[i], '\0'};
                if ((has >> i & 1) != 0) {
                    memcpy(granted + strlen(granted), letter, 2);
                }
                if ((needs >> i & 1) != 0) {
                    memcpy(required + strlen(required), letter, 2);
                }
            }
            assert_int_equal(
                (needs & ~has) == 0,
                scope_covers(bytes_from_string(granted), bytes_from_string(required)));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_grammar_of_the_rfc_holds),
        cmocka_unit_test(a_scope_covers_what_the_table_says),
        cmocka_unit_test(interactions_are_sets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
