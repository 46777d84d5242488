/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls_session.h"

#include <pthread.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/invariant.h"
#include "net/tls_context_impl.h"

struct tls_session {
    struct tls_context *context;
    SSL *openssl;
    struct bytes input; /* that is still to be read */
    uint8_t *output;
    size_t output_size;
    size_t output_capacity;
    struct tls_peer peer;
    struct tls_names names;
    const char *failure; /* static texts */
    const char *detail;
};

/* The BIO: OpenSSL's view of the lent bytes, without a copy of its own */

static int read_input(BIO *bio, char *place, size_t size, size_t *out_size)
{
    struct tls_session *session = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (session->input.size == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    const size_t taken = size < session->input.size ? size : session->input.size;
    memcpy(place, session->input.data, taken);
    session->input = bytes_from(session->input, taken);
    *out_size = taken;
    return 1;
}

static int write_output(BIO *bio, const char *bytes, size_t size, size_t *out_size)
{
    struct tls_session *session = BIO_get_data(bio);
    const size_t room = session->output_capacity - session->output_size;
    BIO_clear_retry_flags(bio);
    if (room == 0 && size > 0) {
        BIO_set_retry_write(bio);
        return 0;
    }
    const size_t taken = size < room ? size : room;
    memcpy(session->output + session->output_size, bytes, taken);
    session->output_size += taken;
    *out_size = taken;
    return 1;
}

static long control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static int begin(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

static BIO_METHOD *lent_bytes; /* for the process's life; NULL: no memory */

static void make_method(void)
{
    BIO_METHOD *method =
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "lent bytes");
    if (method != NULL) {
        (void)BIO_meth_set_read_ex(method, read_input);
        (void)BIO_meth_set_write_ex(method, write_output);
        (void)BIO_meth_set_ctrl(method, control);
        (void)BIO_meth_set_create(method, begin);
    }
    lent_bytes = method;
}

static BIO *open_bio(struct tls_session *session)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, make_method);
    BIO *bio = lent_bytes == NULL ? NULL : BIO_new(lent_bytes);
    if (bio != NULL) {
        BIO_set_data(bio, session);
    }
    return bio;
}

/* Life */

