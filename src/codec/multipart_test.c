/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/multipart.h"

#include <stdio.h>

#include "expect.h"

#define PART "Content-Disposition: form-data; name=\"input\"\r\n\r\n"

static enum galen_status parse(const char *type, struct bytes body, struct multipart *form,
                               struct error *error)
{
    struct media_type parsed;
    EXPECT_OK(media_type_parse(bytes_from_string(type), &parsed));
    return multipart_parse(body, parsed, form, error);
}

static void form_of_curl_has_its_parts(void **state)
{
    (void)state;
    struct multipart form;
    EXPECT_OK(
        parse("multipart/form-data; boundary=------------------------d74496d66958873e",
              BYTES("--------------------------d74496d66958873e\r\n"
                    "Content-Disposition: form-data; name=\"input\"; "
                    "filename=\"a \\\"b\\\".txt\"\r\n"
                    "Content-Type: text/plain\r\n"
                    "\r\n"
                    "Seen\r\n--today\r\n\r\n"
                    "--------------------------d74496d66958873e\r\n"
                    "Content-Disposition: form-data; name=\"model\"\r\n"
                    "\r\n"
                    "clinical-ner\r\n"
                    "--------------------------d74496d66958873e--\r\n"),
              &form, NULL));
    assert_int_equal(form.count, 2);
    assert_true(bytes_equal(form.parts[0].name, BYTES("input")));
    assert_true(form.parts[0].has_type);
    assert_true(media_type_is(form.parts[0].type, "text/plain"));
    assert_true(bytes_equal(form.parts[0].content, BYTES("Seen\r\n--today\r\n")));
    assert_true(bytes_equal(form.parts[1].name, BYTES("model")));
    assert_false(form.parts[1].has_type);
    assert_true(bytes_equal(form.parts[1].content, BYTES("clinical-ner")));
}

static void form_of_a_browser_has_its_parts(void **state)
{
    (void)state;
    struct multipart form;
    EXPECT_OK(parse("multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
                    BYTES("------WebKitFormBoundary7MA4YWxkTrZu0gW\r\n"
                          "content-disposition: form-data; name=\"input\"; "
                          "filename=\"d\xC3\xA9j\xC3\xA0%22.txt\"\r\n"
                          "content-type: application/octet-stream\r\n\r\n"
                          "\r\n------WebKitFormBoundary7MA4YWxkTrZu0gW--"),
                    &form, NULL));
    assert_int_equal(form.count, 1);
    assert_int_equal(form.parts[0].content.size, 0);
}

static void form_without_parts_is_one(void **state)
{
    (void)state;
    struct multipart form;
    EXPECT_OK(
        parse("multipart/form-data; boundary=\"a b\"", BYTES("--a b--\r\n"), &form, NULL));
    assert_int_equal(form.count, 0);
}

static void content_may_hold_what_is_almost_a_boundary(void **state)
{
    (void)state;
    struct multipart form;
    const struct bytes content = BYTES("--b\r\n-b\r--b\n--b--\r\n--\0c\r");
    EXPECT_OK(parse("multipart/form-data; boundary=b",
                    BYTES("--b\r\n" PART "--b\r\n-b\r--b\n--b--\r\n--\0c\r\r\n--b--"),
                    &form, NULL));
    assert_true(bytes_equal(form.parts[0].content, content));
}

