/* SPDX-License-Identifier: Apache-2.0 */
/* galen token serve: an issuer on this machine. */
#include "app/token_serve.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "app/token.h"
#include "base/list.h"
#include "base/log.h"
#include "service/auth/discovery.h"

enum {
    SIGNAL_COUNT = 3,
    BASE_SIZE = 64,
    HOST_SIZE = 48,
    LISTEN_SIZE = 96,
    CONNECTION_COUNT_MAX = 256,
    TIMEOUT_MS = 10000,
    MAX_AGE_S_DEFAULT = 300,
};

struct server {
    struct token_issuer issuer;
    const char *listen;
    char host[HOST_SIZE];
    uint16_t port;
    char base[BASE_SIZE];
    struct loop *loop;
    struct http_server *http;
    uv_signal_t signals[SIGNAL_COUNT];
    struct task drained;
    struct task closed;
    bool is_draining;
};

/* Options */

static const struct option options[] = {
    OPTION_TEXT("--key", struct server, issuer.folder),
    OPTION_TEXT("--listen", struct server, listen),
    OPTION_TEXT("--issuer", struct server, issuer.issuer),
    OPTION_TEXT("--audience", struct server, issuer.audience),
    OPTION_TEXT("--clients", struct server, issuer.clients_file),
    OPTION_READ("--lifetime", struct server, issuer.lifetime_s, token_take_duration),
    OPTION_READ("--max-age", struct server, issuer.max_age_s, token_take_duration),
    {.name = NULL},
};

/* host:port, on this machine; port 0 takes any. */
static bool read_listen(struct server *server)
{
    char text[LISTEN_SIZE];
    struct web_url url;
    const size_t length = strlen(server->listen);
    const bool takes_any = length > 2 && strcmp(server->listen + length - 2, ":0") == 0;
    (void)snprintf(text, sizeof(text), "http://%.*s",
                   (int)(takes_any ? length - 2 : length), server->listen);
    if (web_url_parse(bytes_from_string(text), &url, NULL) != GALEN_OK ||
        url.path.size > 0 || url.query.size > 0 || url.host.size >= sizeof(server->host)) {
        (void)token_complain(server->listen, "is no address and port: 127.0.0.1:9000");
        return false;
    }
    if (!web_url_is_loopback(&url) || bytes_equal_string(url.host, "localhost")) {
        (void)token_complain(server->listen,
                             "is not 127.x.x.x or [::1]: a development issuer is for its "
                             "own machine only");
        return false;
    }
    (void)snprintf(server->host, sizeof(server->host), "%.*s", BYTES_PRINT(url.host));
    server->port = takes_any ? 0 : url.port;
    return true;
}

static bool check_issuer(const struct server *server)
{
    struct web_url url;
    struct error error;
    if (server->issuer.issuer == NULL ||
        discovery_read_issuer(bytes_from_string(server->issuer.issuer), &url, &error) ==
            GALEN_OK) {
        return true;
    }
    (void)token_complain("--issuer", error.text);
    return false;
}

static bool read_options(int count, char **words, struct server *server)
{
    if (!arguments_read(options, count, words, server)) {
        return false;
    }
    if (server->issuer.folder == NULL) {
        (void)token_complain("--key", "is needed: a folder of galen token keygen");
        return false;
    }
    return read_listen(server) && check_issuer(server);
}

/* Signals */

static void on_closed(struct task *task)
{
    struct server *server = LIST_ITEM(task, struct server, closed);
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        uv_close((uv_handle_t *)&server->signals[i], NULL);
    }
    loop_stop(server->loop);
}

static void on_drained(struct task *task)
{
    struct server *server = LIST_ITEM(task, struct server, drained);
    http_server_close(server->http, &server->closed);
}

static void on_end(uv_signal_t *handle, int number)
{
    struct server *server = handle->data;
    (void)number;
    if (!server->is_draining) {
        server->is_draining = true;
        http_server_drain(server->http, &server->drained);
    }
}

static void on_reload(uv_signal_t *handle, int number)
{
    struct server *server = handle->data;
    struct error error = {"", ""};
    (void)number;
    if (token_issuer_read(&server->issuer, &error) == GALEN_OK) {
        log_event(LOG_INFO, "issuer.reloaded", LOG_STR("folder", server->issuer.folder));
    } else {
        log_event(LOG_ERROR, "issuer.reload_failed", LOG_STR("reason", error.text));
    }
}

