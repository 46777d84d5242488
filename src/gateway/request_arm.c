/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/request_arm.h"

#include "gateway/engine_sets.h"

/* The program and on whose behalf; empty: nobody was asked, or memory is short. */
static struct bytes caller_of(struct request *request)
{
    const struct principal *principal = request->visit.principal;
    if (principal == NULL || principal->kind == PRINCIPAL_ANONYMOUS) {
        return BYTES_NONE;
    }
    const struct bytes client = principal->client_id;
    const struct bytes subject = principal->subject;
    uint8_t *text = arena_alloc(&request->arena, client.size + 1 + subject.size);
    if (text == NULL) {
        return BYTES_NONE;
    }
    memcpy(text, client.data, client.size);
    text[client.size] = '\n';
    memcpy(text + client.size + 1, subject.data, subject.size);
    return bytes_of(text, client.size + 1 + subject.size);
}

static enum arm choose(struct request *request, const struct arms *arms)
{
    const struct gateway *gateway = request->gateway;
    struct arms_asker asker = {
        .subject = request->has_subject
                       ? bytes_of(request->subject, sizeof(request->subject))
                       : BYTES_NONE,
        .caller = caller_of(request),
    };
    gateway->random(gateway->context, (uint8_t *)&asker.chance, sizeof(asker.chance));
    return arms_choose(arms, &asker, &request->arm_by);
}

static const struct gateway_engine *engine_for(const struct request *request,
                                               const struct repository_model *model,
                                               const char *engine)
{
    return engine_set_of_model(request->gateway, request->view->rules, model->name, engine);
}

static const struct gateway_engine *canary_engine(const struct request *request,
                                                  const struct repository_model *model)
{
    const struct release_rollout *rollout = &model->rollout;
    return engine_for(request, model,
                      rollout->engine[0] != '\0' ? rollout->engine
                                                 : model->engines.current);
}

const struct gateway_engine *request_arm_canary_engine(const struct request *request)
{
    return canary_engine(request, request->model);
}

/* Of a version that was named, or is the only one that answers. */
static const struct gateway_engine *engine_of(const struct request *request,
                                              const struct repository_model *model,
                                              const struct repository_version *version,
                                              struct bytes wanted)
{
    return bytes_equal_string(wanted, RELEASE_CANARY_TAG) && model->rollout.version != 0
               ? canary_engine(request, model)
               : engine_for(request, model, repository_engine(model, version->number));
}

const struct repository_version *request_arm_version(struct request *request,
                                                     const struct repository_model *model,
                                                     struct bytes wanted)
{
    const struct repository_version *version = repository_resolve(model, wanted);
    const struct arms *arms = view_arms(request->view, model);
    if (version != NULL) {
        request->engine = engine_of(request, model, version, wanted);
    }
    if (wanted.size > 0 || arms == NULL) {
        return version;
    }
    request->arms = arms;
    request->arm = choose(request, arms);
    if (request->arm == ARM_STABLE) {
        return version;
    }
    request->engine = canary_engine(request, model);
    return arms->canary;
}

static bool has_own_engine(const struct request *request)
{
    return request->arms != NULL && request->arm == ARM_CANARY &&
           request->engine !=
               engine_for(request, request->model, request->model->engines.current);
}

/* What is the engines' and not the input's. */
static bool is_of_engines(enum galen_status status)
{
    return status == GALEN_UNAVAILABLE || status == GALEN_BUSY ||
           status == GALEN_BAD_UPSTREAM || status == GALEN_TIMEOUT ||
           status == GALEN_INTERNAL;
}

bool request_arm_falls_back(const struct request *request, const struct infer_call *call)
{
    return call == &request->infer_call && is_of_engines(call->status) &&
           call->operation == INFER_RUN && request->model->choice != NULL &&
           has_own_engine(request);
}

void request_arm_fall_back(struct request *request)
{
    const struct repository_model *model = request->model;
    arm_counts_add(request->arms->counts, ARM_CANARY, ARM_FAILED);
    request->arm = ARM_STABLE;
    request->arm_by = ARM_BY_FALLBACK;
    request->version = model->choice;
    request->engine = engine_for(request, model, model->engines.current);
}

uint64_t request_arm_due_ns(const struct request *request, uint64_t due_ns)
{
    const uint64_t now_ns = request->gateway->now_ns(request->gateway->context);
    return has_own_engine(request) && due_ns > now_ns ? now_ns + (due_ns - now_ns) / 2
                                                      : due_ns;
}

static bool was_asked(const struct request *request)
{
    return request->preprocess_call.done != NULL || request->infer_call.done != NULL;
}

/* Whether this says something of the version that it came to. */
static bool is_of_arm(const struct request *request)
{
    const enum galen_status status = request->status;
    return request->arms != NULL && request->refused_status == 0 &&
           status != GALEN_CANCELLED && status != GALEN_AUDIT_UNAVAILABLE &&
           (was_asked(request) || status == GALEN_UNSUPPORTED_TYPE ||
            status == GALEN_NO_CONTRACT);
}

static enum arm_outcome outcome_of(enum galen_status status, int http_status)
{
    enum { SERVER_ERRORS = 500, TOO_MANY = 429 };
    if (status == GALEN_OK) {
        return ARM_ANSWERED;
    }
    return http_status >= SERVER_ERRORS || http_status == TOO_MANY ? ARM_FAILED
                                                                   : ARM_REFUSED;
}

void request_arm_count(const struct request *request, int http_status)
{
    const uint64_t duration_ns =
        request->times[GATEWAY_PREPROCESS].ns + request->times[GATEWAY_INFER].ns;
    const bool has_duration =
        request->status == GALEN_OK || request->status == GALEN_TIMEOUT;
    if (is_of_arm(request)) {
        arm_counts_add(request->arms->counts, request->arm,
                       outcome_of(request->status, http_status));
    }
    if (is_of_arm(request) && has_duration) {
        arm_counts_add_duration(request->arms->counts, request->arm,
                                request->gateway->loop_number, duration_ns);
    }
}
