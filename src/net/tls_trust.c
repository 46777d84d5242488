/* SPDX-License-Identifier: Apache-2.0 */
/* By whom peers have to be certified, and who of them may come. */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/limits.h"
#include "net/tls_context_impl.h"
#include "net/tls_pem.h"

static enum galen_status trust(struct tls_context *context, X509 *authority)
{
    X509_STORE *store = SSL_CTX_get_cert_store(context->openssl);
    const bool is_known = X509_STORE_add_cert(store, authority) == 1;
    return is_known && (!context->is_server ||
                        SSL_CTX_add_client_CA(context->openssl, authority) == 1)
               ? GALEN_OK
               : GALEN_NO_MEMORY;
}

static enum galen_status load_authorities(struct tls_context *context,
                                          const struct tls_pem *pem,
                                          struct error *out_error)
{
    STACK_OF(X509) *authorities = NULL;
    enum galen_status status = GALEN_OK;
    TRY(tls_pem_certificates(pem, &authorities, out_error));
    for (int i = 0; status == GALEN_OK && i < sk_X509_num(authorities); i++) {
        X509 *authority = sk_X509_value(authorities, i);
        status = X509_check_ca(authority) > 0
                     ? trust(context, authority)
                     : tls_pem_refuse(pem, "a certificate in it is not an authority's",
                                      out_error);
    }
    tls_pem_drop(authorities);
    return status;
}

static enum galen_status load_revoked(struct tls_context *context,
                                      const struct tls_pem *pem, struct error *out_error)
{
    X509_STORE *store = SSL_CTX_get_cert_store(context->openssl);
    size_t count = 0;
    X509_CRL *list = NULL;
    ERR_clear_error();
    BIO *bio = tls_pem_open(pem);
    while (bio != NULL &&
           (list = PEM_read_bio_X509_CRL(bio, NULL, tls_pem_no_passphrase, NULL)) != NULL) {
        count += X509_STORE_add_crl(store, list) == 1;
        X509_CRL_free(list);
    }
    BIO_free(bio);
    if (!tls_pem_is_at_end() || count == 0) {
        return tls_pem_refuse(pem, "there is no PEM list of revoked certificates in it",
                              out_error);
    }
    return X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK) == 1 ? GALEN_OK
                                                                   : GALEN_NO_MEMORY;
}

static bool is_allowed(const struct tls_context *context, const X509 *certificate)
{
    struct tls_names names;
    if (tls_names_read(certificate, &names) != GALEN_OK) {
        return false; /* more names than anybody has, or no names at all */
    }
    const bool allowed =
        context->allowed.count == 0 || tls_names_meet(&context->allowed, &names);
    tls_names_deinit(&names);
    return allowed;
}

/* After OpenSSL's own checks of each certificate of a chain. */
static int on_verify(int is_good, X509_STORE_CTX *chain)
{
    const SSL *session =
        X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx());
    const struct tls_context *context = SSL_CTX_get_app_data(SSL_get_SSL_CTX(session));
    if (is_good == 1 && X509_STORE_CTX_get_error_depth(chain) == 0 &&
        !is_allowed(context, X509_STORE_CTX_get_current_cert(chain))) {
        X509_STORE_CTX_set_error(chain, X509_V_ERR_APPLICATION_VERIFICATION);
        return 0;
    }
    return is_good;
}

static int verify_mode(const struct tls_context_options *options)
{
    if (!options->is_server || options->demand == TLS_DEMAND_ASK) {
        return SSL_VERIFY_PEER;
    }
    return options->demand == TLS_DEMAND_NONE
               ? SSL_VERIFY_NONE
               : SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
}

static int trust_anybody(X509_STORE_CTX *chain, void *unused)
{
    (void)unused;
    X509_STORE_CTX_set_error(chain, X509_V_OK);
    return 1;
}

enum galen_status tls_context_load_trust(struct tls_context *context,
                                         const struct tls_context_options *options,
                                         struct error *out_error)
{
    const bool verifies = verify_mode(options) != SSL_VERIFY_NONE;
    SSL_CTX_set_verify(context->openssl, verify_mode(options), on_verify);
    SSL_CTX_set_verify_depth(context->openssl, LIMIT_TLS_CHAIN_DEPTH_MAX);
    if (!verifies) {
        return GALEN_OK;
    }
    if (!options->is_server && options->trusts_anybody) {
        SSL_CTX_set_cert_verify_callback(context->openssl, trust_anybody, NULL);
    }
    if (options->authorities.name != NULL) {
        TRY(load_authorities(context, &options->authorities, out_error));
    } else if (options->is_server) {
        return error_set(out_error, GALEN_INVALID,
                         "clients cannot be asked for certificates without an authority");
    } else if (SSL_CTX_set_default_verify_paths(context->openssl) != 1) {
        return GALEN_NO_MEMORY;
    }
    if (options->revoked.name != NULL) {
        TRY(load_revoked(context, &options->revoked, out_error));
    }
    const char *allowed = options->allowed_names == NULL ? "" : options->allowed_names;
    const enum galen_status status =
        tls_names_parse(bytes_from_string(allowed), &context->allowed);
    return status == GALEN_OK || status == GALEN_NO_MEMORY
               ? status
               : error_set(out_error, status, "the names allowed are too many or no text");
}
