/* SPDX-License-Identifier: Apache-2.0 */
/* The table of refusals: a good token, and each thing that can be wrong with it alone. */
#include "service/auth/token.h"

#include "base/limits.h"
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "token_maker.h"

enum { NOW_S = 1800000000, ARENA_SIZE = 8 << 20, TEXT_SIZE = 4096 };

#define ISSUER "https://issuer.example/realms/ward"
#define HEADER(members) "{\"typ\":\"at+jwt\",\"alg\":\"ES256\",\"kid\":\"1\"" members "}"
#define TIMES "\"iat\":1799999990,\"exp\":1800000290"
#define NAMES "\"sub\":\"alice\",\"client_id\":\"ward-7\",\"jti\":\"t-1\""
#define WHO "\"iss\":\"" ISSUER "\",\"aud\":\"galen\""
#define PAYLOAD(members) "{" WHO "," TIMES "," NAMES members "}"
#define ES256_HEADER HEADER("")

static struct signer *signer;
static struct signer *rsa_signer;
static struct key_set *keys;
static struct arena arena;
static const struct bytes audiences[] = {BYTES_INIT("other"), BYTES_INIT("galen")};
static struct token_rules rules;

static const struct token_rules default_rules = {
    .type = BYTES_INIT("at+jwt"),
    .claims =
        {
            .issuer = BYTES_INIT(ISSUER),
            .audiences = audiences,
            .audience_count = 2,
            .scopes_claim = "scope",
            .client_claim = "client_id",
            .token_id_claim = "jti",
            .lifetime_s_max = 3600,
            .leeway_s = 30,
        },
};

static int make_keys(void **state)
{
    (void)state;
    struct writer text;
    signer = signer_create(SIGNATURE_ES256);
    rsa_signer = signer_create(SIGNATURE_RS256);
    writer_init(&text, TOKEN_MAKER_SIZE_MAX);
    writer_put_string(&text, "{\"keys\":[");
    put_jwk(&text, signer, ",\"kid\":\"1\",\"alg\":\"ES256\"");
    writer_put_string(&text, ",");
    put_jwk(&text, rsa_signer, ",\"kid\":\"2\",\"alg\":\"RS256\"");
    writer_put_string(&text, "]}");
    EXPECT_OK(key_set_parse(writer_bytes(&text), JWK_ALGORITHMS_ALL, &keys, NULL));
    writer_deinit(&text);
    return 0;
}

static int destroy_keys(void **state)
{
    (void)state;
    signer_destroy(signer);
    signer_destroy(rsa_signer);
    key_set_unref(keys);
    return 0;
}

