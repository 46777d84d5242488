/* SPDX-License-Identifier: Apache-2.0 */
#include "app/arguments.h"

#include <string.h>

#include "expect.h"

static const struct option options[] = {
    {.name = "--set", .has_value = true}, {.name = "--flag"}, {.name = NULL}};

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

struct wish {
    const char *name;
    const char *model;
    struct bytes text;
    bool is_plain;
    bool is_open;
    size_t count;
};

static bool count_words(void *field, const char *value)
{
    size_t *count = field;
    ++*count;
    return strcmp(value, "wrong") != 0;
}

static const struct option rows[] = {
    OPTION_TEXT("--name", struct wish, name),
    OPTION_BYTES("--text", struct wish, text),
    OPTION_FLAG("--plain", struct wish, is_plain),
    OPTION_NO_FLAG("--closed", struct wish, is_open),
    OPERANDS(struct wish, count, count_words),
    {.name = NULL},
};

static const struct option rows_of_one[] = {
    OPTION_FLAG("--plain", struct wish, is_plain),
    OPERAND(struct wish, model),
    {.name = NULL},
};

static void words_go_where_their_rows_say(void **state)
{
    (void)state;
    char *words[] = {(char[]){"--name=a"}, (char[]){"one"},  (char[]){"--text"},
                     (char[]){"b"},        (char[]){"two"},  (char[]){"--closed"},
                     (char[]){"--plain"},  (char[]){"three"}};
    struct wish wish = {.is_open = true};
    assert_true(arguments_read(rows, 8, words, &wish));
    assert_string_equal(wish.name, "a");
    assert_true(bytes_equal_string(wish.text, "b"));
    assert_true(wish.is_plain);
    assert_false(wish.is_open);
    assert_int_equal(wish.count, 3);
    assert_null(wish.model);
}

static void what_a_row_does_not_take_ends_the_walk(void **state)
{
    (void)state;
    char *words[] = {(char[]){"right"}, (char[]){"wrong"}, (char[]){"right"}};
    struct wish wish = {.count = 0};
    assert_false(arguments_read(rows, 3, words, &wish));
    assert_int_equal(wish.count, 2);
}

static void one_operand_is_taken_once_and_is_not_empty(void **state)
{
    (void)state;
    char *words[] = {(char[]){"first"}, (char[]){"second"}};
    char *nothing[] = {(char[]){""}};
    struct wish wish = {.model = NULL};
    assert_false(arguments_read(rows_of_one, 1, nothing, &wish));
    assert_true(arguments_read(rows_of_one, 1, words, &wish));
    assert_string_equal(wish.model, "first");
    assert_false(arguments_read(rows_of_one, 1, words + 1, &wish));
    assert_string_equal(wish.model, "first");
}

static void operands_need_a_row(void **state)
{
    (void)state;
    char *words[] = {(char[]){"word"}};
    struct wish wish = {.model = NULL};
    assert_false(arguments_read(options, 1, words, &wish));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_stand_behind_an_equals_sign_or_next),
        cmocka_unit_test(what_is_wrong_ends_the_walk),
        cmocka_unit_test(words_go_where_their_rows_say),
        cmocka_unit_test(what_a_row_does_not_take_ends_the_walk),
        cmocka_unit_test(one_operand_is_taken_once_and_is_not_empty),
        cmocka_unit_test(operands_need_a_row),
    };
    return cmocka_run_group_tests_name("arguments", tests, NULL, NULL);
}
