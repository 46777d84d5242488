/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/auth.h"

#include "base/limits.h"
#include "token_maker.h"

enum { NOW_S = 1800000000, ARENA_SIZE = 8 << 20 };

#define ISSUER "https://issuer.example"
#define HEADER "{\"typ\":\"at+jwt\",\"alg\":\"ES256\",\"kid\":\"1\"}"
#define PAYLOAD(members)                                                               \
    "{\"iss\":\"" ISSUER "\",\"aud\":\"galen\",\"iat\":1799999990,\"exp\":1800000290," \
    "\"sub\":\"alice\",\"client_id\":\"ward-7\",\"jti\":\"t-1\",\"scope\":\"infer:"    \
    "text\"" members "}"

static const struct bytes audience = BYTES_INIT("galen");
static const struct bytes certificate_scopes[] = {BYTES_INIT("infer:image")};
static const struct certificate_rule certificates[] = {
    {TLS_NAME_DNS, BYTES_INIT("ct.ward.example"), BYTES_INIT("ct"), certificate_scopes, 1},
    {TLS_NAME_URI, BYTES_INIT("spiffe://ward/mr"), BYTES_INIT("mr"), NULL, 0},
};

struct rig {
    struct signer *signer;
    struct auth_rules *rules;
    struct key_set *keys;
    struct auth *auth;
    struct token_cache *cache;
    struct arena arena;
    struct writer text; /* of the Authorization header */
    struct bytes header;
    struct auth_question question;
    struct principal *principal;
    struct auth_refusal refusal;
};

static struct auth_options customary(void)
{
    struct auth_options options = {
        .realm = BYTES("galen"),
        .tokens = token_rules_customary(),
        .certificates = certificates,
        .certificate_count = 2,
    };
    options.tokens.claims.issuer = BYTES(ISSUER);
    options.tokens.claims.audiences = &audience;
    options.tokens.claims.audience_count = 1;
    return options;
}

static struct key_set *keys_of(const struct signer *signer, const char *members)
{
    struct key_set *keys = NULL;
    struct writer text;
    writer_init(&text, TOKEN_MAKER_SIZE_MAX);
    put_jwk(&text, signer, members);
    EXPECT_OK(key_set_parse(writer_bytes(&text), JWK_ALGORITHMS_ALL, &keys, NULL));
    writer_deinit(&text);
    return keys;
}

static struct auth_rules *rules_of(const struct auth_options *options)
{
    struct auth_rules *rules = NULL;
    EXPECT_OK(auth_rules_create(options, &rules, NULL));
    return rules;
}

/* The rig with other parts from now on; NULL: the one that it has. */
static void change(struct rig *rig, struct auth_rules *rules, struct key_set *keys,
                   struct deny_list *denied)
{
    struct auth *auth = NULL;
    EXPECT_OK(auth_create(rules == NULL ? rig->rules : rules,
                          keys == NULL ? rig->keys : keys, denied, &auth));
    auth_unref(rig->auth);
    rig->auth = auth;
}

static int begin(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    const struct auth_options options = customary();
    rig->signer = signer_create(SIGNATURE_ES256);
    rig->rules = rules_of(&options);
    rig->keys = keys_of(rig->signer, ",\"kid\":\"1\",\"alg\":\"ES256\"");
    EXPECT_OK(token_cache_create(16, &rig->cache));
    arena_init(&rig->arena, ARENA_SIZE);
    writer_init(&rig->text, TOKEN_MAKER_SIZE_MAX);
    rig->question = (struct auth_question){.authorization = &rig->header,
                                           .now_s = NOW_S,
                                           .arena = &rig->arena,
                                           .cache = rig->cache};
    change(rig, NULL, NULL, NULL);
    *state = rig;
    return 0;
}

static int end(void **state)
{
    struct rig *rig = *state;
    principal_unref(rig->principal);
    auth_unref(rig->auth);
    auth_rules_unref(rig->rules);
    key_set_unref(rig->keys);
    token_cache_destroy(rig->cache);
    signer_destroy(rig->signer);
    arena_deinit(&rig->arena);
    writer_deinit(&rig->text);
    free(rig);
    return 0;
}

