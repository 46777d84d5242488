/* SPDX-License-Identifier: Apache-2.0 */
/* POST /infer: what a clinician's application sends, and a domain answer back. */
#include "base/limits.h"
#include "codec/json.h"
#include "codec/json_value.h"
#include "gateway/answer.h"
#include "gateway/domain.h"
#include "gateway/infer_body.h"
#include "gateway/infer_content.h"
#include "gateway/infer_model.h"
#include "gateway/infer_schema.h"
#include "gateway/phases.h"
#include "gateway/policy_rules.h"
#include "gateway/preprocess_answer.h"
#include "gateway/routes.h"
#include "gateway/scores.h"
#include "gateway/subject.h"
#include "gateway/tensor_body.h"
#include "infer/preprocess_contract.h"

enum { LENGTH_SIZE = sizeof(uint32_t) };

static enum phase_result admit(struct request *request)
{
    const enum galen_status status = subject_read_headers(request);
    return status == GALEN_OK ? tensor_body_admit(request) : request_fail(request, status);
}

static enum galen_status read_route(struct request *request)
{
    struct infer_body body;
    TRY(subject_take_patient(request));
    TRY(infer_body_read(request, &body));
    request->input = body.input;
    request->features = body.features;
    request->document = body.document;
    request->is_normalised = body.is_tensors;
    TRY(infer_model_find(request, &body));
    policy_choose(request, request->model->name);
    return GALEN_OK;
}

static enum phase_result route(struct request *request)
{
    const enum galen_status status = read_route(request);
    return status == GALEN_OK ? PHASE_CONTINUE : request_fail(request, status);
}

static enum phase_result validate_tensors(struct request *request)
{
    const struct domain *domain = domain_for(request->version->contract->task);
    if (domain != NULL && domain->needs_text) {
        return request_fail(request, error_set(&request->error, GALEN_UNPROCESSABLE,
                                               "this model's answer stands on text: send "
                                               "tensors to /v2"));
    }
    request_prepare_call(request, &request->infer_call);
    request->v2.route = (struct v2_route){
        .operation = V2_INFER,
        .model = request->model->name,
        .version = request->version->number_text,
    };
    const enum phase_result result = tensor_body_decode(request);
    if (result != PHASE_CONTINUE) {
        return result;
    }
    const struct infer_request *decoded = &request->infer_call.request;
    if (decoded->input_count > 0 && !decoded->is_raw && /* which is one row */
        (decoded->inputs[0].rank == 0 || decoded->inputs[0].shape[0] != 1)) {
        return request_fail(request,
                            error_set(&request->error, GALEN_UNPROCESSABLE,
                                      "/infer answers one row: send batches to /v2"));
    }
    return PHASE_CONTINUE;
}

static enum phase_result validate(struct request *request)
{
    enum galen_status status = policy_check(request);
    if (status == GALEN_OK) {
        status = subject_check(request);
    }
    if (status == GALEN_OK) {
        status = infer_options_check(&request->options, request->version->contract,
                                     &request->error);
    }
    if (status != GALEN_OK) {
        return request_fail(request, status);
    }
    if (request->is_normalised) {
        return validate_tensors(request);
    }
    status = infer_schema_check(request);
    if (status == GALEN_OK && request->features == NULL) { /* whose reader is preprocess */
        status = infer_content_validate(request->input.content, request->input.is_text,
                                        &request->error);
    }
    return status == GALEN_OK ? PHASE_CONTINUE : request_fail(request, status);
}

/* A BYTES [1] tensor of this text, in the arena. */
static enum galen_status text_tensor(struct request *request, const char *name,
                                     struct bytes text, struct galen_tensor *out_tensor)
{
    const uint32_t size = (uint32_t)text.size;
    uint8_t *element = arena_alloc(&request->arena, LENGTH_SIZE + text.size);
    if (element == NULL) {
        return GALEN_NO_MEMORY;
    }
    memcpy(element, &size, LENGTH_SIZE);
    memcpy(element + LENGTH_SIZE, text.data, text.size);
    *out_tensor = (struct galen_tensor){
        .name = name,
        .datatype = GALEN_BYTES,
        .rank = 1,
        .shape = {1},
        .bytes = element,
        .size_bytes = LENGTH_SIZE + text.size,
    };
    return GALEN_OK;
}

static enum galen_status put_features(struct request *request,
                                      struct galen_tensor *out_tensor)
{
    struct writer text;
    writer_init(&text, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX);
    struct json_writer json = json_writer_on(&text);
    json_put_value(&json, request->features);
    enum galen_status status = text.status;
    if (status == GALEN_OK) {
        status = text_tensor(request, PREPROCESS_INPUT, writer_bytes(&text), out_tensor);
    }
    writer_deinit(&text);
    return status;
}

static enum galen_status put_input(struct request *request, struct galen_tensor *out_tensor)
{
    return request->features != NULL
               ? put_features(request, out_tensor)
               : text_tensor(request, PREPROCESS_INPUT, phi_reveal(request->input.content),
                             out_tensor);
}

