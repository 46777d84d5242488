/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/data_uri.h"

#include "expect.h"

enum { ARENA_SIZE_MAX = 1 << 16 };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void uri_has_a_type_and_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *type;
        const char *charset; /* NULL: none */
        struct bytes bytes;
    } cases[] = {
        {"data:,A%20brief%20note", "text/plain", "US-ASCII", BYTES_INIT("A brief note")},
        {"data:text/plain;charset=UTF-8,d%c3%A9j%C3%A0", "text/plain", "UTF-8",
         BYTES_INIT("d\xC3\xA9j\xC3\xA0")},
        {"data:;charset=UTF-8;base64,Tm90ZQ==", "text/plain", "UTF-8", BYTES_INIT("Note")},
        {"DATA:image/png;BASE64,iVBORw0KGgo=", "image/png", NULL,
         BYTES_INIT("\x89PNG\r\n\x1A\n")},
        {"data:image/png;base64,iVBORw0KGgo%3D", "image/png", NULL,
         BYTES_INIT("\x89PNG\r\n\x1A\n")},
        {"data:application/json,%7B%22a%22:1%7D", "application/json", NULL,
         BYTES_INIT("{\"a\":1}")},
        {"data:a/b,%00,%", "a/b", NULL, {NULL, 0}},
        {"data:,", "text/plain", "US-ASCII", BYTES_INIT("")},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena arena;
        struct data_uri uri;
        struct bytes value = BYTES_NONE;
        struct bytes bytes = BYTES_NONE;
        arena_init(&arena, ARENA_SIZE_MAX);
        assert_true(data_uri_split(bytes_from_string(cases[i].text), &uri));
        assert_true(media_type_is(uri.type, cases[i].type));
        assert_int_equal(media_type_parameter(uri.type, "charset", &value),
                         cases[i].charset != NULL);
        assert_true(cases[i].charset == NULL ||
                    bytes_equal_string(value, cases[i].charset));
        const enum galen_status status = data_uri_decode(&uri, &arena, &bytes, NULL);
        assert_int_equal(status == GALEN_OK, cases[i].bytes.data != NULL);
        assert_true(bytes_equal(bytes, cases[i].bytes));
        arena_deinit(&arena);
    }
}

static void note_that_begins_alike_is_none(void **state)
{
    (void)state;
    static const char *const notes[] = {
        "",
        "data",
        "data:",
        "Data: BP 120/80, HR 70",
        "Data:afebrile, stable",
        "data:text/plain",
        "data:text/plain ;base64,AAAA",
        "data:text/,A",
        "data:text,A",
        "data:;base64;x,A",
        "metadata:,A",
    };
    for (size_t i = 0; i < COUNT(notes); i++) {
        struct data_uri uri;
        assert_false(data_uri_split(bytes_from_string(notes[i]), &uri));
    }
}

static void what_does_not_decode_is_placed(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *error;
    } cases[] = {
        {"data:,a b", "byte offset 1: has to be percent-encoded in a data: URI"},
        {"data:,ab#c", "byte offset 2: has to be percent-encoded in a data: URI"},
        {"data:,ab%4", "byte offset 2: has to be percent-encoded in a data: URI"},
        {"data:,ab%4g", "byte offset 2: has to be percent-encoded in a data: URI"},
        {"data:,\xC3\xA9", "byte offset 0: has to be percent-encoded in a data: URI"},
        {"data:;base64,Tm90ZQ", "byte offset 6: base64 ends inside a group of four"},
        {"data:;base64,Tm9*", "byte offset 3: no base64 character"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena arena;
        struct data_uri uri;
        struct bytes bytes;
        struct error error = {"", ""};
        arena_init(&arena, ARENA_SIZE_MAX);
        assert_true(data_uri_split(bytes_from_string(cases[i].text), &uri));
        EXPECT_STATUS(GALEN_INVALID, data_uri_decode(&uri, &arena, &bytes, &error));
        assert_string_equal(error.text, cases[i].error);
        arena_deinit(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uri_has_a_type_and_bytes),
        cmocka_unit_test(note_that_begins_alike_is_none),
        cmocka_unit_test(what_does_not_decode_is_placed),
    };
    return cmocka_run_group_tests_name("data_uri", tests, NULL, NULL);
}