/* By its subject alternative names only (RFC 9525). */
static enum galen_status expect_name(SSL *openssl, const char *name)
{
    X509_VERIFY_PARAM *parameters = SSL_get0_param(openssl);
    if (X509_VERIFY_PARAM_set1_ip_asc(parameters, name) == 1) {
        return GALEN_OK;
    }
    SSL_set_hostflags(openssl, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
                                   X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return name[0] != '\0' && SSL_set1_host(openssl, name) == 1 &&
                   SSL_set_tlsext_host_name(openssl, (char *)(uintptr_t)name) == 1
               ? GALEN_OK
               : GALEN_INVALID;
}

static enum galen_status open_openssl(struct tls_session *session, const char *name)
{
    session->openssl = SSL_new(session->context->openssl);
    BIO *bio = session->openssl == NULL ? NULL : open_bio(session);
    if (bio == NULL) {
        return GALEN_NO_MEMORY;
    }
    SSL_set_bio(session->openssl, bio, bio);
    if (session->context->is_server) {
        SSL_set_accept_state(session->openssl);
        return GALEN_OK;
    }
    SSL_set_connect_state(session->openssl);
    return name == NULL ? GALEN_INVALID : expect_name(session->openssl, name);
}

enum galen_status tls_session_create(struct tls_context *context, const char *name,
                                     struct tls_session **out_session)
{
    struct tls_session *session = malloc(sizeof(*session));
    if (session == NULL) {
        return GALEN_NO_MEMORY;
    }
    *session = (struct tls_session){.context = tls_context_ref(context)};
    ERR_clear_error();
    const enum galen_status status = open_openssl(session, name);
    ERR_clear_error();
    if (status != GALEN_OK) {
        tls_session_destroy(session);
        return status;
    }
    *out_session = session;
    return GALEN_OK;
}

void tls_session_destroy(struct tls_session *session)
{
    if (session != NULL) {
        SSL_free(session->openssl);
        tls_names_deinit(&session->names);
        tls_context_unref(session->context);
        free(session);
    }
}

bool tls_session_is_server(const struct tls_session *session)
{
    return session->context->is_server;
}

void tls_session_lend_input(struct tls_session *session, struct bytes input)
{
    INVARIANT(session->input.size == 0);
    session->input = input;
}

void tls_session_lend_output(struct tls_session *session, uint8_t *output, size_t capacity)
{
    session->output = output;
    session->output_size = 0;
    session->output_capacity = capacity;
}

struct bytes tls_session_output(const struct tls_session *session)
{
    return bytes_of(session->output, session->output_size);
}

/* Failures */

static enum tls_result fail(struct tls_session *session, const char *failure,
                            const char *detail)
{
    session->failure = failure;
    session->detail = detail;
    session->input = BYTES_NONE;
    ERR_clear_error();
    return TLS_FAILED;
}

static const char *why_unverified(const SSL *openssl)
{
    const long result = SSL_get_verify_result(openssl);
    if (result == X509_V_ERR_APPLICATION_VERIFICATION) {
        return "it has none of the names that are allowed";
    }
    return result == X509_V_OK ? NULL : X509_verify_cert_error_string(result);
}

static enum tls_result fail_by_queue(struct tls_session *session)
{
    const unsigned long first = ERR_peek_error();
    const char *reason = ERR_reason_error_string(first);
    const bool is_unverified = ERR_GET_LIB(first) == ERR_LIB_SSL &&
                               ERR_GET_REASON(first) == SSL_R_CERTIFICATE_VERIFY_FAILED;
    return fail(session, reason == NULL ? "the connection broke" : reason,
                is_unverified ? why_unverified(session->openssl) : NULL);
}

static enum tls_result result_of(struct tls_session *session, int returned)
{
    switch (SSL_get_error(session->openssl, returned)) {
    case SSL_ERROR_NONE:
        return TLS_DONE;
    case SSL_ERROR_WANT_READ:
        return TLS_MORE;
    case SSL_ERROR_WANT_WRITE:
        return TLS_FULL;
    case SSL_ERROR_ZERO_RETURN:
        return TLS_ENDED;
    default:
        return fail_by_queue(session);
    }
}

/* Handshake */

static enum tls_result learn_peer(struct tls_session *session)
{
    const SSL *openssl = session->openssl;
    struct tls_peer *peer = &session->peer;
    const X509 *certificate = SSL_get0_peer_certificate(openssl);
    peer->protocol = SSL_get_version(openssl);
    peer->cipher = SSL_get_cipher_name(openssl);
    if (certificate == NULL) {
        return TLS_DONE;
    }
    unsigned size = 0;
    if (SSL_get_verify_result(openssl) != X509_V_OK ||
        X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) {
        return fail(session,
                    "the certificate of the resumed session does not hold any more", NULL);
    }
    if (X509_digest(certificate, EVP_sha256(), peer->sha256, &size) != 1 ||
        size != TLS_DIGEST_SIZE ||
        tls_names_read(certificate, &session->names) != GALEN_OK) {
        return fail(session, "the peer's certificate cannot be read", NULL);
    }
    peer->names = session->names.names;
    peer->name_count = session->names.count;
    peer->has_certificate = true;
    return TLS_DONE;
}

enum tls_result tls_session_handshake(struct tls_session *session)
{
    if (session->failure != NULL) {
        return TLS_FAILED;
    }
    ERR_clear_error();
    const int returned = SSL_do_handshake(session->openssl);
    if (returned == 1) {
        return session->peer.protocol != NULL ? TLS_DONE : learn_peer(session);
    }
    const enum tls_result result = result_of(session, returned);
    return result == TLS_ENDED
               ? fail(session, "the peer ended before the handshake did", NULL)
               : result;
}

/* Bytes */

enum tls_result tls_session_read(struct tls_session *session, uint8_t *place, size_t size,
                                 size_t *out_size)
{
    if (session->failure != NULL) {
        return TLS_FAILED;
    }
    ERR_clear_error();
    return result_of(session, SSL_read_ex(session->openssl, place, size, out_size));
}

enum tls_result tls_session_write(struct tls_session *session, struct bytes plain)
{
    size_t size = 0;
    INVARIANT(plain.size <= TLS_RECORD_SIZE_MAX);
    if (session->failure != NULL) {
        return TLS_FAILED;
    }
    ERR_clear_error();
    const enum tls_result result =
        result_of(session, SSL_write_ex(session->openssl, plain.data, plain.size, &size));
    INVARIANT(result != TLS_DONE || size == plain.size);
    return result;
}

void tls_session_end(struct tls_session *session)
{
    if (session->failure == NULL && session->peer.protocol != NULL &&
        (SSL_get_shutdown(session->openssl) & SSL_SENT_SHUTDOWN) == 0) {
        ERR_clear_error();
        (void)SSL_shutdown(session->openssl);
        ERR_clear_error();
    }
}

const struct tls_peer *tls_session_peer(const struct tls_session *session)
{
    return &session->peer;
}

struct bytes tls_session_protocol(const struct tls_session *session)
{
    const uint8_t *name = NULL;
    unsigned size = 0;
    SSL_get0_alpn_selected(session->openssl, &name, &size);
    return bytes_of(name, size);
}

void tls_session_explain(const struct tls_session *session, struct error *out_error)
{
    const char *failure = session->failure == NULL ? "nothing" : session->failure;
    if (session->detail == NULL) {
        error_write(out_error, "%s", failure);
    } else {
        error_write(out_error, "%s: %s", failure, session->detail);
    }
}
