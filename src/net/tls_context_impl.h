/* SPDX-License-Identifier: Apache-2.0 */
/* What a session takes from its context, and the parts that make one. */
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

/* Parts of tls_context_create, with its statuses. */
MUST_USE enum galen_status
tls_context_load_identity(struct tls_context *context,
                          const struct tls_context_options *options,
                          struct error *out_error);
MUST_USE enum galen_status tls_context_load_trust(struct tls_context *context,
                                                  const struct tls_context_options *options,
                                                  struct error *out_error);
