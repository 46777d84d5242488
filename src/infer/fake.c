/* SPDX-License-Identifier: Apache-2.0 */
#include "infer/fake.h"

#include <stdio.h>

#include "base/invariant.h"
#include "infer/answer.h"
#include "infer/validate.h"

enum { ROW_COUNT_MAX = 64 };

/* What service_data points at while a call is pending: its state. */
static char waiting;
static char waiting_cancelled;

static struct infer_fake *fake_of(struct infer_service *service)
{
    return (struct infer_fake *)(void *)service;
}

static void finish(struct infer_fake *fake, struct infer_call *call,
                   enum galen_status status)
{
    fake->answer_count++;
    infer_call_finish(call, status);
}

static const struct v2_model *find_model(const struct infer_fake *fake, const char *name)
{
    for (size_t i = 0; i < fake->model_count; i++) {
        if (strcmp(fake->models[i].name, name) == 0) {
            return &fake->models[i];
        }
    }
    return NULL;
}

/* The last version is the fake's choice. NULL: no such version. */
static const char *find_version(const struct v2_model *model, const char *wanted)
{
    if (wanted[0] == '\0') {
        return model->versions[model->version_count - 1];
    }
    for (size_t i = 0; i < model->version_count; i++) {
        if (strcmp(model->versions[i], wanted) == 0) {
            return model->versions[i];
        }
    }
    return NULL;
}

static enum galen_status add_output(struct infer_call *call,
                                    const struct galen_tensor *tensor)
{
    struct blob *storage = blob_create(tensor->size_bytes, 0);
    if (storage == NULL) {
        return GALEN_NO_MEMORY;
    }
    if (tensor->size_bytes > 0) {
        memcpy(blob_data(storage), tensor->bytes, tensor->size_bytes);
    }
    struct galen_tensor copy = *tensor;
    copy.bytes = blob_data(storage);
    return infer_answer_output(call, &copy, storage);
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

static enum galen_status give_outputs(const struct infer_fake *fake,
                                      struct infer_call *call)
{
    call->response.outputs =
        arena_alloc_array(call->arena, fake->output_count, sizeof(struct infer_output));
    if (call->response.outputs == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < fake->output_count; i++) {
        if (is_wanted(&call->request, fake->outputs[i].name)) {
            TRY(add_output(call, &fake->outputs[i]));
        }
    }
    return GALEN_OK;
}

static enum galen_status answer_from_script(const struct infer_fake *fake,
                                            struct infer_call *call)
{
    if (fake->status != GALEN_OK) {
        (void)error_set(&call->error, fake->status, "%s", fake->why);
        (void)snprintf(call->error.pointer, sizeof(call->error.pointer), "%s",
                       fake->why_at);
        return fake->status;
    }
    const struct v2_model *model = find_model(fake, call->request.model);
    if (model != NULL) {
        TRY(infer_answer_version(call, find_version(model, call->request.version)));
    }
    switch (call->operation) {
    case INFER_RUN:
        call->response.timing = fake->timing;
        return give_outputs(fake, call);
    case INFER_DESCRIBE:
        return infer_answer_model(call, model);
    case INFER_READY:
        break;
    }
    return GALEN_OK;
}

static enum galen_status check(const struct infer_fake *fake, struct infer_call *call)
{
    const struct infer_request *request = &call->request;
    if (call->operation == INFER_READY && request->model[0] == '\0') {
        return GALEN_OK;
    }
    const struct v2_model *model = find_model(fake, request->model);
    if (model == NULL || find_version(model, request->version) == NULL) {
        return infer_refuse_unknown(call, model != NULL);
    }
    if (request->deadline_ns <= fake->now_ns) {
        return infer_refuse_late(call);
    }
    if (call->operation != INFER_RUN) {
        return GALEN_OK;
    }
    const struct infer_rules rules = {.model = model,
                                      .row_count_max =
                                          infer_model_has_batch(model) ? ROW_COUNT_MAX : 0,
                                      .labels = fake->labels,
                                      .label_count = fake->label_count};
    struct infer_plan plan;
    return infer_validate(call, &rules, &plan);
}

static void fake_submit(struct infer_service *service, struct infer_call *call)
{
    struct infer_fake *fake = fake_of(service);
    INVARIANT(!fake->closed);
    fake->submit_count++;
    call->route = fake->route;
    const enum galen_status status = check(fake, call);
    if (status != GALEN_OK) {
        finish(fake, call, status);
        return;
    }
    list_append(&fake->pending, &call->link);
    call->service_data = &waiting;
    if (!fake->holds) {
        infer_fake_answer(fake, call);
    }
}

static bool is_pending(const struct infer_call *call)
{
    return call->service_data != NULL;
}

static void stop_waiting(struct infer_fake *fake, struct infer_call *call)
{
    INVARIANT(is_pending(call));
    list_remove(&fake->pending, &call->link);
    call->service_data = NULL;
}

static void fake_cancel(struct infer_service *service, struct infer_call *call)
{
    struct infer_fake *fake = fake_of(service);
    if (!is_pending(call)) {
        return;
    }
    fake->cancel_count++;
    call->service_data = &waiting_cancelled;
    if (!fake->cancels_late) {
        infer_fake_answer(fake, call);
    }
}

static void fake_close(struct infer_service *service)
{
    struct infer_fake *fake = fake_of(service);
    INVARIANT(list_is_empty(&fake->pending));
    fake->closed = true;
}

static const struct infer_service_ops ops = {
    .name = "fake", .submit = fake_submit, .cancel = fake_cancel, .close = fake_close};

void infer_fake_init(struct infer_fake *fake, const struct v2_model *model)
{
    *fake = (struct infer_fake){
        .base = {.ops = &ops}, .models = model, .model_count = 1, .why = "", .why_at = ""};
    list_init(&fake->pending);
}

struct infer_call *infer_fake_next(const struct infer_fake *fake)
{
    struct list_link *link = list_first(&fake->pending);
    return link == NULL ? NULL : LIST_ITEM(link, struct infer_call, link);
}

void infer_fake_answer(struct infer_fake *fake, struct infer_call *call)
{
    const bool cancelled = call->service_data == &waiting_cancelled;
    stop_waiting(fake, call);
    finish(fake, call,
           cancelled ? infer_refuse_cancelled(call) : answer_from_script(fake, call));
}

void infer_fake_fail(struct infer_fake *fake, struct infer_call *call,
                     enum galen_status status, const char *why)
{
    stop_waiting(fake, call);
    finish(fake, call, error_set(&call->error, status, "%s", why));
}

void infer_fake_advance(struct infer_fake *fake, uint64_t now_ns)
{
    fake->now_ns = now_ns;
    struct list_link *next;
    for (struct list_link *link = list_first(&fake->pending); link != NULL; link = next) {
        struct infer_call *call = LIST_ITEM(link, struct infer_call, link);
        next = list_next(&fake->pending, link);
        if (call->request.deadline_ns <= now_ns) {
            stop_waiting(fake, call);
            finish(fake, call, infer_refuse_late(call));
        }
    }
}
