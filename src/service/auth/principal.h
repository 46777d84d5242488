/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who asks, as far as a token or a certificate has shown it. Immutable and counted: the
 * request holds it, and so may a cache of verified tokens.
 *
 * Threads: any. Allocation: one block, wiped with the last reference.
 */
#pragma once

#include "base/cleanup.h"
#include "base/phi.h"
#include "base/status.h"
#include "crypto/sha256.h"

enum principal_kind {
    PRINCIPAL_ANONYMOUS, /* nobody was asked: on loopback, without an issuer */
    PRINCIPAL_TOKEN,
    PRINCIPAL_CERTIFICATE, /* of the TLS connection, by a rule of the configuration */
};

struct principal {
    enum principal_kind kind;
    struct bytes subject;
    struct bytes client_id;
    struct bytes issuer;   /* of the token; empty for a certificate */
    struct bytes token_id; /* jti: in logs and records only as a keyed hash */
    struct phi patient;    /* the claim of SMART App Launch; empty: none */
    int64_t expires_s;     /* Unix; of a token */
    const struct bytes *scopes;
    size_t scope_count;
    bool is_bound; /* the token is good over this certificate's connections only */
    uint8_t certificate_sha256[SHA256_SIZE]; /* where it is bound (RFC 8705 section 3.1) */
};

/* A copy of all that about and its bytes say. Gives one reference. GALEN_NO_MEMORY. */
MUST_USE enum galen_status principal_create(const struct principal *about,
                                            struct principal **out_principal);
struct principal *principal_ref(struct principal *principal); /* returns its argument */
void principal_unref(struct principal *principal);            /* NULL is allowed */
DEFINE_SCOPED(principal, principal_unref)

/* What one takes of memory. */
size_t principal_size_bytes(const struct principal *principal);

/* Whether one of its scopes covers this one (scope.h). Who is anonymous may do everything
 * but administer: not what begins with `models:`, except `models:read`, or with
 * `audit:`, and no `breakglass`. */
bool principal_may(const struct principal *principal, struct bytes scope);
