/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/signing_key.h"

#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/limits.h"
#include "crypto/private_pem_impl.h"

enum {
    SIGNATURE_SIZE_MAX = LIMIT_RSA_BITS_MAX / 8,
    GROUP_NAME_SIZE = 64,
};

struct signing_key {
    EVP_PKEY *key;
    enum signature_algorithm algorithm;
};

enum kind { KIND_RSA, KIND_RSA_PSS, KIND_EC, KIND_ED25519 };

static const struct {
    enum kind kind;
    enum public_key_curve curve;
    const char *digest;
} algorithms[] = {
#define SIGNATURE_ALGORITHM(name, text, key, digest, curve) \
    {KIND_##key, CURVE_##curve, digest},
#include "crypto/signature.def"
};

static const char *const types[] = {
    [KIND_RSA] = "RSA",
    [KIND_RSA_PSS] = "RSA",
    [KIND_EC] = "EC",
    [KIND_ED25519] = "ED25519",
};

static const struct {
    const char *name;
    const char *group; /* as OpenSSL calls it when asked */
    size_t field_size;
} curves[] = {
    [CURVE_NONE] = {NULL, NULL, 0},
    [CURVE_P256] = {"P-256", "prime256v1", 32},
    [CURVE_P384] = {"P-384", "secp384r1", 48},
    [CURVE_P521] = {"P-521", "secp521r1", 66},
};

static bool is_on_curve(EVP_PKEY *key, enum public_key_curve curve)
{
    char group[GROUP_NAME_SIZE];
    size_t size;
    return EVP_PKEY_get_group_name(key, group, sizeof(group), &size) == 1 &&
           strcmp(group, curves[curve].group) == 0;
}

static bool has_good_size(EVP_PKEY *key)
{
    const int bits = EVP_PKEY_get_bits(key);
    return bits >= LIMIT_RSA_BITS_MIN && bits <= LIMIT_RSA_BITS_MAX;
}

static bool fits(EVP_PKEY *key, enum signature_algorithm algorithm)
{
    const enum kind kind = algorithms[algorithm].kind;
    if (EVP_PKEY_is_a(key, types[kind]) != 1) {
        return false;
    }
    switch (kind) {
    case KIND_EC:
        return is_on_curve(key, algorithms[algorithm].curve);
    case KIND_RSA:
    case KIND_RSA_PSS:
        return has_good_size(key);
    case KIND_ED25519:
        break;
    }
    return true;
}

/* Takes key, which may be NULL. */
static enum galen_status wrap(EVP_PKEY *key, enum signature_algorithm algorithm,
                              struct signing_key **out_key)
{
    scoped(signing_key) wrapped = calloc(1, sizeof(*wrapped));
    if (wrapped == NULL) {
        EVP_PKEY_free(key);
        return GALEN_NO_MEMORY;
    }
    *wrapped = (struct signing_key){key, algorithm};
    const bool is_good = key != NULL && fits(key, algorithm);
    ERR_clear_error();
    if (!is_good) {
        return GALEN_INVALID;
    }
    *out_key = take(&wrapped);
    return GALEN_OK;
}

static EVP_PKEY *generate(enum signature_algorithm algorithm)
{
    switch (algorithms[algorithm].kind) {
    case KIND_EC:
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC",
                                 curves[algorithms[algorithm].curve].name);
    case KIND_ED25519:
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    case KIND_RSA:
    case KIND_RSA_PSS:
        break;
    }
    return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)LIMIT_RSA_BITS_MIN);
}

enum galen_status signing_key_generate(enum signature_algorithm algorithm,
                                       struct signing_key **out_key)
{
    EVP_PKEY *key = generate(algorithm);
    return key == NULL ? GALEN_INTERNAL : wrap(key, algorithm, out_key);
}

enum galen_status signing_key_from_pem(struct bytes pem, enum signature_algorithm algorithm,
                                       struct signing_key **out_key)
{
    return wrap(private_pem_read(pem), algorithm, out_key);
}

void signing_key_destroy(struct signing_key *key)
{
    if (key != NULL) {
        EVP_PKEY_free(key->key); /* wipes the private half */
        free(key);
    }
}

enum galen_status signing_key_to_pem(const struct signing_key *key, struct writer *out)
{
    return private_pem_write(key->key, out);
}

enum signature_algorithm signing_key_algorithm(const struct signing_key *key)
{
    return key->algorithm;
}