static void bring_text(struct rig *rig, const char *value)
{
    rig->header = bytes_from_string(value);
    rig->question.authorization_count = 1;
}

static void bring(struct rig *rig, const char *payload)
{
    struct writer token;
    writer_init(&token, TOKEN_MAKER_SIZE_MAX);
    put_token(&token, rig->signer, SIGNATURE_ES256, BYTES(HEADER),
              bytes_from_string(payload));
    writer_deinit(&rig->text);
    writer_init(&rig->text, TOKEN_MAKER_SIZE_MAX);
    writer_put_string(&rig->text, "Bearer ");
    writer_put(&rig->text, writer_bytes(&token));
    writer_deinit(&token);
    rig->header = writer_bytes(&rig->text);
    rig->question.authorization_count = 1;
}

static enum refusal ask(struct rig *rig)
{
    principal_unref(rig->principal);
    rig->principal = NULL;
    arena_clear(&rig->arena);
    const enum galen_status status =
        auth_check(rig->auth, &rig->question, &rig->principal, &rig->refusal);
    const enum refusal reason = rig->refusal.reason;
    EXPECT_STATUS(refusal_status(reason), status);
    assert_int_equal(reason == REFUSAL_NOT, rig->principal != NULL);
    return reason;
}

static void a_token_is_a_principal(void **state)
{
    struct rig *rig = *state;
    bring(rig, PAYLOAD(",\"patient\":\"p1\""));
    assert_int_equal(REFUSAL_NOT, ask(rig));
    assert_int_equal(PRINCIPAL_TOKEN, rig->principal->kind);
    assert_true(bytes_equal_string(rig->principal->subject, "alice"));
    assert_true(bytes_equal_string(rig->principal->client_id, "ward-7"));
    assert_true(bytes_equal_string(rig->principal->issuer, ISSUER));
    assert_true(bytes_equal_string(rig->principal->token_id, "t-1"));
    assert_true(bytes_equal_string(phi_reveal(rig->principal->patient), "p1"));
    assert_true(principal_may(rig->principal, BYTES("infer:text")));
    assert_false(principal_may(rig->principal, BYTES("infer:image")));
}

static void without_a_token_nobody_is_let_in(void **state)
{
    struct rig *rig = *state;
    assert_int_equal(REFUSAL_NO_TOKEN, ask(rig));
}

static void a_header_is_of_the_scheme_bearer(void **state)
{
    struct rig *rig = *state;
    static const struct {
        const char *value;
        enum refusal refusal;
    } rows[] = {
        {"Basic YWxpY2U6c2VjcmV0", REFUSAL_SCHEME},
        {"DPoP a.b.c", REFUSAL_SCHEME},
        {"", REFUSAL_SCHEME},
        {"BearerX a.b.c", REFUSAL_SCHEME},
        {" Bearer a.b.c", REFUSAL_SCHEME},
        {"Bearer", REFUSAL_HEADER},
        {"Bearer ", REFUSAL_HEADER},
        {"Bearer a.b.c, Bearer a.b.c", REFUSAL_HEADER},
        {"Bearer a.b.c d", REFUSAL_HEADER},
        {"Bearer \"a.b.c\"", REFUSAL_HEADER},
        {"Bearer =", REFUSAL_HEADER},
        {"Bearer a=b", REFUSAL_HEADER},
        {"Bearer\ta.b.c", REFUSAL_SCHEME},
        {"Bearer a.b.\xc3\xa9", REFUSAL_HEADER},
        {"Bearer a.b.c", REFUSAL_BASE64URL},
        {"bearer a.b.c", REFUSAL_BASE64URL},
        {"BEARER   a.b.c", REFUSAL_BASE64URL},
        {"Bearer opaque", REFUSAL_PARTS},
        {"Bearer abcd==", REFUSAL_PARTS},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bring_text(rig, rows[i].value);
        assert_int_equal(rows[i].refusal, ask(rig));
    }
}