static int begin(void **state)
{
    (void)state;
    rules = default_rules;
    arena_init(&arena, ARENA_SIZE);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static enum refusal verify_text(struct bytes text, struct token *out_token)
{
    return token_verify(text, &rules, keys, NOW_S, &arena, out_token);
}

static enum refusal verify_bytes(struct bytes header, struct bytes payload,
                                 struct token *out_token)
{
    struct writer text;
    writer_init(&text, TOKEN_MAKER_SIZE_MAX);
    put_token(&text, signer, SIGNATURE_ES256, header, payload);
    const enum refusal why = verify_text(writer_bytes(&text), out_token);
    writer_deinit(&text);
    return why;
}

static enum refusal verify(const char *header, const char *payload)
{
    struct token token;
    return verify_bytes(bytes_from_string(header), bytes_from_string(payload), &token);
}

static void expect(enum refusal refusal, const char *header, const char *payload)
{
    const enum refusal why = verify(header, payload);
    if (why != refusal) {
        fail_msg("%s and not %s: %s %s", refusal_word(why), refusal_word(refusal), header,
                 payload);
    }
}

static void a_good_token_says_who_it_is(void **state)
{
    (void)state;
    struct token token;
    const char *payload =
        PAYLOAD(",\"scope\":\"infer:text system/*.rs\",\"patient\":\"p1\","
                "\"nbf\":1799999990,\"x\":{\"y\":[1]}");
    assert_int_equal(REFUSAL_NOT, verify_bytes(bytes_from_string(ES256_HEADER),
                                               bytes_from_string(payload), &token));
    assert_true(bytes_equal_string(token.claims.subject, "alice"));
    assert_true(bytes_equal_string(token.claims.client_id, "ward-7"));
    assert_true(bytes_equal_string(token.claims.token_id, "t-1"));
    assert_true(bytes_equal_string(phi_reveal(token.claims.patient), "p1"));
    assert_int_equal(1800000290, token.claims.expires_s);
    assert_int_equal(2, token.claims.scope_count);
    assert_true(bytes_equal_string(token.claims.scopes[0], "infer:text"));
    assert_true(bytes_equal_string(token.claims.scopes[1], "system/*.rs"));
    assert_false(token.claims.is_bound);
    assert_ptr_equal(key_set_find(keys, BYTES("1")), token.key);
}

struct row {
    enum refusal refusal;
    const char *text;
};

static const struct row headers[] = {
    {REFUSAL_NOT, ES256_HEADER},
    {REFUSAL_NOT, "{\"typ\":\"application/at+jwt\",\"alg\":\"ES256\",\"kid\":\"1\"}"},
    {REFUSAL_NOT, "{\"typ\":\"APPLICATION/AT+JWT\",\"alg\":\"ES256\",\"kid\":\"1\"}"},
    {REFUSAL_NOT, " {\"kid\":\"1\",\n\"alg\":\"ES256\",\t\"typ\":\"AT+jwt\"} "},
    {REFUSAL_NOT, HEADER(",\"jku\":\"https://evil.example/jwks\",\"x5u\":\"https://e\"")},
    {REFUSAL_NOT, HEADER(",\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"},\"x5c\":[\"AAAA\"]")},
    {REFUSAL_TYPE, "{\"typ\":\"JWT\",\"alg\":\"ES256\",\"kid\":\"1\"}"},
    {REFUSAL_TYPE, "{\"typ\":\"at+jwt+x\",\"alg\":\"ES256\",\"kid\":\"1\"}"},
    {REFUSAL_TYPE, "{\"typ\":\"text/at+jwt\",\"alg\":\"ES256\",\"kid\":\"1\"}"},
    {REFUSAL_TYPE, "{\"typ\":[\"at+jwt\"],\"alg\":\"ES256\",\"kid\":\"1\"}"},
    {REFUSAL_TYPE, "{\"alg\":\"ES256\",\"kid\":\"1\"}"},
    {REFUSAL_CRITICAL, HEADER(",\"crit\":[\"exp\"],\"exp\":1")},
    {REFUSAL_CRITICAL, HEADER(",\"crit\":[\"b64\"],\"b64\":false")},
    {REFUSAL_CRITICAL, HEADER(",\"crit\":[]")},
    {REFUSAL_CRITICAL, HEADER(",\"crit\":null")},
    {REFUSAL_ALGORITHM_NONE, "{\"typ\":\"at+jwt\",\"alg\":\"none\",\"kid\":\"1\"}"},
    {REFUSAL_ALGORITHM_NONE, "{\"typ\":\"at+jwt\",\"alg\":\"None\",\"kid\":\"1\"}"},
    {REFUSAL_ALGORITHM_NONE, "{\"typ\":\"at+jwt\",\"alg\":\"NONE\",\"kid\":\"1\"}"},
    {REFUSAL_ALGORITHM_NONE, "{\"typ\":\"at+jwt\",\"alg\":\"nOnE\"}"},
    {REFUSAL_ALGORITHM_NONE, "{\"alg\":\"none\"}"},
    {REFUSAL_ALGORITHM, "{\"typ\":\"at+jwt\",\"alg\":\"none \",\"kid\":\"1\"}"},
    {REFUSAL_ALGORITHM, "{\"typ\":\"at+jwt\",\"alg\":\"\",\"kid\":\"1\"}"},
    {REFUSAL_ALGORITHM, "{\"typ\":\"at+jwt\",\"alg\":\"es256\",\"kid\":\"1\"}"},
    {REFUSAL_ALGORITHM, "{\"typ\":\"at+jwt\",\"alg\":\"ES256\\u0000\",\"kid\":\"1\"}"},
    {REFUSAL_ALGORITHM, "{\"typ\":\"at+jwt\",\"alg\":\"ES384\",\"kid\":\"1\"}"},
    {REFUSAL_ALGORITHM, "{\"typ\":\"at+jwt\",\"alg\":\"HS256\",\"kid\":\"1\"}"},
    {REFUSAL_ALGORITHM, "{\"typ\":\"at+jwt\",\"alg\":\"ES256\",\"kid\":\"2\"}"},
    {REFUSAL_JOSE_HEADER, "{\"typ\":\"at+jwt\",\"kid\":\"1\"}"},
    {REFUSAL_JOSE_HEADER, "{\"typ\":\"at+jwt\",\"alg\":null,\"kid\":\"1\"}"},
    {REFUSAL_JOSE_HEADER, "{\"typ\":\"at+jwt\",\"alg\":[\"ES256\"],\"kid\":\"1\"}"},
    {REFUSAL_JOSE_HEADER, HEADER(",\"alg\":\"ES256\"")},
    {REFUSAL_JOSE_HEADER, HEADER(",\"x\":{\"a\":1,\"a\":2}")},
    {REFUSAL_JOSE_HEADER, ES256_HEADER "x"},
    {REFUSAL_JOSE_HEADER, ES256_HEADER ES256_HEADER},
    {REFUSAL_JOSE_HEADER, "\xef\xbb\xbf" ES256_HEADER},
    {REFUSAL_JOSE_HEADER, HEADER(",\"x\":\"\xff\"")},
    {REFUSAL_JOSE_HEADER, HEADER(",\"x\":\"\\ud800\"")},
    {REFUSAL_JOSE_HEADER, "[" ES256_HEADER "]"},
    {REFUSAL_JOSE_HEADER, "\"ES256\""},
    {REFUSAL_JOSE_HEADER, "null"},
    {REFUSAL_KEY_ID, "{\"typ\":\"at+jwt\",\"alg\":\"ES256\"}"},
    {REFUSAL_KEY_ID, "{\"typ\":\"at+jwt\",\"alg\":\"ES256\",\"kid\":1}"},
    {REFUSAL_KEY_ID, "{\"typ\":\"at+jwt\",\"alg\":\"ES256\",\"kid\":null}"},
    {REFUSAL_UNKNOWN_KEY, "{\"typ\":\"at+jwt\",\"alg\":\"ES256\",\"kid\":\"3\"}"},
    {REFUSAL_UNKNOWN_KEY, "{\"typ\":\"at+jwt\",\"alg\":\"ES256\",\"kid\":\"\"}"},
    {REFUSAL_UNKNOWN_KEY, "{\"typ\":\"at+jwt\",\"alg\":\"ES256\",\"kid\":\"1\\u0000\"}"},
};

