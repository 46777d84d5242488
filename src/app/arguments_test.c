/* SPDX-License-Identifier: Apache-2.0 */
#include "app/arguments.h"

#include <string.h>

#include "expect.h"

static const struct option options[] = {{"--set", true}, {"--flag", false}, {NULL, false}};

static struct arguments of(char **words, int count)
{
    return (struct arguments){count, words, options};
}

static void values_stand_behind_an_equals_sign_or_next(void **state)
{
    (void)state;
    char *words[] = {(char[]){"--set=a=b"}, (char[]){"--set"}, (char[]){"--flag"},
                     (char[]){"--flag"},    (char[]){"file"},  (char[]){"-"}};
    struct arguments arguments = of(words, 6);
    struct argument argument;

    assert_true(arguments_next(&arguments, &argument));
    assert_int_equal(argument.option, 0);
    assert_string_equal(argument.value, "a=b");
    assert_true(arguments_next(&arguments, &argument));
    assert_string_equal(argument.value, "--flag"); /* a value, since --set needs one */
    assert_true(arguments_next(&arguments, &argument));
    assert_int_equal(argument.option, 1);
    assert_true(arguments_next(&arguments, &argument));
    assert_int_equal(argument.option, -1);
    assert_string_equal(argument.value, "file");
    assert_true(arguments_next(&arguments, &argument));
    assert_string_equal(argument.value, "-");
    assert_false(arguments_next(&arguments, &argument));
    assert_false(argument.failed);
}

static void what_is_wrong_ends_the_walk(void **state)
{
    (void)state;
    static const char *const wrong[] = {"--sett", "--flag=1", "--set", "-x"};
    for (size_t i = 0; i < 4; i++) {
        char word[16];
        char *words[] = {word};
        struct arguments arguments = of(words, 1);
        struct argument argument;
        memcpy(word, wrong[i], strlen(wrong[i]) + 1);
        assert_false(arguments_next(&arguments, &argument));
        assert_true(argument.failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_stand_behind_an_equals_sign_or_next),
        cmocka_unit_test(what_is_wrong_ends_the_walk),
    };
    return cmocka_run_group_tests_name("arguments", tests, NULL, NULL);
}