static void what_is_malformed_is_placed(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *text;
    } cases[] = {
        {"", "byte offset 0: does not begin with the boundary"},
        {"preamble\r\n--b\r\n" PART "\r\n--b--", "byte offset 0: does not begin"},
        {"--b", "byte offset 3: a boundary does not end its line"},
        {"--b \r\n" PART "\r\n--b--", "byte offset 3: a boundary does not end its line"},
        {"--b\r\n", "byte offset 5: a header line does not end here"},
        {"--b\r\n" PART "x", "a part does not end"},
        {"--b\r\n" PART "x\r\n--b", "a boundary does not end its line"},
        {"--b\r\n" PART "x\r\n--bc--", "a boundary does not end its line"},
        {"--b\r\n" PART "x\r\n--b--\r\nepilogue", "more follows the last boundary"},
        {"--b\r\n\r\nx\r\n--b--", "byte offset 7: the part before this has no Content"},
        {"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--", "has no name"},
        {"--b\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--b--",
         "no form-data"},
        {"--b\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\nx\r\n--b--",
         "malformed"},
        {"--b\r\nContent-Disposition: form-data; name=\"a\r\n\r\nx\r\n--b--", "malformed"},
        {"--b\r\nContent-Disposition: form-data; name=a\r\n" PART "x\r\n--b--",
         "no form-data"},
        {"--b\r\nContent-Type: text/plain\r\nContent-Type: text/plain\r\n" PART
         "x\r\n--b--",
         "no media type"},
        {"--b\r\nContent-Type: text\r\n" PART "x\r\n--b--", "no media type"},
        {"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n" PART "x\r\n--b--",
         "parts of its own"},
        {"--b\r\nContent-Transfer-Encoding: base64\r\n" PART "x\r\n--b--",
         "transfer encoding"},
        {"--b\r\nX: a\r\n folded\r\n" PART "x\r\n--b--", "no header"},
        {"--b\r\nX\r\n" PART "x\r\n--b--", "no header"},
        {"--b\r\nX: a\nY: b\r\n" PART "x\r\n--b--", "byte offset 9: a header line"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct multipart form;
        struct error error = {"", ""};
        EXPECT_STATUS(GALEN_INVALID,
                      parse("multipart/form-data; boundary=b",
                            bytes_from_string(cases[i].body), &form, &error));
        assert_non_null(strstr(error.text, cases[i].text));
    }
}

static void boundary_has_to_be_one(void **state)
{
    (void)state;
    static const char too_long[] =
        "multipart/form-data; boundary="
        "01234567890123456789012345678901234567890123456789012345678901234567890";
    static const char *const types[] = {
        "multipart/form-data",
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=\"b \"",
        "multipart/form-data; boundary=\"b\\b\"",
        "multipart/form-data; boundary=b*",
        too_long,
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct multipart form;
        struct error error = {"", ""};
        EXPECT_STATUS(GALEN_INVALID, parse(types[i], BYTES("--b--"), &form, &error));
        assert_string_equal(error.text, "the media type names no boundary");
    }
}

static void form_is_bounded(void **state)
{
    (void)state;
    static char body[LIMIT_MULTIPART_HEADER_SIZE_BYTES_MAX * 2];
    struct multipart form;
    struct error error = {"", ""};
    size_t size = 0;
    for (size_t i = 0; i <= LIMIT_MULTIPART_PART_COUNT_MAX; i++) {
        size += (size_t)snprintf(body + size, sizeof(body) - size, "--b\r\n" PART "x\r\n");
    }
    size += (size_t)snprintf(body + size, sizeof(body) - size, "--b--");
    EXPECT_STATUS(GALEN_TOO_LARGE, parse("multipart/form-data; boundary=b",
                                         bytes_of(body, size), &form, &error));
    assert_string_equal(error.text, "a form of more than 16 parts");

    memset(body, 'a', sizeof(body));
    memcpy(body, "--b\r\nX: ", 8);
    EXPECT_STATUS(GALEN_TOO_LARGE, parse("multipart/form-data; boundary=b",
                                         bytes_of(body, sizeof(body)), &form, &error));
    assert_string_equal(error.text,
                        "a part of the form has more than 8192 bytes of headers");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(form_of_curl_has_its_parts),
        cmocka_unit_test(form_of_a_browser_has_its_parts),
        cmocka_unit_test(form_without_parts_is_one),
        cmocka_unit_test(content_may_hold_what_is_almost_a_boundary),
        cmocka_unit_test(what_is_malformed_is_placed),
        cmocka_unit_test(boundary_has_to_be_one),
        cmocka_unit_test(form_is_bounded),
    };
    return cmocka_run_group_tests_name("multipart", tests, NULL, NULL);
}
