/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/admission_phase.h"

#include "codec/media_type.h"
#include "codec/url.h"
#include "gateway/phases.h"

static bool is_subject(const struct request *request)
{
    return request->gateway->admission != NULL && request->does_work;
}

static const struct admission_route *admission_of(const struct request *request)
{
    return &request->view->rules->admissions[request->route_index];
}

/* Which route */

/* NULL: the count of all. */
static size_t number_of(const struct rules *rules, const struct settings_route *route)
{
    return route == NULL ? rules->route_count : (size_t)(route - rules->routes);
}

/* Of this model and, where there is one, of this type. */
static size_t find_by_model(const struct rules *rules, struct bytes model,
                            const struct media_type *type)
{
    const struct settings_route *found = route_index_find_of(&rules->index, model, type);
    return number_of(
        rules, found != NULL ? found : route_index_find_of(&rules->index, model, NULL));
}

/* Whether the body's media type is that of what is asked about, and not of what holds it.
 */
static bool is_of_input(const struct media_type *type)
{
    return !media_type_is(*type, "application/json") &&
           !media_type_is(*type, "multipart/*");
}

static bool type_of_head(const struct request *request, struct media_type *out_type)
{
    struct bytes value;
    return request_header(request, "Content-Type", &value) &&
           media_type_parse(value, out_type) == GALEN_OK;
}

static struct bytes model_of_head(struct request *request)
{
    struct bytes model;
    if (request->endpoint->speaks_v2) {
        return bytes_from_string(request->v2.route.model);
    }
    return url_query_get(request->head->query, "model", &request->arena, &model) == GALEN_OK
               ? model
               : BYTES_NONE;
}

/* False: it does not say. */
static bool route_of_head(struct request *request, size_t *out_index)
{
    const struct rules *rules = request->view->rules;
    struct media_type type;
    const bool has_type = type_of_head(request, &type) && is_of_input(&type);
    const struct bytes model = model_of_head(request);
    if (model.size > 0) {
        *out_index = find_by_model(rules, model, has_type ? &type : NULL);
        return true;
    }
    if (has_type) {
        *out_index = number_of(rules, route_index_find(&rules->index, type));
    }
    return has_type || request->endpoint->speaks_v2;
}

static size_t route_of_model(const struct request *request)
{
    struct media_type type;
    const char *text = request->input.media_type;
    const bool has_type =
        text != NULL && media_type_parse(bytes_from_string(text), &type) == GALEN_OK;
    return request->model == NULL ? request->view->rules->route_count
                                  : find_by_model(request->view->rules,
                                                  bytes_from_string(request->model->name),
                                                  has_type ? &type : NULL);
}

/* Who asks */

enum { CALLER_SIZE_BYTES_MAX = 16384 };

/* With its size, so that no two of them run into one another. */
static void put_part(struct writer *out, struct bytes part)
{
    writer_put_u64(out, part.size);
    writer_put_byte(out, ':');
    writer_put(out, part);
}

void admission_know_caller(struct request *request, const struct principal *principal)
{
    struct writer text;
    if (principal->kind == PRINCIPAL_ANONYMOUS) {
        return;
    }
    writer_init(&text, CALLER_SIZE_BYTES_MAX);
    put_part(&text, principal->issuer);
    put_part(&text, principal->client_id);
    put_part(&text, principal->subject);
    const struct bytes whole = writer_bytes(&text);
    const char *copy = arena_copy_string(&request->arena, whole);
    if (text.status == GALEN_OK && copy != NULL) {
        request->caller = bytes_of(copy, whole.size);
    }
    writer_deinit(&text);
}

/* What is told */

static enum phase_result refuse(struct request *request, enum galen_status status,
                                const struct admission_refusal *refusal)
{
    static const char *const texts[ADMISSION_REASON_COUNT] = {
        [ADMISSION_LAG] = "the server is late with what it has taken on",
        [ADMISSION_BODIES] = "the bodies of all requests are too large together",
        [ADMISSION_CAPACITY] = "as many requests as may be at once are under way",
        [ADMISSION_CONCURRENCY] = "as many of its requests as may be at once are under way",
        [ADMISSION_RATE] = "this caller asks more often than it may",
    };
    request->retry_after_s = refusal->retry_after_s;
    return request_fail(
        request, error_set(&request->error, status, "route '%s': %s",
                           rules_route_name(request->view->rules, request->route_index),
                           texts[refusal->reason]));
}

/* The phases */

/* Of one that is to be read: what is too large is not. */
static uint64_t size_of_body(const struct request *request)
{
    const uint64_t length = request->head->content_length;
    return length <= request->view->rules->body_size_bytes_max ? length : 0;
}

enum phase_result admission_shed(struct request *request)
{
    struct admission_refusal refusal;
    const struct gateway *gateway = request->gateway;
    if (!is_subject(request)) {
        return PHASE_CONTINUE;
    }
    request->is_routed = route_of_head(request, &request->route_index);
    const struct admission_load load = {
        .lag_ns = gateway->lag_ns == NULL ? 0 : gateway->lag_ns(gateway->context),
        .body_size_bytes = size_of_body(request),
    };
    const enum galen_status status =
        admission_begin(gateway->admission, &request->view->rules->limits,
                        admission_of(request), &load, &refusal);
    return status == GALEN_OK ? PHASE_CONTINUE : refuse(request, status, &refusal);
}

static enum phase_result enter(struct request *request)
{
    struct admission_refusal refusal;
    const struct gateway *gateway = request->gateway;
    const enum galen_status status = admission_enter(
        gateway->admission, &request->view->rules->limits, admission_of(request),
        request->caller, gateway->now_ns(gateway->context), &request->admission, &refusal);
    return status == GALEN_OK ? PHASE_CONTINUE : refuse(request, status, &refusal);
}

enum phase_result admission_phase(struct request *request)
{
    if (!is_subject(request)) {
        return PHASE_CONTINUE;
    }
    if (request->visit.principal != NULL) {
        admission_know_caller(request, request->visit.principal);
    }
    return request->is_routed ? enter(request) : PHASE_CONTINUE;
}

/* Whether its limits have been asked already. */
static bool has_route_of_model(const struct request *request)
{
    const struct rules *rules = request->view->rules;
    if (request->model == NULL || !request->is_routed) {
        return request->is_routed;
    }
    return request->route_index < rules->route_count &&
           strcmp(rules->routes[request->route_index].model, request->model->name) == 0;
}

enum phase_result admission_of_model_phase(struct request *request)
{
    if (!is_subject(request) || has_route_of_model(request)) {
        return PHASE_CONTINUE;
    }
    request->route_index = route_of_model(request);
    return enter(request);
}

void admission_end(struct request *request)
{
    if (request->gateway->admission != NULL) {
        admission_leave(request->gateway->admission, &request->admission);
    }
}
