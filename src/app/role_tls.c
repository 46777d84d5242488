/* SPDX-License-Identifier: Apache-2.0 */
#include "app/role_tls.h"

#include "base/clock.h"
#include "base/log.h"
#include "net/tls_files.h"

enum { LOOK_MS = 1000, RENEW_HOURS = 12 };

static const uint64_t renew_ns = (uint64_t)RENEW_HOURS * 3600 * NS_PER_S;

static enum tls_demand demand_of(const struct settings *settings)
{
    static const enum tls_demand demands[] = {
        [SETTINGS_DEMAND_NONE] = TLS_DEMAND_NONE,
        [SETTINGS_DEMAND_ASK] = TLS_DEMAND_ASK,
        [SETTINGS_DEMAND_REQUIRE] = TLS_DEMAND_REQUIRE,
    };
    return demands[settings->listen_tls_client_certificate];
}

static struct tls_files files_of(const struct role_tls *tls,
                                 const struct role_tls_side *side)
{
    const struct settings *settings = tls->settings;
    return side == &tls->listen
               ? (struct tls_files){.certificate = settings->listen_tls_certificate,
                                    .key = settings->listen_tls_key,
                                    .authorities = settings->listen_tls_client_ca,
                                    .revoked = settings->listen_tls_client_crl}
               : (struct tls_files){.certificate = settings->upstream_tls_certificate,
                                    .key = settings->upstream_tls_key,
                                    .authorities = settings->upstream_tls_ca};
}

/* Protocols as ALPN names them. */
static const char *const *protocols_of(const struct role_tls *tls,
                                       const struct role_tls_side *side)
{
    static const char *const both[] = {"h2", "http/1.1", NULL};
    return side == &tls->listen && tls->settings->listen_http2 ? both : both + 1;
}

static enum galen_status load(const struct role_tls *tls, const struct role_tls_side *side,
                              struct tls_context **out_context, struct error *out_error)
{
    const struct tls_files files = files_of(tls, side);
    const struct tls_context_options options = {
        .is_server = side == &tls->listen,
        .demand = demand_of(tls->settings),
        .allowed_names =
            side == &tls->listen ? tls->settings->listen_tls_client_names : NULL,
        .protocols = protocols_of(tls, side),
    };
    return tls_files_load(&files, &options, out_context, out_error);
}

static enum galen_status read_side(struct role_tls *tls, struct role_tls_side *side,
                                   struct error *out_error)
{
    const struct tls_files files = files_of(tls, side);
    struct tls_context *context = NULL;
    side->stamp = tls_files_stamp(&files); /* before: a later change is seen as one */
    side->read_ns = clock_monotonic_ns();
    TRY(load(tls, side, &context, out_error));
    atomic_store(&side->expires_s, tls_context_expires_s(context));
    tls_source_swap(&side->source, context);
    log_event(LOG_INFO, "tls.loaded", LOG_STR("side", side->name),
              LOG_INT("expires_s", atomic_load(&side->expires_s)));
    return GALEN_OK;
}

static enum galen_status open_side(struct role_tls *tls, struct role_tls_side *side,
                                   const char *name, bool is_used, struct error *out_error)
{
    side->name = name;
    side->is_used = is_used;
    tls_source_init(&side->source, NULL);
    if (!is_used) {
        return GALEN_OK;
    }
    struct error why = {.text = "out of memory"};
    const enum galen_status status = read_side(tls, side, &why);
    return status == GALEN_OK ? GALEN_OK
                              : error_set(out_error, status, "%s.tls: %s", name, why.text);
}

static bool is_https(const char *url)
{
    return strncmp(url, "https://", strlen("https://")) == 0;
}

static bool is_any_secure(const struct settings_peers *peers)
{
    bool is_any = false;
    for (size_t i = 0; i < peers->count; i++) {
        is_any |= peers->peers[i].is_secure;
    }
    return is_any;
}

static bool asks_securely(const struct settings *settings)
{
    bool is_any = is_any_secure(&settings->engine) ||
                  is_any_secure(settings_preprocess_of_images(settings)) ||
                  is_any_secure(settings_preprocess_of_others(settings));
    for (size_t i = 0; i < settings->engine_set_count; i++) {
        is_any |= is_any_secure(&settings->engine_sets[i].peers);
    }
    return is_any || is_https(settings->auth_issuer) || is_https(settings->auth_jwks);
}