static void a_header_is_what_it_should_be(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        expect(headers[i].refusal, headers[i].text, PAYLOAD(""));
    }
}

#define TIMED(times) "{" WHO "," NAMES "," times "}"
#define NAMED(names) "{" WHO "," TIMES "," names "}"
#define BY(who) "{" who "," TIMES "," NAMES "}"

static const struct row payloads[] = {
    /* iss: exactly */
    {REFUSAL_ISSUER, BY("\"aud\":\"galen\"")},
    {REFUSAL_ISSUER, BY("\"iss\":\"" ISSUER "/\",\"aud\":\"galen\"")},
    {REFUSAL_ISSUER,
     BY("\"iss\":\"HTTPS://issuer.example/realms/ward\",\"aud\":\"galen\"")},
    {REFUSAL_ISSUER, BY("\"iss\":\"" ISSUER "\\u0000\",\"aud\":\"galen\"")},
    {REFUSAL_ISSUER, BY("\"iss\":[\"" ISSUER "\"],\"aud\":\"galen\"")},
    {REFUSAL_ISSUER, BY("\"iss\":null,\"aud\":\"galen\"")},
    /* aud: contains us */
    {REFUSAL_NOT, BY("\"iss\":\"" ISSUER "\",\"aud\":[\"x\",\"galen\"]")},
    {REFUSAL_NOT, BY("\"iss\":\"" ISSUER "\",\"aud\":\"other\"")},
    {REFUSAL_AUDIENCE, BY("\"iss\":\"" ISSUER "\"")},
    {REFUSAL_AUDIENCE, BY("\"iss\":\"" ISSUER "\",\"aud\":\"Galen\"")},
    {REFUSAL_AUDIENCE, BY("\"iss\":\"" ISSUER "\",\"aud\":\"galen \"")},
    {REFUSAL_AUDIENCE, BY("\"iss\":\"" ISSUER "\",\"aud\":\"galen,x\"")},
    {REFUSAL_AUDIENCE, BY("\"iss\":\"" ISSUER "\",\"aud\":[]")},
    {REFUSAL_AUDIENCE, BY("\"iss\":\"" ISSUER "\",\"aud\":[\"galen\",1]")},
    {REFUSAL_AUDIENCE, BY("\"iss\":\"" ISSUER "\",\"aud\":[[\"galen\"]]")},
    {REFUSAL_AUDIENCE, BY("\"iss\":\"" ISSUER "\",\"aud\":{\"galen\":true}")},
    {REFUSAL_AUDIENCE, BY("\"iss\":\"" ISSUER "\",\"aud\":null")},
    /* exp, iat, nbf: to the second of the leeway */
    {REFUSAL_NOT, TIMED("\"iat\":1799999000,\"exp\":1799999971")},
    {REFUSAL_NOT, TIMED("\"iat\":1799999000,\"exp\":1799999970.5")},
    {REFUSAL_EXPIRED, TIMED("\"iat\":1799999000,\"exp\":1799999970")},
    {REFUSAL_EXPIRED, TIMED("\"iat\":0,\"exp\":1")},
    {REFUSAL_EXPIRED, TIMED("\"iat\":0,\"exp\":0")},
    {REFUSAL_NOT, TIMED("\"iat\":1800000030,\"exp\":1800000100")},
    {REFUSAL_ISSUED_LATER, TIMED("\"iat\":1800000030.5,\"exp\":1800000100")},
    {REFUSAL_ISSUED_LATER, TIMED("\"iat\":1800000031,\"exp\":1800000100")},
    {REFUSAL_NOT, TIMED(TIMES ",\"nbf\":1800000030")},
    {REFUSAL_NOT_YET, TIMED(TIMES ",\"nbf\":1800000031")},
    {REFUSAL_NOT_BEFORE, TIMED(TIMES ",\"nbf\":\"0\"")},
    {REFUSAL_NOT_BEFORE, TIMED(TIMES ",\"nbf\":null")},
    {REFUSAL_NOT_BEFORE, TIMED(TIMES ",\"nbf\":-1")},
    {REFUSAL_EXPIRES, TIMED("\"iat\":1799999990")},
    {REFUSAL_EXPIRES, TIMED("\"iat\":1799999990,\"exp\":null")},
    {REFUSAL_EXPIRES, TIMED("\"iat\":1799999990,\"exp\":\"1800000290\"")},
    {REFUSAL_EXPIRES, TIMED("\"iat\":1799999990,\"exp\":1e400")},
    {REFUSAL_EXPIRES, TIMED("\"iat\":1799999990,\"exp\":-1e400")},
    {REFUSAL_EXPIRES, TIMED("\"iat\":1799999990,\"exp\":1e300")},
    {REFUSAL_EXPIRES, TIMED("\"iat\":1799999990,\"exp\":99999999999999999999999999")},
    {REFUSAL_EXPIRES, TIMED("\"iat\":1799999990,\"exp\":253402300800")},
    {REFUSAL_EXPIRES, TIMED("\"iat\":1799999990,\"exp\":-1")},
    {REFUSAL_EXPIRES, TIMED("\"iat\":1799999990,\"exp\":true")},
    {REFUSAL_EXPIRES, TIMED("\"iat\":1799999990,\"exp\":[1800000290]")},
    {REFUSAL_NOT, TIMED("\"iat\":1799999990,\"exp\":1.80000029e9")},
    {REFUSAL_ISSUED, TIMED("\"exp\":1800000290")},
    {REFUSAL_ISSUED, TIMED("\"exp\":1800000290,\"iat\":\"1799999990\"")},
    {REFUSAL_ISSUED, TIMED("\"exp\":1800000290,\"iat\":1e400")},
    {REFUSAL_ISSUED, TIMED("\"exp\":1800000290,\"iat\":-5")},
    {REFUSAL_NOT, TIMED("\"iat\":1799999990,\"exp\":1800003590")},
    {REFUSAL_LIFETIME, TIMED("\"iat\":1799999990,\"exp\":1800003591")},
    {REFUSAL_LIFETIME, TIMED("\"iat\":0,\"exp\":1800003590")},
    {REFUSAL_LIFETIME, TIMED("\"iat\":1800000000,\"exp\":1800000000")},
    {REFUSAL_LIFETIME, TIMED("\"iat\":1800000010,\"exp\":1800000005")},
    /* sub, client_id, jti */
    {REFUSAL_SUBJECT, NAMED("\"client_id\":\"ward-7\",\"jti\":\"t-1\"")},
    {REFUSAL_SUBJECT, NAMED("\"sub\":\"\",\"client_id\":\"ward-7\",\"jti\":\"t-1\"")},
    {REFUSAL_SUBJECT, NAMED("\"sub\":1,\"client_id\":\"ward-7\",\"jti\":\"t-1\"")},
    {REFUSAL_CLIENT, NAMED("\"sub\":\"alice\",\"jti\":\"t-1\"")},
    {REFUSAL_CLIENT, NAMED("\"sub\":\"alice\",\"client_id\":null,\"jti\":\"t-1\"")},
    {REFUSAL_CLIENT, NAMED("\"sub\":\"alice\",\"azp\":\"ward-7\",\"jti\":\"t-1\"")},
    {REFUSAL_TOKEN_ID, NAMED("\"sub\":\"alice\",\"client_id\":\"ward-7\"")},
    {REFUSAL_TOKEN_ID, NAMED("\"sub\":\"alice\",\"client_id\":\"ward-7\",\"jti\":\"\"")},
    {REFUSAL_TOKEN_ID, NAMED("\"sub\":\"alice\",\"client_id\":\"ward-7\",\"jti\":7")},
    /* other kinds of tokens */
    {REFUSAL_NO_ACCESS_TOKEN, PAYLOAD(",\"at_hash\":\"x\"")},
    {REFUSAL_NO_ACCESS_TOKEN, PAYLOAD(",\"c_hash\":\"x\"")},
    {REFUSAL_NO_ACCESS_TOKEN, PAYLOAD(",\"typ\":\"ID\"")},
    {REFUSAL_NO_ACCESS_TOKEN, PAYLOAD(",\"typ\":\"Refresh\"")},
    {REFUSAL_NOT, PAYLOAD(",\"typ\":\"Bearer\"")},
    /* scopes */
    {REFUSAL_NOT, PAYLOAD(",\"scope\":\"\"")},
    {REFUSAL_NOT, PAYLOAD(",\"scope\":\"a\"")},
    {REFUSAL_NOT, PAYLOAD(",\"scope\":[\"a\",\"b\"]")},
    {REFUSAL_NOT, PAYLOAD(",\"scope\":[]")},
    {REFUSAL_SCOPES, PAYLOAD(",\"scope\":\" a\"")},
    {REFUSAL_SCOPES, PAYLOAD(",\"scope\":\"a \"")},
    {REFUSAL_SCOPES, PAYLOAD(",\"scope\":\" \"")},
    {REFUSAL_SCOPES, PAYLOAD(",\"scope\":\"a  b\"")},
    {REFUSAL_SCOPES, PAYLOAD(",\"scope\":\"a\\tb\"")},
    {REFUSAL_SCOPES, PAYLOAD(",\"scope\":\"a\\u0000\"")},
    {REFUSAL_SCOPES, PAYLOAD(",\"scope\":\"caf\xc3\xa9\"")},
    {REFUSAL_SCOPES, PAYLOAD(",\"scope\":[\"a b\"]")},
    {REFUSAL_SCOPES, PAYLOAD(",\"scope\":[\"\"]")},
    {REFUSAL_SCOPES, PAYLOAD(",\"scope\":[1]")},
    {REFUSAL_SCOPES, PAYLOAD(",\"scope\":null")},
    {REFUSAL_SCOPES, PAYLOAD(",\"scope\":{\"a\":true}")},
    /* patient */
    {REFUSAL_PATIENT, PAYLOAD(",\"patient\":\"\"")},
    {REFUSAL_PATIENT, PAYLOAD(",\"patient\":7")},
    {REFUSAL_PATIENT, PAYLOAD(",\"patient\":null")},
    /* cnf: 32 bytes of x5t#S256 and nothing else */
    {REFUSAL_NOT, PAYLOAD(",\"cnf\":{\"x5t#S256\":"
                          "\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\"}")},
    {REFUSAL_CONFIRMATION, PAYLOAD(",\"cnf\":{\"x5t#S256\":"
                                   "\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"}")},
    {REFUSAL_CONFIRMATION, PAYLOAD(",\"cnf\":{\"x5t#S256\":\"AAEC\"}")},
    {REFUSAL_CONFIRMATION, PAYLOAD(",\"cnf\":{\"jkt\":\"AAEC\"}")},
    {REFUSAL_CONFIRMATION, PAYLOAD(",\"cnf\":{\"jkt\":\"AAEC\",\"x5t#S256\":"
                                   "\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\"}")},
    {REFUSAL_CONFIRMATION, PAYLOAD(",\"cnf\":{}")},
    {REFUSAL_CONFIRMATION, PAYLOAD(",\"cnf\":null")},
    {REFUSAL_CONFIRMATION, PAYLOAD(",\"cnf\":\"x\"")},
    /* JSON */
    {REFUSAL_PAYLOAD, PAYLOAD(",\"sub\":\"alice\"")},
    {REFUSAL_PAYLOAD, PAYLOAD(",\"x\":{\"a\":1,\"a\":1}")},
    {REFUSAL_PAYLOAD, PAYLOAD("") "x"},
    {REFUSAL_PAYLOAD, PAYLOAD("") "\n{}"},
    {REFUSAL_PAYLOAD, "\xef\xbb\xbf" PAYLOAD("")},
    {REFUSAL_PAYLOAD, PAYLOAD(",\"x\":\"\xc0\x80\"")},
    {REFUSAL_PAYLOAD, PAYLOAD(",\"x\":\"\\udc00\"")},
    {REFUSAL_PAYLOAD, PAYLOAD(",\"x\":NaN")},
    {REFUSAL_PAYLOAD, PAYLOAD(",\"x\":01")},
    {REFUSAL_PAYLOAD, "[]"},
    {REFUSAL_PAYLOAD, "\"" ISSUER "\""},
};

static void a_payload_is_what_it_should_be(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
        expect(payloads[i].refusal, ES256_HEADER, payloads[i].text);
    }
}

