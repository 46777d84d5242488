/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/auth_rules.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/count.h"
#include "base/limits.h"
#include "service/auth/scope.h"

enum {
    ARENA_SIZE_BYTES_MAX = 1 << 20,
    PRINT_SIZE_BYTES_MAX = 1 << 18,
    LIFETIME_S = 3600,
    LEEWAY_S = 30,
};

struct known {
    enum tls_name_type type;
    struct bytes name;
    struct principal *principal;
};

struct auth_rules {
    _Atomic size_t references;
    struct arena arena; /* what all below points into */
    struct bytes realm;
    struct token_rules tokens;
    struct principal *anonymous; /* NULL: not allowed */
    struct known *known;
    size_t known_count;
    uint8_t identity[SHA256_SIZE];
};

struct token_rules token_rules_customary(void)
{
    return (struct token_rules){
        .type = BYTES("at+jwt"),
        .claims =
            {
                .scopes_claim = "scope",
                .client_claim = "client_id",
                .token_id_claim = "jti",
                .lifetime_s_max = LIFETIME_S,
                .leeway_s = LEEWAY_S,
            },
    };
}

struct auth_rules *auth_rules_ref(struct auth_rules *rules)
{
    count_more(&rules->references);
    return rules;
}

void auth_rules_unref(struct auth_rules *rules)
{
    if (rules == NULL || !count_less(&rules->references)) {
        return;
    }
    for (size_t i = 0; i < rules->known_count; i++) {
        principal_unref(rules->known[i].principal);
    }
    principal_unref(rules->anonymous);
    arena_deinit(&rules->arena);
    free(rules);
}

static bool is_quotable(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < ' ' || text.data[i] > '~' || text.data[i] == '"' ||
            text.data[i] == '\\') {
            return false;
        }
    }
    return text.size > 0;
}

static enum galen_status check_claims(const struct claim_rules *claims,
                                      struct error *out_error)
{
    if (claims->audience_count == 0 || claims->audience_count > LIMIT_AUDIENCE_COUNT_MAX) {
        return error_set(out_error, GALEN_INVALID, "there are 1 to %d audiences, not %zu",
                         (int)LIMIT_AUDIENCE_COUNT_MAX, claims->audience_count);
    }
    for (size_t i = 0; i < claims->audience_count; i++) {
        if (claims->audiences[i].size == 0) {
            return error_set(out_error, GALEN_INVALID, "an audience is empty");
        }
    }
    if (claims->leeway_s < 0 || claims->leeway_s > LIMIT_TOKEN_LEEWAY_S_MAX) {
        return error_set(out_error, GALEN_INVALID, "the leeway is 0 to %d seconds",
                         (int)LIMIT_TOKEN_LEEWAY_S_MAX);
    }
    if (claims->lifetime_s_max <= 0) {
        return error_set(out_error, GALEN_INVALID, "the lifetime is no time");
    }
    return claims->scopes_claim[0] == '\0' || claims->client_claim[0] == '\0' ||
                   claims->token_id_claim[0] == '\0'
               ? error_set(out_error, GALEN_INVALID, "a claim has no name")
               : GALEN_OK;
}

static enum galen_status check_certificate(const struct certificate_rule *rule,
                                           size_t index, struct error *out_error)
{
    if (rule->name.size == 0 || rule->client_id.size == 0 ||
        rule->client_id.size > LIMIT_TOKEN_CLAIM_SIZE_BYTES_MAX) {
        return error_set(out_error, GALEN_INVALID,
                         "certificate %zu: its name or its client_id is empty, or too long",
                         index);
    }
    for (size_t i = 0; i < rule->scope_count; i++) {
        if (!scope_is_valid(rule->scopes[i])) {
            return error_set(out_error, GALEN_INVALID, "certificate %zu: scope %zu is none",
                             index, i);
        }
    }
    return GALEN_OK;
}

static enum galen_status check(const struct auth_options *options, struct error *out_error)
{
    const bool has_issuer = options->tokens.claims.issuer.size > 0;
    if (!is_quotable(options->realm)) {
        return error_set(out_error, GALEN_INVALID,
                         "the realm is empty, or not printable, or has quotes");
    }
    if (has_issuer && options->allows_anonymous) {
        return error_set(out_error, GALEN_INVALID,
                         "there is an issuer, and everybody would be let in without it");
    }
    if (!has_issuer && !options->allows_anonymous && options->certificate_count == 0) {
        return error_set(out_error, GALEN_INVALID, "nobody could be let in");
    }
    if (options->certificate_count > LIMIT_CERTIFICATE_RULE_COUNT_MAX) {
        return error_set(out_error, GALEN_TOO_LARGE, "there are more than %d certificates",
                         (int)LIMIT_CERTIFICATE_RULE_COUNT_MAX);
    }
    for (size_t i = 0; i < options->certificate_count; i++) {
        TRY(check_certificate(&options->certificates[i], i, out_error));
    }
    return has_issuer ? check_claims(&options->tokens.claims, out_error) : GALEN_OK;
}

static enum galen_status keep_string(struct auth_rules *rules, const char **text)
{
    const char *copy = arena_copy_string(&rules->arena, bytes_from_string(*text));
    *text = copy;
    return copy == NULL ? GALEN_NO_MEMORY : GALEN_OK;
}

static enum galen_status keep(struct auth_rules *rules, struct bytes *text)
{
    const char *copy = arena_copy_string(&rules->arena, *text);
    *text = bytes_of(copy, text->size);
    return copy == NULL ? GALEN_NO_MEMORY : GALEN_OK;
}

