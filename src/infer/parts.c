/* SPDX-License-Identifier: Apache-2.0 */
#include "infer/parts.h"

#include "base/invariant.h"
#include "infer/answer.h"

/* One request on its way in parts; in its call's arena. */
struct job {
    struct infer_call *whole;
    struct infer_service *behind;
    struct galen_tensor *slices; /* the inputs of the part that is under way */
    struct infer_call *parts;
    size_t part_count;
    size_t part_index; /* which is under way */
    size_t row_count;
    size_t row_count_max;
    bool is_cancelled;
};

static bool has_rows(const struct galen_tensor *tensor, int64_t row_count)
{
    return tensor->rank > 0 && tensor->shape[0] == row_count &&
           galen_datatype_size(tensor->datatype) > 0 &&
           tensor->size_bytes % (uint64_t)row_count == 0;
}

/* 0: it has none, or cannot be cut. */
static size_t count_rows(const struct infer_request *request)
{
    if (request->input_count == 0 || request->inputs[0].rank == 0 ||
        request->inputs[0].shape[0] <= 0) {
        return 0;
    }
    const int64_t row_count = request->inputs[0].shape[0];
    for (size_t i = 0; i < request->input_count; i++) {
        if (!has_rows(&request->inputs[i], row_count)) {
            return 0;
        }
    }
    return (size_t)row_count;
}

static size_t part_rows(const struct job *job)
{
    const size_t left = job->row_count - job->part_index * job->row_count_max;
    return left < job->row_count_max ? left : job->row_count_max;
}

static void cut_inputs(struct job *job)
{
    const struct infer_request *request = &job->whole->request;
    const size_t first = job->part_index * job->row_count_max;
    for (size_t i = 0; i < request->input_count; i++) {
        const struct galen_tensor *input = &request->inputs[i];
        const size_t row_size = input->size_bytes / job->row_count;
        struct galen_tensor *slice = &job->slices[i];
        *slice = *input;
        slice->shape[0] = (int64_t)part_rows(job);
        slice->bytes = (const uint8_t *)input->bytes + first * row_size;
        slice->size_bytes = part_rows(job) * row_size;
    }
}

static void on_part_done(struct infer_call *part);

static void submit_part(struct job *job)
{
    struct infer_call *part = &job->parts[job->part_index];
    cut_inputs(job);
    *part = (struct infer_call){
        .operation = INFER_RUN,
        .request = job->whole->request,
        .arena = job->whole->arena,
        .mailbox = job->whole->mailbox,
        .done = on_part_done,
        .context = job,
    };
    part->request.inputs = job->slices;
    infer_submit(job->behind, part);
}

static enum galen_status refuse_parts(struct job *job)
{
    return error_set(&job->whole->error, GALEN_BAD_UPSTREAM,
                     "the parts of the answer do not fit together");
}

/* Rows like those of the first part, as many as went in. */
static bool is_alike(const struct galen_tensor *first, const struct galen_tensor *tensor,
                     size_t row_count)
{
    return strcmp(first->name, tensor->name) == 0 && tensor->datatype == first->datatype &&
           tensor->rank == first->rank && tensor->rank > 0 &&
           (uint64_t)tensor->shape[0] == row_count &&
           memcmp(tensor->shape + 1, first->shape + 1,
                  (tensor->rank - 1) * sizeof(tensor->shape[0])) == 0;
}

static enum galen_status check_parts(struct job *job)
{
    const struct infer_response *first = &job->parts[0].response;
    for (job->part_index = 0; job->part_index < job->part_count; job->part_index++) {
        const struct infer_response *part = &job->parts[job->part_index].response;
        if (part->output_count != first->output_count) {
            return refuse_parts(job);
        }
        for (size_t i = 0; i < part->output_count; i++) {
            if (!is_alike(&first->outputs[i].tensor, &part->outputs[i].tensor,
                          part_rows(job))) {
                return refuse_parts(job);
            }
        }
    }
    return GALEN_OK;
}

static size_t output_size(const struct job *job, size_t index)
{
    size_t size = 0;
    for (size_t i = 0; i < job->part_count; i++) {
        size += job->parts[i].response.outputs[index].tensor.size_bytes;
    }
    return size;
}

static enum galen_status join_output(struct job *job, size_t index)
{
    struct galen_tensor joined = job->parts[0].response.outputs[index].tensor;
    joined.size_bytes = output_size(job, index);
    joined.shape[0] = (int64_t)job->row_count;
    struct blob *storage = blob_create(joined.size_bytes, 0);
    if (storage == NULL) {
        return GALEN_NO_MEMORY;
    }
    uint8_t *at = blob_data(storage);
    for (size_t i = 0; i < job->part_count; i++) {
        const struct galen_tensor *part = &job->parts[i].response.outputs[index].tensor;
        if (part->size_bytes > 0) {
            memcpy(at, part->bytes, part->size_bytes);
            at += part->size_bytes;
        }
    }
    joined.bytes = blob_data(storage);
    return infer_answer_output(job->whole, &joined, storage);
}

