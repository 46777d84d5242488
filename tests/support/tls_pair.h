/* SPDX-License-Identifier: Apache-2.0 */
/* A peer by bare OpenSSL with memory around it, which may be as wrong as a test wants; and
 * records carried between it and a session of ours. */
#pragma once

#include "certificates.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "net/tls_session.h"

enum { TLS_PAIR_OUTPUT_SIZE = 65536 };

struct bare_peer {
    SSL_CTX *context;
    SSL *openssl;
    bool is_done;
    unsigned long failure; /* of OpenSSL; 0: none */
};

/* Trusts everybody until told otherwise. */
static inline void bare_peer_open(struct bare_peer *peer, bool is_server)
{
    *peer = (struct bare_peer){
        .context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method())};
    assert_non_null(peer->context);
    SSL_CTX_set_security_level(peer->context, 0);
}

static inline void bare_peer_show(struct bare_peer *peer,
                                  const struct certificate *certificate)
{
    assert_int_equal(SSL_CTX_use_certificate(peer->context, certificate->x509), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(peer->context, certificate->key), 1);
}

static inline void bare_peer_begin(struct bare_peer *peer)
{
    BIO *input = BIO_new(BIO_s_mem());
    BIO *output = BIO_new(BIO_s_mem());
    peer->openssl = SSL_new(peer->context);
    assert_non_null(peer->openssl);
    (void)BIO_set_mem_eof_return(input, -1);
    (void)BIO_set_mem_eof_return(output, -1);
    SSL_set_bio(peer->openssl, input, output);
    if (SSL_is_server(peer->openssl)) {
        SSL_set_accept_state(peer->openssl);
    } else {
        SSL_set_connect_state(peer->openssl);
    }
}

static inline void bare_peer_close(struct bare_peer *peer)
{
    SSL_free(peer->openssl);
    SSL_CTX_free(peer->context);
    *peer = (struct bare_peer){.context = NULL};
}

static inline void bare_peer_note(struct bare_peer *peer, int returned)
{
    const int error = SSL_get_error(peer->openssl, returned);
    if (error == SSL_ERROR_SSL && peer->failure == 0) {
        peer->failure = ERR_peek_error();
    }
    ERR_clear_error();
}

static inline void bare_peer_step(struct bare_peer *peer)
{
    ERR_clear_error();
    if (!peer->is_done && peer->failure == 0) {
        const int returned = SSL_do_handshake(peer->openssl);
        peer->is_done = returned == 1;
        bare_peer_note(peer, returned);
    }
}

static inline void bare_peer_put(struct bare_peer *peer, struct bytes bytes)
{
    if (bytes.size > 0) {
        assert_int_equal(
            BIO_write(SSL_get_rbio(peer->openssl), bytes.data, (int)bytes.size),
            (int)bytes.size);
    }
}

static inline struct bytes bare_peer_take(struct bare_peer *peer, uint8_t *buffer,
                                          size_t size)
{
    const int taken = BIO_read(SSL_get_wbio(peer->openssl), buffer, (int)size);
    return bytes_of(buffer, taken < 0 ? 0 : (size_t)taken);
}

/* What it reads until it would wait, with a NUL behind. */
static inline size_t bare_peer_read(struct bare_peer *peer, char *out_text, size_t size)
{
    size_t total = 0;
    int returned;
    ERR_clear_error();
    while ((returned = SSL_read(peer->openssl, out_text + total, (int)(size - 1 - total))) >
           0) {
        total += (size_t)returned;
    }
    bare_peer_note(peer, returned);
    out_text[total] = '\0';
    return total;
}