static void a_depth_bomb_is_refused(void **state)
{
    (void)state;
    static const char lead[] = "{" WHO "," TIMES "," NAMES ",\"x\":";
    char payload[TEXT_SIZE];
    struct token token;
    memcpy(payload, lead, sizeof(lead) - 1);
    memset(payload + sizeof(lead) - 1, '[', sizeof(payload) - sizeof(lead) + 1);
    assert_int_equal(REFUSAL_PAYLOAD,
                     verify_bytes(bytes_from_string(ES256_HEADER),
                                  bytes_of(payload, sizeof(payload)), &token));
    assert_int_equal(REFUSAL_JOSE_HEADER,
                     verify_bytes(bytes_of(payload, sizeof(payload)),
                                  bytes_from_string(PAYLOAD("")), &token));
}

/* What it is that signed, with the text of a good token around it. */
static enum refusal verify_forged(const char *header, struct bytes signature)
{
    struct writer text;
    struct token token;
    writer_init(&text, TOKEN_MAKER_SIZE_MAX);
    base64url_encode(bytes_from_string(header), &text);
    writer_put_string(&text, ".");
    base64url_encode(bytes_from_string(PAYLOAD("")), &text);
    writer_put_string(&text, ".");
    base64url_encode(signature, &text);
    const enum refusal why = verify_text(writer_bytes(&text), &token);
    writer_deinit(&text);
    return why;
}

