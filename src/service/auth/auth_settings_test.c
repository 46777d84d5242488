/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/auth_settings.h"

#include "expect.h"

static struct settings settings;
static struct error error;

static int set_up(void **state)
{
    (void)state;
    settings_init(&settings);
    error_clear(&error);
    return 0;
}

static void read_text(const char *text)
{
    EXPECT_OK(settings_read(&settings, bytes_from_string(text), "galen.yaml", &error));
}

static void settings_come_to_rules(void **state)
{
    (void)state;
    scoped(auth_rules) rules = NULL;
    read_text("auth:\n"
              "  issuer: https://login.example/v2.0\n"
              "  audience: api://galen, galen\n"
              "  token_type: JWT\n"
              "  scopes_claim: roles\n"
              "  client_claim: azp\n"
              "  token_id_claim: uti\n"
              "  lifetime_s_max: 5400\n"
              "  leeway_s: 60\n"
              "  realm: ward\n");
    EXPECT_OK(auth_settings_rules(&settings, true, &rules, &error));

    const struct token_rules *tokens = auth_rules_tokens(rules);
    assert_true(auth_rules_have_issuer(rules));
    assert_true(bytes_equal_string(tokens->claims.issuer, "https://login.example/v2.0"));
    assert_int_equal(2, tokens->claims.audience_count);
    assert_true(bytes_equal_string(tokens->claims.audiences[0], "api://galen"));
    assert_true(bytes_equal_string(tokens->claims.audiences[1], "galen"));
    assert_true(bytes_equal_string(tokens->type, "JWT"));
    assert_string_equal("roles", tokens->claims.scopes_claim);
    assert_string_equal("azp", tokens->claims.client_claim);
    assert_string_equal("uti", tokens->claims.token_id_claim);
    assert_int_equal(5400, tokens->claims.lifetime_s_max);
    assert_int_equal(60, tokens->claims.leeway_s);
    assert_true(bytes_equal_string(auth_rules_realm(rules), "ward"));
    assert_null(auth_rules_find(rules, NULL)); /* with an issuer nobody is anonymous */
}

static void clients_come_to_rules_of_certificates(void **state)
{
    (void)state;
    scoped(auth_rules) rules = NULL;
    const struct tls_name name = {TLS_NAME_URI, BYTES("spiffe://ward/ct")};
    const struct tls_peer peer = {.has_certificate = true, .names = &name, .name_count = 1};
    read_text("clients:\n"
              "  - {certificate: {uri: 'spiffe://ward/ct'}, client_id: ct,\n"
              "     scopes: [infer:image, infer:text]}\n");
    EXPECT_OK(auth_settings_rules(&settings, false, &rules, &error));
    const struct principal *principal = auth_rules_find(rules, &peer);
    assert_non_null(principal);
    assert_int_equal(2, principal->scope_count);
    assert_true(principal_may(principal, BYTES("infer:text")));
    assert_true(bytes_equal_string(principal->client_id, "ct"));
    assert_null(auth_rules_find(rules, NULL));
}

static void without_anything_everybody_or_nobody_is_let_in(void **state)
{
    (void)state;
    scoped(auth_rules) rules = NULL;
    struct auth_rules *none = NULL;
    EXPECT_STATUS(GALEN_INVALID, auth_settings_rules(&settings, false, &none, &error));
    assert_string_equal("auth: nobody could be let in", error.text);
    assert_null(none);
    EXPECT_OK(auth_settings_rules(&settings, true, &rules, &error));
    assert_int_equal(PRINCIPAL_ANONYMOUS, auth_rules_find(rules, NULL)->kind);
}

static void no_audience_is_empty(void **state)
{
    (void)state;
    struct auth_rules *rules = NULL;
    read_text("auth: {issuer: 'https://i', audience: 'galen,,x'}");
    EXPECT_STATUS(GALEN_INVALID, auth_settings_rules(&settings, true, &rules, &error));
    assert_string_equal("auth: an audience is empty", error.text);
}

static void with_clients_nobody_else_is_let_in(void **state)
{
    (void)state;
    scoped(auth_rules) rules = NULL;
    read_text("clients: [{certificate: {dns: a}, client_id: a, scopes: [b]}]");
    EXPECT_OK(auth_settings_rules(&settings, true, &rules, &error));
    assert_null(auth_rules_find(rules, NULL));
}

/* So that a key without alg has one, whatever its kind. */
static void the_algorithms_by_default_fit_each_key_once(void **state)
{
    (void)state;
    uint32_t algorithms = 0;
    EXPECT_OK(auth_settings_algorithms(&settings, &algorithms, &error));
    assert_int_equal(JWK_ALGORITHM(SIGNATURE_RS256) | JWK_ALGORITHM(SIGNATURE_ES256) |
                         JWK_ALGORITHM(SIGNATURE_ES384) | JWK_ALGORITHM(SIGNATURE_ES512) |
                         JWK_ALGORITHM(SIGNATURE_EDDSA),
                     algorithms);
}

static void algorithms_are_those_that_are_known(void **state)
{
    (void)state;
    uint32_t algorithms = 0;
    static const char *const refused[] = {"HS256",       "none",  "RS256,,ES256",
                                          "RS256 ES256", "rs256", "RS256,HS256"};
    EXPECT_OK(
        settings_set(&settings, BYTES("auth.algorithms"), BYTES("PS384, ES256"), &error));
    EXPECT_OK(auth_settings_algorithms(&settings, &algorithms, &error));
    assert_int_equal(JWK_ALGORITHM(SIGNATURE_PS384) | JWK_ALGORITHM(SIGNATURE_ES256),
                     algorithms);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        EXPECT_OK(settings_set(&settings, BYTES("auth.algorithms"),
                               bytes_from_string(refused[i]), &error));
        EXPECT_STATUS(GALEN_INVALID,
                      auth_settings_algorithms(&settings, &algorithms, &error));
        struct auth_rules *rules = NULL;
        EXPECT_STATUS(GALEN_INVALID, auth_settings_rules(&settings, true, &rules, &error));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(settings_come_to_rules, set_up),
        cmocka_unit_test_setup(clients_come_to_rules_of_certificates, set_up),
        cmocka_unit_test_setup(without_anything_everybody_or_nobody_is_let_in, set_up),
        cmocka_unit_test_setup(no_audience_is_empty, set_up),
        cmocka_unit_test_setup(with_clients_nobody_else_is_let_in, set_up),
        cmocka_unit_test_setup(the_algorithms_by_default_fit_each_key_once, set_up),
        cmocka_unit_test_setup(algorithms_are_those_that_are_known, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
