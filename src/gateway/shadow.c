/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/shadow.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "gateway/disagreement.h"
#include "gateway/request_arm.h"
#include "infer/preprocess_contract.h"
#include "service/audit/event.h"

/* One that is under way. */
struct shadow {
    struct shadow_lane *lane;
    const struct gateway *gateway;
    const struct gateway_engine *engine;
    struct view *view; /* a reference, which keeps model and versions */
    struct arm_counts *counts;
    const struct repository_model *model;
    const struct repository_version *version;
    const struct repository_version *stable;
    struct arena arena;
    char id[REQUEST_ID_SIZE];
    uint64_t began_ns;
    struct galen_tensor *answered; /* by the stable version */
    size_t answered_count;
    struct infer_call preprocess_call;
    struct infer_call infer_call;
    size_t differing_count;
    enum galen_status status;
    struct audit_entry entry;
    struct writer fields;
};

void shadow_lane_init(struct shadow_lane *lane, struct mailbox *mailbox, double tolerance)
{
    *lane = (struct shadow_lane){.mailbox_ = mailbox, .tolerance = tolerance};
}

static void post_if_idle(struct shadow_lane *lane)
{
    if (lane->idle_ != NULL && lane->count_ == 0) {
        mailbox_post(lane->mailbox_, lane->idle_);
        lane->idle_ = NULL;
    }
}

void shadow_lane_finish(struct shadow_lane *lane, struct task *idle)
{
    lane->idle_ = idle;
    post_if_idle(lane);
}

static uint64_t now_ns(const struct gateway *gateway)
{
    return gateway->now_ns(gateway->context);
}

/* Its end. */

static void shadow_destroy(struct shadow *shadow)
{
    infer_call_clear(&shadow->preprocess_call);
    infer_call_clear(&shadow->infer_call);
    writer_deinit(&shadow->fields);
    arena_deinit(&shadow->arena);
    arm_counts_unref(shadow->counts);
    view_unref(shadow->view);
    free(shadow);
}

static void end(struct shadow *shadow)
{
    struct shadow_lane *lane = shadow->lane;
    shadow_destroy(shadow);
    lane->count_--;
    post_if_idle(lane);
}

static void on_recorded(struct audit_entry *entry)
{
    end(entry->context);
}

static bool asked_engines(const struct shadow *shadow)
{
    return shadow->infer_call.done != NULL;
}

static struct audit_event event_of(const struct shadow *shadow)
{
    const uint64_t duration_ns = now_ns(shadow->gateway) - shadow->began_ns;
    struct audit_event event = {
        .kind = AUDIT_EVENT_shadow,
        .request_id = bytes_from_string(shadow->id),
        .outcome = audit_outcome(galen_status_http(shadow->status)),
        .reason = shadow->status == GALEN_OK ? NULL : galen_status_slug(shadow->status),
        .model_name = bytes_from_string(shadow->model->name),
        .model_version = AUDIT_COUNT(shadow->version->number),
        .dur_us = AUDIT_COUNT(duration_ns / NS_PER_US),
    };
    if (shadow->version->contract != NULL) {
        event.model_sha256 = shadow->version->model_sha256;
    }
    if (asked_engines(shadow) && shadow->gateway->engine_count > 1) {
        event.upstream_engine = shadow->engine->name;
    }
    if (shadow->status == GALEN_OK) {
        event.shadow_outputs = AUDIT_COUNT(shadow->answered_count);
        event.shadow_differing = AUDIT_COUNT(shadow->differing_count);
    }
    return event;
}

static void record(struct shadow *shadow)
{
    const struct audit_event event = event_of(shadow);
    if (shadow->gateway->audit == NULL) {
        end(shadow);
        return;
    }
    writer_init(&shadow->fields, LIMIT_AUDIT_RECORD_SIZE_BYTES_MAX);
    audit_event_write(&event, &shadow->fields);
    if (shadow->fields.status != GALEN_OK) {
        end(shadow);
        return;
    }
    shadow->entry = (struct audit_entry){
        .fields = writer_bytes(&shadow->fields),
        .mailbox = shadow->gateway->mailbox,
        .done = on_recorded,
        .context = shadow,
    };
    audit_lane_submit(shadow->gateway->audit, &shadow->entry);
}

/* Nobody could be asked: that says nothing of the version. */
static bool is_dropped(enum galen_status status)
{
    return status == GALEN_BUSY || status == GALEN_UNAVAILABLE ||
           status == GALEN_CANCELLED || status == GALEN_NO_MEMORY ||
           status == GALEN_BAD_UPSTREAM;
}