/* A salt as long as the digest (RFC 7518 section 3.5). */
static bool begin(const struct signing_key *key, EVP_MD_CTX *context)
{
    char mode[] = OSSL_PKEY_RSA_PAD_MODE_PSS;
    char salt[] = OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST;
    const OSSL_PARAM pss[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, mode, 0),
        OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, salt, 0),
        OSSL_PARAM_construct_end(),
    };
    const bool is_pss = algorithms[key->algorithm].kind == KIND_RSA_PSS;
    return EVP_DigestSignInit_ex(context, NULL, algorithms[key->algorithm].digest, NULL,
                                 NULL, key->key, is_pss ? pss : NULL) == 1;
}

static bool sign(const struct signing_key *key, struct bytes data, uint8_t *out_signature,
                 size_t *size)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const bool done =
        context != NULL && begin(key, context) &&
        EVP_DigestSign(context, out_signature, size, data.data, data.size) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return done;
}

/* r and s, each as long as the curve's field, from the DER that OpenSSL makes. */
static bool put_r_and_s(enum public_key_curve curve, struct bytes der, struct writer *out)
{
    const uint8_t *at = der.data;
    const int size = (int)curves[curve].field_size;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)der.size);
    uint8_t *to = pair == NULL ? NULL : writer_extend(out, 2 * (size_t)size);
    const bool done = to != NULL &&
                      BN_bn2binpad(ECDSA_SIG_get0_r(pair), to, size) == size &&
                      BN_bn2binpad(ECDSA_SIG_get0_s(pair), to + size, size) == size;
    ECDSA_SIG_free(pair);
    return done;
}

enum galen_status signing_key_sign(const struct signing_key *key, struct bytes data,
                                   struct writer *out)
{
    uint8_t signature[SIGNATURE_SIZE_MAX];
    size_t size = sizeof(signature);
    if (!sign(key, data, signature, &size)) {
        return GALEN_INTERNAL;
    }
    if (algorithms[key->algorithm].kind != KIND_EC) {
        writer_put(out, bytes_of(signature, size));
        return out->status;
    }
    const bool done =
        put_r_and_s(algorithms[key->algorithm].curve, bytes_of(signature, size), out);
    return done || out->status != GALEN_OK ? out->status : GALEN_INTERNAL;
}

/* field_size 0: as long as the number is. */
static bool get_number(EVP_PKEY *key, const char *name, size_t field_size, uint8_t *out,
                       size_t *out_size)
{
    BIGNUM *number = NULL;
    if (EVP_PKEY_get_bn_param(key, name, &number) != 1) {
        return false;
    }
    const size_t size = field_size > 0 ? field_size : (size_t)BN_num_bytes(number);
    const bool done = size <= SIGNING_KEY_NUMBER_SIZE &&
                      BN_bn2binpad(number, out, (int)size) == (int)size;
    BN_free(number);
    *out_size = size;
    return done;
}

static bool get_pair(const struct signing_key *key, const char *first, const char *second,
                     struct signing_key_public *out_public)
{
    const size_t field_size = curves[algorithms[key->algorithm].curve].field_size;
    return get_number(key->key, first, field_size, out_public->first,
                      &out_public->first_size) &&
           get_number(key->key, second, field_size, out_public->second,
                      &out_public->second_size);
}

static bool get_raw(const struct signing_key *key, struct signing_key_public *out_public)
{
    out_public->first_size = SIGNING_KEY_NUMBER_SIZE;
    out_public->second_size = 0;
    return EVP_PKEY_get_raw_public_key(key->key, out_public->first,
                                       &out_public->first_size) == 1;
}

static bool get_public(const struct signing_key *key, struct signing_key_public *out_public)
{
    switch (algorithms[key->algorithm].kind) {
    case KIND_EC:
        return get_pair(key, OSSL_PKEY_PARAM_EC_PUB_X, OSSL_PKEY_PARAM_EC_PUB_Y,
                        out_public);
    case KIND_ED25519:
        return get_raw(key, out_public);
    case KIND_RSA:
    case KIND_RSA_PSS:
        break;
    }
    return get_pair(key, OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E, out_public);
}

enum galen_status signing_key_public(const struct signing_key *key,
                                     struct signing_key_public *out_public)
{
    return get_public(key, out_public) ? GALEN_OK : GALEN_INTERNAL;
}
