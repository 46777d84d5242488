/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys that sign as JSON Web Algorithms have it, and the public halves of them. */
#pragma once

#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/limits.h"
#include "crypto/public_key.h"
#include "expect.h"

enum {
    SIGNER_SIGNATURE_SIZE_MAX = 1024,
    SIGNER_NUMBER_SIZE_MAX = 1024,
    SIGNER_RSA_BITS = 2048
};

struct signer {
    EVP_PKEY *key;
    enum signature_algorithm algorithm; /* by which it signs unless told otherwise */
    uint8_t first_data[SIGNER_NUMBER_SIZE_MAX];
    uint8_t second_data[SIGNER_NUMBER_SIZE_MAX];
    struct bytes first;  /* n, x */
    struct bytes second; /* e, y; empty for Ed25519 */
};

static inline bool signer_is_rsa(enum signature_algorithm algorithm)
{
    return algorithm <= SIGNATURE_PS512;
}

static inline bool signer_is_ec(enum signature_algorithm algorithm)
{
    return algorithm >= SIGNATURE_ES256 && algorithm <= SIGNATURE_ES512;
}

static inline const char *signer_curve(enum signature_algorithm algorithm)
{
    static const char *const names[] = {"P-256", "P-384", "P-521"};
    return names[algorithm - SIGNATURE_ES256];
}

static inline size_t signer_field_size(enum signature_algorithm algorithm)
{
    static const size_t sizes[] = {32, 48, 66};
    return sizes[algorithm - SIGNATURE_ES256];
}

static inline struct bytes signer_number(const struct signer *signer, const char *name,
                                         uint8_t *out)
{
    BIGNUM *number = NULL;
    assert_int_equal(EVP_PKEY_get_bn_param(signer->key, name, &number), 1);
    const int size = signer_is_ec(signer->algorithm)
                         ? (int)signer_field_size(signer->algorithm)
                         : BN_num_bytes(number);
    assert_int_equal(BN_bn2binpad(number, out, size), size);
    BN_free(number);
    return bytes_of(out, (size_t)size);
}

static inline void signer_fill(struct signer *signer)
{
    size_t size = sizeof(signer->first_data);
    if (signer_is_rsa(signer->algorithm)) {
        signer->first = signer_number(signer, OSSL_PKEY_PARAM_RSA_N, signer->first_data);
        signer->second = signer_number(signer, OSSL_PKEY_PARAM_RSA_E, signer->second_data);
    } else if (signer_is_ec(signer->algorithm)) {
        signer->first = signer_number(signer, OSSL_PKEY_PARAM_EC_PUB_X, signer->first_data);
        signer->second =
            signer_number(signer, OSSL_PKEY_PARAM_EC_PUB_Y, signer->second_data);
    } else {
        assert_int_equal(
            EVP_PKEY_get_raw_public_key(signer->key, signer->first_data, &size), 1);
        signer->first = bytes_of(signer->first_data, size);
    }
}

static inline struct signer *signer_create_of_size(enum signature_algorithm algorithm,
                                                   size_t bits)
{
    struct signer *signer = calloc(1, sizeof(*signer));
    assert_non_null(signer);
    signer->algorithm = algorithm;
    if (signer_is_rsa(algorithm)) {
        signer->key = EVP_RSA_gen(bits);
    } else if (signer_is_ec(algorithm)) {
        signer->key = EVP_EC_gen(signer_curve(algorithm));
    } else {
        signer->key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    }
    assert_non_null(signer->key);
    signer_fill(signer);
    return signer;
}

static inline struct signer *signer_create(enum signature_algorithm algorithm)
{
    return signer_create_of_size(algorithm, SIGNER_RSA_BITS);
}

/* The same key, which signs by another algorithm of its kind. */
static inline struct signer *signer_share(const struct signer *signer,
                                          enum signature_algorithm algorithm)
{
    struct signer *other = calloc(1, sizeof(*other));
    assert_non_null(other);
    other->algorithm = algorithm;
    other->key = signer->key;
    assert_int_equal(EVP_PKEY_up_ref(signer->key), 1);
    signer_fill(other);
    return other;
}

static inline void signer_destroy(struct signer *signer)
{
    if (signer != NULL) {
        EVP_PKEY_free(signer->key);
        free(signer);
    }
}
DEFINE_SCOPED(signer, signer_destroy)

static inline enum galen_status signer_public(const struct signer *signer,
                                              struct public_key **out_key)
{
    if (signer_is_rsa(signer->algorithm)) {
        return public_key_from_rsa(signer->first, signer->second, out_key, NULL);
    }
    return signer_is_ec(signer->algorithm)
               ? public_key_from_point(
                     (enum public_key_curve)(CURVE_P256 +
                                             (signer->algorithm - SIGNATURE_ES256)),
                     signer->first, signer->second, out_key, NULL)
               : public_key_from_ed25519(signer->first, out_key, NULL);
}

static inline const char *signer_digest(enum signature_algorithm algorithm)
{
    static const char *const names[] = {"SHA256", "SHA384", "SHA512"};
    return algorithm == SIGNATURE_EDDSA ? NULL : names[algorithm % 3];
}

/* The DER of OpenSSL as r || s. */
static inline struct bytes signer_flatten(enum signature_algorithm algorithm,
                                          uint8_t *signature, size_t size)
{
    const int half = (int)signer_field_size(algorithm);
    const uint8_t *at = signature;
    ECDSA_SIG *parts = d2i_ECDSA_SIG(NULL, &at, (long)size);
    assert_non_null(parts);
    uint8_t flat[SIGNER_SIGNATURE_SIZE_MAX];
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(parts), flat, half), half);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(parts), flat + half, half), half);
    ECDSA_SIG_free(parts);
    memcpy(signature, flat, (size_t)half * 2);
    return bytes_of(signature, (size_t)half * 2);
}

/* out: SIGNER_SIGNATURE_SIZE_MAX bytes. salt_size: of PSS; -1: as long as the digest. */
static inline struct bytes signer_sign_salted(const struct signer *signer,
                                              enum signature_algorithm algorithm,
                                              struct bytes data, int salt_size,
                                              uint8_t *out)
{
    size_t size = SIGNER_SIGNATURE_SIZE_MAX;
    EVP_PKEY_CTX *settings = NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit_ex(context, &settings, signer_digest(algorithm),
                                           NULL, NULL, signer->key, NULL),
                     1);
    if (algorithm >= SIGNATURE_PS256 && algorithm <= SIGNATURE_PS512) {
        assert_true(EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING) > 0);
        assert_true(EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, salt_size) > 0);
    }
    assert_int_equal(EVP_DigestSign(context, out, &size, data.data, data.size), 1);
    EVP_MD_CTX_free(context);
    return signer_is_ec(algorithm) ? signer_flatten(algorithm, out, size)
                                   : bytes_of(out, size);
}

static inline struct bytes signer_sign(const struct signer *signer, struct bytes data,
                                       uint8_t *out)
{
    return signer_sign_salted(signer, signer->algorithm, data, -1, out);
}
