/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/certificate.h"

#include <limits.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

static enum galen_status digest_of(X509 *certificate, uint8_t *out_digest)
{
    uint8_t *der = NULL;
    const int size = i2d_X509(certificate, &der);
    const enum galen_status status =
        size > 0 ? sha256_of(bytes_of(der, (size_t)size), out_digest) : GALEN_INTERNAL;
    OPENSSL_free(der);
    return status;
}

enum galen_status certificate_sha256(struct bytes pem, uint8_t *out_digest)
{
    BIO *source = pem.size > INT_MAX ? NULL : BIO_new_mem_buf(pem.data, (int)pem.size);
    X509 *certificate = NULL;
    if (source != NULL) {
        certificate = PEM_read_bio_X509(source, NULL, NULL, NULL);
        BIO_free(source);
    }
    const enum galen_status status =
        certificate == NULL ? GALEN_INVALID : digest_of(certificate, out_digest);
    X509_free(certificate);
    ERR_clear_error();
    return status;
}
