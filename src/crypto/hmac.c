/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hmac.h"

#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

struct hmac {
    EVP_MAC_CTX *context; /* holds the key */
};

static enum galen_status set_key(struct hmac *hmac, const uint8_t *key)
{
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_init(hmac->context, key, HMAC_KEY_SIZE, parameters) == 1
               ? GALEN_OK
               : GALEN_INTERNAL;
}

enum galen_status hmac_create(const uint8_t *key, struct hmac **out_hmac)
{
    scoped(hmac) hmac = calloc(1, sizeof(*hmac));
    EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
    if (hmac != NULL && algorithm != NULL) {
        hmac->context = EVP_MAC_CTX_new(algorithm);
    }
    EVP_MAC_free(algorithm);
    if (hmac == NULL || hmac->context == NULL) {
        return algorithm == NULL ? GALEN_INTERNAL : GALEN_NO_MEMORY;
    }
    TRY(set_key(hmac, key));
    *out_hmac = take(&hmac);
    return GALEN_OK;
}

void hmac_destroy(struct hmac *hmac)
{
    if (hmac != NULL) {
        EVP_MAC_CTX_free(hmac->context); /* wipes the key */
        free(hmac);
    }
}

enum galen_status hmac_of(struct hmac *hmac, struct bytes bytes, uint8_t *out_code)
{
    size_t size = 0;
    const bool done = EVP_MAC_init(hmac->context, NULL, 0, NULL) == 1 &&
                      EVP_MAC_update(hmac->context, bytes.data, bytes.size) == 1 &&
                      EVP_MAC_final(hmac->context, out_code, &size, SHA256_SIZE) == 1;
    return done && size == SHA256_SIZE ? GALEN_OK : GALEN_INTERNAL;
}
