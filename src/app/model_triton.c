/* SPDX-License-Identifier: Apache-2.0 */
#include "app/model_triton.h"

#include <stdio.h>

#include "app/errand.h"
#include "base/clock.h"
#include "base/limits.h"
#include "codec/url.h"

enum {
    LOAD_TIMEOUT_S = 600,
    UNLOAD_TIMEOUT_S = 30,
    URL_SIZE = 512,
    REASON_SIZE_BYTES_MAX = 400
};

struct fleet {
    const struct settings *settings;
    const char *model;
    const struct release_state *wanted;
    uint64_t timeout_s;
};

/* GALEN_UNAVAILABLE: it cannot be asked. */
static enum galen_status ask(const struct fleet *fleet, const char *url,
                             enum http_method method, struct bytes target,
                             struct errand_answer *out_answer, struct error *out_error)
{
    const struct settings *settings = fleet->settings;
    const struct errand errand = {
        .url = url,
        .tls = {.certificate = settings->upstream_tls_certificate,
                .key = settings->upstream_tls_key,
                .authorities = settings->upstream_tls_ca},
        .method = method,
        .target = target,
        .timeout_ns = fleet->timeout_s * NS_PER_S,
    };
    const enum galen_status status = errand_run(&errand, out_answer, out_error);
    return status == GALEN_OK || status == GALEN_INVALID ? status : GALEN_UNAVAILABLE;
}

static enum galen_status check_done(const char *url, const char *action,
                                    const struct errand_answer *answer,
                                    struct error *out_error)
{
    const size_t size = blob_size(answer->body);
    const int shown = (int)(size < REASON_SIZE_BYTES_MAX ? size : REASON_SIZE_BYTES_MAX);
    return answer->http_status == 200
               ? GALEN_OK
               : error_set(out_error, GALEN_UNAVAILABLE, "%s: refuses to %s, with %d: %.*s",
                           url, action, answer->http_status, shown,
                           (const char *)blob_data(answer->body));
}

/* action: "load" or "unload". */
static enum galen_status tell(const struct fleet *fleet, const char *url,
                              const char *action, struct error *out_error)
{
    struct writer target;
    struct errand_answer answer = {0, NULL};
    writer_init(&target, LIMIT_URL_SIZE_BYTES_MAX);
    writer_put_string(&target, "/v2/repository/models/");
    url_encode(bytes_from_string(fleet->model), &target);
    writer_put_byte(&target, '/');
    writer_put_string(&target, action);
    enum galen_status status =
        ask(fleet, url, HTTP_POST, writer_bytes(&target), &answer, out_error);
    if (status == GALEN_OK) {
        status = check_done(url, action, &answer, out_error);
    }
    blob_unref(answer.body);
    writer_deinit(&target);
    return status;
}

static bool is_ready(const struct fleet *fleet, const char *url, uint64_t version)
{
    struct writer target;
    struct errand_answer answer = {0, NULL};
    struct error ignored;
    writer_init(&target, LIMIT_URL_SIZE_BYTES_MAX);
    writer_put_string(&target, "/v2/models/");
    url_encode(bytes_from_string(fleet->model), &target);
    writer_put_string(&target, "/versions/");
    writer_put_u64(&target, version);
    writer_put_string(&target, "/ready");
    (void)!ask(fleet, url, HTTP_GET, writer_bytes(&target), &answer, &ignored);
    blob_unref(answer.body);
    writer_deinit(&target);
    return answer.http_status == 200;
}

static bool has_all(const struct fleet *fleet, const char *url)
{
    for (size_t i = 0; i < fleet->wanted->tag_count; i++) {
        if (!is_ready(fleet, url, fleet->wanted->tags[i].version)) {
            return false;
        }
    }
    return true;
}

static enum galen_status next_url(struct bytes *rest, char out_url[URL_SIZE],
                                  struct error *out_error)
{
    struct bytes name;
    *rest = bytes_split(*rest, ',', &name);
    name = bytes_trim(name);
    if (name.size >= URL_SIZE) {
        return error_set(out_error, GALEN_INVALID,
                         "models.triton: a URL of more than %d bytes", URL_SIZE - 1);
    }
    (void)snprintf(out_url, URL_SIZE, "%.*s", BYTES_PRINT(name));
    return GALEN_OK;
}

/* One after another: with the first that refuses it ends. Loads stop a Triton's answers on
 * some of its connections, so who needs none is spared it. */
static enum galen_status load_all(const struct fleet *fleet, bool is_told,
                                  struct error *out_error)
{
    struct bytes rest = bytes_from_string(fleet->settings->models_triton);
    while (rest.size > 0) {
        char url[URL_SIZE];
        TRY(next_url(&rest, url, out_error));
        if (is_told || !has_all(fleet, url)) {
            TRY(tell(fleet, url, "load", out_error));
        }
    }
    return GALEN_OK;
}

/* Each of them, whatever becomes of the others. */
static enum galen_status unload_all(const struct fleet *fleet, struct error *out_error)
{
    enum galen_status first = GALEN_OK;
    struct bytes rest = bytes_from_string(fleet->settings->models_triton);
    while (rest.size > 0) {
        char url[URL_SIZE];
        struct error why = {"", ""};
        TRY(next_url(&rest, url, out_error));
        const enum galen_status status = tell(fleet, url, "unload", &why);
        if (status != GALEN_OK && first == GALEN_OK) {
            first =
                error_set(out_error, status, "%s is disabled, and may be loaded still: %s",
                          fleet->model, why.text);
        }
    }
    return first;
}

static enum galen_status widen(const struct fleet *fleet, struct release *release,
                               struct error *out_error)
{
    bool is_told = false;
    struct error ignored;
    TRY(release_widen_policy(release, &is_told, out_error));
    const enum galen_status status = load_all(fleet, is_told, out_error);
    if (status != GALEN_OK &&
        release_narrow_policy(release, &is_told, &ignored) == GALEN_OK && is_told) {
        (void)!load_all(fleet, is_told, &ignored);
    }
    return status;
}

enum galen_status model_triton_prepare(const struct settings *settings, const char *model,
                                       struct release *release, struct error *out_error)
{
    const struct release_state *after = &release_planned(release)->after;
    const struct fleet fleet = {settings, model, after, LOAD_TIMEOUT_S};
    return settings->models_triton[0] == '\0' || after->is_disabled
               ? GALEN_OK
               : widen(&fleet, release, out_error);
}

static enum galen_status narrow(const struct fleet *fleet, struct release *release,
                                struct error *out_error)
{
    bool is_told = false;
    TRY(release_narrow_policy(release, &is_told, out_error));
    return is_told ? load_all(fleet, is_told, out_error) : GALEN_OK;
}

/* Others make no release meanwhile, so that nobody enables what is about to be unloaded. */
enum galen_status model_triton_settle(const struct settings *settings, const char *model,
                                      uint64_t number, struct error *out_error)
{
    scoped(release) release = NULL;
    struct fleet fleet = {settings, model, NULL, LOAD_TIMEOUT_S};
    if (settings->models_triton[0] == '\0') {
        return GALEN_OK;
    }
    const enum galen_status status =
        release_open(settings->repository, model, number, &release, out_error);
    if (status != GALEN_OK) {
        return status == GALEN_BUSY ? GALEN_OK : status;
    }
    if (!release_standing(release)->state.is_disabled) {
        return narrow(&fleet, release, out_error);
    }
    fleet.timeout_s = UNLOAD_TIMEOUT_S;
    return unload_all(&fleet, out_error);
}
