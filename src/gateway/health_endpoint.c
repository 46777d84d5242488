/* SPDX-License-Identifier: Apache-2.0 */
/* GET /healthz: the process answers. GET /readyz: every model that it promises can be used.
 */
#include "gateway/phases.h"
#include "gateway/routes.h"

static void reply_json(struct request *request, struct bytes text)
{
    struct writer body;
    writer_init(&body, text.size);
    writer_put(&body, text);
    reply_init(&request->reply, 200, BYTES("application/json"));
    reply_take_body(&request->reply, &body);
}

static enum phase_result live(struct request *request)
{
    reply_json(request, BYTES("{\"live\":true}"));
    return PHASE_CONTINUE;
}

static enum phase_result check_repository(struct request *request)
{
    const struct repository *repository = request->view->repository;
    const enum galen_status status = request_check_ready(request);
    if (status != GALEN_OK) {
        return request_fail(request, status);
    }
    for (size_t i = 0; i < repository->model_count; i++) {
        const struct repository_model *model = &repository->models[i];
        if (!model->usable) {
            return request_fail(request, error_set(&request->error, GALEN_UNAVAILABLE, "%s",
                                                   model->why_not.text));
        }
    }
    return PHASE_CONTINUE;
}

static enum phase_result ask_preprocess(struct request *request)
{
    request_prepare_call(request, &request->preprocess_call);
    request->preprocess_call.operation = INFER_READY;
    return request_wait(request, request->gateway->preprocess, &request->preprocess_call);
}

static enum phase_result ask_engine(struct request *request)
{
    request_prepare_call(request, &request->infer_call);
    request->infer_call.operation = INFER_READY;
    return request_wait(request, request->gateway->engine, &request->infer_call);
}

static enum phase_result ready(struct request *request)
{
    reply_json(request, BYTES("{\"ready\":true}"));
    return PHASE_CONTINUE;
}

const struct endpoint live_endpoint = {.name = "healthz", .map = live};

const struct endpoint ready_endpoint = {
    .name = "readyz",
    .route = check_repository,
    .preprocess = ask_preprocess,
    .infer = ask_engine,
    .map = ready,
};
