/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls_pem.h"

#include <openssl/err.h>

#include "base/limits.h"

enum galen_status tls_pem_refuse(const struct tls_pem *pem, const char *why,
                                 struct error *out_error)
{
    ERR_clear_error();
    return error_set(out_error, GALEN_INVALID, "%s: %s", pem->name, why);
}

/* What OpenSSL finds wrong with a file that can be read. */
enum galen_status tls_pem_refuse_by_reason(const struct tls_pem *pem,
                                           struct error *out_error)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    return tls_pem_refuse(pem, reason == NULL ? "cannot be used" : reason, out_error);
}

/* Reading PEM */

int tls_pem_no_passphrase(char *buffer, int size, int is_writing, void *context)
{
    (void)buffer, (void)size, (void)is_writing, (void)context;
    return -1;
}

BIO *tls_pem_open(const struct tls_pem *pem)
{
    return pem->text.size > LIMIT_TLS_FILE_SIZE_BYTES_MAX
               ? NULL
               : BIO_new_mem_buf(pem->text.data, (int)pem->text.size);
}

void tls_pem_drop(STACK_OF(X509) * certificates)
{
    sk_X509_pop_free(certificates, X509_free);
}

/* All certificates of a file; NULL: memory is missing. */
static STACK_OF(X509) * read_certificates(BIO *bio)
{
    STACK_OF(X509) *certificates = sk_X509_new_null();
    X509 *certificate = NULL;
    while (certificates != NULL && (certificate = PEM_read_bio_X509(
                                        bio, NULL, tls_pem_no_passphrase, NULL)) != NULL) {
        if (sk_X509_push(certificates, certificate) == 0) {
            X509_free(certificate);
            tls_pem_drop(certificates);
            certificates = NULL;
        }
    }
    return certificates;
}

/* Whether reading ended because no more was there. */
bool tls_pem_is_at_end(void)
{
    const unsigned long last = ERR_peek_last_error();
    const bool at_end =
        ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    return at_end;
}

/* One at least. */
enum galen_status tls_pem_certificates(const struct tls_pem *pem,
                                       STACK_OF(X509) * *out_certificates,
                                       struct error *out_error)
{
    ERR_clear_error();
    BIO *bio = tls_pem_open(pem);
    if (bio == NULL) {
        return tls_pem_refuse(pem, "is too large", out_error);
    }
    STACK_OF(X509) *certificates = read_certificates(bio);
    BIO_free(bio);
    if (certificates == NULL) {
        return GALEN_NO_MEMORY;
    }
    const bool is_whole = tls_pem_is_at_end();
    if (!is_whole || sk_X509_num(certificates) == 0) {
        tls_pem_drop(certificates);
        return tls_pem_refuse(pem,
                              is_whole ? "there is no PEM certificate in it"
                                       : "a certificate in it is malformed",
                              out_error);
    }
    *out_certificates = certificates;
    return GALEN_OK;
}