static void conclude(struct shadow *shadow, enum galen_status status)
{
    const bool agrees = status == GALEN_OK && shadow->differing_count == 0;
    shadow->status = status;
    arm_counts_add_shadow(shadow->counts, is_dropped(status) ? SHADOW_DROPPED
                                          : agrees           ? SHADOW_AGREED
                                                             : SHADOW_DIFFERED);
    record(shadow);
}

/* Comparing. Both gave what was asked for in its order, or all by name. */

static const struct galen_tensor *find_output(const struct shadow *shadow, size_t index)
{
    const struct infer_response *response = &shadow->infer_call.response;
    const struct galen_tensor *answered = &shadow->answered[index];
    if (shadow->answered_count == 1 && response->output_count == 1) {
        return &response->outputs[0].tensor; /* another version may call it otherwise */
    }
    for (size_t i = 0; i < response->output_count; i++) {
        if (strcmp(response->outputs[i].tensor.name, answered->name) == 0) {
            return &response->outputs[i].tensor;
        }
    }
    return NULL;
}

/* The same column says another thing then. */
static bool has_other_labels(const struct contract *a, const struct contract *b)
{
    bool differs = a != NULL && b != NULL && a->label_count != b->label_count;
    for (size_t i = 0; !differs && a != NULL && b != NULL && i < a->label_count; i++) {
        differs = strcmp(a->labels[i], b->labels[i]) != 0;
    }
    return differs;
}

static void compare(struct shadow *shadow)
{
    if (has_other_labels(shadow->stable->contract, shadow->version->contract)) {
        shadow->differing_count = shadow->answered_count;
        return;
    }
    for (size_t i = 0; i < shadow->answered_count; i++) {
        const struct galen_tensor *output = find_output(shadow, i);
        shadow->differing_count +=
            output == NULL ||
            tensors_disagree(&shadow->answered[i], output, shadow->lane->tolerance);
    }
}

static void on_inferred(struct infer_call *call)
{
    struct shadow *shadow = call->context;
    if (call->status == GALEN_OK) {
        compare(shadow);
    }
    conclude(shadow, call->status);
}

/* Asking. */

static void ask(struct shadow *shadow, struct infer_service *service,
                struct infer_call *call, void (*done)(struct infer_call *call))
{
    call->operation = INFER_RUN;
    call->request.model = shadow->model->name;
    call->request.version = shadow->version->number_text;
    call->request.id = shadow->id;
    call->request.deadline_ns = shadow->began_ns + shadow->view->rules->timeout_ns;
    call->arena = &shadow->arena;
    call->mailbox = shadow->gateway->mailbox;
    call->done = done;
    call->context = shadow;
    infer_submit(service, call);
}

static enum galen_status want_output(struct shadow *shadow)
{
    const char **outputs = arena_alloc_array(&shadow->arena, 1, sizeof(*outputs));
    if (outputs == NULL) {
        return GALEN_NO_MEMORY;
    }
    outputs[0] = shadow->version->contract->output.tensor;
    shadow->infer_call.request.outputs = outputs;
    shadow->infer_call.request.output_count = 1;
    return GALEN_OK;
}

static enum galen_status pass_on(struct shadow *shadow)
{
    TRY(preprocess_pass_on(&shadow->preprocess_call.response, &shadow->arena,
                           &shadow->infer_call.request));
    return want_output(shadow);
}

static void on_preprocessed(struct infer_call *call)
{
    struct shadow *shadow = call->context;
    const enum galen_status status =
        call->status == GALEN_OK ? pass_on(shadow) : call->status;
    if (status == GALEN_OK) {
        ask(shadow, shadow->engine->in_parts, &shadow->infer_call, on_inferred);
    } else {
        conclude(shadow, status);
    }
}

/* Its beginning: a copy of what was asked and answered. */

static enum galen_status copy_tensor(struct arena *arena, const struct galen_tensor *from,
                                     struct galen_tensor *out_tensor)
{
    enum { ALIGNMENT = 64 };
    uint8_t *bytes = arena_alloc(arena, from->size_bytes + ALIGNMENT);
    *out_tensor = *from;
    out_tensor->name =
        arena_copy_string(arena, bytes_from_string(from->name == NULL ? "" : from->name));
    if (bytes == NULL || out_tensor->name == NULL) {
        return GALEN_NO_MEMORY;
    }
    bytes += ALIGNMENT - (uintptr_t)bytes % ALIGNMENT;
    if (from->size_bytes > 0) {
        memcpy(bytes, from->bytes, from->size_bytes);
    }
    out_tensor->bytes = bytes;
    return GALEN_OK;
}

