/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls_context.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/count.h"
#include "base/limits.h"
#include "net/tls_context_impl.h"

enum { ALPN_SIZE_MAX = 255, SECURITY_LEVEL = 2 };

/* RFC 9325 section 4.2: with (EC)DHE and AEAD; no finite-field DHE, which is slow and rare.
 */
static const char suites_12[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                                "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                                "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
static const char suites_13[] = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
                                "TLS_CHACHA20_POLY1305_SHA256";
static char groups[] = "X25519:P-256:P-384";

static enum galen_status refuse(const struct tls_pem *pem, const char *why,
                                struct error *out_error)
{
    ERR_clear_error();
    return error_set(out_error, GALEN_INVALID, "%s: %s", pem->name, why);
}

/* What OpenSSL finds wrong with a file that can be read. */
static enum galen_status refuse_by_reason(const struct tls_pem *pem,
                                          struct error *out_error)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    return refuse(pem, reason == NULL ? "cannot be used" : reason, out_error);
}

/* Reading PEM */

static int no_passphrase(char *buffer, int size, int is_writing, void *context)
{
    (void)buffer, (void)size, (void)is_writing, (void)context;
    return -1;
}

static BIO *open_pem(const struct tls_pem *pem)
{
    return pem->text.size > LIMIT_TLS_FILE_SIZE_BYTES_MAX
               ? NULL
               : BIO_new_mem_buf(pem->text.data, (int)pem->text.size);
}

static void drop_certificates(STACK_OF(X509) * certificates)
{
    sk_X509_pop_free(certificates, X509_free);
}

/* All certificates of a file; NULL: memory is missing. */
static STACK_OF(X509) * read_certificates(BIO *bio)
{
    STACK_OF(X509) *certificates = sk_X509_new_null();
    X509 *certificate = NULL;
    while (certificates != NULL &&
           (certificate = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) != NULL) {
        if (sk_X509_push(certificates, certificate) == 0) {
            X509_free(certificate);
            drop_certificates(certificates);
            certificates = NULL;
        }
    }
    return certificates;
}

/* Whether reading ended because no more was there. */
static bool is_at_end(void)
{
    const unsigned long last = ERR_peek_last_error();
    const bool at_end =
        ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    return at_end;
}

/* One at least. */
static enum galen_status load_certificates(const struct tls_pem *pem,
                                           STACK_OF(X509) * *out_certificates,
                                           struct error *out_error)
{
    ERR_clear_error();
    BIO *bio = open_pem(pem);
    if (bio == NULL) {
        return refuse(pem, "is too large", out_error);
    }
    STACK_OF(X509) *certificates = read_certificates(bio);
    BIO_free(bio);
    if (certificates == NULL) {
        return GALEN_NO_MEMORY;
    }
    const bool is_whole = is_at_end();
    if (!is_whole || sk_X509_num(certificates) == 0) {
        drop_certificates(certificates);
        return refuse(pem,
                      is_whole ? "there is no PEM certificate in it"
                               : "a certificate in it is malformed",
                      out_error);
    }
    *out_certificates = certificates;
    return GALEN_OK;
}