static void a_token_without_a_signature_is_refused(void **state)
{
    (void)state;
    const char *none = "{\"typ\":\"at+jwt\",\"alg\":\"none\",\"kid\":\"1\"}";
    uint8_t zeros[64] = {0};
    assert_int_equal(REFUSAL_PARTS, verify_forged(none, BYTES_NONE));
    assert_int_equal(REFUSAL_PARTS, verify_forged(ES256_HEADER, BYTES_NONE));
    assert_int_equal(REFUSAL_ALGORITHM_NONE, verify_forged(none, BYTES("x")));
    assert_int_equal(REFUSAL_SIGNATURE, verify_forged(ES256_HEADER, BYTES("x")));
    assert_int_equal(REFUSAL_SIGNATURE, verify_forged(ES256_HEADER, bytes_of(zeros, 64)));
    memset(zeros, 0xFF, sizeof(zeros));
    assert_int_equal(REFUSAL_SIGNATURE, verify_forged(ES256_HEADER, bytes_of(zeros, 64)));
}

static struct bytes mac(const void *key, size_t key_size, const char *header, uint8_t *out)
{
    struct writer text;
    size_t size = 0;
    writer_init(&text, TOKEN_MAKER_SIZE_MAX);
    base64url_encode(bytes_from_string(header), &text);
    writer_put_string(&text, ".");
    base64url_encode(bytes_from_string(PAYLOAD("")), &text);
    const struct bytes data = writer_bytes(&text);
    assert_non_null(EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, key_size, data.data,
                              data.size, out, SHA256_SIZE, &size));
    writer_deinit(&text);
    return bytes_of(out, size);
}

