/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/public_key.h"

#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "base/limits.h"
#include "crypto/roca.h"

enum {
    BYTE_BITS = 8,
    EXPONENT_SIZE_MAX = 8,
    EXPONENT_MIN = 65537,
    ED25519_SIZE = 32,
    ED25519_SIGNATURE = 64,
    FIELD_SIZE_MAX = 66,
    DER_SIZE_MAX = 2 * (FIELD_SIZE_MAX + 3) + 3,
    DER_SEQUENCE = 0x30,
    DER_INTEGER = 0x02,
    DER_LONG_FORM = 0x81,
    DER_SHORT_MAX = 0x7F,
    POINT_UNCOMPRESSED = 0x04,
};

enum key_kind { KEY_RSA, KEY_EC, KEY_ED25519 };

struct public_key {
    EVP_PKEY *key;
    enum key_kind kind;
    enum public_key_curve curve;
    size_t signature_size;
};

enum padding { PADDING_NONE, PADDING_PKCS1, PADDING_PSS };

static const struct {
    const char *name;
    enum key_kind kind;
    enum padding padding;
    enum public_key_curve curve;
    const char *digest;
} algorithms[] = {
#define KIND_RSA KEY_RSA, PADDING_PKCS1
#define KIND_RSA_PSS KEY_RSA, PADDING_PSS
#define KIND_EC KEY_EC, PADDING_NONE
#define KIND_ED25519 KEY_ED25519, PADDING_NONE
#define SIGNATURE_ALGORITHM(name, text, key, digest, curve) \
    {text, KIND_##key, CURVE_##curve, digest},
#include "crypto/signature.def"
};

static const struct {
    const char *group;
    size_t field_size;
} curves[] = {
    [CURVE_NONE] = {NULL, 0},
    [CURVE_P256] = {"P-256", 32},
    [CURVE_P384] = {"P-384", 48},
    [CURVE_P521] = {"P-521", 66},
};

const char *signature_algorithm_name(enum signature_algorithm algorithm)
{
    return algorithms[algorithm].name;
}

bool signature_algorithm_find(struct bytes name, enum signature_algorithm *out_algorithm)
{
    for (size_t i = 0; i < SIGNATURE_ALGORITHM_COUNT; i++) {
        if (bytes_equal_string(name, algorithms[i].name)) {
            *out_algorithm = (enum signature_algorithm)i;
            return true;
        }
    }
    return false;
}

void public_key_destroy(struct public_key *key)
{
    if (key != NULL) {
        EVP_PKEY_free(key->key);
        free(key);
    }
}

/* NULL where OpenSSL makes no key of this. */
static EVP_PKEY *key_from(const char *type, OSSL_PARAM *parameters)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    const bool done =
        context != NULL && parameters != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) == 1;
    EVP_PKEY_CTX_free(context);
    return done ? key : NULL;
}

static bool is_sound(EVP_PKEY *key)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    const bool sound = context != NULL && EVP_PKEY_public_check(context) == 1;
    EVP_PKEY_CTX_free(context);
    return sound;
}

/* Takes key, which may be NULL. */
static enum galen_status wrap(EVP_PKEY *key, const struct public_key *about,
                              struct public_key **out_key)
{
    scoped(public_key) wrapped = malloc(sizeof(*wrapped));
    if (wrapped == NULL) {
        EVP_PKEY_free(key);
        return GALEN_NO_MEMORY;
    }
    *wrapped = *about;
    wrapped->key = key;
    const bool sound = key != NULL && is_sound(key);
    ERR_clear_error();
    if (!sound) {
        return GALEN_INVALID;
    }
    *out_key = take(&wrapped);
    return GALEN_OK;
}

static EVP_PKEY *build_rsa(struct bytes modulus, struct bytes exponent)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM *n = BN_bin2bn(modulus.data, (int)modulus.size, NULL);
    BIGNUM *e = BN_bin2bn(exponent.data, (int)exponent.size, NULL);
    OSSL_PARAM *parameters = NULL;
    if (builder != NULL && n != NULL && e != NULL &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1) {
        parameters = OSSL_PARAM_BLD_to_param(builder);
    }
    EVP_PKEY *key = key_from("RSA", parameters);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    BN_free(n);
    BN_free(e);
    return key;
}

static size_t count_bits(struct bytes number)
{
    size_t bits = number.size * BYTE_BITS;
    for (unsigned top = number.data[0]; top < 0x80; top = top << 1 | 1) {
        bits--;
    }
    return bits;
}

static enum galen_status check_modulus(struct bytes modulus, struct error *out_error)
{
    if (modulus.size == 0 || modulus.data[0] == 0) {
        return error_set(out_error, GALEN_INVALID,
                         "the modulus is empty or has zeros in front");
    }
    const size_t bits = count_bits(modulus);
    if (bits < LIMIT_RSA_BITS_MIN || bits > LIMIT_RSA_BITS_MAX) {
        return error_set(out_error, GALEN_INVALID,
                         "the modulus has %zu bits and may have %d to %d", bits,
                         (int)LIMIT_RSA_BITS_MIN, (int)LIMIT_RSA_BITS_MAX);
    }
    if (roca_has_print(modulus)) {
        return error_set(out_error, GALEN_INVALID,
                         "the modulus has factors that can be found (CVE-2017-15361)");
    }
    return GALEN_OK;
}

static enum galen_status check_exponent(struct bytes exponent, struct error *out_error)
{
    uint64_t value = 0;
    if (exponent.size == 0 || exponent.size > EXPONENT_SIZE_MAX || exponent.data[0] == 0) {
        return error_set(out_error, GALEN_INVALID,
                         "the exponent is empty, longer than %d bytes, or has zeros in "
                         "front",
                         (int)EXPONENT_SIZE_MAX);
    }
    for (size_t i = 0; i < exponent.size; i++) {
        value = value << BYTE_BITS | exponent.data[i];
    }
    if (value < EXPONENT_MIN || value % 2 == 0) {
        return error_set(out_error, GALEN_INVALID, "the exponent is even or below %d",
                         (int)EXPONENT_MIN);
    }
    return GALEN_OK;
}

