/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/token_write.h"

#include <stdio.h>

#include "base/limits.h"
#include "codec/base64url.h"
#include "codec/json.h"
#include "expect.h"
#include "service/auth/jwk_write.h"
#include "service/auth/key_set.h"

enum { MEMORY_SIZE_BYTES_MAX = 1 << 20, NOW_S = 1800000000, LIFETIME_S = 900 };

/* The key of RFC 8037 appendix A, and what A.3 and A.2 make of it. */
static const char rfc8037_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";
static const char rfc8037_thumbprint[] = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
static const char rfc8037_x[] = "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"";

static const struct token_order usual = {
    .issuer = BYTES_INIT("http://127.0.0.1:9000"),
    .audience = BYTES_INIT("galen"),
    .subject = BYTES_INIT("clinic"),
    .client_id = BYTES_INIT("clinic-app"),
    .scope = BYTES_INIT("infer:text infer:image"),
    .id = BYTES_INIT("0b24"),
    .now_s = NOW_S,
    .lifetime_s = LIFETIME_S,
};

struct fixture {
    struct arena arena;
    struct signing_key *key;
    struct writer token;
    struct bytes header;
    struct bytes payload;
};

static struct fixture fixture;

static int init(void **state)
{
    (void)state;
    arena_init(&fixture.arena, MEMORY_SIZE_BYTES_MAX);
    writer_init(&fixture.token, MEMORY_SIZE_BYTES_MAX);
    EXPECT_OK(signing_key_generate(SIGNATURE_ES256, &fixture.key));
    return 0;
}

static int deinit(void **state)
{
    (void)state;
    signing_key_destroy(take(&fixture.key));
    writer_deinit(&fixture.token);
    arena_deinit(&fixture.arena);
    return 0;
}

static struct bytes take_part(struct bytes *token)
{
    struct bytes part;
    struct bytes decoded = BYTES_NONE;
    *token = bytes_split(*token, '.', &part);
    EXPECT_OK(base64url_decode(part, &fixture.arena, &decoded));
    return decoded;
}

static void write_token(const struct token_order *order)
{
    struct error error = {"", ""};
    EXPECT_OK(token_write(order, fixture.key, &fixture.token, &error));
    struct bytes left = writer_bytes(&fixture.token);
    fixture.header = take_part(&left);
    fixture.payload = take_part(&left);
}

static void expect_text(struct bytes text, const char *expected)
{
    assert_int_equal(text.size, strlen(expected));
    assert_memory_equal(text.data, expected, text.size);
}

static void the_payload_is_as_rfc_9068_has_it(void **state)
{
    (void)state;
    write_token(&usual);
    expect_text(fixture.payload,
                "{\"iss\":\"http://127.0.0.1:9000\",\"sub\":\"clinic\",\"aud\":\"galen\","
                "\"client_id\":\"clinic-app\",\"scope\":\"infer:text infer:image\","
                "\"iat\":1800000000,\"exp\":1800000900,\"jti\":\"0b24\"}");
}

static void the_header_names_type_algorithm_and_key(void **state)
{
    char id[JWK_ID_SIZE];
    char expected[256];
    (void)state;
    write_token(&usual);
    EXPECT_OK(jwk_id_of(fixture.key, id));
    (void)snprintf(expected, sizeof(expected),
                   "{\"typ\":\"at+jwt\",\"alg\":\"ES256\",\"kid\":\"%s\"}", id);
    expect_text(fixture.header, expected);
}

static void a_token_may_be_bound_and_say_more(void **state)
{
    static const uint8_t digest[SHA256_SIZE] = {1, 2, 3};
    static const struct token_claim claims[] = {
        {BYTES_INIT("patient"), BYTES_INIT("a \"b\""), false},
        {BYTES_INIT("groups"), BYTES_INIT("[1,{\"a\":null}]"), true},
    };
    struct token_order order = usual;
    (void)state;
    order.scope = BYTES_NONE;
    order.certificate = digest;
    order.claims = claims;
    order.claim_count = 2;
    write_token(&order);
    expect_text(fixture.payload,
                "{\"iss\":\"http://127.0.0.1:9000\",\"sub\":\"clinic\",\"aud\":\"galen\","
                "\"client_id\":\"clinic-app\",\"iat\":1800000000,\"exp\":1800000900,"
                "\"jti\":\"0b24\",\"cnf\":{\"x5t#S256\":"
                "\"AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"},"
                "\"patient\":\"a \\\"b\\\"\",\"groups\":[1,{\"a\":null}]}");
}