/* The classic: HS256 with what everybody can read of the key as its secret. */
static void a_public_key_is_no_secret(void **state)
{
    (void)state;
    const char *header = "{\"typ\":\"at+jwt\",\"alg\":\"HS256\",\"kid\":\"2\"}";
    uint8_t digest[SHA256_SIZE];
    char spaced[TEXT_SIZE];
    uint8_t *der = NULL;
    char *pem = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    const int der_size = i2d_PUBKEY(rsa_signer->key, &der);
    assert_int_equal(1, PEM_write_bio_PUBKEY(bio, rsa_signer->key));
    const size_t pem_size = (size_t)BIO_get_mem_data(bio, &pem);
    const size_t spaced_size =
        (size_t)snprintf(spaced, sizeof(spaced), "\n%.*s \n", (int)pem_size, pem);
    const struct bytes secrets[] = {
        bytes_of(pem, pem_size),
        bytes_of(pem, pem_size - 1),
        bytes_of(der, (size_t)der_size),
        bytes_of(spaced, spaced_size),
        rsa_signer->first,
        BYTES("1"),
    };
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        assert_int_equal(
            REFUSAL_ALGORITHM,
            verify_forged(header, mac(secrets[i].data, secrets[i].size, header, digest)));
    }
    BIO_free(bio);
    OPENSSL_free(der);
}

static void a_token_by_another_algorithm_of_its_key_is_refused(void **state)
{
    (void)state;
    struct writer text;
    struct token token;
    writer_init(&text, TOKEN_MAKER_SIZE_MAX);
    put_token(&text, rsa_signer, SIGNATURE_PS256,
              BYTES("{\"typ\":\"at+jwt\",\"alg\":\"PS256\",\"kid\":\"2\"}"),
              BYTES(PAYLOAD("")));
    assert_int_equal(REFUSAL_ALGORITHM, verify_text(writer_bytes(&text), &token));
    writer_deinit(&text);

    writer_init(&text, TOKEN_MAKER_SIZE_MAX); /* and with the key's name on it */
    put_token(&text, rsa_signer, SIGNATURE_PS256,
              BYTES("{\"typ\":\"at+jwt\",\"alg\":\"RS256\",\"kid\":\"2\"}"),
              BYTES(PAYLOAD("")));
    assert_int_equal(REFUSAL_SIGNATURE, verify_text(writer_bytes(&text), &token));
    writer_deinit(&text);
}

static void a_key_that_the_token_brings_is_not_used(void **state)
{
    (void)state;
    scoped(signer) stranger = signer_create(SIGNATURE_ES256);
    struct writer header;
    struct writer text;
    struct token token;
    writer_init(&header, TOKEN_MAKER_SIZE_MAX);
    writer_init(&text, TOKEN_MAKER_SIZE_MAX);
    writer_put_string(&header,
                      "{\"typ\":\"at+jwt\",\"alg\":\"ES256\",\"kid\":\"1\",\"jwk\":");
    put_jwk(&header, stranger, ",\"kid\":\"1\",\"alg\":\"ES256\"");
    writer_put_string(&header, "}");
    put_token(&text, stranger, SIGNATURE_ES256, writer_bytes(&header), BYTES(PAYLOAD("")));

    assert_int_equal(REFUSAL_SIGNATURE, verify_text(writer_bytes(&text), &token));

    writer_deinit(&header);
    writer_deinit(&text);
}

