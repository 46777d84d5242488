/* SPDX-License-Identifier: Apache-2.0 */
/* /v2 on the gateway: tensors that are normalised already go to the engine as they are. */
#include "gateway/phases.h"
#include "gateway/routes.h"
#include "gateway/tensor_body.h"

/* Who manages models asks the engine's admin listener. */
static const struct v2_powers powers = {.tells = false, .manages = false};

static enum phase_result admit(struct request *request)
{
    enum galen_status status =
        v2_route_parse(request->head->method, request->head->path, &request->arena,
                       &request->v2.route, &request->error);
    if (status != GALEN_OK) {
        return request_fail(request, status);
    }
    status = v2_check_powers(request->v2.route.operation, &powers, &request->error);
    if (status != GALEN_OK) {
        return request_fail(request, status);
    }
    request->leaves_record = request->v2.route.operation == V2_INFER;
    return tensor_body_admit(request);
}

/* A model that this repository knows is asked for by number, so that a tag means the same
 * to every request that began with this snapshot. Others are the engine's to know. */
static enum phase_result route(struct request *request)
{
    struct v2_route *v2 = &request->v2.route;
    const struct repository_model *model =
        repository_find(request->view->repository, bytes_from_string(v2->model));
    const struct repository_version *version =
        model == NULL ? NULL : repository_resolve(model, bytes_from_string(v2->version));
    if (version == NULL || v2->operation != V2_INFER) {
        return PHASE_CONTINUE;
    }
    request->model = model;
    request->version = version;
    v2->version = version->number_text;
    return PHASE_CONTINUE;
}

static enum phase_result validate(struct request *request)
{
    const enum galen_status status =
        request->v2.route.operation == V2_READY ? request_check_ready(request) : GALEN_OK;
    if (status != GALEN_OK) {
        return request_fail(request, status);
    }
    request_prepare_call(request, &request->infer_call);
    return v2_is_answered_here(request->v2.route.operation) ? PHASE_CONTINUE
                                                            : tensor_body_decode(request);
}

static enum phase_result infer(struct request *request)
{
    if (v2_is_answered_here(request->v2.route.operation)) {
        return PHASE_CONTINUE;
    }
    return request_wait(request, request->gateway->engine, &request->infer_call);
}

static enum phase_result map(struct request *request)
{
    if (v2_is_answered_here(request->v2.route.operation)) {
        v2_reply_here(request->v2.route.operation, &powers, &request->reply);
    } else {
        v2_reply_to_call(&request->v2, &request->infer_call, &request->reply);
    }
    return PHASE_CONTINUE;
}

const struct endpoint v2_endpoint = {
    .name = V2_INFER_ID,
    .leaves_record = true,
    .speaks_v2 = true,
    .admit = admit,
    .route = route,
    .validate = validate,
    .infer = infer,
    .map = map,
};
