/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The subject alternative names of certificates, read with limits, and the lists that they
 * are held against.
 *
 * Threads: any. Allocation: one block.
 */
#pragma once

#include <openssl/x509.h>

#include "base/error.h"
#include "net/tls_peer.h"

/* A copy of names, in one block. A zeroed one is empty. */
struct tls_names {
    struct tls_name *names;
    size_t count;
};

/* The DNS names, URIs and mail addresses of a certificate. GALEN_TOO_LARGE: more or larger
 * ones than the limits allow; GALEN_INVALID: one is no text; GALEN_NO_MEMORY. */
MUST_USE enum galen_status tls_names_read(const X509 *certificate,
                                          struct tls_names *out_names);

/* Of a list with commas between: what has "://" in it is a URI, the rest are DNS names.
 * Empty ones are left out. GALEN_TOO_LARGE, GALEN_INVALID: one is no text; GALEN_NO_MEMORY.
 */
MUST_USE enum galen_status tls_names_parse(struct bytes list, struct tls_names *out_names);

/* Whether they have a name in common: DNS names without regard to case, URIs byte for
 * byte. */
bool tls_names_meet(const struct tls_names *one, const struct tls_names *other);
void tls_names_deinit(struct tls_names *names);
