/* SPDX-License-Identifier: Apache-2.0 */
/* Our certificate and its key. */
#include <openssl/err.h>

#include "net/tls_context_impl.h"
#include "net/tls_pem.h"

static int64_t seconds_of(const ASN1_TIME *time)
{
    int days = 0;
    int seconds = 0;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    const bool known = epoch != NULL && ASN1_TIME_diff(&days, &seconds, epoch, time) == 1;
    ASN1_TIME_free(epoch);
    return known ? (int64_t)days * 86400 + seconds : 0;
}

static enum galen_status check_times(const struct tls_pem *pem, const X509 *certificate,
                                     struct error *out_error)
{
    if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) {
        return tls_pem_refuse(pem, "the certificate has expired", out_error);
    }
    return X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0
               ? tls_pem_refuse(pem, "the certificate is not valid yet", out_error)
               : GALEN_OK;
}

static enum galen_status use_certificates(struct tls_context *context,
                                          const struct tls_pem *pem,
                                          STACK_OF(X509) * certificates,
                                          struct error *out_error)
{
    X509 *own = sk_X509_value(certificates, 0);
    TRY(check_times(pem, own, out_error));
    context->expires_s = seconds_of(X509_get0_notAfter(own));
    if (SSL_CTX_use_certificate(context->openssl, own) != 1) {
        return tls_pem_refuse_by_reason(pem, out_error); /* too weak */
    }
    for (int i = 1; i < sk_X509_num(certificates); i++) {
        if (SSL_CTX_add1_chain_cert(context->openssl, sk_X509_value(certificates, i)) !=
            1) {
            return tls_pem_refuse_by_reason(pem, out_error);
        }
    }
    return GALEN_OK;
}

static enum galen_status load_key(struct tls_context *context,
                                  const struct tls_context_options *options,
                                  struct error *out_error)
{
    const struct tls_pem *pem = &options->key;
    ERR_clear_error();
    BIO *bio = tls_pem_open(pem);
    EVP_PKEY *key = bio == NULL
                        ? NULL
                        : PEM_read_bio_PrivateKey(bio, NULL, tls_pem_no_passphrase, NULL);
    BIO_free(bio);
    if (key == NULL) {
        return tls_pem_refuse(pem, "there is no PEM private key without a passphrase in it",
                              out_error);
    }
    const X509 *own = SSL_CTX_get0_certificate(context->openssl);
    const bool matches = X509_check_private_key(own, key) == 1;
    const bool is_used = matches && SSL_CTX_use_PrivateKey(context->openssl, key) == 1;
    EVP_PKEY_free(key);
    if (is_used) {
        return GALEN_OK;
    }
    ERR_clear_error();
    return error_set(out_error, GALEN_INVALID, "%s: %s %s", pem->name,
                     matches ? "cannot be used with the certificate in"
                             : "is not the key of the certificate in",
                     options->certificate.name);
}

enum galen_status tls_context_load_identity(struct tls_context *context,
                                            const struct tls_context_options *options,
                                            struct error *out_error)
{
    STACK_OF(X509) *certificates = NULL;
    if (options->certificate.name == NULL) {
        return options->is_server
                   ? error_set(out_error, GALEN_INVALID, "a server needs a certificate")
                   : GALEN_OK;
    }
    if (options->key.name == NULL) {
        return tls_pem_refuse(&options->certificate, "there is no key for it", out_error);
    }
    TRY(tls_pem_certificates(&options->certificate, &certificates, out_error));
    const enum galen_status status =
        use_certificates(context, &options->certificate, certificates, out_error);
    tls_pem_drop(certificates);
    TRY(status);
    return load_key(context, options, out_error);
}
