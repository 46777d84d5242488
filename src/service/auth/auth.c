/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/auth.h"

#include <stdlib.h>

#include "base/count.h"

struct auth {
    _Atomic size_t references;
    struct auth_rules *rules;
    struct key_set *keys;
    struct deny_list *deny_list;
};

struct auth *auth_ref(struct auth *auth)
{
    count_more(&auth->references);
    return auth;
}

void auth_unref(struct auth *auth)
{
    if (auth != NULL && count_less(&auth->references)) {
        auth_rules_unref(auth->rules);
        key_set_unref(auth->keys);
        deny_list_unref(auth->deny_list);
        free(auth);
    }
}

enum galen_status auth_create(struct auth_rules *rules, struct key_set *keys,
                              struct deny_list *deny_list, struct auth **out_auth)
{
    struct auth *auth = malloc(sizeof(*auth));
    if (auth == NULL) {
        return GALEN_NO_MEMORY;
    }
    count_begin(&auth->references);
    auth->rules = auth_rules_ref(rules);
    auth->keys = keys == NULL ? NULL : key_set_ref(keys);
    auth->deny_list = deny_list == NULL ? NULL : deny_list_ref(deny_list);
    *out_auth = auth;
    return GALEN_OK;
}

void auth_challenge(const struct auth *auth, enum refusal reason, struct bytes scope,
                    struct writer *out)
{
    refusal_put_challenge(reason, auth_rules_realm(auth->rules), scope, out);
}

/* b64token of RFC 6750 section 2.1. */
static bool is_token_byte(uint8_t byte)
{
    const uint8_t lower = byte | 0x20;
    return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
           byte == '_' || byte == '.' || byte == '~' || byte == '+' || byte == '/';
}

static bool is_bearer_token(struct bytes text)
{
    size_t size = 0;
    while (size < text.size && is_token_byte(text.data[size])) {
        size++;
    }
    const bool has_token = size > 0;
    while (size < text.size && text.data[size] == '=') {
        size++;
    }
    return has_token && size == text.size;
}

static enum refusal read_header(struct bytes value, struct bytes *out_token)
{
    struct bytes scheme;
    struct bytes rest = bytes_split(value, ' ', &scheme);
    if (!bytes_equal_ignoring_case(scheme, BYTES("Bearer"))) {
        return REFUSAL_SCHEME;
    }
    while (rest.size > 0 && rest.data[0] == ' ') {
        rest = bytes_from(rest, 1);
    }
    if (!is_bearer_token(rest)) {
        return REFUSAL_HEADER;
    }
    *out_token = rest;
    return REFUSAL_NOT;
}

bool auth_lacks_keys(const struct auth *auth)
{
    return auth_rules_have_issuer(auth->rules) && auth->keys == NULL;
}

/* What holds of a token today and may not tomorrow, remembered or not. */
static enum refusal check_principal(const struct auth *auth,
                                    const struct principal *principal,
                                    const struct tls_peer *peer)
{
    const struct deny_list *denied = auth->deny_list;
    if (deny_list_names(denied, DENY_TOKEN_ID, principal->token_id) ||
        deny_list_names(denied, DENY_SUBJECT, principal->subject) ||
        deny_list_names(denied, DENY_CLIENT, principal->client_id)) {
        return REFUSAL_DENIED;
    }
    if (!principal->is_bound) {
        return REFUSAL_NOT;
    }
    return peer != NULL && peer->has_certificate &&
                   memcmp(peer->sha256, principal->certificate_sha256, SHA256_SIZE) == 0
               ? REFUSAL_NOT
               : REFUSAL_BINDING;
}

/* NULL: it is not remembered, or was verified with what does not count any more. */
static struct principal *recall(const struct auth *auth,
                                const struct auth_question *question, const uint8_t *digest)
{
    const struct token_cached *cached =
        question->cache == NULL
            ? NULL
            : token_cache_find(question->cache, digest, question->now_s);
    if (cached == NULL) {
        return NULL;
    }
    if (memcmp(cached->rules, auth_rules_identity(auth->rules), SHA256_SIZE) != 0 ||
        !key_set_has(auth->keys, cached->key)) {
        token_cache_drop(question->cache, digest);
        return NULL;
    }
    return principal_ref(cached->principal);
}

static void remember(const struct auth *auth, const struct auth_question *question,
                     const uint8_t *digest, const struct jwk *key,
                     struct principal *principal)
{
    struct token_cached cached = {.principal = principal};
    if (question->cache == NULL || question->now_s >= principal->expires_s) {
        return;
    }
    memcpy(cached.key, key->identity, SHA256_SIZE);
    memcpy(cached.rules, auth_rules_identity(auth->rules), SHA256_SIZE);
    token_cache_put(question->cache, digest, &cached);
}