static void a_token_in_the_url_is_refused_beside_a_good_one_too(void **state)
{
    struct rig *rig = *state;
    rig->question.has_token_in_url = true;
    assert_int_equal(REFUSAL_TOKEN_IN_URL, ask(rig));
    bring(rig, PAYLOAD(""));
    assert_int_equal(REFUSAL_TOKEN_IN_URL, ask(rig));
}

static void two_headers_are_refused_though_they_are_the_same(void **state)
{
    struct rig *rig = *state;
    bring(rig, PAYLOAD(""));
    const struct bytes both[] = {rig->header, rig->header};
    rig->question.authorization = both;
    rig->question.authorization_count = 2;
    assert_int_equal(REFUSAL_TWO_TOKENS, ask(rig));
}

static void an_unknown_key_asks_for_newer_keys(void **state)
{
    struct rig *rig = *state;
    scoped(key_set) others = keys_of(rig->signer, ",\"kid\":\"2\",\"alg\":\"ES256\"");
    bring(rig, PAYLOAD(""));
    change(rig, NULL, others, NULL);
    assert_int_equal(REFUSAL_UNKNOWN_KEY, ask(rig));
    assert_true(rig->refusal.needs_keys);
    assert_true(bytes_equal_string(rig->refusal.key_id, "1"));

    change(rig, NULL, NULL, NULL); /* and they come */
    assert_int_equal(REFUSAL_NOT, ask(rig));
    assert_false(rig->refusal.needs_keys);
}

static void without_keys_it_is_not_the_callers_doing(void **state)
{
    struct rig *rig = *state;
    bring(rig, PAYLOAD(""));
    auth_unref(rig->auth);
    EXPECT_OK(auth_create(rig->rules, NULL, NULL, &rig->auth));
    assert_int_equal(REFUSAL_NO_KEYS, ask(rig));
    assert_true(rig->refusal.needs_keys);
    assert_int_equal(0, rig->refusal.key_id.size);
}

static void a_token_is_remembered_until_it_expires(void **state)
{
    struct rig *rig = *state;
    bring(rig, PAYLOAD(""));
    assert_int_equal(REFUSAL_NOT, ask(rig));
    const struct principal *first = rig->principal;
    assert_int_equal(1, token_cache_count(rig->cache));
    rig->question.now_s = 1800000289;
    assert_int_equal(REFUSAL_NOT, ask(rig));
    assert_ptr_equal(first, rig->principal);

    rig->question.now_s = 1800000290; /* within the leeway it is verified each time */
    assert_int_equal(REFUSAL_NOT, ask(rig));
    assert_int_equal(0, token_cache_count(rig->cache));
    rig->question.now_s = 1800000320;
    assert_int_equal(REFUSAL_EXPIRED, ask(rig));
}

static void a_token_that_is_remembered_allocates_nothing(void **state)
{
    struct rig *rig = *state;
    bring(rig, PAYLOAD(""));
    assert_int_equal(REFUSAL_NOT, ask(rig));
    arena_deinit(&rig->arena);
    arena_init(&rig->arena, 0);
    assert_int_equal(REFUSAL_NOT, ask(rig));
    assert_int_equal(0, rig->arena.size_bytes);
}

static void what_is_remembered_ends_with_its_key(void **state)
{
    struct rig *rig = *state;
    scoped(signer) next = signer_create(SIGNATURE_ES256);
    scoped(key_set) same = keys_of(rig->signer, ",\"alg\":\"ES256\",\"kid\":\"1\"");
    scoped(key_set) replaced = keys_of(next, ",\"kid\":\"1\",\"alg\":\"ES256\"");
    scoped(key_set) gone = keys_of(next, ",\"kid\":\"2\",\"alg\":\"ES256\"");
    bring(rig, PAYLOAD(""));
    assert_int_equal(REFUSAL_NOT, ask(rig));
    const struct principal *first = rig->principal;

    change(rig, NULL, same, NULL); /* a refresh that brought nothing new */
    assert_int_equal(REFUSAL_NOT, ask(rig));
    assert_ptr_equal(first, rig->principal);

    change(rig, NULL, replaced, NULL);
    assert_int_equal(REFUSAL_SIGNATURE, ask(rig));
    assert_int_equal(0, token_cache_count(rig->cache));
    change(rig, NULL, gone, NULL);
    assert_int_equal(REFUSAL_UNKNOWN_KEY, ask(rig));
}

