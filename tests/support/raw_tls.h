/* SPDX-License-Identifier: Apache-2.0 */
/* TLS for raw_client.h where RAW_CLIENT_TLS is defined: the same tests, with records on the
 * wire. The handshake is made on the way, by whatever is sent or awaited first. */
#pragma once

#include "certificates.h"

#include <errno.h>
#include <fcntl.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/bytes.h"
#include "net/tls_source.h"

/* One server for the whole program, and a client that believes everybody. */
struct raw_tls {
    struct certificate certificate;
    struct tls_source source;
    struct tls_source trust; /* for a client of ours */
    SSL_CTX *client;
    SSL_CTX *server;
};

static struct raw_tls raw_tls;

static inline struct tls_source *raw_tls_source(void)
{
    struct tls_context *context = NULL;
    struct error error;
    if (raw_tls.client != NULL) {
        return &raw_tls.source;
    }
    certificate_make(&raw_tls.certificate,
                     &(struct certificate_options){.names = "IP:127.0.0.1,DNS:localhost"});
    const struct tls_context_options options = {
        .is_server = true,
        .certificate = pem_of("server.pem", raw_tls.certificate.pem),
        .key = pem_of("server.key", raw_tls.certificate.key_pem),
    };
    EXPECT_OK(tls_context_create(&options, &context, &error));
    tls_source_init(&raw_tls.source, context);
    raw_tls.client = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(raw_tls.client,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return &raw_tls.source;
}

/* Of those that believe that server. */
static inline struct tls_source *raw_tls_trust(void)
{
    struct tls_context *context = NULL;
    struct error error;
    if (raw_tls.server != NULL) {
        return &raw_tls.trust;
    }
    (void)raw_tls_source();
    const struct tls_context_options options = {
        .authorities = pem_of("ca.pem", raw_tls.certificate.pem)};
    EXPECT_OK(tls_context_create(&options, &context, &error));
    tls_source_init(&raw_tls.trust, context);
    raw_tls.server = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate(raw_tls.server, raw_tls.certificate.x509), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(raw_tls.server, raw_tls.certificate.key), 1);
    return &raw_tls.trust;
}

static inline SSL *raw_tls_open(int descriptor, bool is_server)
{
    SSL *tls = SSL_new(is_server ? raw_tls.server : raw_tls.client);
    assert_non_null(tls);
    assert_int_equal(fcntl(descriptor, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(SSL_set_fd(tls, descriptor), 1);
    if (is_server) {
        SSL_set_accept_state(tls);
    } else {
        SSL_set_connect_state(tls);
    }
    return tls;
}

/* As send() and recv() do: a size, 0 at the end, -1 and errno. */
static inline ssize_t raw_tls_result(SSL *tls, int returned)
{
    const int error = SSL_get_error(tls, returned);
    ERR_clear_error();
    if (returned > 0) {
        return returned;
    }
    if (error == SSL_ERROR_ZERO_RETURN) {
        return 0;
    }
    errno =
        error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : ECONNRESET;
    return -1;
}

static inline ssize_t raw_tls_send(SSL *tls, struct bytes bytes)
{
    ERR_clear_error();
    return bytes.size == 0
               ? 0
               : raw_tls_result(tls, SSL_write(tls, bytes.data, (int)bytes.size));
}

static inline ssize_t raw_tls_receive(SSL *tls, void *place, size_t size)
{
    ERR_clear_error();
    return raw_tls_result(tls, SSL_read(tls, place, (int)size));
}
