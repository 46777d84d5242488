/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PEM texts as OpenSSL reads them, with what is wrong in words. For tls_context.c and its
 * parts only.
 *
 * Threads: any.
 */
#pragma once

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "net/tls_context.h"

/* GALEN_INVALID: the file, and why; or why in OpenSSL's words. */
enum galen_status tls_pem_refuse(const struct tls_pem *pem, const char *why,
                                 struct error *out_error);
enum galen_status tls_pem_refuse_by_reason(const struct tls_pem *pem,
                                           struct error *out_error);

/* A pem_password_cb: nobody is there to type one. */
int tls_pem_no_passphrase(char *buffer, int size, int is_writing, void *context);

/* NULL: too large, or no memory. The caller frees it. */
BIO *tls_pem_open(const struct tls_pem *pem);

/* Whether reading ended because no more was there, and not over something malformed. */
bool tls_pem_is_at_end(void);

/* All certificates of a text, one at least; to be dropped. GALEN_INVALID, GALEN_NO_MEMORY.
 */
MUST_USE enum galen_status tls_pem_certificates(const struct tls_pem *pem,
                                                STACK_OF(X509) * *out_certificates,
                                                struct error *out_error);
void tls_pem_drop(STACK_OF(X509) * certificates);