static enum galen_status copy_inputs(struct shadow *shadow, const struct infer_call *from,
                                     struct infer_call *to)
{
    const struct infer_request *request = &from->request;
    struct galen_tensor *inputs =
        arena_alloc_array(&shadow->arena, request->input_count, sizeof(*inputs));
    if (inputs == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < request->input_count; i++) {
        TRY(copy_tensor(&shadow->arena, &request->inputs[i], &inputs[i]));
    }
    to->request.inputs = inputs;
    to->request.input_count = request->input_count;
    to->request.is_raw = request->is_raw;
    return GALEN_OK;
}

static enum galen_status copy_names(struct shadow *shadow, const struct infer_call *from)
{
    const struct infer_request *request = &from->request;
    const char **names =
        arena_alloc_array(&shadow->arena, request->output_count + 1, sizeof(*names));
    if (names == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < request->output_count; i++) {
        names[i] =
            arena_copy_string(&shadow->arena, bytes_from_string(request->outputs[i]));
        if (names[i] == NULL) {
            return GALEN_NO_MEMORY;
        }
    }
    shadow->infer_call.request.outputs = names;
    shadow->infer_call.request.output_count = request->output_count;
    return GALEN_OK;
}

static enum galen_status copy_answer(struct shadow *shadow, const struct infer_call *from)
{
    const struct infer_response *response = &from->response;
    shadow->answered_count = response->output_count;
    shadow->answered = arena_alloc_array(&shadow->arena, response->output_count + 1,
                                         sizeof(*shadow->answered));
    if (shadow->answered == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < response->output_count; i++) {
        TRY(copy_tensor(&shadow->arena, &response->outputs[i].tensor,
                        &shadow->answered[i]));
    }
    return GALEN_OK;
}

static bool is_preprocessed(const struct request *request)
{
    return request->preprocess_call.done != NULL;
}

static enum galen_status copy_request(struct shadow *shadow, const struct request *request)
{
    TRY(copy_answer(shadow, &request->infer_call));
    if (is_preprocessed(request)) {
        return copy_inputs(shadow, &request->preprocess_call, &shadow->preprocess_call);
    }
    TRY(copy_names(shadow, &request->infer_call));
    return copy_inputs(shadow, &request->infer_call, &shadow->infer_call);
}

static struct shadow *shadow_create(const struct request *request)
{
    struct shadow *shadow = calloc(1, sizeof(*shadow));
    if (shadow == NULL) {
        return NULL;
    }
    shadow->lane = request->gateway->shadows;
    shadow->gateway = request->gateway;
    shadow->view = view_ref(request->view);
    shadow->counts = arm_counts_ref(request->arms->counts);
    shadow->model = request->model;
    shadow->engine = request_arm_canary_engine(request);
    shadow->version = request->arms->canary;
    shadow->stable = request->version;
    shadow->began_ns = now_ns(request->gateway);
    memcpy(shadow->id, request->id, sizeof(shadow->id));
    arena_init(&shadow->arena, LIMIT_SHADOW_SIZE_BYTES_MAX);
    writer_init(&shadow->fields, 0);
    if (copy_request(shadow, request) != GALEN_OK) {
        shadow_destroy(shadow);
        return NULL;
    }
    return shadow;
}

static void start(struct shadow *shadow, bool preprocesses)
{
    shadow->lane->count_++;
    if (preprocesses) {
        ask(shadow, shadow->gateway->preprocess, &shadow->preprocess_call, on_preprocessed);
    } else {
        ask(shadow, shadow->engine->in_parts, &shadow->infer_call, on_inferred);
    }
}

/* Classes are texts of values: those of a version that is another are others. */
static bool can_be_compared(const struct request *request)
{
    return request->status == GALEN_OK && request->infer_call.operation == INFER_RUN &&
           request->infer_call.done != NULL &&
           request->infer_call.request.class_counts == NULL &&
           (request->arms->canary->contract != NULL || !is_preprocessed(request));
}

static bool is_wanted(const struct request *request)
{
    const struct gateway *gateway = request->gateway;
    uint64_t chance;
    if (gateway->shadows->idle_ != NULL || request->arm != ARM_STABLE ||
        request->arm_by == ARM_BY_FALLBACK || request->arms->shadow == 0 ||
        !can_be_compared(request)) {
        return false;
    }
    gateway->random(gateway->context, (uint8_t *)&chance, sizeof(chance));
    return arms_has_shadow(request->arms, chance);
}

void shadow_begin(const struct request *request)
{
    if (!is_wanted(request)) {
        return;
    }
    struct shadow *shadow = request->gateway->shadows->count_ < LIMIT_SHADOW_COUNT_MAX
                                ? shadow_create(request)
                                : NULL;
    if (shadow == NULL) {
        arm_counts_add_shadow(request->arms->counts, SHADOW_DROPPED);
        return;
    }
    start(shadow, is_preprocessed(request));
}
