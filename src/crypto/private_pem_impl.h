/* SPDX-License-Identifier: Apache-2.0 */
/* A private key as PEM, for the modules of this folder that keep one. PKCS #8 (RFC 5958),
 * not encrypted. */
#pragma once

#include "base/writer.h"

struct evp_pkey_st; /* OpenSSL's EVP_PKEY */

/* NULL: there is none in it, or it is encrypted: nobody is asked for a password. The
 * caller's to free. */
struct evp_pkey_st *private_pem_read(struct bytes pem);

/* What it is made in is wiped. GALEN_INTERNAL, or the writer's status. */
MUST_USE enum galen_status private_pem_write(struct evp_pkey_st *key, struct writer *out);
