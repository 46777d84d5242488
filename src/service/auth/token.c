/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/token.h"

#include "base/limits.h"
#include "codec/base64url.h"

struct parts {
    struct bytes header;
    struct bytes payload;
    struct bytes signature;
    struct bytes covered; /* the first two and the dot */
};

static bool split(struct bytes text, struct parts *out_parts)
{
    struct bytes rest = bytes_split(text, '.', &out_parts->header);
    rest = bytes_split(rest, '.', &out_parts->payload);
    out_parts->signature = rest;
    out_parts->covered =
        bytes_first(text, out_parts->header.size + 1 + out_parts->payload.size);
    return out_parts->header.size > 0 && rest.size > 0 &&
           bytes_find(rest, '.') == rest.size;
}

static enum refusal refusal_of(enum galen_status status, enum refusal of_invalid)
{
    if (status == GALEN_OK) {
        return REFUSAL_NOT;
    }
    return status == GALEN_NO_MEMORY ? REFUSAL_NO_MEMORY : of_invalid;
}

static enum refusal decode_json(struct bytes text, enum refusal of_invalid,
                                struct arena *arena, const struct json **out_json)
{
    const struct json *json = NULL;
    const enum refusal why = refusal_of(json_parse(text, arena, &json, NULL), of_invalid);
    if (why == REFUSAL_NOT && json_type(json) != JSON_OBJECT) {
        return of_invalid;
    }
    *out_json = json;
    return why;
}

static bool is_text(const struct json *value)
{
    return value != NULL && json_type(value) == JSON_STRING;
}

/* "application/" may be left out (RFC 7515 section 4.1.9). */
static struct bytes short_type(struct bytes type)
{
    static const struct bytes lead = BYTES_INIT("application/");
    return bytes_equal_ignoring_case(bytes_first(type, lead.size), lead)
               ? bytes_from(type, lead.size)
               : type;
}

static bool has_type(const struct json *header, struct bytes type)
{
    const struct json *value = json_member(header, "typ");
    return type.size == 0 ||
           (is_text(value) &&
            bytes_equal_ignoring_case(short_type(json_string(value)), short_type(type)));
}

static enum refusal check_header(const struct json *header, struct bytes type)
{
    const struct json *algorithm = json_member(header, "alg");
    if (json_member(header, "crit") != NULL) {
        return REFUSAL_CRITICAL;
    }
    if (!is_text(algorithm)) {
        return REFUSAL_JOSE_HEADER;
    }
    if (bytes_equal_ignoring_case(json_string(algorithm), BYTES("none"))) {
        return REFUSAL_ALGORITHM_NONE;
    }
    return has_type(header, type) ? REFUSAL_NOT : REFUSAL_TYPE;
}

/* Without kid it can only be the key of a set of one. */
static enum refusal find_key(const struct json *header, const struct key_set *keys,
                             struct token *token)
{
    const struct json *id = json_member(header, "kid");
    if (id == NULL && key_set_count(keys) == 1) {
        token->key = key_set_at(keys, 0);
        return REFUSAL_NOT;
    }
    if (!is_text(id) || json_string(id).size > LIMIT_KEY_ID_SIZE_BYTES_MAX) {
        return REFUSAL_KEY_ID;
    }
    token->key_id = json_string(id);
    token->key = key_set_find(keys, token->key_id);
    return token->key == NULL ? REFUSAL_UNKNOWN_KEY : REFUSAL_NOT;
}

static enum refusal choose_key(struct bytes text, struct bytes type,
                               const struct key_set *keys, struct arena *arena,
                               struct token *token)
{
    const struct json *header = NULL;
    enum refusal why = decode_json(text, REFUSAL_JOSE_HEADER, arena, &header);
    if (why == REFUSAL_NOT) {
        why = check_header(header, type);
    }
    if (why == REFUSAL_NOT) {
        why = find_key(header, keys, token);
    }
    if (why != REFUSAL_NOT) {
        return why;
    }
    return bytes_equal_string(json_string(json_member(header, "alg")),
                              signature_algorithm_name(token->key->algorithm))
               ? REFUSAL_NOT
               : REFUSAL_ALGORITHM;
}

/* The same, once all three are decoded. */
static enum refusal decode(struct parts *parts, struct arena *arena)
{
    struct bytes *const each[] = {&parts->header, &parts->payload, &parts->signature};
    for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
        const enum refusal why =
            refusal_of(base64url_decode(*each[i], arena, each[i]), REFUSAL_BASE64URL);
        if (why != REFUSAL_NOT) {
            return why;
        }
    }
    return REFUSAL_NOT;
}

static bool is_signed(const struct token *token, const struct parts *parts)
{
    return public_key_verify(token->key->key, token->key->algorithm, parts->covered,
                             parts->signature);
}

enum refusal token_open(struct bytes text, struct bytes type, const struct key_set *keys,
                        struct arena *arena, struct token *out_token)
{
    struct parts parts;
    *out_token = (struct token){.key = NULL};
    if (text.size > LIMIT_TOKEN_SIZE_BYTES_MAX) {
        return REFUSAL_TOKEN_SIZE;
    }
    if (!split(text, &parts)) {
        return REFUSAL_PARTS;
    }
    enum refusal why = decode(&parts, arena);
    if (why == REFUSAL_NOT) {
        why = choose_key(parts.header, type, keys, arena, out_token);
    }
    if (why != REFUSAL_NOT) {
        return why;
    }
    out_token->payload = parts.payload;
    return is_signed(out_token, &parts) ? REFUSAL_NOT : REFUSAL_SIGNATURE;
}

enum refusal token_verify(struct bytes text, const struct token_rules *rules,
                          const struct key_set *keys, int64_t now_s, struct arena *arena,
                          struct token *out_token)
{
    const struct json *payload = NULL;
    enum refusal why = token_open(text, rules->type, keys, arena, out_token);
    if (why == REFUSAL_NOT) {
        why = decode_json(out_token->payload, REFUSAL_PAYLOAD, arena, &payload);
    }
    return why == REFUSAL_NOT
               ? claims_read(payload, &rules->claims, now_s, arena, &out_token->claims)
               : why;
}