static enum galen_status prepare_preprocess(struct request *request)
{
    struct infer_call *call = &request->preprocess_call;
    struct galen_tensor *inputs = arena_alloc_array(&request->arena, 2, sizeof(*inputs));
    request_prepare_call(request, call);
    call->request.model = request->model->name;
    call->request.version = request->version->number_text;
    if (inputs == NULL) {
        return GALEN_NO_MEMORY;
    }
    TRY(put_input(request, &inputs[0]));
    TRY(text_tensor(request, PREPROCESS_CONTENT_TYPE,
                    bytes_from_string(request->input.media_type), &inputs[1]));
    call->request.inputs = inputs;
    call->request.input_count = 2;
    call->request.check = preprocess_answer_check;
    call->request.check_context = request->version->contract;
    return GALEN_OK;
}

static enum phase_result preprocess(struct request *request)
{
    if (request->is_normalised) {
        return PHASE_CONTINUE;
    }
    const enum galen_status status = prepare_preprocess(request);
    return status == GALEN_OK ? request_wait(request, request->gateway->preprocess,
                                             &request->preprocess_call)
                              : request_fail(request, status);
}

/* What preprocess made, without the galen.* outputs, which stay here. */
static enum galen_status pass_on_tensors(struct request *request)
{
    struct infer_call *call = &request->infer_call;
    request_prepare_call(request, call);
    call->request.model = request->model->name;
    call->request.version = request->version->number_text;
    return preprocess_pass_on(&request->preprocess_call.response, &request->arena,
                              &call->request);
}

/* As the task's own reading of it, so that another engine is asked while it can be. */
static enum galen_status check_output(const struct infer_call *call, const void *context,
                                      struct error *out_error)
{
    const struct contract *contract = context;
    const struct domain *domain = domain_for(contract->task);
    const struct galen_tensor *output = domain_find_tensor(call, contract->output.tensor);
    if (output == NULL) {
        return error_set(out_error, GALEN_BAD_UPSTREAM, "the answer lacks output '%s'",
                         contract->output.tensor);
    }
    if (domain != NULL) {
        TRY(scores_check(contract, output, domain->output_rank, out_error));
    }
    const struct galen_tensor *input = &call->request.inputs[0];
    return call->request.input_count == 0 || input->rank == 0 || call->request.is_raw ||
                   output->shape[0] == input->shape[0]
               ? GALEN_OK
               : error_set(out_error, GALEN_BAD_UPSTREAM,
                           "output '%s' has not the rows that were asked for",
                           output->name);
}

static enum galen_status want_output(struct request *request)
{
    const char **outputs = arena_alloc_array(&request->arena, 1, sizeof(*outputs));
    if (outputs == NULL) {
        return GALEN_NO_MEMORY;
    }
    outputs[0] = request->version->contract->output.tensor;
    request->infer_call.request.outputs = outputs;
    request->infer_call.request.class_counts = NULL;
    request->infer_call.request.output_count = 1;
    request->infer_call.request.check = check_output;
    request->infer_call.request.check_context = request->version->contract;
    return GALEN_OK;
}

static enum phase_result infer(struct request *request)
{
    enum galen_status status = request->is_normalised ? GALEN_OK : pass_on_tensors(request);
    if (status == GALEN_OK) {
        status = want_output(request);
    }
    return status == GALEN_OK
               ? request_wait(request, request->engine->in_parts, &request->infer_call)
               : request_fail(request, status);
}

static enum galen_status collect_warnings(const struct request *request,
                                          struct warnings *warnings,
                                          struct error *out_error)
{
    const struct galen_tensor *codes =
        domain_find_tensor(&request->preprocess_call, PREPROCESS_WARNINGS);
    if (request->version->contract->demonstration) {
        warnings_add(warnings, WARNING_demo_model);
    }
    if (request->gateway->is_demo) {
        warnings_add(warnings, WARNING_demo_mode);
    }
    return codes == NULL ? GALEN_OK : warnings_add_tensor(warnings, codes, out_error);
}

static enum galen_status map_answer(struct request *request)
{
    const struct domain *domain = domain_for(request->version->contract->task);
    if (domain == NULL) {
        return error_set(&request->error, GALEN_NOT_IMPLEMENTED,
                         "there is no answer for this model's task");
    }
    request->domain = domain;
    TRY(domain->map(request, &request->warnings, &request->outcome));
    return collect_warnings(request, &request->warnings, &request->error);
}

static enum phase_result map(struct request *request)
{
    const enum galen_status status = map_answer(request);
    return status == GALEN_OK ? PHASE_CONTINUE : request_fail(request, status);
}

/* The answer is written here, and what the policy hides never is. */
static enum phase_result redact(struct request *request)
{
    policy_begin_redaction(request);
    const enum galen_status status = answer_make(request);
    return status == GALEN_OK ? PHASE_CONTINUE : request_fail(request, status);
}

const struct endpoint infer_endpoint = {
    .name = "infer",
    .leaves_record = true,
    .access = ACCESS_INFER,
    .does_work = true,
    .admit = admit,
    .route = route,
    .validate = validate,
    .preprocess = preprocess,
    .infer = infer,
    .map = map,
    .redact = redact,
};