static void claims_that_cannot_be_are_refused(void **state)
{
    static const struct token_claim cases[][2] = {
        {{BYTES_INIT("iss"), BYTES_INIT("x"), false},
         {BYTES_INIT("a"), BYTES_INIT("1"), true}},
        {{BYTES_INIT("a"), BYTES_INIT("x"), false},
         {BYTES_INIT("a"), BYTES_INIT("1"), true}},
        {{BYTES_INIT("a"), BYTES_INIT("x"), true},
         {BYTES_INIT("b"), BYTES_INIT("1"), true}},
        {{BYTES_INIT("a"), BYTES_INIT("1}"), true},
         {BYTES_INIT("b"), BYTES_INIT("1"), true}},
        {{BYTES_INIT("a"), BYTES_INIT("\xFF"), false},
         {BYTES_INIT("b"), BYTES_INIT(""), false}},
        {{BYTES_INIT("\xFF"), BYTES_INIT(""), false},
         {BYTES_INIT("b"), BYTES_INIT(""), false}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct token_order order = usual;
        struct error error = {"", ""};
        order.claims = cases[i];
        order.claim_count = 2;
        EXPECT_STATUS(GALEN_INVALID,
                      token_write(&order, fixture.key, &fixture.token, &error));
        assert_true(bytes_starts_with(bytes_from_string(error.text), BYTES("claim ")));
    }
}

static void a_token_that_would_be_too_long_is_refused(void **state)
{
    static char text[LIMIT_TOKEN_SIZE_BYTES_MAX + 1];
    struct token_order order = usual;
    (void)state;
    memset(text, 'a', sizeof(text));
    order.subject = bytes_of(text, sizeof(text));
    EXPECT_STATUS(GALEN_TOO_LARGE, token_write(&order, fixture.key, &fixture.token, NULL));
}

static struct key_set *set_of(const struct signing_key *key)
{
    struct key_set *set = NULL;
    struct error error = {"", ""};
    struct writer text;
    writer_init(&text, MEMORY_SIZE_BYTES_MAX);
    struct json_writer json = json_writer_on(&text);
    EXPECT_OK(jwk_put(&json, key));
    EXPECT_OK(text.status);
    EXPECT_OK(key_set_parse(writer_bytes(&text), JWK_ALGORITHMS_ALL, &set, &error));
    writer_deinit(&text);
    return set;
}

/* Everything up to the last '.', and what comes behind it. */
static struct bytes split_token(struct bytes token, struct bytes *out_signature)
{
    struct bytes rest = token;
    (void)take_part(&rest);
    (void)take_part(&rest);
    const struct bytes signed_part = bytes_first(token, token.size - rest.size - 1);
    *out_signature = take_part(&rest);
    return signed_part;
}

static void a_key_that_is_written_verifies_what_it_signed(void **state)
{
    static const enum signature_algorithm algorithms[] = {SIGNATURE_RS256, SIGNATURE_PS384,
                                                          SIGNATURE_ES256, SIGNATURE_ES384,
                                                          SIGNATURE_ES512, SIGNATURE_EDDSA};
    (void)state;
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        char id[JWK_ID_SIZE];
        struct bytes signature;
        (void)deinit(state);
        (void)init(state);
        signing_key_destroy(take(&fixture.key));
        EXPECT_OK(signing_key_generate(algorithms[i], &fixture.key));
        EXPECT_OK(jwk_id_of(fixture.key, id));
        write_token(&usual);
        struct key_set *set = set_of(fixture.key);
        const struct jwk *jwk = key_set_find(set, bytes_from_string(id));
        assert_non_null(jwk);
        assert_int_equal(jwk->algorithm, algorithms[i]);
        const struct bytes signed_part =
            split_token(writer_bytes(&fixture.token), &signature);
        assert_true(public_key_verify(jwk->key, jwk->algorithm, signed_part, signature));
        key_set_unref(set);
    }
}

static void the_id_of_a_key_is_its_thumbprint(void **state)
{
    char id[JWK_ID_SIZE];
    struct writer text;
    (void)state;
    signing_key_destroy(take(&fixture.key));
    EXPECT_OK(signing_key_from_pem(bytes_from_string(rfc8037_pem), SIGNATURE_EDDSA,
                                   &fixture.key));
    EXPECT_OK(jwk_id_of(fixture.key, id));
    assert_string_equal(id, rfc8037_thumbprint);
    writer_init(&text, MEMORY_SIZE_BYTES_MAX);
    struct json_writer json = json_writer_on(&text);
    EXPECT_OK(jwk_put(&json, fixture.key));
    assert_non_null(
        memmem(writer_bytes(&text).data, text.size, rfc8037_x, strlen(rfc8037_x)));
    writer_deinit(&text);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, init, deinit)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_payload_is_as_rfc_9068_has_it),
        TEST(the_header_names_type_algorithm_and_key),
        TEST(a_token_may_be_bound_and_say_more),
        TEST(claims_that_cannot_be_are_refused),
        TEST(a_token_that_would_be_too_long_is_refused),
        TEST(a_key_that_is_written_verifies_what_it_signed),
        TEST(the_id_of_a_key_is_its_thumbprint),
    };
    return cmocka_run_group_tests_name("token_write", tests, NULL, NULL);
}
