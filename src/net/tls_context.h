/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What TLS connections of one kind have in common: our certificate, by whom peers have to
 * be certified, and what we speak. Immutable and counted: a connection keeps the one it
 * began with, so that certificates are renewed beneath connections that live on.
 *
 * TLS 1.2 and 1.3 (RFC 5246, RFC 8446), ECDHE with AEAD only, no renegotiation, no
 * compression, no early data. TLS 1.2 sessions are never resumed; those of TLS 1.3 are, by
 * tickets for LIMIT_TLS_TICKET_SECONDS with a fresh key exchange, whose keys are the
 * context's own and die with it.
 *
 * Threads: any. Blocking: never. Allocation: OpenSSL's.
 */
#pragma once

#include "base/cleanup.h"
#include "base/error.h"

struct tls_context;

enum tls_demand {
    TLS_DEMAND_NONE,    /* clients are not asked for a certificate */
    TLS_DEMAND_ASK,     /* one that they show has to be good */
    TLS_DEMAND_REQUIRE, /* and they have to show one */
};

/* A PEM text and what errors call it: the file's name. NULL: there is none. */
struct tls_pem {
    const char *name;
    struct bytes text;
};

struct tls_context_options {
    bool is_server;
    struct tls_pem certificate; /* and its chain behind it; a server needs one */
    struct tls_pem key;         /* without a passphrase */
    struct tls_pem authorities; /* who certifies peers; none: as the system has it */
    bool trusts_anybody;       /* a client, whatever certificate it is shown: it has to know
                                  by other means who answers, and tells no secret */
    struct tls_pem revoked;    /* lists (RFC 5280 section 5) of those authorities */
    enum tls_demand demand;    /* of a server */
    const char *allowed_names; /* of clients: DNS names and URIs with commas between them,
                                  one of which has to be theirs; "" or NULL: any */
    const char *const
        *protocols; /* ALPN (RFC 7301), preferred first, NULL behind; or NULL */
};

/* Borrows all for the call. GALEN_INVALID: the error names the file and what is wrong with
 * it (no certificate, not that of the key, expired, too weak, …), and never what is in it;
 * GALEN_NO_MEMORY. */
MUST_USE enum galen_status tls_context_create(const struct tls_context_options *options,
                                              struct tls_context **out_context,
                                              struct error *out_error);
struct tls_context *tls_context_ref(struct tls_context *context);
void tls_context_unref(struct tls_context *context); /* NULL is allowed */
DEFINE_SCOPED(tls_context, tls_context_unref)

/* When our certificate ends, in Unix seconds; 0: there is none. */
int64_t tls_context_expires_s(const struct tls_context *context);
