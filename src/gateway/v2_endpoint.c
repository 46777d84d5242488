/* SPDX-License-Identifier: Apache-2.0 */
/* /v2 on the gateway: tensors that are normalised already go to the engine as they are. */
#include "gateway/phases.h"
#include "gateway/policy_rules.h"
#include "gateway/request_arm.h"
#include "gateway/routes.h"
#include "gateway/subject.h"
#include "gateway/tensor_body.h"

/* Who manages models asks the engine's admin listener. */
static struct v2_powers powers_of(const struct request *request)
{
    return (struct v2_powers){.tells = request->gateway->engines[0].management != NULL};
}

/* What probes ask is not held back: it says whether anything can be asked. */
static bool asks_engine(enum v2_operation operation)
{
    return !v2_is_answered_here(operation) && operation != V2_READY &&
           operation != V2_MODEL_READY;
}

static enum phase_result admit(struct request *request)
{
    enum galen_status status =
        v2_route_parse(request->head->method, request->head->path, &request->arena,
                       &request->v2.route, &request->error);
    if (status != GALEN_OK) {
        return request_fail(request, status);
    }
    request->route_number = route_number_of_v2(request->v2.route.operation);
    const struct v2_powers powers = powers_of(request);
    status = v2_check_powers(request->v2.route.operation, &powers, &request->error);
    if (status != GALEN_OK) {
        return request_fail(request, status);
    }
    request->leaves_record = request->v2.route.operation == V2_INFER;
    request->does_work = asks_engine(request->v2.route.operation);
    status = request->leaves_record ? subject_read_headers(request) : GALEN_OK;
    return status == GALEN_OK ? tensor_body_admit(request) : request_fail(request, status);
}

/* Only what is inferred comes to an arm: what a model is like is told of the stable one. */
static const struct repository_version *version_of(struct request *request,
                                                   const struct repository_model *model)
{
    const struct bytes wanted = bytes_from_string(request->v2.route.version);
    return request->v2.route.operation == V2_INFER
               ? request_arm_version(request, model, wanted)
               : repository_resolve(model, wanted);
}

/* A model that this repository knows is asked for by number, so that a tag means the same
 * to every request that began with this snapshot. Others are the engine's to know. */
static enum phase_result route(struct request *request)
{
    struct v2_route *v2 = &request->v2.route;
    if (v2->operation == V2_INFER) {
        const enum galen_status status = subject_take_patient(request);
        if (status != GALEN_OK) {
            return request_fail(request, status);
        }
        request->is_normalised = true;
        policy_choose(request, v2->model);
    }
    const struct repository_model *model =
        repository_find(request->view->repository, bytes_from_string(v2->model));
    const struct repository_version *version =
        model == NULL ? NULL : version_of(request, model);
    if (version == NULL || (v2->operation != V2_INFER && v2->version[0] == '\0')) {
        return PHASE_CONTINUE;
    }
    if (v2->operation == V2_INFER) {
        request->model = model;
        request->version = version;
    }
    v2->version = version->number_text;
    return PHASE_CONTINUE;
}

static enum galen_status prepare(struct request *request)
{
    const enum v2_operation operation = request->v2.route.operation;
    TRY(policy_check(request));
    TRY(subject_check(request));
    if (operation == V2_READY) {
        TRY(request_check_ready(request));
    }
    return v2_asks_management(operation)
               ? v2_management_begin(&request->v2.route, request->body, &request->arena,
                                     &request->management_call, &request->error)
               : GALEN_OK;
}

static enum phase_result validate(struct request *request)
{
    const enum v2_operation operation = request->v2.route.operation;
    const enum galen_status status = prepare(request);
    if (status != GALEN_OK) {
        return request_fail(request, status);
    }
    if (v2_is_answered_here(operation) || v2_asks_management(operation)) {
        return PHASE_CONTINUE;
    }
    request_prepare_call(request, &request->infer_call);
    return tensor_body_decode(request);
}

static enum phase_result infer(struct request *request)
{
    const enum v2_operation operation = request->v2.route.operation;
    if (v2_is_answered_here(operation)) {
        return PHASE_CONTINUE;
    }
    return v2_asks_management(operation)
               ? request_ask(request)
               : request_wait(request, request->engine->service, &request->infer_call);
}

static enum phase_result map(struct request *request)
{
    const enum v2_operation operation = request->v2.route.operation;
    const struct v2_powers powers = powers_of(request);
    if (v2_is_answered_here(operation)) {
        v2_reply_here(operation, &powers, &request->reply);
    } else if (v2_asks_management(operation)) {
        v2_reply_to_management(&request->management_call, &request->reply);
    } else {
        v2_reply_to_call(&request->v2, &request->infer_call, &request->reply);
    }
    return PHASE_CONTINUE;
}

const struct endpoint v2_endpoint = {
    .name = V2_INFER_ID,
    .leaves_record = true,
    .access = ACCESS_V2,
    .does_work = true,
    .speaks_v2 = true,
    .admit = admit,
    .route = route,
    .validate = validate,
    .infer = infer,
    .map = map,
};