/* Our own certificate */

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
        return refuse(pem, "the certificate has expired", out_error);
    }
    return X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0
               ? refuse(pem, "the certificate is not valid yet", out_error)
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
        return refuse_by_reason(pem, out_error); /* too weak */
    }
    for (int i = 1; i < sk_X509_num(certificates); i++) {
        if (SSL_CTX_add1_chain_cert(context->openssl, sk_X509_value(certificates, i)) !=
            1) {
            return refuse_by_reason(pem, out_error);
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
    BIO *bio = open_pem(pem);
    EVP_PKEY *key =
        bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    if (key == NULL) {
        return refuse(pem, "there is no PEM private key without a passphrase in it",
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

static enum galen_status load_identity(struct tls_context *context,
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
        return refuse(&options->certificate, "there is no key for it", out_error);
    }
    TRY(load_certificates(&options->certificate, &certificates, out_error));
    const enum galen_status status =
        use_certificates(context, &options->certificate, certificates, out_error);
    drop_certificates(certificates);
    TRY(status);
    return load_key(context, options, out_error);
}

/* Who certifies peers */

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
    TRY(load_certificates(pem, &authorities, out_error));
    for (int i = 0; status == GALEN_OK && i < sk_X509_num(authorities); i++) {
        X509 *authority = sk_X509_value(authorities, i);
        status = X509_check_ca(authority) > 0
                     ? trust(context, authority)
                     : refuse(pem, "a certificate in it is not an authority's", out_error);
    }
    drop_certificates(authorities);
    return status;
}

static enum galen_status load_revoked(struct tls_context *context,
                                      const struct tls_pem *pem, struct error *out_error)
{
    X509_STORE *store = SSL_CTX_get_cert_store(context->openssl);
    size_t count = 0;
    X509_CRL *list = NULL;
    ERR_clear_error();
    BIO *bio = open_pem(pem);
    while (bio != NULL &&
           (list = PEM_read_bio_X509_CRL(bio, NULL, no_passphrase, NULL)) != NULL) {
        count += X509_STORE_add_crl(store, list) == 1;
        X509_CRL_free(list);
    }
    BIO_free(bio);
    if (!is_at_end() || count == 0) {
        return refuse(pem, "there is no PEM list of revoked certificates in it", out_error);
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

static enum galen_status load_trust(struct tls_context *context,
                                    const struct tls_context_options *options,
                                    struct error *out_error)
{
    const bool verifies = verify_mode(options) != SSL_VERIFY_NONE;
    SSL_CTX_set_verify(context->openssl, verify_mode(options), on_verify);
    SSL_CTX_set_verify_depth(context->openssl, LIMIT_TLS_CHAIN_DEPTH_MAX);
    if (!verifies) {
        return GALEN_OK;
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

/* What we speak */

/* Ours that comes first, of those that the client offers. */
static int on_protocols(SSL *session, const uint8_t **out_chosen, uint8_t *out_size,
                        const uint8_t *offered, unsigned offered_size, void *argument)
{
    const struct tls_context *context = argument;
    uint8_t *chosen = NULL;
    (void)session;
    if (SSL_select_next_proto(&chosen, out_size, context->protocols,
                              (unsigned)context->protocols_size, offered,
                              offered_size) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL; /* RFC 7301 section 3.2 */
    }
    *out_chosen = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static enum galen_status keep_protocols(struct tls_context *context,
                                        const char *const *protocols)
{
    size_t size = 0;
    context->protocols = malloc(ALPN_SIZE_MAX);
    if (context->protocols == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (; *protocols != NULL; protocols++) {
        const size_t name_size = strlen(*protocols);
        if (name_size == 0 || name_size >= ALPN_SIZE_MAX - size) {
            return GALEN_INVALID;
        }
        context->protocols[size] = (uint8_t)name_size;
        memcpy(context->protocols + size + 1, *protocols, name_size);
        size += name_size + 1;
    }
    context->protocols_size = size;
    return GALEN_OK;
}

static enum galen_status choose_protocols(struct tls_context *context,
                                          const char *const *protocols)
{
    if (protocols == NULL) {
        return GALEN_OK;
    }
    TRY(keep_protocols(context, protocols));
    if (context->is_server) {
        SSL_CTX_set_alpn_select_cb(context->openssl, on_protocols, context);
        return GALEN_OK;
    }
    return SSL_CTX_set_alpn_protos(context->openssl, context->protocols,
                                   (unsigned)context->protocols_size) == 0
               ? GALEN_OK
               : GALEN_NO_MEMORY;
}

static bool offers_13(SSL *session)
{
    const uint8_t *versions;
    size_t size;
    if (SSL_client_hello_get0_ext(session, TLSEXT_TYPE_supported_versions, &versions,
                                  &size) != 1) {
        return false;
    }
    for (size_t i = 1; i + 1 < size; i += 2) { /* behind the size of the list */
        if (versions[i] == TLS1_3_VERSION >> 8 &&
            versions[i + 1] == (TLS1_3_VERSION & 0xff)) {
            return true;
        }
    }
    return false;
}

/* Tickets of TLS 1.2 would tell its keys to who learns those of the tickets. */
static int on_client_hello(SSL *session, int *out_alert, void *argument)
{
    (void)out_alert, (void)argument;
    if (!offers_13(session)) {
        (void)SSL_set_options(session, SSL_OP_NO_TICKET);
    }
    return SSL_CLIENT_HELLO_SUCCESS;
}

static enum galen_status choose_tickets(struct tls_context *context)
{
    static const uint8_t name[] = "galen";
    (void)SSL_CTX_set_session_cache_mode(context->openssl, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_timeout(context->openssl, LIMIT_TLS_TICKET_SECONDS);
    SSL_CTX_set_client_hello_cb(context->openssl, on_client_hello, NULL);
    return SSL_CTX_set_num_tickets(context->openssl, 1) == 1 &&
                   SSL_CTX_set_session_id_context(context->openssl, name,
                                                  sizeof(name) - 1) == 1
               ? GALEN_OK
               : GALEN_INTERNAL;
}

static enum galen_status choose_suites(struct tls_context *context)
{
    SSL_CTX *openssl = context->openssl;
    SSL_CTX_set_security_level(openssl, SECURITY_LEVEL);
    (void)SSL_CTX_set_options(openssl, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                           SSL_OP_CIPHER_SERVER_PREFERENCE |
                                           SSL_OP_PRIORITIZE_CHACHA |
                                           SSL_OP_CLEANSE_PLAINTEXT);
    (void)SSL_CTX_clear_options(openssl, SSL_OP_LEGACY_SERVER_CONNECT |
                                             SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION);
    (void)SSL_CTX_set_mode(openssl, SSL_MODE_RELEASE_BUFFERS |
                                        SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return SSL_CTX_set_min_proto_version(openssl, TLS1_2_VERSION) == 1 &&
                   SSL_CTX_set_max_proto_version(openssl, TLS1_3_VERSION) == 1 &&
                   SSL_CTX_set_cipher_list(openssl, suites_12) == 1 &&
                   SSL_CTX_set_ciphersuites(openssl, suites_13) == 1 &&
                   SSL_CTX_set1_groups_list(openssl, groups) == 1
               ? GALEN_OK
               : GALEN_INTERNAL;
}

/* Life */

static enum galen_status fill(struct tls_context *context,
                              const struct tls_context_options *options,
                              struct error *out_error)
{
    context->openssl =
        SSL_CTX_new(options->is_server ? TLS_server_method() : TLS_client_method());
    if (context->openssl == NULL) {
        return GALEN_NO_MEMORY;
    }
    SSL_CTX_set_app_data(context->openssl, context);
    TRY(choose_suites(context));
    TRY(choose_tickets(context));
    TRY(choose_protocols(context, options->protocols));
    TRY(load_identity(context, options, out_error));
    return load_trust(context, options, out_error);
}

enum galen_status tls_context_create(const struct tls_context_options *options,
                                     struct tls_context **out_context,
                                     struct error *out_error)
{
    struct tls_context *context = calloc(1, sizeof(*context));
    if (context == NULL) {
        return GALEN_NO_MEMORY;
    }
    count_begin(&context->count);
    context->is_server = options->is_server;
    const enum galen_status status = fill(context, options, out_error);
    ERR_clear_error();
    if (status != GALEN_OK) {
        tls_context_unref(context);
        return status;
    }
    *out_context = context;
    return GALEN_OK;
}

struct tls_context *tls_context_ref(struct tls_context *context)
{
    count_more(&context->count);
    return context;
}

void tls_context_unref(struct tls_context *context)
{
    if (context != NULL && count_less(&context->count)) {
        SSL_CTX_free(context->openssl);
        tls_names_deinit(&context->allowed);
        free(context->protocols);
        free(context);
    }
}

int64_t tls_context_expires_s(const struct tls_context *context)
{
    return context->expires_s;
}
