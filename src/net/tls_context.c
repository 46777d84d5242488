/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls_context.h"

#include <stdlib.h>

#include <openssl/err.h>

#include "base/count.h"
#include "base/limits.h"
#include "net/tls_context_impl.h"

enum { ALPN_SIZE_MAX = 255, SECURITY_LEVEL = 2 };

/* RFC 9325 section 4.2: with (EC)DHE and AEAD; no finite-field DHE, which is slow and rare.
 */
static const char suites_12[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                                "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                                "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
static const char suites_13[] = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
                                "TLS_CHACHA20_POLY1305_SHA256";
static char groups[] = "X25519:P-256:P-384";

/* What we speak */

/* Ours that comes first, of those that the client offers. */
static int on_protocols(SSL *session, const uint8_t **out_chosen, uint8_t *out_size,
                        const uint8_t *offered, unsigned offered_size, void *argument)
{
    const struct tls_context *context = argument;
    uint8_t *chosen = NULL;
    (void)session;
    if (SSL_select_next_proto(&chosen, out_size, context->protocols,
                              (unsigned)context->protocols_size, offered,
                              offered_size) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL; /* RFC 7301 section 3.2 */
    }
    *out_chosen = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static enum galen_status keep_protocols(struct tls_context *context,
                                        const char *const *protocols)
{
    size_t size = 0;
    context->protocols = malloc(ALPN_SIZE_MAX);
    if (context->protocols == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (; *protocols != NULL; protocols++) {
        const size_t name_size = strlen(*protocols);
        if (name_size == 0 || name_size >= ALPN_SIZE_MAX - size) {
            return GALEN_INVALID;
        }
        context->protocols[size] = (uint8_t)name_size;
        memcpy(context->protocols + size + 1, *protocols, name_size);
        size += name_size + 1;
    }
    context->protocols_size = size;
    return GALEN_OK;
}

static enum galen_status choose_protocols(struct tls_context *context,
                                          const char *const *protocols)
{
    if (protocols == NULL) {
        return GALEN_OK;
    }
    TRY(keep_protocols(context, protocols));
    if (context->is_server) {
        SSL_CTX_set_alpn_select_cb(context->openssl, on_protocols, context);
        return GALEN_OK;
    }
    return SSL_CTX_set_alpn_protos(context->openssl, context->protocols,
                                   (unsigned)context->protocols_size) == 0
               ? GALEN_OK
               : GALEN_NO_MEMORY;
}

static bool offers_13(SSL *session)
{
    const uint8_t *versions;
    size_t size;
    if (SSL_client_hello_get0_ext(session, TLSEXT_TYPE_supported_versions, &versions,
                                  &size) != 1) {
        return false;
    }
    for (size_t i = 1; i + 1 < size; i += 2) { /* behind the size of the list */
        if (versions[i] == TLS1_3_VERSION >> 8 &&
            versions[i + 1] == (TLS1_3_VERSION & 0xff)) {
            return true;
        }
    }
    return false;
}

/* Tickets of TLS 1.2 would tell its keys to who learns those of the tickets. */
static int on_client_hello(SSL *session, int *out_alert, void *argument)
{
    (void)out_alert, (void)argument;
    if (!offers_13(session)) {
        (void)SSL_set_options(session, SSL_OP_NO_TICKET);
    }
    return SSL_CLIENT_HELLO_SUCCESS;
}

static enum galen_status choose_tickets(struct tls_context *context)
{
    static const uint8_t name[] = "galen";
    (void)SSL_CTX_set_session_cache_mode(context->openssl, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_timeout(context->openssl, LIMIT_TLS_TICKET_SECONDS);
    SSL_CTX_set_client_hello_cb(context->openssl, on_client_hello, NULL);
    return SSL_CTX_set_num_tickets(context->openssl, 1) == 1 &&
                   SSL_CTX_set_session_id_context(context->openssl, name,
                                                  sizeof(name) - 1) == 1
               ? GALEN_OK
               : GALEN_INTERNAL;
}

static enum galen_status choose_suites(struct tls_context *context)
{
    SSL_CTX *openssl = context->openssl;
    SSL_CTX_set_security_level(openssl, SECURITY_LEVEL);
    (void)SSL_CTX_set_options(openssl, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                           SSL_OP_CIPHER_SERVER_PREFERENCE |
                                           SSL_OP_PRIORITIZE_CHACHA |
                                           SSL_OP_CLEANSE_PLAINTEXT);
    (void)SSL_CTX_clear_options(openssl, SSL_OP_LEGACY_SERVER_CONNECT |
                                             SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION);
    (void)SSL_CTX_set_mode(openssl, SSL_MODE_RELEASE_BUFFERS |
                                        SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return SSL_CTX_set_min_proto_version(openssl, TLS1_2_VERSION) == 1 &&
                   SSL_CTX_set_max_proto_version(openssl, TLS1_3_VERSION) == 1 &&
                   SSL_CTX_set_cipher_list(openssl, suites_12) == 1 &&
                   SSL_CTX_set_ciphersuites(openssl, suites_13) == 1 &&
                   SSL_CTX_set1_groups_list(openssl, groups) == 1
               ? GALEN_OK
               : GALEN_INTERNAL;
}

/* Life */

static enum galen_status fill(struct tls_context *context,
                              const struct tls_context_options *options,
                              struct error *out_error)
{
    context->openssl =
        SSL_CTX_new(options->is_server ? TLS_server_method() : TLS_client_method());
    if (context->openssl == NULL) {
        return GALEN_NO_MEMORY;
    }
    SSL_CTX_set_app_data(context->openssl, context);
    TRY(choose_suites(context));
    TRY(choose_tickets(context));
    TRY(choose_protocols(context, options->protocols));
    TRY(tls_context_load_identity(context, options, out_error));
    return tls_context_load_trust(context, options, out_error);
}

enum galen_status tls_context_create(const struct tls_context_options *options,
                                     struct tls_context **out_context,
                                     struct error *out_error)
{
    struct tls_context *context = calloc(1, sizeof(*context));
    if (context == NULL) {
        return GALEN_NO_MEMORY;
    }
    count_begin(&context->count);
    context->is_server = options->is_server;
    const enum galen_status status = fill(context, options, out_error);
    ERR_clear_error();
    if (status != GALEN_OK) {
        tls_context_unref(context);
        return status;
    }
    *out_context = context;
    return GALEN_OK;
}

struct tls_context *tls_context_ref(struct tls_context *context)
{
    count_more(&context->count);
    return context;
}

void tls_context_unref(struct tls_context *context)
{
    if (context != NULL && count_less(&context->count)) {
        SSL_CTX_free(context->openssl);
        tls_names_deinit(&context->allowed);
        free(context->protocols);
        free(context);
    }
}

int64_t tls_context_expires_s(const struct tls_context *context)
{
    return context->expires_s;
}
