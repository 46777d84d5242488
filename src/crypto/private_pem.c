/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/private_pem_impl.h"

#include <limits.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

static int no_password(char *buffer, int size, int writing, void *context)
{
    (void)buffer, (void)size, (void)writing, (void)context;
    return -1;
}

EVP_PKEY *private_pem_read(struct bytes pem)
{
    BIO *source = pem.size > INT_MAX ? NULL : BIO_new_mem_buf(pem.data, (int)pem.size);
    EVP_PKEY *key = NULL;
    if (source != NULL) {
        key = PEM_read_bio_PrivateKey(source, NULL, no_password, NULL);
        BIO_free(source);
    }
    return key;
}

enum galen_status private_pem_write(EVP_PKEY *key, struct writer *out)
{
    BIO *target = BIO_new(BIO_s_secmem());
    char *text = NULL;
    if (target == NULL ||
        PEM_write_bio_PKCS8PrivateKey(target, key, NULL, NULL, 0, NULL, NULL) != 1) {
        BIO_free(target);
        return GALEN_INTERNAL;
    }
    const long size = BIO_get_mem_data(target, &text);
    writer_put(out, bytes_of(text, (size_t)size));
    BIO_free(target);
    return out->status;
}