static struct bytes good_token(struct writer *text)
{
    writer_init(text, TOKEN_MAKER_SIZE_MAX);
    put_token(text, signer, SIGNATURE_ES256, BYTES(ES256_HEADER), BYTES(PAYLOAD("")));
    return writer_bytes(text);
}

static void any_byte_that_changes_refuses_the_token(void **state)
{
    (void)state;
    struct writer text;
    struct token token;
    const struct bytes good = good_token(&text);
    char changed[TEXT_SIZE];
    for (size_t i = 0; i < good.size; i++) {
        static const char others[] = {'A', 'B', '.', '=', '+', '\0', ' ', '\x80'};
        for (size_t j = 0; j < sizeof(others); j++) {
            memcpy(changed, good.data, good.size);
            if (changed[i] == others[j]) {
                continue;
            }
            changed[i] = others[j];
            assert_int_not_equal(REFUSAL_NOT,
                                 verify_text(bytes_of(changed, good.size), &token));
            arena_clear(&arena);
        }
    }
    writer_deinit(&text);
}

static void a_token_that_is_cut_or_goes_on_is_refused(void **state)
{
    (void)state;
    struct writer text;
    struct token token;
    const struct bytes good = good_token(&text);
    char longer[TEXT_SIZE];
    memcpy(longer, good.data, good.size);
    for (size_t size = 0; size < good.size; size++) {
        assert_int_not_equal(REFUSAL_NOT, verify_text(bytes_first(good, size), &token));
        arena_clear(&arena);
    }
    for (unsigned byte = 0; byte < 256; byte++) {
        longer[good.size] = (char)byte;
        assert_int_not_equal(REFUSAL_NOT,
                             verify_text(bytes_of(longer, good.size + 1), &token));
        arena_clear(&arena);
    }
    writer_deinit(&text);
}

static void the_number_of_parts_is_three(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", ".", "..", "...", "a", "a.b", "a.b.", ".b.c", "a.b.c.d", "a.b.c.", "a.b.c.d.e"};
    struct token token;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(REFUSAL_PARTS, verify_text(bytes_from_string(texts[i]), &token));
    }
    assert_int_equal(REFUSAL_BASE64URL, verify_text(BYTES("a.b.c"), &token));
    assert_int_equal(REFUSAL_PAYLOAD, verify(ES256_HEADER, ""));
}

static void a_token_beyond_the_limit_is_not_looked_at(void **state)
{
    (void)state;
    static uint8_t large[LIMIT_TOKEN_SIZE_BYTES_MAX + 1];
    struct token token;
    assert_int_equal(REFUSAL_TOKEN_SIZE,
                     verify_text(bytes_of(large, sizeof(large)), &token));
    assert_int_equal(REFUSAL_PARTS,
                     verify_text(bytes_of(large, sizeof(large) - 1), &token));
}

static enum refusal verify_repeated(const char *lead, const char *item, size_t count,
                                    const char *tail)
{
    struct writer payload;
    struct token token;
    writer_init(&payload, TOKEN_MAKER_SIZE_MAX);
    writer_put_string(&payload, lead);
    for (size_t i = 0; i < count; i++) {
        writer_put_string(&payload, item);
    }
    writer_put_string(&payload, tail);
    const enum refusal why =
        verify_bytes(BYTES(ES256_HEADER), writer_bytes(&payload), &token);
    writer_deinit(&payload);
    return why;
}

static void scopes_audiences_and_names_have_limits(void **state)
{
    (void)state;
    const char *scope = "{" WHO "," TIMES "," NAMES ",\"scope\":\"a";
    const char *list = "{" WHO "," TIMES "," NAMES ",\"scope\":[\"a\"";
    const char *audience = "{\"iss\":\"" ISSUER "\"," TIMES "," NAMES ",\"aud\":[\"galen\"";
    const char *subject = "{" WHO "," TIMES ",\"client_id\":\"w\",\"jti\":\"t\",\"sub\":\"";
    assert_int_equal(REFUSAL_NOT,
                     verify_repeated(scope, " a", LIMIT_SCOPE_COUNT_MAX - 1, "\"}"));
    assert_int_equal(REFUSAL_SCOPES,
                     verify_repeated(scope, " a", LIMIT_SCOPE_COUNT_MAX, "\"}"));
    assert_int_equal(REFUSAL_NOT,
                     verify_repeated(list, ",\"a\"", LIMIT_SCOPE_COUNT_MAX - 1, "]}"));
    assert_int_equal(REFUSAL_SCOPES,
                     verify_repeated(list, ",\"a\"", LIMIT_SCOPE_COUNT_MAX, "]}"));
    assert_int_equal(REFUSAL_NOT, verify_repeated(audience, ",\"a\"",
                                                  LIMIT_AUDIENCE_COUNT_MAX - 1, "]}"));
    assert_int_equal(REFUSAL_AUDIENCE,
                     verify_repeated(audience, ",\"a\"", LIMIT_AUDIENCE_COUNT_MAX, "]}"));
    assert_int_equal(REFUSAL_NOT, verify_repeated(subject, "a",
                                                  LIMIT_TOKEN_CLAIM_SIZE_BYTES_MAX, "\"}"));
    assert_int_equal(
        REFUSAL_SUBJECT,
        verify_repeated(subject, "a", LIMIT_TOKEN_CLAIM_SIZE_BYTES_MAX + 1, "\"}"));
}

