/* SPDX-License-Identifier: Apache-2.0 */
#include "app/role_tls.h"

#include "base/clock.h"
#include "base/log.h"

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

static enum galen_status read_side(struct role_tls_side *side, struct error *out_error)
{
    struct tls_context *context = NULL;
    side->stamp = tls_files_stamp(&side->files); /* before: a later change is seen as one */
    side->read_ns = clock_monotonic_ns();
    TRY(tls_files_load(&side->files, &side->options, &context, out_error));
    atomic_store(&side->expires_s, tls_context_expires_s(context));
    tls_source_swap(&side->source, context);
    log_event(LOG_INFO, "tls.loaded", LOG_STR("side", side->name),
              LOG_INT("expires_s", atomic_load(&side->expires_s)));
    return GALEN_OK;
}

static enum galen_status open_side(struct role_tls_side *side, const char *setting,
                                   struct error *out_error)
{
    if (!side->is_used) {
        return GALEN_OK;
    }
    struct error why = {.text = "out of memory"};
    const enum galen_status status = read_side(side, &why);
    return status == GALEN_OK ? GALEN_OK
                              : error_set(out_error, status, "%s: %s", setting, why.text);
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

static bool asks_peers_securely(const struct settings *settings)
{
    bool is_any = is_any_secure(&settings->engine) ||
                  is_any_secure(settings_preprocess_of_images(settings)) ||
                  is_any_secure(settings_preprocess_of_others(settings));
    for (size_t i = 0; i < settings->engine_set_count; i++) {
        is_any |= is_any_secure(&settings->engine_sets[i].peers);
    }
    return is_any;
}

/* Protocols as ALPN names them. */
static const char *const *protocols_of(bool has_http2)
{
    static const char *const both[] = {"h2", "http/1.1", NULL};
    return has_http2 ? both : both + 1;
}

static struct role_tls_side listen_of(const struct settings *settings)
{
    return (struct role_tls_side){
        .name = "listen",
        .files = {.certificate = settings->listen_tls_certificate,
                  .key = settings->listen_tls_key,
                  .authorities = settings->listen_tls_client_ca,
                  .revoked = settings->listen_tls_client_crl},
        .options = {.is_server = true,
                    .demand = demand_of(settings),
                    .allowed_names = settings->listen_tls_client_names,
                    .protocols = protocols_of(settings->listen_http2)},
        .is_used = settings->listen_tls_certificate[0] != '\0',
    };
}

static struct role_tls_side upstream_of(const struct settings *settings)
{
    return (struct role_tls_side){
        .name = "upstream",
        .files = {.certificate = settings->upstream_tls_certificate,
                  .key = settings->upstream_tls_key,
                  .authorities = settings->upstream_tls_ca},
        .options.protocols = protocols_of(false),
        .is_used = asks_peers_securely(settings),
    };
}

static struct role_tls_side issuer_of(const struct settings *settings)
{
    return (struct role_tls_side){
        .name = "issuer",
        .files.authorities = settings->auth_issuer_ca,
        .options.protocols = protocols_of(false),
        .is_used = is_https(settings->auth_issuer) || is_https(settings->auth_jwks),
    };
}

enum galen_status role_tls_open(struct role_tls *tls, const struct settings *settings,
                                struct error *out_error)
{
    tls->settings = settings;
    tls->sides[ROLE_TLS_LISTEN] = listen_of(settings);
    tls->sides[ROLE_TLS_UPSTREAM] = upstream_of(settings);
    tls->sides[ROLE_TLS_ISSUER] = issuer_of(settings);
    for (size_t i = 0; i < ROLE_TLS_SIDE_COUNT; i++) {
        tls_source_init(&tls->sides[i].source, NULL);
    }
    TRY(open_side(&tls->sides[ROLE_TLS_LISTEN], "listen.tls", out_error));
    TRY(open_side(&tls->sides[ROLE_TLS_UPSTREAM], "upstream.tls", out_error));
    return open_side(&tls->sides[ROLE_TLS_ISSUER], "auth.issuer_ca", out_error);
}

void role_tls_close(struct role_tls *tls)
{
    for (size_t i = 0; i < ROLE_TLS_SIDE_COUNT && tls->settings != NULL; i++) {
        tls_source_deinit(&tls->sides[i].source);
    }
}

/* Reading it again */

static void read_again(struct role_tls_side *side)
{
    struct error why = {.text = "out of memory"};
    if (side->is_used && read_side(side, &why) != GALEN_OK) {
        log_event(LOG_ERROR, "tls.kept", LOG_STR("side", side->name),
                  LOG_STR("why", why.text));
    }
}

void role_tls_reload(struct role_tls *tls)
{
    for (size_t i = 0; i < ROLE_TLS_SIDE_COUNT; i++) {
        read_again(&tls->sides[i]);
    }
}

static void look_at(struct role_tls_side *side)
{
    if (side->is_used && (tls_files_stamp(&side->files) != side->stamp ||
                          clock_monotonic_ns() - side->read_ns > renew_ns)) {
        read_again(side);
    }
}

static void on_look(uv_timer_t *timer)
{
    struct role_tls *tls = timer->data;
    for (size_t i = 0; i < ROLE_TLS_SIDE_COUNT; i++) {
        look_at(&tls->sides[i]);
    }
}

bool role_tls_is_used(const struct role_tls *tls)
{
    bool is_any = false;
    for (size_t i = 0; i < ROLE_TLS_SIDE_COUNT; i++) {
        is_any |= tls->sides[i].is_used;
    }
    return is_any;
}

void role_tls_watch(struct role_tls *tls, uv_loop_t *uv)
{
    tls->timer.data = tls;
    (void)uv_timer_init(uv, &tls->timer);
    if (role_tls_is_used(tls)) {
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
    struct role_tls_side *side = &tls->sides[ROLE_TLS_LISTEN];
    return (struct http_server_tls){
        .source = side->is_used ? &side->source : NULL,
        .handshake_timeout_ms = (uint32_t)tls->settings->limits_handshake_timeout_ms,
        .context = side,
        .refused = on_client_refused,
    };
}

static struct http_client_tls ask_by(struct role_tls_side *side)
{
    return (struct http_client_tls){
        .source = &side->source,
        .context = side,
        .refused = on_peer_refused,
    };
}

struct http_client_tls role_tls_of_issuer(struct role_tls *tls)
{
    return ask_by(&tls->sides[ROLE_TLS_ISSUER]);
}

struct http_client_tls role_tls_of_client(struct role_tls *tls,
                                          const struct settings_peer *peer)
{
    return peer->is_secure ? ask_by(&tls->sides[ROLE_TLS_UPSTREAM])
                           : (struct http_client_tls){.source = NULL};
}
