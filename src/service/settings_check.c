/* SPDX-License-Identifier: Apache-2.0 */
/* What single settings cannot tell. */
#include <arpa/inet.h>

#include "service/settings.h"

static bool is_loopback(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, host, &v4) == 1) {
        return (ntohl(v4.s_addr) >> 24) == IN_LOOPBACKNET;
    }
    return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

static enum galen_status check_pair(const char *certificate, const char *key,
                                    const char *section, struct error *out_error)
{
    return (certificate[0] == '\0') == (key[0] == '\0')
               ? GALEN_OK
               : error_set(out_error, GALEN_INVALID,
                           "%s.certificate and %s.key belong together", section, section);
}

static enum galen_status check_tls(const struct settings *settings, struct error *out_error)
{
    const bool asks = settings->listen_tls_client_certificate != SETTINGS_DEMAND_NONE;
    const bool has_authority = settings->listen_tls_client_ca[0] != '\0';
    TRY(check_pair(settings->listen_tls_certificate, settings->listen_tls_key, "listen.tls",
                   out_error));
    TRY(check_pair(settings->upstream_tls_certificate, settings->upstream_tls_key,
                   "upstream.tls", out_error));
    if (asks && settings->listen_tls_certificate[0] == '\0') {
        return error_set(out_error, GALEN_INVALID,
                         "listen.tls.client_certificate: needs listen.tls.certificate");
    }
    if (asks != has_authority) {
        return error_set(out_error, GALEN_INVALID,
                         "listen.tls.client_ca and listen.tls.client_certificate (ask or "
                         "require) belong together");
    }
    return asks || (settings->listen_tls_client_names[0] == '\0' &&
                    settings->listen_tls_client_crl[0] == '\0')
               ? GALEN_OK
               : error_set(out_error, GALEN_INVALID,
                           "listen.tls.client_names and listen.tls.client_crl: need "
                           "listen.tls.client_ca");
}

/* Of an address that others reach: who comes has to be known, and nobody else hears. */
static enum galen_status check_open(const struct settings *settings,
                                    struct error *out_error)
{
    const bool wants_certificates =
        settings->listen_tls_client_certificate == SETTINGS_DEMAND_REQUIRE;
    if (settings->mode == SETTINGS_MODE_DEMO) {
        return GALEN_OK;
    }
    if (settings->auth_issuer[0] == '\0' && !wants_certificates) {
        return error_set(out_error, GALEN_INVALID,
                         "listen.http: is not a loopback address: set auth.issuer, so that "
                         "callers are known by their tokens, or "
                         "listen.tls.client_certificate to require; or listen on "
                         "127.0.0.1");
    }
    return settings->listen_tls_certificate[0] != '\0' || settings->listen_tls_elsewhere
               ? GALEN_OK
               : error_set(out_error, GALEN_INVALID,
                           "listen.http: is not a loopback address: set "
                           "listen.tls.certificate, so that tokens and answers are not "
                           "heard, or listen.tls.elsewhere where somebody in front of us "
                           "speaks TLS");
}

static const struct settings_peers *or_any(const struct settings *settings,
                                           const struct settings_peers *peers)
{
    return peers->is_local || peers->count > 0 ? peers : &settings->preprocess;
}

const struct settings_peers *settings_preprocess_of_images(const struct settings *settings)
{
    return or_any(settings, &settings->preprocess_image);
}

const struct settings_peers *settings_preprocess_of_others(const struct settings *settings)
{
    return or_any(settings, &settings->preprocess_text);
}

static enum galen_status check_preprocess(const struct settings *settings,
                                          struct error *out_error)
{
    const bool is_of_others = settings_preprocess_of_others(settings)->is_local;
    return settings_preprocess_of_images(settings)->is_local == is_of_others
               ? GALEN_OK
               : error_set(out_error, GALEN_INVALID,
                           "preprocess.%s: is local, and the other of text and image is "
                           "not: both are, or neither",
                           is_of_others ? "text" : "image");
}

enum galen_status settings_check(const struct settings *settings, struct error *out_error)
{
    if (!is_loopback(settings->listen_admin.host)) {
        return error_set(out_error, GALEN_INVALID,
                         "listen.admin: is not a loopback address: who reaches it manages "
                         "models; listen on 127.0.0.1");
    }
    TRY(check_tls(settings, out_error));
    TRY(check_preprocess(settings, out_error));
    return settings_are_local(settings) ? GALEN_OK : check_open(settings, out_error);
}

bool settings_are_local(const struct settings *settings)
{
    return is_loopback(settings->listen_http.host);
}
