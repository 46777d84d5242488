/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/yaml_writer.h"

#include "codec/yaml.h"

#include "expect.h"

enum { SIZE_BYTES_MAX = 1 << 16 };

static void expect_written(const char *expected, struct bytes text)
{
    struct writer out;
    writer_init(&out, SIZE_BYTES_MAX);

    yaml_put_string(&out, text);

    EXPECT_OK(out.status);
    assert_int_equal(out.size, strlen(expected));
    assert_memory_equal(writer_bytes(&out).data, expected, out.size);
    writer_deinit(&out);
}

static void plain_text_is_quoted(void **state)
{
    (void)state;
    expect_written("\"no\"", BYTES("no"));
    expect_written("\"\"", BYTES(""));
    expect_written("\"# a: [b], {c}\"", BYTES("# a: [b], {c}"));
}

static void quotes_backslashes_and_line_feeds_are_escaped(void **state)
{
    (void)state;
    expect_written("\"a\\\"b\\\\c\\nd\"", BYTES("a\"b\\c\nd"));
}

static void printable_characters_of_any_language_stay(void **state)
{
    (void)state;
    expect_written("\"B-Größe 検査 \xF0\x9F\x92\x8A\"",
                   BYTES("B-Größe 検査 \xF0\x9F\x92\x8A"));
}

static void what_is_not_printable_is_escaped(void **state)
{
    (void)state;
    expect_written("\"\\u0000\\u001B\\u007F\\u0085\\u2028\\uFEFF\"",
                   BYTES("\0\x1B\x7F\xC2\x85\xE2\x80\xA8\xEF\xBB\xBF"));
}

static void text_that_is_no_utf8_fails_the_writer(void **state)
{
    (void)state;
    struct writer out;
    writer_init(&out, SIZE_BYTES_MAX);

    yaml_put_string(&out, BYTES("a\xFF"));

    EXPECT_STATUS(GALEN_INVALID, out.status);
    assert_int_equal(out.size, 0);
    writer_deinit(&out);
}

/* Every text of one or two ASCII characters that may stand in YAML reads back the same. */
static void written_text_reads_back_the_same(void **state)
{
    (void)state;
    for (unsigned first = 0x20; first < 0x7F; first++) {
        for (unsigned second = 0x20; second < 0x7F; second++) {
            const uint8_t text[] = {(uint8_t)first, (uint8_t)second, '\0'};
            struct yaml_document document;
            struct arena arena;
            struct writer out;
            arena_init(&arena, SIZE_BYTES_MAX);
            writer_init(&out, SIZE_BYTES_MAX);

            yaml_put_string(&out, bytes_of(text, 2));

            EXPECT_OK(yaml_parse(writer_bytes(&out), "f", &arena, &document, NULL));
            assert_string_equal(document.root->text, (const char *)text);
            assert_false(document.root->is_plain);
            writer_deinit(&out);
            arena_deinit(&arena);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_is_quoted),
        cmocka_unit_test(quotes_backslashes_and_line_feeds_are_escaped),
        cmocka_unit_test(printable_characters_of_any_language_stay),
        cmocka_unit_test(what_is_not_printable_is_escaped),
        cmocka_unit_test(text_that_is_no_utf8_fails_the_writer),
        cmocka_unit_test(written_text_reads_back_the_same),
    };
    return cmocka_run_group_tests_name("yaml_writer", tests, NULL, NULL);
}
