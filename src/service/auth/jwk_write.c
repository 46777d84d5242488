/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/jwk_write.h"

#include "codec/base64url.h"

enum { TEXT_SIZE_BYTES_MAX = 8192 };

static const struct {
    const char *type;
    const char *curve; /* NULL: it has none */
} kinds[] = {
#define KIND_RSA "RSA"
#define KIND_RSA_PSS "RSA"
#define KIND_EC "EC"
#define KIND_ED25519 "OKP"
#define NAME_NONE NULL
#define NAME_P256 "P-256"
#define NAME_P384 "P-384"
#define NAME_P521 "P-521"
#define SIGNATURE_ALGORITHM(name, text, key, digest, curve) {KIND_##key, NAME_##curve},
#include "crypto/signature.def"
};

static bool is_rsa(enum signature_algorithm algorithm)
{
    return strcmp(kinds[algorithm].type, "RSA") == 0;
}

/* RFC 8037: the one curve of OKP here. */
static const char *curve_of(enum signature_algorithm algorithm)
{
    return algorithm == SIGNATURE_EDDSA ? "Ed25519" : kinds[algorithm].curve;
}

static void put_number(struct json_writer *json, const char *name, const uint8_t *data,
                       size_t size)
{
    struct writer text;
    writer_init(&text, TEXT_SIZE_BYTES_MAX);
    base64url_encode(bytes_of(data, size), &text);
    json_put_name(json, name);
    if (text.status == GALEN_OK) {
        json_put_string(json, writer_bytes(&text));
    } else {
        json_put_null(json);
        json->out->status = text.status;
    }
    writer_deinit(&text);
}

static void put_text(struct json_writer *json, const char *name, const char *text)
{
    json_put_name(json, name);
    json_put_cstring(json, text);
}

/* What RFC 7638 section 3.2 and RFC 8037 section 2 make a thumbprint of, in its order. */
static void put_numbers(struct json_writer *json, enum signature_algorithm algorithm,
                        const struct signing_key_public *half)
{
    if (is_rsa(algorithm)) {
        put_number(json, "e", half->second, half->second_size);
        put_text(json, "kty", "RSA");
        put_number(json, "n", half->first, half->first_size);
        return;
    }
    put_text(json, "crv", curve_of(algorithm));
    put_text(json, "kty", kinds[algorithm].type);
    put_number(json, "x", half->first, half->first_size);
    if (half->second_size > 0) {
        put_number(json, "y", half->second, half->second_size);
    }
}

static enum galen_status put_id(struct writer *text, char *out_id)
{
    uint8_t digest[SHA256_SIZE];
    struct writer id;
    TRY(text->status);
    TRY(sha256_of(writer_bytes(text), digest));
    writer_init(&id, JWK_ID_SIZE);
    base64url_encode(bytes_of(digest, sizeof(digest)), &id);
    writer_put_byte(&id, '\0');
    const enum galen_status status = id.status;
    if (status == GALEN_OK) {
        memcpy(out_id, writer_bytes(&id).data, JWK_ID_SIZE);
    }
    writer_deinit(&id);
    return status;
}

enum galen_status jwk_id_of(const struct signing_key *key, char *out_id)
{
    struct signing_key_public half;
    struct writer text;
    TRY(signing_key_public(key, &half));
    writer_init(&text, TEXT_SIZE_BYTES_MAX);
    struct json_writer json = json_writer_on(&text);
    json_begin_object(&json);
    put_numbers(&json, signing_key_algorithm(key), &half);
    json_end_object(&json);
    const enum galen_status status = put_id(&text, out_id);
    writer_deinit(&text);
    return status;
}

enum galen_status jwk_put(struct json_writer *json, const struct signing_key *key)
{
    const enum signature_algorithm algorithm = signing_key_algorithm(key);
    struct signing_key_public half;
    char id[JWK_ID_SIZE];
    TRY(signing_key_public(key, &half));
    TRY(jwk_id_of(key, id));
    json_begin_object(json);
    put_text(json, "kid", id);
    put_text(json, "use", "sig");
    put_text(json, "alg", signature_algorithm_name(algorithm));
    put_numbers(json, algorithm, &half);
    json_end_object(json);
    return GALEN_OK;
}