static enum galen_status keep_audiences(struct auth_rules *rules)
{
    struct claim_rules *claims = &rules->tokens.claims;
    struct bytes *audiences =
        arena_alloc_array(&rules->arena, claims->audience_count, sizeof(*audiences));
    if (audiences == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < claims->audience_count; i++) {
        audiences[i] = claims->audiences[i];
        TRY(keep(rules, &audiences[i]));
    }
    claims->audiences = audiences;
    return GALEN_OK;
}

static enum galen_status keep_tokens(struct auth_rules *rules,
                                     const struct token_rules *tokens)
{
    rules->tokens = *tokens;
    TRY(keep(rules, &rules->tokens.type));
    TRY(keep(rules, &rules->tokens.claims.issuer));
    TRY(keep_string(rules, &rules->tokens.claims.scopes_claim));
    TRY(keep_string(rules, &rules->tokens.claims.client_claim));
    TRY(keep_string(rules, &rules->tokens.claims.token_id_claim));
    return keep_audiences(rules);
}

static enum galen_status keep_certificate(struct auth_rules *rules,
                                          const struct certificate_rule *rule)
{
    const struct principal about = {
        .kind = PRINCIPAL_CERTIFICATE,
        .subject = rule->name,
        .client_id = rule->client_id,
        .scopes = rule->scopes,
        .scope_count = rule->scope_count,
    };
    struct known *known = &rules->known[rules->known_count];
    known->type = rule->type;
    known->name = rule->name;
    TRY(keep(rules, &known->name));
    TRY(principal_create(&about, &known->principal));
    rules->known_count++;
    return GALEN_OK;
}

static enum galen_status keep_certificates(struct auth_rules *rules,
                                           const struct auth_options *options)
{
    rules->known =
        arena_alloc_array(&rules->arena, options->certificate_count, sizeof(*rules->known));
    if (rules->known == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < options->certificate_count; i++) {
        TRY(keep_certificate(rules, &options->certificates[i]));
    }
    return GALEN_OK;
}

static void put_part(struct writer *out, struct bytes part)
{
    writer_put_u64(out, part.size);
    writer_put_byte(out, ':');
    writer_put(out, part);
}

static enum galen_status identify(struct auth_rules *rules)
{
    const struct claim_rules *claims = &rules->tokens.claims;
    struct writer print;
    writer_init(&print, PRINT_SIZE_BYTES_MAX);
    put_part(&print, rules->tokens.type);
    put_part(&print, claims->issuer);
    put_part(&print, bytes_from_string(claims->scopes_claim));
    put_part(&print, bytes_from_string(claims->client_claim));
    put_part(&print, bytes_from_string(claims->token_id_claim));
    writer_put_i64(&print, claims->lifetime_s_max);
    writer_put_byte(&print, ':');
    writer_put_i64(&print, claims->leeway_s);
    for (size_t i = 0; i < claims->audience_count; i++) {
        put_part(&print, claims->audiences[i]);
    }
    const enum galen_status status = print.status == GALEN_OK
                                         ? sha256_of(writer_bytes(&print), rules->identity)
                                         : print.status;
    writer_deinit(&print);
    return status;
}

static enum galen_status fill(struct auth_rules *rules, const struct auth_options *options)
{
    rules->realm = options->realm;
    TRY(keep(rules, &rules->realm));
    if (options->allows_anonymous) {
        TRY(principal_create(&(struct principal){.kind = PRINCIPAL_ANONYMOUS},
                             &rules->anonymous));
    }
    TRY(keep_certificates(rules, options));
    if (options->tokens.claims.issuer.size == 0) {
        return GALEN_OK;
    }
    TRY(keep_tokens(rules, &options->tokens));
    return identify(rules);
}

enum galen_status auth_rules_create(const struct auth_options *options,
                                    struct auth_rules **out_rules, struct error *out_error)
{
    TRY(check(options, out_error));
    scoped(auth_rules) rules = calloc(1, sizeof(*rules));
    if (rules == NULL) {
        return error_set(out_error, GALEN_NO_MEMORY, "no memory for the rules");
    }
    count_begin(&rules->references);
    arena_init(&rules->arena, ARENA_SIZE_BYTES_MAX);
    const enum galen_status status = fill(rules, options);
    if (status != GALEN_OK) {
        return error_set(out_error, status, "no memory for the rules");
    }
    *out_rules = take(&rules);
    return GALEN_OK;
}

bool auth_rules_have_issuer(const struct auth_rules *rules)
{
    return rules->tokens.claims.issuer.size > 0;
}

const struct token_rules *auth_rules_tokens(const struct auth_rules *rules)
{
    return &rules->tokens;
}

struct bytes auth_rules_realm(const struct auth_rules *rules)
{
    return rules->realm;
}

const uint8_t *auth_rules_identity(const struct auth_rules *rules)
{
    return rules->identity;
}

static bool has_name(const struct tls_peer *peer, const struct known *known)
{
    for (size_t i = 0; i < peer->name_count; i++) {
        const struct tls_name *name = &peer->names[i];
        if (name->type == known->type &&
            (name->type == TLS_NAME_DNS ? bytes_equal_ignoring_case(name->text, known->name)
                                        : bytes_equal(name->text, known->name))) {
            return true;
        }
    }
    return false;
}

struct principal *auth_rules_find(const struct auth_rules *rules,
                                  const struct tls_peer *peer)
{
    const bool is_known = peer != NULL && peer->has_certificate;
    for (size_t i = 0; is_known && i < rules->known_count; i++) {
        if (has_name(peer, &rules->known[i])) {
            return rules->known[i].principal;
        }
    }
    return rules->anonymous;
}