static void what_is_remembered_ends_with_its_rules(void **state)
{
    struct rig *rig = *state;
    static const struct bytes other = BYTES_INIT("other");
    struct auth_options options = customary();
    bring(rig, PAYLOAD(""));
    assert_int_equal(REFUSAL_NOT, ask(rig));
    const struct principal *first = rig->principal;

    scoped(auth_rules) same = rules_of(&options);
    change(rig, same, NULL, NULL);
    assert_int_equal(REFUSAL_NOT, ask(rig));
    assert_ptr_equal(first, rig->principal);

    options.tokens.claims.audiences = &other;
    scoped(auth_rules) rules = rules_of(&options);
    change(rig, rules, NULL, NULL);
    assert_int_equal(REFUSAL_AUDIENCE, ask(rig));
}

static void who_is_denied_is_out_remembered_or_not(void **state)
{
    struct rig *rig = *state;
    static const char *const lists[] = {"jti:t-1", "sub:alice", "client_id:ward-7"};
    bring(rig, PAYLOAD(""));
    for (size_t i = 0; i < 3; i++) {
        scoped(deny_list) denied = NULL;
        EXPECT_OK(deny_list_parse(bytes_from_string(lists[i]), &denied, NULL));
        change(rig, NULL, NULL, denied);
        assert_int_equal(REFUSAL_DENIED, ask(rig));
        change(rig, NULL, NULL, NULL);
        assert_int_equal(REFUSAL_NOT, ask(rig));
        change(rig, NULL, NULL, denied);
        assert_int_equal(REFUSAL_DENIED, ask(rig));
    }
    scoped(deny_list) others = NULL;
    EXPECT_OK(deny_list_parse(BYTES("sub:t-1\njti:alice\nclient_id:alice"), &others, NULL));
    change(rig, NULL, NULL, others);
    assert_int_equal(REFUSAL_NOT, ask(rig));
}

/* SHA-256 of the certificate is 00 01 02 …: RFC 8705 section 3.1. */
#define BOUND \
    PAYLOAD(",\"cnf\":{\"x5t#S256\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\"}")

static struct tls_peer peer_with(const struct tls_name *name)
{
    struct tls_peer peer = {
        .has_certificate = true, .names = name, .name_count = name == NULL ? 0 : 1};
    for (size_t i = 0; i < TLS_DIGEST_SIZE; i++) {
        peer.sha256[i] = (uint8_t)i;
    }
    return peer;
}

static void a_bound_token_is_good_over_its_certificate_only(void **state)
{
    struct rig *rig = *state;
    struct tls_peer peer = peer_with(NULL);
    bring(rig, BOUND);
    assert_int_equal(REFUSAL_BINDING, ask(rig)); /* plaintext */
    rig->question.peer = &peer;
    assert_int_equal(REFUSAL_NOT, ask(rig));
    assert_true(rig->principal->is_bound);
    rig->question.peer = NULL; /* remembered by now */
    assert_int_equal(REFUSAL_BINDING, ask(rig));
    rig->question.peer = &peer;
    peer.has_certificate = false; /* TLS, and none was shown */
    assert_int_equal(REFUSAL_BINDING, ask(rig));
    peer.has_certificate = true;
    peer.sha256[31] ^= 1;
    assert_int_equal(REFUSAL_BINDING, ask(rig));
    peer.sha256[31] ^= 1;
    assert_int_equal(REFUSAL_NOT, ask(rig));
}

static void a_token_that_is_bound_to_nothing_is_good_over_any(void **state)
{
    struct rig *rig = *state;
    const struct tls_peer peer = peer_with(NULL);
    bring(rig, PAYLOAD(""));
    rig->question.peer = &peer;
    assert_int_equal(REFUSAL_NOT, ask(rig));
}

