/* SPDX-License-Identifier: Apache-2.0 */
/* About whom a request is, wherever it says so, and that nothing repeats it. */
#include "gateway/subject.h"

#include "crypto/hmac.h"
#include "gateway/policy_rules.h"
#include "request_rig.h"
#include "service/audit/fake.h"

#define SUBJECT "Patient/Zebedee-7"
#define NAMED "\"subject\":\"" SUBJECT "\","
#define FEATURES "\"model\":\"breast\",\"input\":{\"radius\":17.5}}"

static struct audit_fake audit;
static struct hmac *audit_hmac;
static struct hmac *subject_hmac;
static struct audit_lane lane;
static char field[128]; /* "subject_hmac":"…" of SUBJECT */

static void make_field(void)
{
    uint8_t code[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    EXPECT_OK(hmac_of(subject_hmac, BYTES(SUBJECT), code));
    sha256_to_hex(code, hex);
    (void)snprintf(field, sizeof(field), "\"subject_hmac\":\"%.64s\"", hex);
}

static int set_up_subject(void **state)
{
    const uint8_t keys[2][HMAC_KEY_SIZE] = {{1}, {2}};
    if (set_up(state) != 0 || hmac_create(keys[0], &audit_hmac) != GALEN_OK ||
        hmac_create(keys[1], &subject_hmac) != GALEN_OK) {
        return -1;
    }
    struct rig *rig = *state;
    audit_fake_init(&audit);
    audit_lane_init(&lane, &audit.base, audit_hmac, &rig->mailbox.base);
    rig->gateway.audit = &lane;
    rig->gateway.subject_hmac = subject_hmac;
    make_field();
    return 0;
}

static int tear_down_subject(void **state)
{
    hmac_destroy(audit_hmac);
    hmac_destroy(subject_hmac);
    rules.route_count = 0;
    route_index_init(&rules.index, NULL, 0);
    return tear_down(state);
}

static struct http_header header(const char *name, const char *value)
{
    return (struct http_header){bytes_from_string(name), bytes_from_string(value)};
}

/* With headers of its own, behind Content-Type. */
static void post_with(struct rig *rig, const char *target, const char *type,
                      const char *body, const struct http_header *headers, size_t count)
{
    rig->headers[0] = header("Content-Type", type);
    for (size_t i = 0; i < count; i++) {
        rig->headers[1 + i] = headers[i];
    }
    rig->head.header_count = 1 + count;
    begin(rig, HTTP_POST, target);
    if (rig->wants_body) {
        request_receive(&rig->request, bytes_from_string(body));
    }
    pump(rig);
}

static void expect_nowhere(const struct rig *rig)
{
    assert_null(strstr(rig->reply, "Zebedee"));
    assert_null(strstr(rig->header_text, "Zebedee"));
    assert_null(strstr(audit.text, "Zebedee"));
}

static void expect_recorded(const struct rig *rig)
{
    assert_int_equal(rig->status, 200);
    EXPECT_CONTAINS(audit.text, field);
    expect_nowhere(rig);
}

static void a_member_names_a_subject(void **state)
{
    struct rig *rig = *state;
    post(rig, "/infer", "application/json", "{" NAMED "\"purpose\":\"TREAT\"," FEATURES);
    expect_recorded(rig);
    EXPECT_CONTAINS(audit.text, "\"purpose\":\"TREAT\",\"outcome\":\"ok\"");
}

static void a_header_names_a_subject_too(void **state)
{
    struct rig *rig = *state;
    const struct http_header headers[] = {header("galen-subject", SUBJECT),
                                          header("Galen-Purpose", "HRESCH")};
    post_with(rig, "/infer", "application/json", "{" NAMED FEATURES, headers, 2);
    expect_recorded(rig);
    EXPECT_CONTAINS(audit.text, "\"purpose\":\"HRESCH\"");
}

static void a_part_of_a_form_names_a_subject_too(void **state)
{
    struct rig *rig = *state;
    post(rig, "/infer", "multipart/form-data; boundary=b",
         "--b\r\nContent-Disposition: form-data; name=input\r\nContent-Type: "
         "application/json\r\n\r\n{\"radius\":17.5}\r\n"
         "--b\r\nContent-Disposition: form-data; name=model\r\n\r\nbreast\r\n"
         "--b\r\nContent-Disposition: form-data; name=purpose\r\n\r\nETREAT\r\n"
         "--b\r\nContent-Disposition: form-data; name=subject\r\n\r\n" SUBJECT
         "\r\n--b--\r\n");
    expect_recorded(rig);
    EXPECT_CONTAINS(audit.text, "\"purpose\":\"ETREAT\"");
}

static const char tensors[] = "{" NAMED "\"model\":\"breast\",\"inputs\":[{\"name\":"
                              "\"features\",\"datatype\":\"FP32\",\"shape\":[1,1],"
                              "\"data\":[17.5]}]}";

static void tensors_have_a_subject_too(void **state)
{
    struct rig *rig = *state;
    post(rig, "/infer", "application/json", tensors);
    expect_recorded(rig);
}

static void a_request_of_v2_takes_the_headers(void **state)
{
    struct rig *rig = *state;
    const struct http_header named = header("Galen-Subject", SUBJECT);
    post_with(rig, "/v2/models/breast/infer", "application/json",
              strstr(tensors, "\"model\"") - 1, &named, 0);
    post_with(rig, "/v2/models/breast/infer", "application/json", tensors, &named, 1);
    expect_recorded(rig);
}

static void the_token_names_a_subject_too(void **state)
{
    struct rig *rig = *state;
    const struct bytes other = BYTES("Patient/1");
    struct request *request = &rig->request;
    post(rig, "/infer", "application/json", "{" NAMED FEATURES);
    EXPECT_OK(subject_take_patient(request));
    request->patient = phi_hide(BYTES(SUBJECT));
    EXPECT_OK(subject_take_patient(request));
    request->patient = phi_hide(other);
    EXPECT_STATUS(GALEN_UNPROCESSABLE, subject_take_patient(request));
}

static void expect_refused(struct rig *rig, const char *pointer, const char *why)
{
    assert_int_equal(rig->status, 422);
    EXPECT_CONTAINS(rig->reply, why);
    if (pointer == NULL) {
        assert_null(strstr(rig->reply, "pointer"));
    } else {
        EXPECT_CONTAINS(rig->reply, pointer);
    }
    expect_nowhere(rig);
}

static void two_that_disagree_are_refused(void **state)
{
    struct rig *rig = *state;
    const struct http_header other = header("Galen-Subject", "Patient/Zebedee-8");
    const struct http_header both[] = {other, header("Galen-Subject", SUBJECT)};
    const struct http_header research = header("Galen-Purpose", "HRESCH");
    post_with(rig, "/infer", "application/json", "{" NAMED FEATURES, &other, 1);
    expect_refused(rig, "\"pointer\":\"/subject\"", "differs from what else");
    post_with(rig, "/infer", "application/json", "{" FEATURES, both, 2);
    expect_refused(rig, NULL, "subject: differs from what else");
    post_with(rig, "/infer", "application/json", "{\"purpose\":\"TREAT\"," FEATURES,
              &research, 1);
    expect_refused(rig, "\"pointer\":\"/purpose\"", "differs from what else");
}

static void what_is_no_subject_or_purpose_is_refused(void **state)
{
    struct rig *rig = *state;
    static const struct {
        const char *member;
        const char *pointer;
    } cases[] = {
        {"\"subject\":\"\"", "/subject"},
        {"\"subject\":7", "/subject"},
        {"\"subject\":null", "/subject"},
        {"\"subject\":\"a\\u0000b\"", "/subject"},
        {"\"subject\":\"a\\nb\"", "/subject"},
        {"\"purpose\":\"treat\"", "/purpose"},
        {"\"purpose\":\"\"", "/purpose"},
        {"\"purpose\":\"PurposeOfUse\"", "/purpose"},
        {"\"purpose\":[\"TREAT\"]", "/purpose"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char body[256];
        (void)snprintf(body, sizeof(body), "{%s," FEATURES, cases[i].member);
        post(rig, "/infer", "application/json", body);
        expect_refused(rig, cases[i].pointer, "\"errors\"");
    }
}

static void a_subject_is_bounded(void **state)
{
    struct rig *rig = *state;
    char body[512];
    for (size_t over = 0; over < 2; over++) {
        (void)snprintf(body, sizeof(body), "{\"subject\":\"%0*d\"," FEATURES,
                       (int)(LIMIT_SUBJECT_CODE_POINT_COUNT_MAX + over), 0);
        post(rig, "/infer", "application/json", body);
        assert_int_equal(rig->status, over == 0 ? 200 : 422);
    }
}

static void a_refused_request_is_recorded_with_its_subject(void **state)
{
    struct rig *rig = *state;
    const struct http_header named = header("Galen-Subject", SUBJECT);
    post_with(rig, "/infer", "application/json", "{", &named, 1);
    assert_int_equal(rig->status, 400);
    EXPECT_CONTAINS(audit.text, field);
    expect_nowhere(rig);
}

static void without_a_key_no_subject_is_taken(void **state)
{
    struct rig *rig = *state;
    rig->gateway.subject_hmac = NULL;
    post(rig, "/infer", "application/json", "{" NAMED FEATURES);
    assert_int_equal(rig->status, 503);
    expect_nowhere(rig);
    post(rig, "/infer", "application/json", "{" FEATURES);
    assert_int_equal(rig->status, 200);
}

static void what_a_route_requires_is_required_of_its_model(void **state)
{
    struct rig *rig = *state;
    static const struct settings_route routes[] = {{.content = "application/json",
                                                    .model = "breast",
                                                    .requires_subject = true,
                                                    .requires_purpose = true}};
    const struct http_header both[] = {header("Galen-Subject", SUBJECT),
                                       header("Galen-Purpose", "TREAT")};
    rules.routes = routes;
    rules.route_count = 1;
    route_index_init(&rules.index, rules.routes, rules.route_count);
    post(rig, "/infer", "application/json", "{\"purpose\":\"TREAT\"," FEATURES);
    expect_refused(rig, "/subject", "is required here");
    post(rig, "/infer", "application/json", "{" NAMED FEATURES);
    expect_refused(rig, "/purpose", "is required here");
    post(rig, "/infer", "application/json", tensors);
    expect_refused(rig, "/purpose", "is required here");
    post(rig, "/v2/models/breast/infer", "application/json", tensors);
    expect_refused(rig, "/subject", "is required here");
    post_with(rig, "/v2/models/breast/infer", "application/json", tensors, both, 2);
    expect_recorded(rig);
}

static void the_subject_is_not_in_the_arena_once_it_is_read(void **state)
{
    struct rig *rig = *state;
    audit.holds = true; /* the request goes on living */
    post(rig, "/infer", "application/json", "{" NAMED FEATURES);
    assert_int_equal(rig->status, 0);
    for (uint8_t *at = (uint8_t *)rig->request.arena.newest;
         at < (uint8_t *)rig->request.arena.newest + 2048; at++) {
        assert_int_not_equal(memcmp(at, "Zebedee", 7), 0);
    }
    audit_fake_finish(&audit);
    pump(rig);
    expect_recorded(rig);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_subject, tear_down_subject)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_member_names_a_subject),
        TEST(a_header_names_a_subject_too),
        TEST(a_part_of_a_form_names_a_subject_too),
        TEST(tensors_have_a_subject_too),
        TEST(a_request_of_v2_takes_the_headers),
        TEST(the_token_names_a_subject_too),
        TEST(two_that_disagree_are_refused),
        TEST(what_is_no_subject_or_purpose_is_refused),
        TEST(a_subject_is_bounded),
        TEST(a_refused_request_is_recorded_with_its_subject),
        TEST(without_a_key_no_subject_is_taken),
        TEST(what_a_route_requires_is_required_of_its_model),
        TEST(the_subject_is_not_in_the_arena_once_it_is_read),
    };
    return cmocka_run_group_tests_name("subject", tests, NULL, NULL);
}