static enum refusal principal_of(const struct auth *auth, const struct token *token,
                                 struct principal **out_principal)
{
    const struct claims *claims = &token->claims;
    struct principal about = {
        .kind = PRINCIPAL_TOKEN,
        .subject = claims->subject,
        .client_id = claims->client_id,
        .issuer = auth_rules_tokens(auth->rules)->claims.issuer,
        .token_id = claims->token_id,
        .patient = claims->patient,
        .expires_s = claims->expires_s,
        .scopes = claims->scopes,
        .scope_count = claims->scope_count,
        .is_bound = claims->is_bound,
    };
    memcpy(about.certificate_sha256, claims->certificate_sha256, SHA256_SIZE);
    return principal_create(&about, out_principal) == GALEN_OK ? REFUSAL_NOT
                                                               : REFUSAL_NO_MEMORY;
}

static enum refusal verify(const struct auth *auth, const struct auth_question *question,
                           struct bytes text, const uint8_t *digest,
                           struct principal **out_principal,
                           struct auth_refusal *out_refusal)
{
    struct token token;
    enum refusal why = token_verify(text, auth_rules_tokens(auth->rules), auth->keys,
                                    question->now_s, question->arena, &token);
    if (why == REFUSAL_UNKNOWN_KEY) {
        out_refusal->needs_keys = true;
        out_refusal->key_id = token.key_id;
    }
    if (why == REFUSAL_NOT) {
        why = principal_of(auth, &token, out_principal);
    }
    if (why == REFUSAL_NOT) {
        remember(auth, question, digest, token.key, *out_principal);
    }
    return why;
}

static enum galen_status digest_of(struct token_cache *cache, struct bytes text,
                                   uint8_t *out_digest)
{
    return cache == NULL ? sha256_of(text, out_digest)
                         : token_cache_digest(cache, text, out_digest);
}

static enum refusal check_token(const struct auth *auth,
                                const struct auth_question *question, struct bytes text,
                                struct principal **out_principal,
                                struct auth_refusal *out_refusal)
{
    uint8_t digest[SHA256_SIZE];
    if (auth->keys == NULL) {
        out_refusal->needs_keys = true;
        return REFUSAL_NO_KEYS;
    }
    if (digest_of(question->cache, text, digest) != GALEN_OK) {
        return REFUSAL_INTERNAL;
    }
    scoped(principal) principal = recall(auth, question, digest);
    enum refusal why = principal != NULL
                           ? REFUSAL_NOT
                           : verify(auth, question, text, digest, &principal, out_refusal);
    if (why == REFUSAL_NOT) {
        why = check_principal(auth, principal, question->peer);
    }
    if (why == REFUSAL_NOT) {
        *out_principal = take(&principal);
    }
    return why;
}

static enum refusal check_without_token(const struct auth *auth,
                                        const struct auth_question *question,
                                        struct principal **out_principal)
{
    struct principal *known = auth_rules_find(auth->rules, question->peer);
    if (known == NULL) {
        return REFUSAL_NO_TOKEN;
    }
    const enum refusal why = check_principal(auth, known, question->peer);
    if (why == REFUSAL_NOT) {
        *out_principal = principal_ref(known);
    }
    return why;
}

static enum refusal check(const struct auth *auth, const struct auth_question *question,
                          struct principal **out_principal,
                          struct auth_refusal *out_refusal)
{
    struct bytes token = BYTES_NONE;
    if (!auth_rules_have_issuer(auth->rules)) {
        return check_without_token(auth, question, out_principal);
    }
    if (question->has_token_in_url) {
        return REFUSAL_TOKEN_IN_URL;
    }
    if (question->authorization_count == 0) {
        return check_without_token(auth, question, out_principal);
    }
    if (question->authorization_count > 1) {
        return REFUSAL_TWO_TOKENS;
    }
    const enum refusal why = read_header(question->authorization[0], &token);
    return why == REFUSAL_NOT
               ? check_token(auth, question, token, out_principal, out_refusal)
               : why;
}

enum galen_status auth_check(const struct auth *auth, const struct auth_question *question,
                             struct principal **out_principal,
                             struct auth_refusal *out_refusal)
{
    *out_refusal = (struct auth_refusal){.reason = REFUSAL_NOT};
    out_refusal->reason = check(auth, question, out_principal, out_refusal);
    return refusal_status(out_refusal->reason);
}
