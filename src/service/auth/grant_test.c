/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/grant.h"

#include <stdio.h>

#include "base/limits.h"
#include "codec/base64.h"
#include "expect.h"

enum { MEMORY_SIZE_BYTES_MAX = 1 << 20, TEXT_SIZE = 512 };

#define FORM "application/x-www-form-urlencoded"
#define GRANT_TYPE "grant_type=client_credentials"

static const char clients_text[] = "# who may ask\n"
                                   "\n"
                                   "ward s3cret infer:text infer:image\n"
                                   "  lab\tp:w%rd&+\tinfer:image \r\n"
                                   "guest guest";

static struct arena arena;
static struct grant_clients clients;

static int init(void **state)
{
    (void)state;
    arena_init(&arena, MEMORY_SIZE_BYTES_MAX);
    EXPECT_OK(grant_read_clients(bytes_from_string(clients_text), &arena, &clients, NULL));
    return 0;
}

static int deinit(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static struct grant ask(const char *type, const char *authorization, const char *body)
{
    const struct grant_question question = {
        bytes_from_string(type), bytes_from_string(authorization), bytes_from_string(body)};
    struct grant grant;
    EXPECT_OK(grant_decide(&clients, &question, &arena, &grant));
    return grant;
}

static struct grant ask_with(const char *credentials, const char *body)
{
    char header[TEXT_SIZE];
    struct writer text;
    writer_init(&text, TEXT_SIZE);
    base64_encode(bytes_from_string(credentials), &text);
    (void)snprintf(header, sizeof(header), "Basic %.*s", BYTES_PRINT(writer_bytes(&text)));
    writer_deinit(&text);
    return ask(FORM, header, body);
}

static void expect_scope(struct grant grant, const char *id, const char *scope)
{
    assert_int_equal(grant.verdict, GRANT_GIVEN);
    assert_true(bytes_equal_string(grant.client->id, id));
    assert_true(bytes_equal_string(grant.scope, scope));
}

static void clients_are_lines(void **state)
{
    (void)state;
    assert_int_equal(clients.count, 3);
    assert_true(bytes_equal_string(clients.at[0].id, "ward"));
    assert_true(bytes_equal_string(clients.at[0].scope, "infer:text infer:image"));
    assert_true(bytes_equal_string(clients.at[1].id, "lab"));
    assert_true(bytes_equal_string(clients.at[1].scope, "infer:image"));
    assert_int_equal(clients.at[2].scope.size, 0);
}

static void lines_that_are_no_clients_are_refused(void **state)
{
    static const char *const texts[] = {"a\n", "a s\na s\n", "a s \xFF", "\xFF s"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct grant_clients none;
        struct error error = {"", ""};
        EXPECT_STATUS(GALEN_INVALID, grant_read_clients(bytes_from_string(texts[i]), &arena,
                                                        &none, &error));
        assert_true(bytes_starts_with(bytes_from_string(error.text), BYTES("line ")));
    }
}

static void a_client_gets_what_it_asks_for(void **state)
{
    (void)state;
    expect_scope(ask_with("ward:s3cret", GRANT_TYPE "&scope=infer%3Atext"), "ward",
                 "infer:text");
    expect_scope(ask_with("ward:s3cret", GRANT_TYPE "&scope=infer:image+infer:text"),
                 "ward", "infer:image infer:text");
}

static void who_asks_for_nothing_gets_all(void **state)
{
    (void)state;
    expect_scope(ask_with("ward:s3cret", GRANT_TYPE), "ward", "infer:text infer:image");
    expect_scope(ask_with("guest:guest", GRANT_TYPE), "guest", "");
}

static void credentials_may_stand_in_the_body(void **state)
{
    (void)state;
    expect_scope(ask(FORM "; charset=utf-8", "",
                     GRANT_TYPE "&client_id=ward&client_secret=s3cret&scope=infer:text"),
                 "ward", "infer:text");
}

static void credentials_are_encoded_as_forms_are(void **state)
{
    (void)state;
    expect_scope(ask_with("lab:p%3Aw%25rd%26%2B", GRANT_TYPE), "lab", "infer:image");
    assert_int_equal(ask_with("lab:p:w%rd&+", GRANT_TYPE).verdict, GRANT_INVALID_REQUEST);
}

static void who_is_not_known_is_no_client(void **state)
{
    (void)state;
    assert_int_equal(ask_with("ward:S3cret", GRANT_TYPE).verdict, GRANT_INVALID_CLIENT);
    assert_int_equal(ask_with("ward:", GRANT_TYPE).verdict, GRANT_INVALID_CLIENT);
    assert_int_equal(ask_with("nobody:s3cret", GRANT_TYPE).verdict, GRANT_INVALID_CLIENT);
    assert_int_equal(ask(FORM, "", GRANT_TYPE).verdict, GRANT_INVALID_CLIENT);
    assert_int_equal(ask(FORM, "", GRANT_TYPE "&client_id=ward").verdict,
                     GRANT_INVALID_CLIENT);
}

static void what_is_not_asked_rightly_is_refused(void **state)
{
    static const char *const bodies[] = {
        "",
        "grant_type=",
        GRANT_TYPE "&" GRANT_TYPE,
        GRANT_TYPE "&scope=%zz",
        GRANT_TYPE "&client_secret=s3cret",
        GRANT_TYPE "&client_id=lab",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        assert_int_equal(ask_with("ward:s3cret", bodies[i]).verdict, GRANT_INVALID_REQUEST);
    }
    assert_int_equal(ask("application/json", "", "{}").verdict, GRANT_INVALID_REQUEST);
    assert_int_equal(ask(FORM, "Bearer x", GRANT_TYPE).verdict, GRANT_INVALID_REQUEST);
    assert_int_equal(ask(FORM, "Basic !", GRANT_TYPE).verdict, GRANT_INVALID_REQUEST);
    assert_int_equal(ask(FORM, "Basic d2FyZA==", GRANT_TYPE).verdict,
                     GRANT_INVALID_REQUEST);
}

static void other_grants_are_not_supported(void **state)
{
    (void)state;
    assert_int_equal(ask_with("ward:s3cret", "grant_type=password").verdict,
                     GRANT_UNSUPPORTED_GRANT_TYPE);
}

static void scopes_that_are_not_its_own_are_refused(void **state)
{
    (void)state;
    assert_int_equal(ask_with("ward:s3cret", GRANT_TYPE "&scope=infer:text+admin").verdict,
                     GRANT_INVALID_SCOPE);
    assert_int_equal(ask_with("guest:guest", GRANT_TYPE "&scope=infer:text").verdict,
                     GRANT_INVALID_SCOPE);
    assert_int_equal(ask_with("ward:s3cret", GRANT_TYPE "&scope=infer:tex").verdict,
                     GRANT_INVALID_SCOPE);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, init, deinit)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(clients_are_lines),
        TEST(lines_that_are_no_clients_are_refused),
        TEST(a_client_gets_what_it_asks_for),
        TEST(who_asks_for_nothing_gets_all),
        TEST(credentials_may_stand_in_the_body),
        TEST(credentials_are_encoded_as_forms_are),
        TEST(who_is_not_known_is_no_client),
        TEST(what_is_not_asked_rightly_is_refused),
        TEST(other_grants_are_not_supported),
        TEST(scopes_that_are_not_its_own_are_refused),
    };
    return cmocka_run_group_tests_name("grant", tests, NULL, NULL);
}
