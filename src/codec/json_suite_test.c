/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSONTestSuite (tests/data/json/README.md): a file's name says what RFC 8259 has parsers
 * do with it: y_ accept, n_ refuse, i_ choose. Runs from the root of the tree.
 */
#include "codec/json.h"

#include <dirent.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/writer.h"
#include "expect.h"

#define SUITE "tests/data/json/test_parsing/"
enum { FILE_COUNT = 318 };

struct choice {
    const char *name;
    bool is_accepted;
};

/* Where we are stricter than the suite asks, and what we chose where it leaves the choice.
 */
static const struct choice choices[] = {
    /* Section 4, names SHOULD be unique: here they must be. */
    {"y_object_duplicated_key.json", false},
    {"y_object_duplicated_key_and_value.json", false},
    /* Section 6: numbers keep their text, so any size is one; codec/number.h says what
       fits. */
    {"i_number_double_huge_neg_exp.json", true},
    {"i_number_huge_exp.json", true},
    {"i_number_neg_int_huge_exp.json", true},
    {"i_number_pos_double_huge_exp.json", true},
    {"i_number_real_neg_overflow.json", true},
    {"i_number_real_pos_overflow.json", true},
    {"i_number_real_underflow.json", true},
    {"i_number_too_big_neg_int.json", true},
    {"i_number_too_big_pos_int.json", true},
    {"i_number_very_big_negative_int.json", true},
    /* Section 8.2: a lone surrogate is no character. */
    {"i_object_key_lone_2nd_surrogate.json", false},
    {"i_string_1st_surrogate_but_2nd_missing.json", false},
    {"i_string_1st_valid_surrogate_2nd_invalid.json", false},
    {"i_string_incomplete_surrogate_and_escape_valid.json", false},
    {"i_string_incomplete_surrogate_pair.json", false},
    {"i_string_incomplete_surrogates_escape_valid.json", false},
    {"i_string_invalid_lonely_surrogate.json", false},
    {"i_string_invalid_surrogate.json", false},
    {"i_string_inverted_surrogates_U+1D11E.json", false},
    {"i_string_lone_second_surrogate.json", false},
    /* Section 8.1: UTF-8 and nothing else, without a byte order mark. */
    {"i_string_UTF-16LE_with_BOM.json", false},
    {"i_string_UTF-8_invalid_sequence.json", false},
    {"i_string_UTF8_surrogate_U+D800.json", false},
    {"i_string_invalid_utf-8.json", false},
    {"i_string_iso_latin_1.json", false},
    {"i_string_lone_utf8_continuation_byte.json", false},
    {"i_string_not_in_unicode_range.json", false},
    {"i_string_overlong_sequence_2_bytes.json", false},
    {"i_string_overlong_sequence_6_bytes.json", false},
    {"i_string_overlong_sequence_6_bytes_null.json", false},
    {"i_string_truncated-utf-8.json", false},
    {"i_string_utf16BE_no_BOM.json", false},
    {"i_string_utf16LE_no_BOM.json", false},
    {"i_structure_UTF-8_BOM_empty_object.json", false},
    /* Section 9: depth is limited, to 64. */
    {"i_structure_500_nested_arrays.json", false},
};

static bool is_to_be_accepted(const char *name)
{
    for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
        if (strcmp(choices[i].name, name) == 0) {
            return choices[i].is_accepted;
        }
    }
    assert_true(name[0] == 'y' || name[0] == 'n'); /* each i_ has its row */
    return name[0] == 'y';
}

static void read_file(const char *name, struct writer *out)
{
    char path[512];
    (void)snprintf(path, sizeof(path), SUITE "%s", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    for (int byte = getc(file); byte != EOF; byte = getc(file)) {
        writer_put_byte(out, (uint8_t)byte);
    }
    assert_int_equal(fclose(file), 0);
}

static void expect_choice(const char *name)
{
    struct writer text;
    struct arena arena;
    const struct json *root = NULL;
    writer_init(&text, 1 << 20);
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    read_file(name, &text);

    const enum galen_status status = json_parse(writer_bytes(&text), &arena, &root, NULL);
    if ((status == GALEN_OK) != is_to_be_accepted(name)) {
        fail_msg("%s: %s", name, galen_status_text(status));
    }
    arena_deinit(&arena);
    writer_deinit(&text);
}

static void every_file_is_accepted_or_refused_as_it_should(void **state)
{
    (void)state;
    size_t count = 0;
    DIR *suite = opendir(SUITE);
    assert_non_null(suite);
    for (struct dirent *entry = readdir(suite); entry != NULL; entry = readdir(suite)) {
        if (entry->d_name[0] != '.') {
            expect_choice(entry->d_name);
            count++;
        }
    }
    assert_int_equal(closedir(suite), 0);
    print_message("counted json-test-suite {\"files\": %zu, \"chosen\": %zu}\n", count,
                  sizeof(choices) / sizeof(choices[0]));
    assert_int_equal(count, FILE_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_is_accepted_or_refused_as_it_should),
    };
    return cmocka_run_group_tests_name("json_suite", tests, NULL, NULL);
}