static void watch_signals(struct server *server)
{
    static const struct {
        int number;
        uv_signal_cb run;
    } signals[SIGNAL_COUNT] = {{SIGTERM, on_end}, {SIGINT, on_end}, {SIGHUP, on_reload}};
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        server->signals[i].data = server;
        (void)uv_signal_init(loop_uv(server->loop), &server->signals[i]);
        (void)uv_signal_start(&server->signals[i], signals[i].run, signals[i].number);
    }
}

/* Life */

static enum galen_status open_server(struct server *server, struct error *out_error)
{
    const struct http_server_options http = {
        .address = server->host,
        .port = server->port,
        .connection_count_max = CONNECTION_COUNT_MAX,
        .header_timeout_ms = TIMEOUT_MS,
        .body_timeout_ms = TIMEOUT_MS,
        .idle_timeout_ms = TIMEOUT_MS,
        .write_timeout_ms = TIMEOUT_MS,
    };
    const struct http_handler handler = token_issuer_handler(&server->issuer);
    TRY(token_issuer_read(&server->issuer, out_error));
    TRY(loop_create(&server->loop));
    return http_server_open(server->loop, &http, &handler, &server->http, out_error);
}

static void name_itself(struct server *server)
{
    const bool has_colon = strchr(server->host, ':') != NULL;
    (void)snprintf(server->base, sizeof(server->base),
                   has_colon ? "http://[%s]:%u" : "http://%s:%u", server->host,
                   (unsigned)http_server_port(server->http));
    server->issuer.base = server->base;
    if (server->issuer.issuer == NULL) {
        server->issuer.issuer = server->base;
    }
    (void)printf("galen token serve answers on %s\n"
                 "DEVELOPMENT ISSUER: not for patients' data.\n",
                 server->base);
    (void)fflush(stdout);
}

static void serve(struct server *server)
{
    server->drained.run = on_drained;
    server->closed.run = on_closed;
    watch_signals(server);
    name_itself(server);
    loop_run(server->loop);
}

static enum exit_code run(int count, char **words)
{
    struct server server = {.issuer = {.audience = "galen",
                                       .lifetime_s = TOKEN_LIFETIME_S_DEFAULT,
                                       .max_age_s = MAX_AGE_S_DEFAULT},
                            .listen = "127.0.0.1:9000"};
    struct error error = {"", ""};
    if (!read_options(count, words, &server)) {
        return EXIT_USAGE;
    }
    const enum galen_status status = open_server(&server, &error);
    if (status == GALEN_OK) {
        serve(&server);
    }
    loop_destroy(server.loop);
    token_issuer_deinit(&server.issuer);
    return status == GALEN_OK ? EXIT_DONE : token_fail(status, &error);
}

const struct token_command token_serve_command = {
    .name = "serve",
    .help =
        "Usage: galen token serve --key FOLDER [OPTION]...\n\n"
        "An issuer for development, on this machine only and without TLS: discovery\n"
        "(/.well-known/openid-configuration, /.well-known/oauth-authorization-server),\n"
        "the key set (/jwks), and POST /token for client_credentials (RFC 6749). SIGHUP\n"
        "has it read keys and clients again: galen token keygen --rotate, then SIGHUP,\n"
        "is a rotation.\n\n"
        "  --key FOLDER      of galen token keygen\n"
        "  --listen ADDRESS  127.0.0.1:9000; port 0 takes any that is free\n"
        "  --issuer URL      what it calls itself; http:// and the address otherwise\n"
        "  --audience NAME   aud of its tokens; galen\n"
        "  --clients FILE    a line a client: ID SECRET [SCOPE]...; without it nobody\n"
        "                    gets a token here\n"
        "  --lifetime TIME   of its tokens; 15m\n"
        "  --max-age TIME    how long its key set may be kept; 5m\n\n"
        "Exit codes: 0 ended by a signal, 1 failed, 2 wrong usage, or files that are not\n"
        "usable.\n",
    .run = run,
};
