/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/preprocess.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/reader.h"
#include "preprocess/transform.h"

enum { NUMBER_SIZE = 24 };

struct preprocess {
    struct infer_service base; /* first: callers hold a pointer to it */
    struct repository *repository;
};

/* What a call is about, once its names are resolved. */
struct subject {
    const struct repository_model *model;
    const struct repository_version *version;
    const struct transform *transform;
};

static enum galen_status find_version(const struct preprocess *preprocess,
                                      const struct infer_request *request,
                                      struct subject *out_subject, struct error *out_error)
{
    const struct repository_model *model =
        repository_find(preprocess->repository, bytes_from_string(request->model));
    if (model == NULL) {
        return error_set(out_error, GALEN_NOT_FOUND,
                         "Request for unknown model: '%s' is not found", request->model);
    }
    const struct repository_version *version =
        repository_resolve(model, bytes_from_string(request->version));
    if (version == NULL) {
        return error_set(out_error, GALEN_NOT_FOUND,
                         "Request for unknown model: '%s' version %s is not found",
                         request->model, request->version);
    }
    *out_subject = (struct subject){.model = model, .version = version};
    return GALEN_OK;
}

static enum galen_status find_subject(const struct preprocess *preprocess,
                                      const struct infer_request *request,
                                      struct subject *out_subject, struct error *out_error)
{
    TRY(find_version(preprocess, request, out_subject, out_error));
    const struct repository_version *version = out_subject->version;
    if (!version->usable) {
        return error_set(out_error, GALEN_UNAVAILABLE, "%s", version->why_not.text);
    }
    if (version->contract == NULL) {
        return error_set(out_error, GALEN_NO_CONTRACT,
                         "model '%s' version %llu has no model.yaml", request->model,
                         (unsigned long long)version->number);
    }
    out_subject->transform = transform_for(version->contract->task);
    return out_subject->transform != NULL
               ? GALEN_OK
               : error_set(out_error, GALEN_NOT_IMPLEMENTED, "there is no transform for %s",
                           contract_task_name(version->contract->task));
}

/* The only element of a BYTES [1] input. */
static enum galen_status read_text_input(const struct infer_request *request,
                                         const char *name, struct bytes *out_text,
                                         struct error *out_error)
{
    for (size_t i = 0; i < request->input_count; i++) {
        const struct galen_tensor *tensor = &request->inputs[i];
        if (strcmp(tensor->name, name) != 0) {
            continue;
        }
        struct reader reader = reader_of(bytes_of(tensor->bytes, tensor->size_bytes));
        const struct bytes text = reader_take(&reader, reader_u32_le(&reader));
        if (tensor->datatype != GALEN_BYTES || !reader_is_done(&reader)) {
            return error_set(out_error, GALEN_INVALID, "input '%s' is not BYTES [1]", name);
        }
        *out_text = text;
        return GALEN_OK;
    }
    return error_set(out_error, GALEN_INVALID, "input '%s' is missing", name);
}

static bool is_accepted(const struct contract *contract, struct bytes content_type)
{
    for (size_t i = 0; i < contract->media_type_count; i++) {
        if (bytes_equal_ignoring_case(content_type,
                                      bytes_from_string(contract->media_types[i]))) {
            return true;
        }
    }
    return false;
}

static bool is_wanted(const struct infer_request *request, const char *name)
{
    for (size_t i = 0; i < request->output_count; i++) {
        if (strcmp(request->outputs[i], name) == 0) {
            return true;
        }
    }
    return request->output_count == 0;
}

/* The tensors lie in the call's arena, so no output has storage of its own. */
static enum galen_status keep_outputs(struct infer_call *call,
                                      const struct transform_outputs *made)
{
    struct infer_output *outputs =
        arena_alloc_array(call->arena, made->count, sizeof(*outputs));
    size_t count = 0;
    if (outputs == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < made->count; i++) {
        if (is_wanted(&call->request, made->tensors[i].name)) {
            outputs[count++].tensor = made->tensors[i];
        }
    }
    if (call->request.output_count > 0 && count != call->request.output_count) {
        return error_set(&call->error, GALEN_INVALID,
                         "unexpected inference output for model '%s'", call->request.model);
    }
    call->response.outputs = outputs;
    call->response.output_count = count;
    return GALEN_OK;
}

