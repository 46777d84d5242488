/* SPDX-License-Identifier: Apache-2.0 */
/* What a session takes from its context, and the ways of OpenSSL that both share. */
#pragma once

#include <openssl/ssl.h>

#include "net/tls_context.h"
#include "net/tls_names.h"

struct tls_context {
    _Atomic size_t count;
    SSL_CTX *openssl;
    bool is_server;
    int64_t expires_s;
    struct tls_names allowed; /* empty: any */
    uint8_t *protocols;       /* as ALPN writes them: each behind its size */
    size_t protocols_size;
};