static void names_of_claims_and_the_type_are_configured(void **state)
{
    (void)state;
    struct token token;
    const char *header = "{\"typ\":\"JWT\",\"alg\":\"ES256\",\"kid\":\"1\"}";
    const char *payload =
        "{" WHO "," TIMES ",\"sub\":\"alice\",\"azp\":\"ward-7\",\"uti\":\"u\","
        "\"resource_access\":{\"galen\":{\"roles\":[\"infer:text\"]}}}";
    rules.type = BYTES("JWT");
    rules.claims.client_claim = "azp";
    rules.claims.token_id_claim = "uti";
    rules.claims.scopes_claim = "/resource_access/galen/roles";

    assert_int_equal(REFUSAL_NOT, verify_bytes(bytes_from_string(header),
                                               bytes_from_string(payload), &token));
    assert_true(bytes_equal_string(token.claims.client_id, "ward-7"));
    assert_true(bytes_equal_string(token.claims.token_id, "u"));
    assert_int_equal(1, token.claims.scope_count);
    assert_true(bytes_equal_string(token.claims.scopes[0], "infer:text"));

    static const char *const missing[] = {"/resource_access/other/roles", "/sub/x", "/",
                                          "/x"};
    for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
        rules.claims.scopes_claim = missing[i];
        const enum refusal why =
            verify_bytes(bytes_from_string(header), bytes_from_string(payload), &token);
        assert_true(why == REFUSAL_SCOPES || token.claims.scope_count == 0);
    }
}

static void a_set_of_one_key_needs_no_id(void **state)
{
    (void)state;
    struct writer text;
    struct token token;
    struct key_set *all = keys;
    writer_init(&text, TOKEN_MAKER_SIZE_MAX);
    put_jwk(&text, signer, ",\"kid\":\"1\",\"alg\":\"ES256\"");
    EXPECT_OK(key_set_parse(writer_bytes(&text), JWK_ALGORITHMS_ALL, &keys, NULL));

    const enum refusal without = verify_bytes(
        BYTES("{\"typ\":\"at+jwt\",\"alg\":\"ES256\"}"), BYTES(PAYLOAD("")), &token);
    const enum refusal of_another =
        verify("{\"typ\":\"at+jwt\",\"alg\":\"ES256\",\"kid\":\"2\"}", PAYLOAD(""));

    writer_deinit(&text);
    key_set_unref(keys);
    keys = all;
    assert_int_equal(REFUSAL_NOT, without);
    assert_int_equal(REFUSAL_UNKNOWN_KEY, of_another);
}

static void without_memory_nobody_is_let_in(void **state)
{
    (void)state;
    struct writer text;
    struct token token;
    const struct bytes good = good_token(&text);
    size_t size = 0;
    enum refusal why;
    do { /* each allocation fails once, until there is enough for all */
        struct arena small;
        arena_init(&small, size);
        why = token_verify(good, &rules, keys, NOW_S, &small, &token);
        arena_deinit(&small);
        size += 512;
        assert_true(why == REFUSAL_NO_MEMORY || why == REFUSAL_NOT);
    } while (why != REFUSAL_NOT);
    assert_true(size > 1024);
    writer_deinit(&text);
}

int main(void)
{
#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        WITH_ARENA(a_good_token_says_who_it_is),
        WITH_ARENA(a_header_is_what_it_should_be),
        WITH_ARENA(a_payload_is_what_it_should_be),
        WITH_ARENA(a_depth_bomb_is_refused),
        WITH_ARENA(a_token_without_a_signature_is_refused),
        WITH_ARENA(a_public_key_is_no_secret),
        WITH_ARENA(a_token_by_another_algorithm_of_its_key_is_refused),
        WITH_ARENA(a_key_that_the_token_brings_is_not_used),
        WITH_ARENA(any_byte_that_changes_refuses_the_token),
        WITH_ARENA(a_token_that_is_cut_or_goes_on_is_refused),
        WITH_ARENA(the_number_of_parts_is_three),
        WITH_ARENA(a_token_beyond_the_limit_is_not_looked_at),
        WITH_ARENA(scopes_audiences_and_names_have_limits),
        WITH_ARENA(names_of_claims_and_the_type_are_configured),
        WITH_ARENA(a_set_of_one_key_needs_no_id),
        WITH_ARENA(without_memory_nobody_is_let_in),
    };
    return cmocka_run_group_tests(tests, make_keys, destroy_keys);
}
