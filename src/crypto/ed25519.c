/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ed25519.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypto/private_pem_impl.h"

struct ed25519 {
    EVP_PKEY *key;
    bool is_private;
    uint8_t public_key[ED25519_PUBLIC_KEY_SIZE];
};

/* Takes key, which may be NULL. */
static enum galen_status wrap(EVP_PKEY *key, bool is_private, struct ed25519 **out_key)
{
    scoped(ed25519) wrapped = calloc(1, sizeof(*wrapped));
    size_t size = ED25519_PUBLIC_KEY_SIZE;
    if (wrapped == NULL) {
        EVP_PKEY_free(key);
        return GALEN_NO_MEMORY;
    }
    wrapped->key = key;
    wrapped->is_private = is_private;
    if (key == NULL || EVP_PKEY_is_a(key, "ED25519") != 1 ||
        EVP_PKEY_get_raw_public_key(key, wrapped->public_key, &size) != 1) {
        ERR_clear_error();
        return GALEN_INVALID;
    }
    *out_key = take(&wrapped);
    return GALEN_OK;
}

enum galen_status ed25519_generate(struct ed25519 **out_key)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    return key == NULL ? GALEN_INTERNAL : wrap(key, true, out_key);
}

enum galen_status ed25519_from_pem(struct bytes pem, struct ed25519 **out_key)
{
    return wrap(private_pem_read(pem), true, out_key);
}

enum galen_status ed25519_from_public(const uint8_t *public_key, struct ed25519 **out_key)
{
    return wrap(EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, public_key,
                                               ED25519_PUBLIC_KEY_SIZE),
                false, out_key);
}

void ed25519_destroy(struct ed25519 *key)
{
    if (key != NULL) {
        EVP_PKEY_free(key->key); /* wipes the private half */
        free(key);
    }
}

enum galen_status ed25519_to_pem(const struct ed25519 *key, struct writer *out)
{
    return key->is_private ? private_pem_write(key->key, out) : GALEN_INVALID;
}

void ed25519_public(const struct ed25519 *key, uint8_t *out_public_key)
{
    memcpy(out_public_key, key->public_key, ED25519_PUBLIC_KEY_SIZE);
}

enum galen_status ed25519_sign(const struct ed25519 *key, struct bytes message,
                               uint8_t *out_signature)
{
    if (!key->is_private) {
        return GALEN_INVALID;
    }
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t size = ED25519_SIGNATURE_SIZE;
    const bool done =
        context != NULL &&
        EVP_DigestSignInit_ex(context, NULL, NULL, NULL, NULL, key->key, NULL) == 1 &&
        EVP_DigestSign(context, out_signature, &size, message.data, message.size) == 1;
    EVP_MD_CTX_free(context);
    return done && size == ED25519_SIGNATURE_SIZE ? GALEN_OK : GALEN_INTERNAL;
}

bool ed25519_verify(const struct ed25519 *key, struct bytes message,
                    const uint8_t *signature)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const bool right =
        context != NULL &&
        EVP_DigestVerifyInit_ex(context, NULL, NULL, NULL, NULL, key->key, NULL) == 1 &&
        EVP_DigestVerify(context, signature, ED25519_SIGNATURE_SIZE, message.data,
                         message.size) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return right;
}
