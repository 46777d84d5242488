/* SPDX-License-Identifier: Apache-2.0 */
/* galen health: whether a running galen can answer, for who restarts it or sends it
 * requests: containers have no other program to ask with. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/errand.h"
#include "base/clock.h"
#include "service/settings.h"

enum {
    NOT_FOUND = 404,
    URL_SIZE = SETTINGS_HOST_SIZE + 32,
    REASON_SIZE_MAX = 400,
    TIMEOUT_S = 3
};

struct question {
    const char *url;    /* NULL: of this machine */
    const char *config; /* NULL: none */
    bool is_of_life;    /* whether it runs, not whether it is ready */
    struct tls_files tls;
    uint64_t timeout_s;
    struct settings settings;
    char own_url[URL_SIZE];
};

static const struct option options[] = {
    OPTION_TEXT("--config", struct question, config),
    OPTION_READ("--timeout", struct question, timeout_s, errand_take_timeout),
    ERRAND_TLS_OPTIONS(struct question),
    OPTION_FLAG("--live", struct question, is_of_life),
    OPERAND(struct question, url),
    {.name = NULL},
};

/* Where who listens on all addresses is found on its own machine. */
static const char *own_host(const char *host)
{
    const bool is_any = strcmp(host, "0.0.0.0") == 0;
    return is_any ? "127.0.0.1" : strcmp(host, "::") == 0 ? "::1" : host;
}

/* What we show to peers, where we have such a certificate; else what we show to clients. */
static void choose_certificate(struct question *question)
{
    const struct settings *settings = &question->settings;
    const bool has_own = settings->upstream_tls_certificate[0] != '\0';
    if (settings->listen_tls_client_certificate != SETTINGS_DEMAND_NONE &&
        question->tls.certificate == NULL) {
        question->tls.certificate =
            has_own ? settings->upstream_tls_certificate : settings->listen_tls_certificate;
        question->tls.key = has_own ? settings->upstream_tls_key : settings->listen_tls_key;
    }
}

static enum galen_status find_ourselves(struct question *question, struct error *out_error)
{
    struct settings *settings = &question->settings;
    settings_init(settings);
    if (question->config != NULL) {
        TRY(settings_read_file(settings, question->config, out_error));
    }
    TRY(settings_read_environment(settings, environ, out_error));
    const char *host = own_host(settings->listen_http.host);
    const bool has_colon = strchr(host, ':') != NULL;
    (void)snprintf(question->own_url, sizeof(question->own_url),
                   has_colon ? "http%s://[%s]:%u" : "http%s://%s:%u",
                   settings->listen_tls_certificate[0] != '\0' ? "s" : "", host,
                   settings->listen_http.port);
    choose_certificate(question);
    return GALEN_OK;
}

/* The answer is one line of JSON. */
static enum exit_code report(const char *url, const char *what,
                             const struct errand_answer *answer)
{
    const size_t size = blob_size(answer->body);
    const int shown = (int)(size < REASON_SIZE_MAX ? size : REASON_SIZE_MAX);
    const bool is_so = answer->http_status == 200;
    (void)fprintf(is_so ? stdout : stderr, "%s%s: is %s%s%s%.*s\n",
                  is_so ? "" : "galen: ", url, is_so ? "" : "not ", what,
                  shown > 0 ? ": " : "", shown, (const char *)blob_data(answer->body));
    return is_so ? EXIT_DONE : EXIT_FAILED;
}

static const char *what_of(const struct question *question)
{
    return question->is_of_life ? "live" : "ready";
}

/* On our own listener nobody else answers, and its certificate is made for other names
 * than that of loopback. */
static enum exit_code ask(const struct question *question, struct bytes target,
                          int *out_http_status)
{
    const bool is_own = question->url == NULL;
    const struct errand errand = {
        .url = is_own ? question->own_url : question->url,
        .tls = question->tls,
        .trusts_anybody = is_own,
        .method = HTTP_GET,
        .target = target,
        .timeout_ns = question->timeout_s * NS_PER_S,
    };
    struct errand_answer answer;
    struct error why = {.text = "out of memory"};
    if (errand_run(&errand, &answer, &why) != GALEN_OK) {
        (void)fprintf(stderr, "galen: %s\n", why.text);
        return EXIT_FAILED;
    }
    *out_http_status = answer.http_status;
    const enum exit_code code = answer.http_status == NOT_FOUND
                                    ? EXIT_FAILED
                                    : report(errand.url, what_of(question), &answer);
    blob_unref(answer.body);
    return code;
}

/* A gateway's own word is about all that it asks; other servers have that of v2 only. */
static enum exit_code ask_any(const struct question *question)
{
    int http_status = 0;
    const bool is_of_life = question->is_of_life;
    const enum exit_code code =
        ask(question, is_of_life ? BYTES("/healthz") : BYTES("/readyz"), &http_status);
    if (http_status != NOT_FOUND) {
        return code;
    }
    const enum exit_code code_of_v2 =
        ask(question, is_of_life ? BYTES("/v2/health/live") : BYTES("/v2/health/ready"),
            &http_status);
    if (http_status == NOT_FOUND) {
        (void)fprintf(stderr, "galen: %s: has nothing that says whether it is %s\n",
                      question->url == NULL ? question->own_url : question->url,
                      what_of(question));
    }
    return code_of_v2;
}

static enum exit_code run(int count, char **words)
{
    static struct question question; /* too large for a stack */
    struct error error = {.text = "out of memory"};
    question.timeout_s = TIMEOUT_S;
    if (!arguments_read(options, count, words, &question)) {
        return EXIT_USAGE;
    }
    if (question.url == NULL && find_ourselves(&question, &error) != GALEN_OK) {
        (void)fprintf(stderr, "galen: %s\n", error.text);
        return EXIT_FAILED;
    }
    return ask_any(&question);
}

const struct command health_command = {
    .name = "health",
    .summary = "asks a running galen whether it is ready, and says why not",
    .help = "Usage: galen health [OPTION]... [URL]\n\n"
            "Asks a running galen (gateway, preprocess, engine, or any v2 server) whether "
            "it is ready.\nWithout URL it is the one on this machine whose listen.http "
            "--config or the environment\n(GALEN_LISTEN_HTTP) say: 127.0.0.1:8000 "
            "otherwise. Whose certificate that has is not\nasked then; where it wants to "
            "see one, it is that of upstream.tls, else of listen.tls.\n\n"
            "  --config FILE    the configuration of the galen on this machine\n"
            "  --timeout S      seconds to wait for the answer; 3\n" ERRAND_TLS_HELP
            "  --live           whether it runs and answers, ready or not\n"
            "  --help           prints this, and ends\n\n"
            "Exit codes: 0 ready, 1 not ready, unreachable or not to be asked with this "
            "configuration,\n2 wrong usage. One line says which, and why.\n",
    .run = run,
};