static void a_certificate_can_be_enough(void **state)
{
    struct rig *rig = *state;
    const struct tls_name name = {TLS_NAME_DNS, BYTES("CT.Ward.example")};
    const struct tls_peer peer = peer_with(&name);
    rig->question.peer = &peer;
    assert_int_equal(REFUSAL_NOT, ask(rig));
    assert_int_equal(PRINCIPAL_CERTIFICATE, rig->principal->kind);
    assert_true(bytes_equal_string(rig->principal->client_id, "ct"));
    assert_true(bytes_equal_string(rig->principal->subject, "ct.ward.example"));
    assert_true(principal_may(rig->principal, BYTES("infer:image")));
    assert_false(principal_may(rig->principal, BYTES("infer:text")));
}

static void a_certificate_has_to_have_the_very_name(void **state)
{
    struct rig *rig = *state;
    static const struct {
        struct tls_name name;
        enum refusal refusal;
    } rows[] = {
        {{TLS_NAME_DNS, BYTES_INIT("ct.ward.example.org")}, REFUSAL_NO_TOKEN},
        {{TLS_NAME_DNS, BYTES_INIT("x.ct.ward.example")}, REFUSAL_NO_TOKEN},
        {{TLS_NAME_URI, BYTES_INIT("ct.ward.example")}, REFUSAL_NO_TOKEN},
        {{TLS_NAME_URI, BYTES_INIT("spiffe://ward/mr")}, REFUSAL_NOT},
        {{TLS_NAME_URI, BYTES_INIT("spiffe://ward/MR")}, REFUSAL_NO_TOKEN},
        {{TLS_NAME_EMAIL, BYTES_INIT("spiffe://ward/mr")}, REFUSAL_NO_TOKEN},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct tls_peer peer = peer_with(&rows[i].name);
        rig->question.peer = &peer;
        assert_int_equal(rows[i].refusal, ask(rig));
        peer.has_certificate = false; /* names without a certificate are nothing */
        assert_int_equal(REFUSAL_NO_TOKEN, ask(rig));
    }
}

static void a_token_counts_before_a_certificate(void **state)
{
    struct rig *rig = *state;
    const struct tls_name name = {TLS_NAME_DNS, BYTES("ct.ward.example")};
    const struct tls_peer peer = peer_with(&name);
    rig->question.peer = &peer;
    bring(rig, PAYLOAD(""));
    assert_int_equal(REFUSAL_NOT, ask(rig));
    assert_int_equal(PRINCIPAL_TOKEN, rig->principal->kind);
    bring_text(rig, "Bearer a.b.c"); /* and a bad one is not made good by it */
    assert_int_equal(REFUSAL_BASE64URL, ask(rig));
}

static void a_client_with_a_certificate_can_be_denied(void **state)
{
    struct rig *rig = *state;
    const struct tls_name name = {TLS_NAME_DNS, BYTES("ct.ward.example")};
    const struct tls_peer peer = peer_with(&name);
    scoped(deny_list) denied = NULL;
    EXPECT_OK(deny_list_parse(BYTES("client_id:ct"), &denied, NULL));
    change(rig, NULL, NULL, denied);
    rig->question.peer = &peer;
    assert_int_equal(REFUSAL_DENIED, ask(rig));
}

static void without_an_issuer_everybody_can_be_let_in(void **state)
{
    struct rig *rig = *state;
    const struct auth_options options = {.realm = BYTES("galen"), .allows_anonymous = true};
    scoped(auth_rules) rules = rules_of(&options);
    change(rig, rules, NULL, NULL);
    rig->question.has_token_in_url = true;
    assert_int_equal(REFUSAL_NOT, ask(rig));
    bring_text(rig, "Bearer whatever");
    assert_int_equal(REFUSAL_NOT, ask(rig));
    assert_int_equal(PRINCIPAL_ANONYMOUS, rig->principal->kind);
    assert_false(principal_may(rig->principal, BYTES("models:promote")));
}

