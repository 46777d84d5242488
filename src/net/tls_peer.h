/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is at the other end of a TLS connection: what a verified certificate says of it.
 * Plain data, and nothing of OpenSSL, so that who decides by it needs neither.
 *
 * Threads: immutable, of the connection's loop, and gone with the connection.
 */
#pragma once

#include "base/bytes.h"

#define TLS_DIGEST_SIZE 32u

enum tls_name_type {
    TLS_NAME_DNS,   /* RFC 5280 section 4.2.1.6: dNSName */
    TLS_NAME_URI,   /* uniformResourceIdentifier, such as spiffe://… */
    TLS_NAME_EMAIL, /* rfc822Name */
};

/* A subject alternative name; others than these types are left out. */
struct tls_name {
    enum tls_name_type type;
    struct bytes text; /* printable ASCII, never empty; a NUL is behind it */
};

struct tls_peer {
    bool has_certificate;            /* it was asked for, shown and verified */
    uint8_t sha256[TLS_DIGEST_SIZE]; /* of its DER: x5t#S256 of RFC 8705 */
    const struct tls_name *names;    /* LIMIT_TLS_NAME_COUNT_MAX at most */
    size_t name_count;
    const char *protocol; /* "TLSv1.3", for ever */
    const char *cipher;   /* "TLS_AES_256_GCM_SHA384", for ever */
};
