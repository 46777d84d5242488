/* SPDX-License-Identifier: Apache-2.0 */
/* What bodies of POST /infer are taken for. */
#include "gateway/infer_body.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "expect.h"
#include "gateway/infer_content.h"

enum { HEADER_COUNT_MAX = 2 };

/* A request whose head and body have come. */
struct rig {
    struct request request;
    struct gateway gateway;
    struct rules rules;
    struct view view;
    struct http_request_head head;
    struct http_header headers[HEADER_COUNT_MAX];
    struct infer_body body;
};

static int set_up(void **state)
{
    static struct rig rig;
    rig = (struct rig){.rules = {.body_size_bytes_max = 1 << 20},
                       .view = {.rules = &rig.rules}};
    rig.head = (struct http_request_head){.method = HTTP_POST, .headers = rig.headers};
    rig.request.gateway = &rig.gateway;
    rig.request.view = &rig.view;
    rig.request.head = &rig.head;
    arena_init(&rig.request.arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    *state = &rig;
    return 0;
}

static int tear_down(void **state)
{
    arena_deinit(&((struct rig *)*state)->request.arena);
    return 0;
}

/* type NULL: no Content-Type. */
static enum galen_status read_bytes(struct rig *rig, const char *type, struct bytes body)
{
    rig->head.header_count = type != NULL;
    rig->headers[0] = (struct http_header){
        BYTES("Content-Type"), type == NULL ? BYTES_NONE : bytes_from_string(type)};
    rig->request.body = body;
    error_clear(&rig->request.error);
    return infer_body_read(&rig->request, &rig->body);
}

static enum galen_status read_text(struct rig *rig, const char *type, const char *body)
{
    return read_bytes(rig, type, bytes_from_string(body));
}

static void expect_input(const struct rig *rig, const char *media_type, bool is_text,
                         struct bytes content)
{
    const struct request_input *input = &rig->body.input;
    assert_string_equal(input->media_type, media_type);
    assert_int_equal(input->is_text, is_text);
    assert_true(bytes_equal(phi_reveal(input->content), content));
}

static void string_is_a_note(void **state)
{
    struct rig *rig = *state;
    EXPECT_OK(read_text(rig, "application/json", "{\"input\": \"Patient data\"}"));
    expect_input(rig, "text/plain", true, BYTES("Patient data"));
    assert_null(rig->body.model);
    assert_string_equal(rig->body.version, "");
}

static void string_is_the_text_that_its_content_type_says(void **state)
{
    struct rig *rig = *state;
    EXPECT_OK(
        read_text(rig, "application/json",
                  "{\"input\":\"# A\",\"content_type\":\"Text/Markdown; charset=UTF-8\"}"));
    expect_input(rig, "text/markdown", true, BYTES("# A"));
}

static void string_of_another_type_is_base64(void **state)
{
    struct rig *rig = *state;
    EXPECT_OK(read_text(rig, "application/json",
                        "{\"input\":\"/9j/4A==\",\"content_type\":\"image/jpeg\"}"));
    expect_input(rig, "image/jpeg", false, BYTES("\xFF\xD8\xFF\xE0"));

    EXPECT_OK(read_text(
        rig, "application/json",
        "{\"input\":\"/9j/4A==\",\"content_type\":\"application/octet-stream\"}"));
    expect_input(rig, "image/jpeg", false, BYTES("\xFF\xD8\xFF\xE0"));
}

static void object_is_a_vector(void **state)
{
    struct rig *rig = *state;
    EXPECT_OK(read_text(rig, "application/json",
                        "{\"input\":{\"a\":1},\"content_type\":\"application/json\"}"));
    assert_non_null(rig->body.features);
    assert_string_equal(rig->body.input.media_type, "application/json");
}

static void raw_text_is_a_note(void **state)
{
    struct rig *rig = *state;
    rig->head.query = BYTES("model=ner&version=previous");
    EXPECT_OK(read_text(rig, "text/plain; charset=us-ascii", "[1] \"seen\""));
    expect_input(rig, "text/plain", true, BYTES("[1] \"seen\""));
    EXPECT_OK(read_text(rig, "text/plain", "{} was written here."));
    expect_input(rig, "text/plain", true, BYTES("{} was written here."));
    assert_string_equal(rig->body.model, "ner");
    assert_string_equal(rig->body.version, "previous");
}

static void undeclared_body_is_what_it_looks_like(void **state)
{
    struct rig *rig = *state;
    EXPECT_OK(read_text(rig, NULL, "Seen in clinic."));
    expect_input(rig, "text/plain", true, BYTES("Seen in clinic."));
    EXPECT_OK(read_text(rig, "application/octet-stream", "Seen in clinic."));
    expect_input(rig, "text/plain", true, BYTES("Seen in clinic."));
    EXPECT_OK(read_text(rig, NULL, "%PDF-1.7"));
    expect_input(rig, "application/pdf", false, BYTES("%PDF-1.7"));
    EXPECT_OK(read_text(rig, NULL, "{\"input\": \"Seen in clinic.\"}"));
    expect_input(rig, "text/plain", true, BYTES("Seen in clinic."));
}

static void data_uri_is_what_it_holds(void **state)
{
    struct rig *rig = *state;
    EXPECT_OK(read_text(rig, "application/json",
                        "{\"input\":\"data:text/plain;charset=utf-8,Caf%C3%A9\"}"));
    expect_input(rig, "text/plain", true, BYTES("Caf\xC3\xA9"));
    EXPECT_OK(read_text(rig, "application/json",
                        "{\"input\":\"data:image/jpeg;base64,/9j/4A==\"}"));
    expect_input(rig, "image/jpeg", false, BYTES("\xFF\xD8\xFF\xE0"));
    EXPECT_OK(read_text(rig, "application/json",
                        "{\"input\":\"data:image/jpeg;base64,/9j/4A==\","
                        "\"content_type\":\"image/jpeg\"}"));
    expect_input(rig, "image/jpeg", false, BYTES("\xFF\xD8\xFF\xE0"));
    EXPECT_OK(read_text(rig, "application/json",
                        "{\"input\":\"data:application/json,%7B%22a%22:1%7D\"}"));
    expect_input(rig, "application/json", false, BYTES("{\"a\":1}"));
}

static void text_that_only_begins_as_a_data_uri_is_a_note(void **state)
{
    struct rig *rig = *state;
    EXPECT_OK(read_text(rig, "application/json", "{\"input\":\"Data: BP 120/80, HR 70\"}"));
    expect_input(rig, "text/plain", true, BYTES("Data: BP 120/80, HR 70"));
    EXPECT_OK(read_text(rig, "application/json",
                        "{\"input\":\"data:,x\",\"content_type\":\"text/plain\"}"));
    expect_input(rig, "text/plain", true, BYTES("data:,x"));
}

#define DISPOSITION "\r\nContent-Disposition: form-data; name="
static const char form_type[] = "multipart/form-data; boundary=b";

static void form_holds_a_file_and_names(void **state)
{
    struct rig *rig = *state;
    EXPECT_OK(read_text(rig, form_type,
                        "--b" DISPOSITION "\"input\"; filename=\"SECRET.txt\"\r\n"
                        "Content-Type: text/plain\r\n\r\nSeen.\r\n\r\n"
                        "--b" DISPOSITION "\"model\"\r\n\r\nner\r\n"
                        "--b" DISPOSITION "\"version\"\r\n\r\nprevious\r\n--b--\r\n"));
    expect_input(rig, "text/plain", true, BYTES("Seen.\r\n"));
    assert_string_equal(rig->body.model, "ner");
    assert_string_equal(rig->body.version, "previous");
}

static void part_that_declares_nothing_is_what_it_looks_like(void **state)
{
    struct rig *rig = *state;
    static const struct {
        const char *content;
        const char *type;
    } cases[] = {
        {"Seen in clinic.", "text/plain"},
        {"[1] Seen in clinic. ", "text/plain"},
        {"{\"mean radius\": 17}", "application/json"},
        {"{\"mean radius\": 17", "application/json"},
        {" [17]\n", "application/json"},
        {"\x89PNG\r\n\x1A\n", "image/png"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char body[256];
        (void)snprintf(body, sizeof(body), "--b" DISPOSITION "input\r\n%s\r\n%s\r\n--b--",
                       i % 2 == 0 ? "" : "Content-Type: application/octet-stream\r\n",
                       cases[i].content);
        EXPECT_OK(read_text(rig, form_type, body));
        assert_string_equal(rig->body.input.media_type, cases[i].type);
    }
}

static void part_content_type_says_what_the_input_is(void **state)
{
    struct rig *rig = *state;
    EXPECT_OK(read_text(rig, form_type,
                        "--b" DISPOSITION "input\r\n\r\n# Note\r\n"
                        "--b" DISPOSITION "content_type\r\n\r\ntext/markdown\r\n--b--"));
    expect_input(rig, "text/markdown", true, BYTES("# Note"));
}

static void text_may_hold_nul_and_a_mark_of_byte_order(void **state)
{
    struct rig *rig = *state;
    const struct bytes text = BYTES("\xEF\xBB\xBF"
                                    "a\0b");
    EXPECT_OK(read_bytes(rig, "text/plain", text));
    expect_input(rig, "text/plain", true, text);
    EXPECT_OK(infer_content_validate(rig->body.input.content, true, NULL));
}

static void body_that_is_no_json_is_not_held_to_the_limit_of_json(void **state)
{
    struct rig *rig = *state;
    const size_t size = LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX + 1;
    char *note = malloc(size);
    assert_non_null(note);
    memset(note, 'a', size);
    EXPECT_OK(read_bytes(rig, "text/plain", bytes_of(note, size)));
    EXPECT_OK(infer_content_validate(rig->body.input.content, true, NULL));
    free(note);
}

static void what_is_not_taken_is_told_by_its_place(void **state)
{
    struct rig *rig = *state;
    static const struct {
        const char *type;
        const char *body;
        enum galen_status status;
        const char *pointer;
        const char *part;
    } cases[] = {
        {"text/plain", "%PDF-1.7 SECRET", GALEN_UNSUPPORTED_TYPE, "/input",
         "like application/pdf"},
        {"text/plain", "\xFF\xD8\xFF", GALEN_UNSUPPORTED_TYPE, "/input", "like image/jpeg"},
        {"text/plain", "PK\3\4", GALEN_UNSUPPORTED_TYPE, "/input", "like application/zip"},
        {"text/plain", "{\\rtf1 SECRET}", GALEN_UNSUPPORTED_TYPE, "/input",
         "like text/rtf"},
        {"text/plain", " {\"input\": \"SECRET\"}\n", GALEN_UNSUPPORTED_TYPE, "/input",
         "like application/json"},
        {"application/json", "{\"input\":\"{\\\"SECRET\\\": 1}\"}", GALEN_UNSUPPORTED_TYPE,
         "/input", "like application/json"},
        {"image/png", "SECRET", GALEN_UNSUPPORTED_TYPE, "/input", "like text/plain"},
        {"text/plain; charset=latin1", "SECRET", GALEN_UNSUPPORTED_TYPE, "/input", "UTF-8"},
        {"SECRET", "SECRET", GALEN_INVALID, "", "no media type"},
        {"application/x-www-form-urlencoded", "SECRET", GALEN_UNSUPPORTED_TYPE, "",
         "text/plain"},
        {"application/json", "{\"input\":\"data:,SECRET SECRET\"}", GALEN_UNPROCESSABLE,
         "/input", "byte offset 6: has to be percent-encoded"},
        {"application/json", "{\"input\":\"data:text/plain;base64,JVBERi0xLjc=\"}",
         GALEN_UNSUPPORTED_TYPE, "/input", "like application/pdf"},
        {"application/json",
         "{\"input\":\"data:image/png;base64,AAAA\",\"content_type\":\"image/jpeg\"}",
         GALEN_UNSUPPORTED_TYPE, "/input", "another media type than content_type"},
        {"multipart/form-data", "SECRET", GALEN_INVALID, "", "no boundary"},
        {form_type, "--b" DISPOSITION "SECRET\r\n\r\n\r\n--b--", GALEN_UNPROCESSABLE, "",
         "part 0 is not one"},
        {form_type,
         "--b" DISPOSITION "input\r\nContent-Type: text/plain\r\n\r\n\r\n"
         "--b" DISPOSITION "content_type\r\n\r\ntext/SECRET\r\n--b--",
         GALEN_UNPROCESSABLE, "/content_type", "differs"},
        {form_type,
         "--b" DISPOSITION "input\r\n\r\nx\r\n"
         "--b" DISPOSITION "model\r\n\r\n\r\n--b--",
         GALEN_UNPROCESSABLE, "/model", "is not a name"},
        {"application/json", "{\"input\":[\"SECRET\"]}", GALEN_UNPROCESSABLE, "/input",
         "neither"},
        {"application/json", "{\"input\":7}", GALEN_UNPROCESSABLE, "/input", "neither"},
        {"application/json", "{\"input\":\"SECRET\",\"content_type\":\"image/png\"}",
         GALEN_UNPROCESSABLE, "/input", "byte offset 6"},
        {"application/json", "{\"input\":\"U0VDUkVU\",\"content_type\":\"image/png\"}",
         GALEN_UNSUPPORTED_TYPE, "/input", "like text/plain"},
        {"application/json", "{\"input\":\"%PDF-1.7\"}", GALEN_UNSUPPORTED_TYPE, "/input",
         "like application/pdf"},
        {"application/json", "{\"input\":{},\"content_type\":\"text/plain\"}",
         GALEN_UNSUPPORTED_TYPE, "/content_type", "application/json"},
        {"application/json", "{\"input\":\"\",\"content_type\":7}", GALEN_UNPROCESSABLE,
         "/content_type", "not a string"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(read_text(rig, cases[i].type, cases[i].body), cases[i].status);
        assert_string_equal(rig->request.error.pointer, cases[i].pointer);
        assert_non_null(strstr(rig->request.error.text, cases[i].part));
        assert_null(strstr(rig->request.error.text, "SECRET"));
    }
}

static void content_that_cannot_be_used_is_told_by_its_place(void **state)
{
    (void)state;
    struct error error = {"", ""};
    assert_int_equal(infer_content_validate(phi_hide(BYTES_NONE), true, &error),
                     GALEN_UNPROCESSABLE);
    assert_string_equal(error.pointer, "/input");
    error_clear(&error);
    assert_int_equal(
        infer_content_validate(phi_hide(BYTES("caf\xC3\xA9 \xED\xA0\x80")), true, &error),
        GALEN_INVALID);
    assert_string_equal(error.pointer, "/input");
    assert_string_equal(error.text, "byte offset 6: is not UTF-8");
    EXPECT_OK(infer_content_validate(phi_hide(BYTES("\xFF\xD8\xFF")), false, &error));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(string_is_a_note),
        TEST(string_is_the_text_that_its_content_type_says),
        TEST(string_of_another_type_is_base64),
        TEST(object_is_a_vector),
        TEST(raw_text_is_a_note),
        TEST(undeclared_body_is_what_it_looks_like),
        TEST(data_uri_is_what_it_holds),
        TEST(text_that_only_begins_as_a_data_uri_is_a_note),
        TEST(form_holds_a_file_and_names),
        TEST(part_that_declares_nothing_is_what_it_looks_like),
        TEST(part_content_type_says_what_the_input_is),
        TEST(text_may_hold_nul_and_a_mark_of_byte_order),
        TEST(body_that_is_no_json_is_not_held_to_the_limit_of_json),
        TEST(what_is_not_taken_is_told_by_its_place),
        TEST(content_that_cannot_be_used_is_told_by_its_place),
    };
    return cmocka_run_group_tests_name("infer_body", tests, NULL, NULL);
}
