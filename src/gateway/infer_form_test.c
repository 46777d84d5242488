/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/infer_form.h"

#include "expect.h"

#define PART(name) "--b\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\nx\r\n"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static enum galen_status read_form(const char *body, struct infer_form *form,
                                   struct error *error)
{
    struct media_type type;
    EXPECT_OK(media_type_parse(BYTES("multipart/form-data; boundary=b"), &type));
    return infer_form_read(bytes_from_string(body), type, form, error);
}

static void parts_are_found_in_any_order(void **state)
{
    (void)state;
    struct infer_form form;
    EXPECT_OK(read_form(PART("version") PART("content_type") PART("model")
                            PART("input") "--b--\r\n",
                        &form, NULL));
    assert_ptr_equal(form.version, &form.parts.parts[0]);
    assert_ptr_equal(form.content_type, &form.parts.parts[1]);
    assert_ptr_equal(form.model, &form.parts.parts[2]);
    assert_ptr_equal(form.input, &form.parts.parts[3]);

    EXPECT_OK(read_form(PART("input") "--b--\r\n", &form, NULL));
    assert_null(form.model);
}

static void parts_that_are_not_ours_are_told_by_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        enum galen_status status;
        const char *text;
        const char *pointer;
    } cases[] = {
        {PART("input") PART("SECRET") "--b--", GALEN_UNPROCESSABLE,
         "part 1 is not one that /infer takes", ""},
        {PART("Input") "--b--", GALEN_UNPROCESSABLE, "part 0 is not one that /infer takes",
         ""},
        {PART("input") PART("model") PART("input") "--b--", GALEN_UNPROCESSABLE,
         "part 2 has the name of an earlier one", ""},
        {PART("model") "--b--", GALEN_UNPROCESSABLE, "the form has no such part", "/input"},
        {"--b--", GALEN_UNPROCESSABLE, "the form has no such part", "/input"},
        {PART("input"), GALEN_INVALID, "byte offset 56: a part does not end", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct infer_form form;
        struct error error = {"", ""};
        EXPECT_STATUS(cases[i].status, read_form(cases[i].body, &form, &error));
        assert_string_equal(error.pointer, cases[i].pointer);
        assert_string_equal(error.text, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_found_in_any_order),
        cmocka_unit_test(parts_that_are_not_ours_are_told_by_their_place),
    };
    return cmocka_run_group_tests_name("infer_form", tests, NULL, NULL);
}
