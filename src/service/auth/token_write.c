/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/token_write.h"

#include "base/limits.h"
#include "codec/base64url.h"
#include "codec/json.h"
#include "service/auth/jwk_write.h"

enum { JSON_MEMORY_SIZE_BYTES_MAX = 1 << 20 };

static const char *const taken_names[] = {"iss", "sub", "aud", "client_id", "scope",
                                          "iat", "nbf", "exp", "jti",       "cnf"};

bool token_claim_is_free(struct bytes name)
{
    for (size_t i = 0; i < sizeof(taken_names) / sizeof(taken_names[0]); i++) {
        if (bytes_equal_string(name, taken_names[i])) {
            return false;
        }
    }
    return true;
}

static enum galen_status refuse_claim(const struct token_claim *claim, const char *why,
                                      struct error *out_error)
{
    return error_set(out_error, GALEN_INVALID, "claim %.*s: %s", BYTES_PRINT(claim->name),
                     why);
}

static bool is_json(struct bytes text)
{
    struct arena arena;
    const struct json *root;
    arena_init(&arena, JSON_MEMORY_SIZE_BYTES_MAX);
    const bool is_parsed = json_parse(text, &arena, &root, NULL) == GALEN_OK;
    arena_deinit(&arena);
    return is_parsed;
}

static enum galen_status check_claim(const struct token_order *order, size_t index,
                                     struct error *out_error)
{
    const struct token_claim *claim = &order->claims[index];
    if (!bytes_are_utf8(claim->name, NULL) || !bytes_are_utf8(claim->value, NULL)) {
        return error_set(out_error, GALEN_INVALID, "claim %zu: is no UTF-8", index);
    }
    if (!token_claim_is_free(claim->name)) {
        return refuse_claim(claim, "is set by an option of its own", out_error);
    }
    for (size_t i = 0; i < index; i++) {
        if (bytes_equal(order->claims[i].name, claim->name)) {
            return refuse_claim(claim, "is there twice", out_error);
        }
    }
    if (claim->is_json && !is_json(claim->value)) {
        return refuse_claim(claim, "its value is no JSON", out_error);
    }
    return GALEN_OK;
}

static enum galen_status check_claims(const struct token_order *order,
                                      struct error *out_error)
{
    for (size_t i = 0; i < order->claim_count; i++) {
        TRY(check_claim(order, i, out_error));
    }
    return GALEN_OK;
}

static void put_text(struct json_writer *json, const char *name, struct bytes text)
{
    json_put_name(json, name);
    json_put_string(json, text);
}

static void put_number(struct json_writer *json, const char *name, uint64_t number)
{
    json_put_name(json, name);
    json_put_u64(json, number);
}

static enum galen_status put_header(const struct signing_key *key, struct writer *out)
{
    struct json_writer json = json_writer_on(out);
    char id[JWK_ID_SIZE];
    TRY(jwk_id_of(key, id));
    json_begin_object(&json);
    put_text(&json, "typ", BYTES("at+jwt"));
    put_text(&json, "alg",
             bytes_from_string(signature_algorithm_name(signing_key_algorithm(key))));
    put_text(&json, "kid", bytes_from_string(id));
    json_end_object(&json);
    return out->status;
}

static void put_certificate(struct json_writer *json, const uint8_t *digest)
{
    struct writer text;
    writer_init(&text, SHA256_HEX_SIZE);
    base64url_encode(bytes_of(digest, SHA256_SIZE), &text);
    json_put_name(json, "cnf");
    json_begin_object(json);
    put_text(json, "x5t#S256", writer_bytes(&text));
    json_end_object(json);
    if (text.status != GALEN_OK) {
        json->out->status = text.status;
    }
    writer_deinit(&text);
}

static void put_claims(struct json_writer *json, const struct token_order *order)
{
    for (size_t i = 0; i < order->claim_count; i++) {
        const struct token_claim *claim = &order->claims[i];
        json_put_name_bytes(json, claim->name);
        if (claim->is_json) {
            json_put_raw(json, claim->value);
        } else {
            json_put_string(json, claim->value);
        }
    }
}

static enum galen_status put_payload(const struct token_order *order, struct writer *out)
{
    struct json_writer json = json_writer_on(out);
    json_begin_object(&json);
    put_text(&json, "iss", order->issuer);
    put_text(&json, "sub", order->subject);
    put_text(&json, "aud", order->audience);
    put_text(&json, "client_id", order->client_id);
    if (order->scope.size > 0) {
        put_text(&json, "scope", order->scope);
    }
    put_number(&json, "iat", order->now_s);
    put_number(&json, "exp", order->now_s + order->lifetime_s);
    put_text(&json, "jti", order->id);
    if (order->certificate != NULL) {
        put_certificate(&json, order->certificate);
    }
    put_claims(&json, order);
    json_end_object(&json);
    return out->status;
}

/* Both parts, and what is signed: `header.payload`. */
static enum galen_status put_signed(const struct token_order *order,
                                    const struct signing_key *key, struct writer *part,
                                    struct writer *out)
{
    TRY(put_header(key, part));
    base64url_encode(writer_bytes(part), out);
    writer_put_byte(out, '.');
    writer_shrink(part, part->size);
    TRY(put_payload(order, part));
    base64url_encode(writer_bytes(part), out);
    writer_shrink(part, part->size);
    return out->status;
}

static enum galen_status put_all(const struct token_order *order,
                                 const struct signing_key *key, struct writer *part,
                                 struct writer *out)
{
    const size_t begin = out->size;
    TRY(put_signed(order, key, part, out));
    TRY(signing_key_sign(key, bytes_from(writer_bytes(out), begin), part));
    writer_put_byte(out, '.');
    base64url_encode(writer_bytes(part), out);
    return out->status;
}

enum galen_status token_write(const struct token_order *order,
                              const struct signing_key *key, struct writer *out,
                              struct error *out_error)
{
    struct writer part;
    TRY(check_claims(order, out_error));
    writer_init(&part, LIMIT_TOKEN_SIZE_BYTES_MAX);
    const enum galen_status status = put_all(order, key, &part, out);
    writer_deinit(&part);
    return status == GALEN_TOO_LARGE
               ? error_set(out_error, status, "the token has more than %d bytes",
                           LIMIT_TOKEN_SIZE_BYTES_MAX)
               : status;
}