enum galen_status role_tls_open(struct role_tls *tls, const struct settings *settings,
                                struct error *out_error)
{
    tls->settings = settings;
    TRY(open_side(tls, &tls->listen, "listen", settings->listen_tls_certificate[0] != '\0',
                  out_error));
    return open_side(tls, &tls->upstream, "upstream", asks_securely(settings), out_error);
}

void role_tls_close(struct role_tls *tls)
{
    if (tls->listen.name != NULL) {
        tls_source_deinit(&tls->listen.source);
    }
    if (tls->upstream.name != NULL) {
        tls_source_deinit(&tls->upstream.source);
    }
}

/* Reading it again */

static void read_again(struct role_tls *tls, struct role_tls_side *side)
{
    struct error why = {.text = "out of memory"};
    if (side->is_used && read_side(tls, side, &why) != GALEN_OK) {
        log_event(LOG_ERROR, "tls.kept", LOG_STR("side", side->name),
                  LOG_STR("why", why.text));
    }
}

void role_tls_reload(struct role_tls *tls)
{
    read_again(tls, &tls->listen);
    read_again(tls, &tls->upstream);
}

static void look_at(struct role_tls *tls, struct role_tls_side *side)
{
    const struct tls_files files = files_of(tls, side);
    if (side->is_used && (tls_files_stamp(&files) != side->stamp ||
                          clock_monotonic_ns() - side->read_ns > renew_ns)) {
        read_again(tls, side);
    }
}

static void on_look(uv_timer_t *timer)
{
    struct role_tls *tls = timer->data;
    look_at(tls, &tls->listen);
    look_at(tls, &tls->upstream);
}

void role_tls_watch(struct role_tls *tls, uv_loop_t *uv)
{
    tls->timer.data = tls;
    (void)uv_timer_init(uv, &tls->timer);
    if (tls->listen.is_used || tls->upstream.is_used) {
        (void)uv_timer_start(&tls->timer, on_look, LOOK_MS, LOOK_MS);
    }
    uv_unref((uv_handle_t *)&tls->timer);
}

void role_tls_unwatch(struct role_tls *tls)
{
    uv_close((uv_handle_t *)&tls->timer, NULL);
}

/* What comes to nothing is counted, and one a second is logged: whoever can connect could
 * fill the disk otherwise. */
static bool note_refusal(struct role_tls_side *side)
{
    const uint64_t now_ns = clock_monotonic_ns();
    uint64_t next_ns = atomic_load(&side->next_log_ns);
    atomic_fetch_add(&side->refused_count, 1);
    return now_ns >= next_ns &&
           atomic_compare_exchange_strong(&side->next_log_ns, &next_ns, now_ns + NS_PER_S);
}

static void on_client_refused(void *context, const struct error *why)
{
    struct role_tls_side *side = context;
    if (note_refusal(side)) {
        log_event(LOG_WARN, "tls.client_refused", LOG_STR("why", why->text),
                  LOG_INT("refused", atomic_load(&side->refused_count)));
    }
}

static void on_peer_refused(void *context, const char *peer, const struct error *why)
{
    struct role_tls_side *side = context;
    if (note_refusal(side)) {
        log_event(LOG_ERROR, "tls.peer_refused", LOG_STR("peer", peer),
                  LOG_STR("why", why->text),
                  LOG_INT("refused", atomic_load(&side->refused_count)));
    }
}

struct http_server_tls role_tls_of_server(struct role_tls *tls)
{
    return (struct http_server_tls){
        .source = tls->listen.is_used ? &tls->listen.source : NULL,
        .handshake_timeout_ms = (uint32_t)tls->settings->limits_handshake_timeout_ms,
        .context = &tls->listen,
        .refused = on_client_refused,
    };
}

struct http_client_tls role_tls_upstream(struct role_tls *tls)
{
    return (struct http_client_tls){
        .source = &tls->upstream.source,
        .context = &tls->upstream,
        .refused = on_peer_refused,
    };
}

struct http_client_tls role_tls_of_client(struct role_tls *tls,
                                          const struct settings_peer *peer)
{
    return peer->is_secure ? role_tls_upstream(tls)
                           : (struct http_client_tls){.source = NULL};
}
