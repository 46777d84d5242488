/* SPDX-License-Identifier: Apache-2.0 */
/* GET /healthz: the process answers. GET /readyz: every model that it promises can be used.
 */
#include "base/limits.h"
#include "codec/json_writer.h"
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
    return request_wait(request, request->engine->service, &request->infer_call);
}

/* What is not as desired while something older serves; NULL: all is. */
static const char *find_note(const struct request *request)
{
    const struct repository *repository = request->view->repository;
    for (size_t i = 0; i < repository->model_count; i++) {
        if (repository->models[i].why_not.text[0] != '\0') {
            return repository->models[i].why_not.text;
        }
    }
    if (request->view->note.text[0] != '\0') {
        return request->view->note.text;
    }
    const char *of_preprocess = request->preprocess_call.response.note;
    return of_preprocess != NULL ? of_preprocess : request->infer_call.response.note;
}

static enum phase_result ready(struct request *request)
{
    struct writer body;
    writer_init(&body, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX);
    struct json_writer json = json_writer_on(&body);
    const char *note = find_note(request);
    json_begin_object(&json);
    json_put_name(&json, "ready");
    json_put_bool(&json, true);
    if (note != NULL) {
        json_put_name(&json, "note");
        json_put_cstring(&json, note);
    }
    json_end_object(&json);
    reply_init(&request->reply, 200, BYTES("application/json"));
    reply_take_body(&request->reply, &body);
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