enum galen_status public_key_from_rsa(struct bytes modulus, struct bytes exponent,
                                      struct public_key **out_key, struct error *out_error)
{
    const struct public_key about = {.kind = KEY_RSA, .signature_size = modulus.size};
    TRY(check_modulus(modulus, out_error));
    TRY(check_exponent(exponent, out_error));
    const enum galen_status status = wrap(build_rsa(modulus, exponent), &about, out_key);
    return status == GALEN_INVALID
               ? error_set(out_error, status, "the modulus is no product of two primes")
               : status;
}

static EVP_PKEY *build_point(enum public_key_curve curve, struct bytes x, struct bytes y)
{
    uint8_t point[1 + 2 * FIELD_SIZE_MAX] = {POINT_UNCOMPRESSED};
    char group[sizeof("P-256")];
    memcpy(group, curves[curve].group, sizeof(group));
    memcpy(point + 1, x.data, x.size);
    memcpy(point + 1 + x.size, y.data, y.size);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point,
                                          1 + x.size + y.size),
        OSSL_PARAM_construct_end(),
    };
    return key_from("EC", parameters);
}

enum galen_status public_key_from_point(enum public_key_curve curve, struct bytes x,
                                        struct bytes y, struct public_key **out_key,
                                        struct error *out_error)
{
    const size_t size = curves[curve].field_size;
    const struct public_key about = {
        .kind = KEY_EC, .curve = curve, .signature_size = 2 * size};
    if (size == 0 || x.size != size || y.size != size) {
        return error_set(out_error, GALEN_INVALID,
                         "a coordinate is not as long as the curve's field, %zu bytes",
                         size);
    }
    const enum galen_status status = wrap(build_point(curve, x, y), &about, out_key);
    return status == GALEN_INVALID
               ? error_set(out_error, status, "the point is not on the curve")
               : status;
}

enum galen_status public_key_from_ed25519(struct bytes bytes, struct public_key **out_key,
                                          struct error *out_error)
{
    const struct public_key about = {.kind = KEY_ED25519,
                                     .signature_size = ED25519_SIGNATURE};
    if (bytes.size != ED25519_SIZE) {
        return error_set(out_error, GALEN_INVALID, "the key is not %d bytes long",
                         (int)ED25519_SIZE);
    }
    const enum galen_status status =
        wrap(EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, bytes.data, bytes.size),
             &about, out_key);
    return status == GALEN_INVALID ? error_set(out_error, status, "it is no key of Ed25519")
                                   : status;
}

bool public_key_fits(const struct public_key *key, enum signature_algorithm algorithm)
{
    return algorithm < SIGNATURE_ALGORITHM_COUNT &&
           algorithms[algorithm].kind == key->kind &&
           algorithms[algorithm].curve == key->curve;
}

/* One INTEGER: as short as it can be, and not negative. Returns its size; 0: it is zero. */
static size_t put_integer(struct bytes number, uint8_t *out)
{
    while (number.size > 0 && number.data[0] == 0) {
        number = bytes_from(number, 1);
    }
    if (number.size == 0) {
        return 0;
    }
    const size_t lead = number.data[0] >> (BYTE_BITS - 1);
    out[0] = DER_INTEGER;
    out[1] = (uint8_t)(number.size + lead);
    out[2] = 0;
    memcpy(out + 2 + lead, number.data, number.size);
    return 2 + lead + number.size;
}

/* r || s as the SEQUENCE that OpenSSL takes (RFC 3279 section 2.2.3); 0: one is zero. */
static size_t put_sequence(struct bytes signature, uint8_t *out)
{
    uint8_t body[DER_SIZE_MAX];
    const size_t half = signature.size / 2;
    const size_t r_size = put_integer(bytes_first(signature, half), body);
    const size_t s_size = put_integer(bytes_from(signature, half), body + r_size);
    const size_t size = r_size + s_size;
    size_t lead = 0;
    if (r_size == 0 || s_size == 0) {
        return 0;
    }
    out[lead++] = DER_SEQUENCE;
    if (size > DER_SHORT_MAX) {
        out[lead++] = DER_LONG_FORM;
    }
    out[lead++] = (uint8_t)size;
    memcpy(out + lead, body, size);
    return lead + size;
}

static bool begin(EVP_MD_CTX *context, const struct public_key *key,
                  enum signature_algorithm algorithm)
{
    EVP_PKEY_CTX *settings = NULL;
    if (context == NULL ||
        EVP_DigestVerifyInit_ex(context, &settings, algorithms[algorithm].digest, NULL,
                                NULL, key->key, NULL) != 1) {
        return false;
    }
    return algorithms[algorithm].padding != PADDING_PSS ||
           (EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, RSA_PSS_SALTLEN_DIGEST) == 1);
}

bool public_key_verify(const struct public_key *key, enum signature_algorithm algorithm,
                       struct bytes data, struct bytes signature)
{
    uint8_t der[DER_SIZE_MAX];
    if (!public_key_fits(key, algorithm) || signature.size != key->signature_size) {
        return false;
    }
    if (key->kind == KEY_EC) {
        signature = bytes_of(der, put_sequence(signature, der));
    }
    EVP_MD_CTX *context = signature.size == 0 ? NULL : EVP_MD_CTX_new();
    const bool right = begin(context, key, algorithm) &&
                       EVP_DigestVerify(context, signature.data, signature.size, data.data,
                                        data.size) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return right;
}
