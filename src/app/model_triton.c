/* SPDX-License-Identifier: Apache-2.0 */
#include "app/model_triton.h"

#include <stdio.h>
#include <unistd.h>

#include "app/errand.h"
#include "base/clock.h"
#include "base/limits.h"
#include "codec/url.h"

enum { LOAD_TIMEOUT_S = 600, URL_SIZE = 512, REASON_SIZE_BYTES_MAX = 400 };

struct fleet {
    const struct settings *settings;
    const char *model;
    const struct release_state *wanted;
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
        .timeout_ns = LOAD_TIMEOUT_S * NS_PER_S,
    };
    const enum galen_status status = errand_run(&errand, out_answer, out_error);
    return status == GALEN_OK || status == GALEN_INVALID ? status : GALEN_UNAVAILABLE;
}

static enum galen_status check_loaded(const char *url, const struct errand_answer *answer,
                                      struct error *out_error)
{
    const size_t size = blob_size(answer->body);
    const int shown = (int)(size < REASON_SIZE_BYTES_MAX ? size : REASON_SIZE_BYTES_MAX);
    return answer->http_status == 200
               ? GALEN_OK
               : error_set(out_error, GALEN_UNAVAILABLE,
                           "%s: refuses to load, with %d: %.*s", url, answer->http_status,
                           shown, (const char *)blob_data(answer->body));
}

static enum galen_status load(const struct fleet *fleet, const char *url,
                              struct error *out_error)
{
    struct writer target;
    struct errand_answer answer = {0, NULL};
    writer_init(&target, LIMIT_URL_SIZE_BYTES_MAX);
    writer_put_string(&target, "/v2/repository/models/");
    url_encode(bytes_from_string(fleet->model), &target);
    writer_put_string(&target, "/load");
    enum galen_status status =
        ask(fleet, url, HTTP_POST, writer_bytes(&target), &answer, out_error);
    if (status == GALEN_OK) {
        status = check_loaded(url, &answer, out_error);
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

/* One after another: with the first that refuses it ends. Loads stop a Triton's answers on
 * some of its connections, so who needs none is spared it. */
static enum galen_status load_all(const struct fleet *fleet, bool is_told,
                                  struct error *out_error)
{
    struct bytes rest = bytes_from_string(fleet->settings->models_triton);
    while (rest.size > 0) {
        struct bytes name;
        char url[URL_SIZE];
        rest = bytes_split(rest, ',', &name);
        name = bytes_trim(name);
        if (name.size >= sizeof(url)) {
            return error_set(out_error, GALEN_INVALID,
                             "models.triton: a URL of more than %d bytes", URL_SIZE - 1);
        }
        (void)snprintf(url, sizeof(url), "%.*s", BYTES_PRINT(name));
        if (is_told || !has_all(fleet, url)) {
            TRY(load(fleet, url, out_error));
        }
    }
    return GALEN_OK;
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
    const struct fleet fleet = {settings, model, after};
    return settings->models_triton[0] == '\0' || after->is_disabled
               ? GALEN_OK
               : widen(&fleet, release, out_error);
}

static enum galen_status narrow(const struct fleet *fleet, uint64_t number,
                                struct error *out_error)
{
    bool is_told = false;
    scoped(release) release = NULL;
    const enum galen_status status = release_open(fleet->settings->repository, fleet->model,
                                                  number, &release, out_error);
    if (status != GALEN_OK) {
        return status == GALEN_BUSY ? GALEN_OK : status;
    }
    TRY(release_narrow_policy(release, &is_told, out_error));
    return is_told ? load_all(fleet, is_told, out_error) : GALEN_OK;
}

enum galen_status model_triton_settle(const struct settings *settings, const char *model,
                                      uint64_t number, struct error *out_error)
{
    const struct fleet fleet = {settings, model, NULL};
    if (settings->models_triton[0] == '\0') {
        return GALEN_OK;
    }
    (void)usleep((useconds_t)(settings->models_linger_ms * (NS_PER_MS / NS_PER_US)));
    return narrow(&fleet, number, out_error);
}
