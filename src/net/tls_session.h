/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One TLS connection without its socket: records in, records out, plain bytes on the other
 * side. The owner lends what has come and a place for what has to leave, calls, and sends
 * what lies there then, also after a failure: the peer is told why.
 *
 * Threads: one owner. Allocation: OpenSSL's, and a block for the names of a certificate.
 */
#pragma once

#include "net/tls_context.h"
#include "net/tls_peer.h"

struct tls_session;

enum tls_result {
    TLS_DONE,
    TLS_MORE,   /* goes on when more has come */
    TLS_FULL,   /* goes on when there is room for what has to leave */
    TLS_ENDED,  /* close_notify: the peer will send no more */
    TLS_FAILED, /* for good; tls_session_explain says why */
};

/* A record's plain bytes (RFC 8446 section 5.1), and room for it with what TLS adds. */
#define TLS_RECORD_SIZE_MAX 16384u
#define TLS_OUTPUT_SIZE_MIN (TLS_RECORD_SIZE_MAX + 1024u)

/* Takes a reference to the context. name: whom a client has to find at the other end (a
 * DNS name, which it also asks for (SNI), or a numeric address), borrowed; NULL: a
 * server's. GALEN_NO_MEMORY; GALEN_INVALID: that is no name. */
MUST_USE enum galen_status tls_session_create(struct tls_context *context, const char *name,
                                              struct tls_session **out_session);
void tls_session_destroy(struct tls_session *session); /* NULL is allowed */
DEFINE_SCOPED(tls_session, tls_session_destroy)

bool tls_session_is_server(const struct tls_session *session);

/* What has come since; borrowed until it was used up, which a call that wants more says. */
void tls_session_lend_input(struct tls_session *session, struct bytes input);

/* Where to put what has to leave, TLS_OUTPUT_SIZE_MIN at least; what an earlier place holds
 * is forgotten. */
void tls_session_lend_output(struct tls_session *session, uint8_t *output, size_t capacity);
struct bytes tls_session_output(const struct tls_session *session);

/* TLS_DONE once both sides have agreed. */
enum tls_result tls_session_handshake(struct tls_session *session);

/* TLS_DONE: some came, no more than size. */
enum tls_result tls_session_read(struct tls_session *session, uint8_t *place, size_t size,
                                 size_t *out_size);

/* One record of plain bytes, TLS_RECORD_SIZE_MAX at most: wholly with TLS_DONE, else
 * nothing of it. The output has to be empty. */
enum tls_result tls_session_write(struct tls_session *session, struct bytes plain);

/* Says that we will send no more, once. */
void tls_session_end(struct tls_session *session);

/* Who that is; from the end of the handshake on, while the session lives. */
const struct tls_peer *tls_session_peer(const struct tls_session *session);

/* What was agreed on by ALPN; empty: nothing. */
struct bytes tls_session_protocol(const struct tls_session *session);

/* In words of OpenSSL and ours: no name, no content. */
void tls_session_explain(const struct tls_session *session, struct error *out_error);