static void without_an_issuer_certificates_can_be_all_there_is(void **state)
{
    struct rig *rig = *state;
    const struct tls_name name = {TLS_NAME_DNS, BYTES("ct.ward.example")};
    const struct tls_peer peer = peer_with(&name);
    struct auth_options options = customary();
    options.tokens.claims.issuer = BYTES_NONE;
    scoped(auth_rules) rules = rules_of(&options);
    change(rig, rules, NULL, NULL);
    bring(rig, PAYLOAD(""));
    assert_int_equal(REFUSAL_NO_TOKEN, ask(rig));
    rig->question.peer = &peer;
    assert_int_equal(REFUSAL_NOT, ask(rig));
    assert_int_equal(PRINCIPAL_CERTIFICATE, rig->principal->kind);
}

static void rules_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    struct auth_options rows[12];
    static const struct bytes empty = BYTES_INIT("");
    static const struct bytes bad_scope = BYTES_INIT("a b");
    static const struct certificate_rule nameless = {.client_id = BYTES_INIT("x")};
    static const struct certificate_rule badly_scoped = {TLS_NAME_DNS, BYTES_INIT("x"),
                                                         BYTES_INIT("x"), &bad_scope, 1};
    for (size_t i = 0; i < 12; i++) {
        rows[i] = customary();
    }
    rows[0].realm = BYTES("a\"b");
    rows[1].realm = BYTES_NONE;
    rows[2].allows_anonymous = true;
    rows[3].tokens.claims.issuer = BYTES_NONE;
    rows[3].certificate_count = 0;
    rows[4].tokens.claims.audience_count = 0;
    rows[5].tokens.claims.audiences = &empty;
    rows[6].tokens.claims.leeway_s = 61;
    rows[7].tokens.claims.leeway_s = -1;
    rows[8].tokens.claims.lifetime_s_max = 0;
    rows[9].tokens.claims.client_claim = "";
    rows[10].certificates = &nameless;
    rows[10].certificate_count = 1;
    rows[11].certificates = &badly_scoped;
    rows[11].certificate_count = 1;
    for (size_t i = 0; i < 12; i++) {
        struct auth_rules *rules = NULL;
        struct error error = {"", ""};
        EXPECT_STATUS(GALEN_INVALID, auth_rules_create(&rows[i], &rules, &error));
        assert_null(rules);
        assert_true(error.text[0] != '\0');
    }
}

static void a_challenge_is_of_the_realm(void **state)
{
    struct rig *rig = *state;
    struct writer out;
    writer_init(&out, 256);
    auth_challenge(rig->auth, REFUSAL_SCOPE, BYTES("infer:text"), &out);
    assert_true(bytes_equal_string(writer_bytes(&out),
                                   "Bearer realm=\"galen\", error=\"insufficient_scope\", "
                                   "scope=\"infer:text\""));
    writer_deinit(&out);
}

int main(void)
{
#define WITH_RIG(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        WITH_RIG(a_token_is_a_principal),
        WITH_RIG(without_a_token_nobody_is_let_in),
        WITH_RIG(a_header_is_of_the_scheme_bearer),
        WITH_RIG(a_token_in_the_url_is_refused_beside_a_good_one_too),
        WITH_RIG(two_headers_are_refused_though_they_are_the_same),
        WITH_RIG(an_unknown_key_asks_for_newer_keys),
        WITH_RIG(without_keys_it_is_not_the_callers_doing),
        WITH_RIG(a_token_is_remembered_until_it_expires),
        WITH_RIG(a_token_that_is_remembered_allocates_nothing),
        WITH_RIG(what_is_remembered_ends_with_its_key),
        WITH_RIG(what_is_remembered_ends_with_its_rules),
        WITH_RIG(who_is_denied_is_out_remembered_or_not),
        WITH_RIG(a_bound_token_is_good_over_its_certificate_only),
        WITH_RIG(a_token_that_is_bound_to_nothing_is_good_over_any),
        WITH_RIG(a_certificate_can_be_enough),
        WITH_RIG(a_certificate_has_to_have_the_very_name),
        WITH_RIG(a_token_counts_before_a_certificate),
        WITH_RIG(a_client_with_a_certificate_can_be_denied),
        WITH_RIG(without_an_issuer_everybody_can_be_let_in),
        WITH_RIG(without_an_issuer_certificates_can_be_all_there_is),
        cmocka_unit_test(rules_that_make_no_sense_are_refused),
        WITH_RIG(a_challenge_is_of_the_realm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