static enum galen_status run(const struct subject *subject, struct infer_call *call)
{
    const struct contract *contract = subject->version->contract;
    struct transform_outputs made = {.count = 0};
    struct bytes input;
    struct bytes content_type;
    if (call->request.input_count > 2) {
        return error_set(&call->error, GALEN_INVALID, "expected 2 inputs but got %zu",
                         call->request.input_count);
    }
    TRY(read_text_input(&call->request, TRANSFORM_INPUT, &input, &call->error));
    TRY(read_text_input(&call->request, TRANSFORM_CONTENT_TYPE, &content_type,
                        &call->error));
    if (!is_accepted(contract, content_type)) {
        return error_set(&call->error, GALEN_UNSUPPORTED_TYPE,
                         "model '%s' does not take this media type", call->request.model);
    }
    TRY(subject->transform->run(contract, phi_hide(input), call->arena, &made,
                                &call->error));
    return keep_outputs(call, &made);
}

static enum galen_status put_version(const struct subject *subject, struct infer_call *call)
{
    char digits[NUMBER_SIZE];
    (void)snprintf(digits, sizeof(digits), "%llu",
                   (unsigned long long)subject->version->number);
    call->response.version = arena_copy_string(call->arena, bytes_from_string(digits));
    return call->response.version == NULL ? GALEN_NO_MEMORY : GALEN_OK;
}

static enum galen_status describe(const struct subject *subject, struct infer_call *call)
{
    static const struct galen_tensor_spec inputs[] = {
        {.name = TRANSFORM_INPUT, .datatype = GALEN_BYTES, .rank = 1, .shape = {1}},
        {.name = TRANSFORM_CONTENT_TYPE, .datatype = GALEN_BYTES, .rank = 1, .shape = {1}},
    };
    struct v2_model *model = &call->response.model;
    const char **versions = arena_alloc_array(call->arena, 1, sizeof(*versions));
    if (versions == NULL) {
        return GALEN_NO_MEMORY;
    }
    versions[0] = call->response.version;
    *model = (struct v2_model){
        .name = call->request.model,
        .versions = versions,
        .version_count = 1,
        .platform = "galen_preprocess",
        .inputs = inputs,
        .input_count = sizeof(inputs) / sizeof(inputs[0]),
    };
    return subject->transform->describe(subject->version->contract, call->arena,
                                        &model->outputs, &model->output_count);
}

/* Ready as a whole: every model that has a contract can be preprocessed. */
static enum galen_status check_all(const struct preprocess *preprocess,
                                   struct error *out_error)
{
    for (size_t i = 0; i < preprocess->repository->model_count; i++) {
        const struct repository_model *model = &preprocess->repository->models[i];
        if (!model->usable) {
            return error_set(out_error, GALEN_UNAVAILABLE, "%s", model->why_not.text);
        }
    }
    return GALEN_OK;
}

static enum galen_status answer(const struct preprocess *preprocess,
                                struct infer_call *call)
{
    struct subject subject;
    if (call->operation == INFER_READY && call->request.model[0] == '\0') {
        return check_all(preprocess, &call->error);
    }
    TRY(find_subject(preprocess, &call->request, &subject, &call->error));
    TRY(put_version(&subject, call));
    switch (call->operation) {
    case INFER_RUN:
        return run(&subject, call);
    case INFER_DESCRIBE:
        return describe(&subject, call);
    case INFER_READY:
        break;
    }
    return GALEN_OK;
}

static void submit(struct infer_service *service, struct infer_call *call)
{
    infer_call_finish(call, answer((struct preprocess *)service, call));
}

static void cancel(struct infer_service *service, struct infer_call *call)
{
    (void)service;
    (void)call; /* its answer is on its way already */
}

static void preprocess_close(struct infer_service *service)
{
    struct preprocess *preprocess = (struct preprocess *)service;
    repository_unref(preprocess->repository);
    free(preprocess);
}

static const struct infer_service_ops preprocess_ops = {
    .name = "preprocess",
    .submit = submit,
    .cancel = cancel,
    .close = preprocess_close,
};

enum galen_status preprocess_create(struct repository *repository,
                                    struct infer_service **out_service)
{
    struct preprocess *preprocess = calloc(1, sizeof(*preprocess));
    if (preprocess == NULL) {
        return GALEN_NO_MEMORY;
    }
    preprocess->base.ops = &preprocess_ops;
    preprocess->repository = repository_ref(repository);
    *out_service = &preprocess->base;
    return GALEN_OK;
}
