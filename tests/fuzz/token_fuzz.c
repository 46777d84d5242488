/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input as a token, as the header of one with a wrong signature, and as the payload of
 * one with a right signature: only the last may be let in, and then all that it says is
 * within its bounds.
 */
#include "service/auth/token.h"

#include "base/limits.h"
#include "codec/base64url.h"
#include "crypto/ed25519.h"
#include "fuzz.h"
#include "service/auth/scope.h"

enum { NOW_S = 1800000000, SIZE_MAX_BYTES = 1 << 22, ARENA_SIZE = 1 << 24 };

#define HEADER "{\"typ\":\"at+jwt\",\"alg\":\"EdDSA\",\"kid\":\"1\"}"
#define PAYLOAD                                                                       \
    "{\"iss\":\"https://i\",\"aud\":\"galen\",\"iat\":1799999990,\"exp\":1800000290," \
    "\"sub\":\"a\",\"client_id\":\"c\",\"jti\":\"t\"}"

/* TEST 1 of RFC 8032 section 7.1. */
#define PEM                                                              \
    "-----BEGIN PRIVATE KEY-----\n"                                      \
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n" \
    "-----END PRIVATE KEY-----\n"
#define JWK                                                                 \
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"1\",\"alg\":\"EdDSA\"," \
    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"

static const struct bytes audience = BYTES_INIT("galen");
static const struct token_rules rules = {
    .type = BYTES_INIT("at+jwt"),
    .claims =
        {
            .issuer = BYTES_INIT("https://i"),
            .audiences = &audience,
            .audience_count = 1,
            .scopes_claim = "scope",
            .client_claim = "client_id",
            .token_id_claim = "jti",
            .lifetime_s_max = 3600,
            .leeway_s = 30,
        },
};

static struct ed25519 *signer;
static struct key_set *keys;

static void make_keys(void)
{
    if (signer == NULL) {
        INVARIANT(ed25519_from_pem(BYTES(PEM), &signer) == GALEN_OK);
        INVARIANT(key_set_parse(BYTES(JWK), JWK_ALGORITHMS_ALL, &keys, NULL) == GALEN_OK);
        INVARIANT(key_set_count(keys) == 1);
    }
}

static enum refusal verify(struct bytes text, struct token *out_token, struct arena *arena)
{
    return token_verify(text, &rules, keys, NOW_S, arena, out_token);
}

static void put_parts(struct writer *text, struct bytes header, struct bytes payload)
{
    writer_init(text, SIZE_MAX_BYTES);
    base64url_encode(header, text);
    writer_put_byte(text, '.');
    base64url_encode(payload, text);
}

static void put_signature(struct writer *text, bool is_right)
{
    uint8_t signature[ED25519_SIGNATURE_SIZE] = {1};
    if (is_right) {
        INVARIANT(ed25519_sign(signer, writer_bytes(text), signature) == GALEN_OK);
    }
    writer_put_byte(text, '.');
    base64url_encode(bytes_of(signature, sizeof(signature)), text);
}

static void nobody_forges_a_token(struct bytes data, struct arena *arena)
{
    struct token token;
    struct writer text;
    const enum refusal why = verify(data, &token, arena);
    INVARIANT(why > REFUSAL_NOT && why < REFUSAL_COUNT);
    put_parts(&text, data, BYTES(PAYLOAD));
    put_signature(&text, false);
    INVARIANT(verify(writer_bytes(&text), &token, arena) != REFUSAL_NOT);
    writer_deinit(&text);
}

static void expect_name(struct bytes name)
{
    INVARIANT(name.size > 0 && name.size <= LIMIT_TOKEN_CLAIM_SIZE_BYTES_MAX);
    INVARIANT(bytes_are_utf8(name, NULL));
}

static void expect_claims(const struct claims *claims)
{
    expect_name(claims->subject);
    expect_name(claims->client_id);
    expect_name(claims->token_id);
    INVARIANT(claims->expires_s > NOW_S - 31 && claims->expires_s <= NOW_S + 30 + 3600);
    INVARIANT(claims->scope_count <= LIMIT_SCOPE_COUNT_MAX);
    for (size_t i = 0; i < claims->scope_count; i++) {
        INVARIANT(scope_is_valid(claims->scopes[i]));
    }
}

static void what_is_signed_is_let_in_within_bounds(struct bytes data, struct arena *arena)
{
    struct token token;
    struct writer text;
    put_parts(&text, BYTES(HEADER), data);
    put_signature(&text, true);
    const enum refusal why = verify(writer_bytes(&text), &token, arena);
    INVARIANT(why != REFUSAL_SIGNATURE);
    if (why == REFUSAL_NOT) {
        expect_claims(&token.claims);
    }
    writer_deinit(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    make_keys();
    arena_init(&arena, ARENA_SIZE);
    nobody_forges_a_token(bytes_of(data, size), &arena);
    what_is_signed_is_let_in_within_bounds(bytes_of(data, size), &arena);
    arena_deinit(&arena);
    return 0;
}