/* They ran one after another: from the beginning of the first to the end of the last. */
static struct infer_timing timing_of(const struct job *job)
{
    struct infer_timing timing = job->parts[0].response.timing;
    timing.ended_ns = job->parts[job->part_count - 1].response.timing.ended_ns;
    timing.row_count = job->row_count;
    return timing;
}

static enum galen_status join(struct job *job)
{
    struct infer_call *whole = job->whole;
    const struct infer_response *first = &job->parts[0].response;
    TRY(check_parts(job));
    TRY(infer_answer_version(whole, first->version));
    whole->response.timing = timing_of(job);
    whole->response.outputs =
        arena_alloc_array(whole->arena, first->output_count, sizeof(struct infer_output));
    if (whole->response.outputs == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < first->output_count; i++) {
        TRY(join_output(job, i));
    }
    return GALEN_OK;
}

/* All attempts, who was asked last, and the troubles of the first part that had any. */
static struct infer_route route_of(const struct job *job)
{
    struct infer_route route = {.attempt_count = 0};
    for (size_t i = 0; i < job->part_count && job->parts[i].done != NULL; i++) {
        const struct infer_route before = route;
        route = job->parts[i].route;
        route.attempt_count += before.attempt_count;
        if (before.trouble_count > 0) {
            route.troubles = before.troubles;
            route.trouble_count = before.trouble_count;
        }
    }
    return route;
}

static void finish(struct job *job, enum galen_status status)
{
    job->whole->route = route_of(job);
    for (size_t i = 0; i < job->part_count; i++) {
        infer_call_clear(&job->parts[i]);
    }
    infer_call_finish(job->whole, status);
}

static void on_part_done(struct infer_call *part)
{
    struct job *job = part->context;
    if (job->is_cancelled) {
        finish(job, infer_refuse_cancelled(job->whole));
    } else if (part->status != GALEN_OK) {
        job->whole->error = part->error;
        finish(job, part->status);
    } else if (++job->part_index < job->part_count) {
        submit_part(job);
    } else {
        finish(job, join(job));
    }
}

/* NULL: no memory. */
static struct job *create_job(const struct infer_parts *service, struct infer_call *call,
                              size_t row_count)
{
    const size_t rows = service->row_count_max_;
    const size_t part_count = (row_count + rows - 1) / rows;
    struct job *job = arena_alloc(call->arena, sizeof(*job));
    struct galen_tensor *slices =
        arena_alloc_array(call->arena, call->request.input_count, sizeof(*slices));
    struct infer_call *parts = arena_alloc_array(call->arena, part_count, sizeof(*parts));
    if (job == NULL || slices == NULL || parts == NULL) {
        return NULL;
    }
    memset(parts, 0, part_count * sizeof(*parts));
    *job = (struct job){
        .whole = call,
        .behind = service->behind_,
        .slices = slices,
        .parts = parts,
        .part_count = part_count,
        .row_count = row_count,
        .row_count_max = rows,
    };
    return job;
}

static void submit(struct infer_service *service, struct infer_call *call)
{
    const struct infer_parts *parts = (struct infer_parts *)(void *)service;
    const size_t row_count = call->operation == INFER_RUN ? count_rows(&call->request) : 0;
    if (row_count <= parts->row_count_max_) {
        call->service = NULL;
        infer_submit(parts->behind_, call);
        return;
    }
    struct job *job = create_job(parts, call, row_count);
    call->service_data = job;
    if (job == NULL) {
        infer_call_finish(call, GALEN_NO_MEMORY);
    } else {
        submit_part(job);
    }
}

/* Only calls that go in parts are still this service's. */
static void cancel(struct infer_service *service, struct infer_call *call)
{
    (void)service;
    struct job *job = call->service_data;
    if (job != NULL && job->part_index < job->part_count) {
        job->is_cancelled = true;
        infer_cancel(&job->parts[job->part_index]);
    }
}

static void close_nothing(struct infer_service *service)
{
    (void)service;
}

static const struct infer_service_ops ops = {
    .name = "parts",
    .submit = submit,
    .cancel = cancel,
    .close = close_nothing,
};

void infer_parts_init(struct infer_parts *parts, struct infer_service *behind,
                      size_t row_count_max)
{
    INVARIANT(row_count_max > 0);
    *parts = (struct infer_parts){
        .base = {.ops = &ops},
        .behind_ = behind,
        .row_count_max_ = row_count_max,
    };
}
