/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/preprocess.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/invariant.h"
#include "base/reader.h"
#include "infer/answer.h"
#include "infer/validate.h"
#include "preprocess/offload.h"
#include "preprocess/preparations.h"

struct preprocess {
    struct infer_service base; /* first: callers hold a pointer to it */
    uint64_t (*now_ns)(void);
    uint64_t linger_ns;
    struct repository *desired; /* a reference; of who follows */
    struct offload_options offload_options;
    struct offload *_Atomic offload; /* NULL: nothing here runs apart yet, or it cannot */
    struct error why_no_offload;     /* of why it cannot; written before the flag */
    atomic_bool lacks_offload;
    pthread_mutex_t lock;
    struct preparations *preparations; /* with the lock */
};

/* What there is now, as a reference. */
static struct preparations *look(struct preprocess *preprocess)
{
    INVARIANT(pthread_mutex_lock(&preprocess->lock) == 0);
    struct preparations *preparations = preparations_ref(preprocess->preparations);
    INVARIANT(pthread_mutex_unlock(&preprocess->lock) == 0);
    return preparations;
}

/* What a call is about, once its names are resolved. */
struct subject {
    struct preparations *preparations; /* that the rest lies in */
    const struct repository_model *model;
    const struct repository_version *version;
    const struct preparation *preparation;
    const struct transform *transform;
};

static enum galen_status find_version(struct infer_call *call, struct subject *out_subject)
{
    const struct repository_model *model = repository_find(
        out_subject->preparations->effective, bytes_from_string(call->request.model));
    if (model == NULL) {
        return infer_refuse_unknown(call, false);
    }
    if (model->is_disabled) {
        return error_set(&call->error, GALEN_UNAVAILABLE, "model '%s' is %s", model->name,
                         model->why_not.text);
    }
    const struct repository_version *version =
        repository_resolve(model, bytes_from_string(call->request.version));
    if (version == NULL) {
        return infer_refuse_unknown(call, true);
    }
    out_subject->model = model;
    out_subject->version = version;
    return GALEN_OK;
}

static enum galen_status find_preparation(const struct preprocess *preprocess,
                                          struct infer_call *call, struct subject *subject)
{
    const struct preparation *preparation =
        preparations_find(subject->preparations, subject->version);
    if (preparation == NULL) {
        return error_set(&call->error, GALEN_UNAVAILABLE,
                         "model '%s' version %llu is not loaded", subject->model->name,
                         (unsigned long long)subject->version->number);
    }
    if (preparation->transform == NULL) {
        return error_set(&call->error, GALEN_NOT_IMPLEMENTED,
                         "there is no transform for %s",
                         contract_task_name(subject->version->contract->task));
    }
    if (preparation->status != GALEN_OK) {
        return error_set(&call->error, GALEN_UNAVAILABLE, "%s", preparation->why_not.text);
    }
    if (preparation->transform->runs_apart && atomic_load(&preprocess->offload) == NULL) {
        return error_set(&call->error, GALEN_UNAVAILABLE, "%s",
                         preprocess->why_no_offload.text);
    }
    subject->preparation = preparation;
    subject->transform = preparation->transform;
    return GALEN_OK;
}

static enum galen_status find_subject(const struct preprocess *preprocess,
                                      struct infer_call *call, struct subject *out_subject)
{
    TRY(find_version(call, out_subject));
    const struct repository_version *version = out_subject->version;
    INVARIANT(version != NULL);
    if (!version->usable) {
        return error_set(&call->error, GALEN_UNAVAILABLE, "%s", version->why_not.text);
    }
    if (version->contract == NULL) {
        return error_set(&call->error, GALEN_NO_CONTRACT,
                         "model '%s' version %llu has no model.yaml",
                         out_subject->model->name, (unsigned long long)version->number);
    }
    return find_preparation(preprocess, call, out_subject);
}

static enum galen_status describe(const struct subject *subject, struct infer_call *call,
                                  struct v2_model *out_model)
{
    static const struct galen_tensor_spec inputs[] = {
        {.name = PREPROCESS_INPUT, .datatype = GALEN_BYTES, .rank = 1, .shape = {1}},
        {.name = PREPROCESS_CONTENT_TYPE, .datatype = GALEN_BYTES, .rank = 1, .shape = {1}},
    };
    const char **versions = arena_alloc_array(call->arena, 1, sizeof(*versions));
    if (versions == NULL) {
        return GALEN_NO_MEMORY;
    }
    versions[0] = call->response.version;
    *out_model = (struct v2_model){
        .name = subject->model->name,
        .versions = versions,
        .version_count = 1,
        .platform = "galen_preprocess",
        .inputs = inputs,
        .input_count = sizeof(inputs) / sizeof(inputs[0]),
    };
    return subject->transform->describe(subject->version->contract, call->arena,
                                        &out_model->outputs, &out_model->output_count);
}

/* The only element of a BYTES [1] tensor, which the codec has checked. */
static struct bytes only_element(const struct galen_tensor *tensor)
{
    struct reader reader = reader_of(bytes_of(tensor->bytes, tensor->size_bytes));
    return reader_take(&reader, reader_u32_le(&reader));
}

/* The tensors lie in the call's arena, so no output has storage of its own. */
static enum galen_status answer_outputs(struct infer_call *call,
                                        const struct transform_outputs *made,
                                        uint64_t wanted)
{
    call->response.outputs =
        arena_alloc_array(call->arena, made->count, sizeof(*call->response.outputs));
    if (call->response.outputs == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < made->count; i++) {
        if ((wanted & UINT64_C(1) << i) != 0) {
            TRY(infer_answer_output(call, &made->tensors[i], NULL));
        }
    }
    return GALEN_OK;
}

/* A call on its way to its outputs; in the call's arena. */
struct work {
    struct offload_task task; /* of what runs apart */
    const struct preprocess *preprocess;
    struct preparations
        *preparations; /* of one that runs apart: a reference, till settle */
    struct infer_call *call;
    const struct transform *transform;
    struct transform_run run;
    uint64_t wanted_outputs;
    atomic_bool cancelled;
};

static enum galen_status make_outputs(struct work *work)
{
    struct transform_outputs made = {.count = 0};
    TRY(work->transform->run(&work->run, &made, &work->call->error));
    return answer_outputs(work->call, &made, work->wanted_outputs);
}

/* The times are for traces, and cost nothing without one. */
static enum galen_status run_work(struct work *work)
{
    if (work->call->request.trace == NULL) {
        return make_outputs(work);
    }
    struct infer_timing *timing = &work->call->response.timing;
    timing->began_ns = work->preprocess->now_ns();
    const enum galen_status status = make_outputs(work);
    timing->ended_ns = work->preprocess->now_ns();
    return status;
}

static enum galen_status outcome_of(struct work *work)
{
    if (atomic_load(&work->cancelled)) {
        return infer_refuse_cancelled(work->call);
    }
    if (work->preprocess->now_ns() >= work->call->request.deadline_ns) {
        return infer_refuse_late(work->call);
    }
    const enum galen_status status = run_work(work);
    return atomic_load(&work->cancelled) ? infer_refuse_cancelled(work->call) : status;
}

static void run_apart(struct offload_task *task, struct confined_decoder *decoder)
{
    struct work *work = LIST_ITEM(task, struct work, task);
    work->run.decoder = decoder;
    infer_call_finish(work->call, outcome_of(work));
}

static enum galen_status prepare_work(const struct preprocess *preprocess,
                                      const struct subject *subject,
                                      struct infer_call *call, struct work **out_work)
{
    const struct contract *contract = subject->version->contract;
    struct v2_model model;
    struct infer_plan plan;
    struct work *work = arena_alloc(call->arena, sizeof(*work));
    if (work == NULL) {
        return GALEN_NO_MEMORY;
    }
    TRY(describe(subject, call, &model));
    TRY(infer_validate(call, &(struct infer_rules){.model = &model}, &plan));
    work->task.run = run_apart;
    work->preprocess = preprocess;
    work->call = call;
    work->transform = subject->transform;
    work->wanted_outputs = plan.wanted_outputs;
    work->run = (struct transform_run){
        .contract = contract,
        .prepared = subject->preparation->prepared,
        .input = phi_hide(only_element(&plan.inputs[0])),
        .content_type = only_element(&plan.inputs[1]),
        .arena = call->arena,
        .deadline_ns = call->request.deadline_ns,
    };
    *out_work = work;
    return contract_lists_type(contract, work->run.content_type)
               ? GALEN_OK
               : error_set(&call->error, GALEN_UNSUPPORTED_TYPE,
                           "model '%s' does not take this media type", model.name);
}

/* *out_pending: the answer is another thread's to give. */
static enum galen_status run(const struct preprocess *preprocess,
                             const struct subject *subject, struct infer_call *call,
                             bool *out_pending)
{
    struct work *work;
    TRY(prepare_work(preprocess, subject, call, &work));
    if (!subject->transform->runs_apart) {
        return run_work(work);
    }
    work->preparations = preparations_ref(subject->preparations);
    call->service_data = work;
    if (call->request.trace != NULL) {
        call->response.timing.queued_ns = preprocess->now_ns();
    }
    if (offload_push(atomic_load(&preprocess->offload), &work->task) == GALEN_OK) {
        *out_pending = true;
        return GALEN_OK;
    }
    return error_set(&call->error, GALEN_BUSY, "too many images wait already");
}

static enum galen_status answer_description(const struct subject *subject,
                                            struct infer_call *call)
{
    struct v2_model model;
    TRY(describe(subject, call, &model));
    return infer_answer_model(call, &model);
}

/* Ready as a whole: every model that has a contract can be preprocessed, if not as desired
 * then as before. */
static enum galen_status check_all(const struct preprocess *preprocess,
                                   const struct preparations *preparations,
                                   struct infer_call *call)
{
    const struct repository *effective = preparations->effective;
    const char *note = NULL;
    for (size_t i = 0; i < effective->model_count; i++) {
        const struct repository_model *model = &effective->models[i];
        if (!model->usable) {
            return error_set(&call->error, GALEN_UNAVAILABLE, "%s", model->why_not.text);
        }
        note = note == NULL && model->why_not.text[0] != '\0' ? model->why_not.text : note;
    }
    if (atomic_load(&preprocess->lacks_offload)) {
        return error_set(&call->error, GALEN_UNAVAILABLE, "%s",
                         preprocess->why_no_offload.text);
    }
    return note == NULL ? GALEN_OK : infer_answer_note(call, note);
}

static enum galen_status answer(const struct preprocess *preprocess,
                                struct preparations *preparations, struct infer_call *call,
                                bool *out_pending)
{
    struct subject subject = {.preparations = preparations};
    if (call->operation == INFER_READY && call->request.model[0] == '\0') {
        return check_all(preprocess, preparations, call);
    }
    if (preprocess->now_ns() >= call->request.deadline_ns) {
        return infer_refuse_late(call);
    }
    TRY(find_subject(preprocess, call, &subject));
    TRY(infer_answer_version(call, subject.version->number_text));
    switch (call->operation) {
    case INFER_RUN:
        return run(preprocess, &subject, call, out_pending);
    case INFER_DESCRIBE:
        return answer_description(&subject, call);
    case INFER_READY:
        break;
    }
    return GALEN_OK;
}

static void submit(struct infer_service *service, struct infer_call *call)
{
    struct preprocess *preprocess = (struct preprocess *)service;
    struct preparations *preparations = look(preprocess);
    bool is_pending = false;
    const enum galen_status status = answer(preprocess, preparations, call, &is_pending);
    if (!is_pending) {
        infer_call_finish(call, status);
    }
    preparations_unref(preparations);
}

static void settle(struct infer_service *service, struct infer_call *call)
{
    (void)service;
    const struct work *work = call->service_data;
    if (work != NULL) {
        preparations_unref(work->preparations);
    }
}

/* What does not run apart has its answer on the way already. */
static void cancel(struct infer_service *service, struct infer_call *call)
{
    const struct preprocess *preprocess = (struct preprocess *)service;
    struct work *work = call->service_data;
    if (work == NULL) {
        return;
    }
    if (offload_take_back(atomic_load(&preprocess->offload), &work->task)) {
        infer_call_finish(call, infer_refuse_cancelled(call));
    } else {
        atomic_store(&work->cancelled, true);
    }
}

static void preprocess_close(struct infer_service *service)
{
    struct preprocess *preprocess = (struct preprocess *)service;
    offload_destroy(preprocess->offload);
    preparations_unref(preprocess->preparations);
    repository_unref(preprocess->desired);
    (void)pthread_mutex_destroy(&preprocess->lock);
    free(preprocess);
}

static const struct infer_service_ops preprocess_ops = {
    .name = "preprocess",
    .submit = submit,
    .cancel = cancel,
    .settle = settle,
    .close = preprocess_close,
};

static bool any_runs_apart(const struct preparations *preparations)
{
    for (size_t i = 0; i < preparations->count; i++) {
        const struct transform *transform = preparations->items[i]->transform;
        if (transform != NULL && transform->runs_apart) {
            return true;
        }
    }
    return false;
}

/* Whoever has no images has no processes for them. */
static void open_offload(struct preprocess *preprocess,
                         const struct preparations *preparations)
{
    struct offload *offload = NULL;
    struct error *why = &preprocess->why_no_offload;
    const bool is_settled = atomic_load(&preprocess->offload) != NULL ||
                            atomic_load(&preprocess->lacks_offload);
    if (is_settled || !any_runs_apart(preparations)) {
        return;
    }
    const enum galen_status status =
        preprocess->offload_options.decoder.command == NULL
            ? error_set(why, GALEN_UNAVAILABLE, "there are no image workers here")
            : offload_create(&preprocess->offload_options, &offload, why);
    if (status != GALEN_OK && why->text[0] == '\0') {
        (void)error_set(why, status, "image workers: %s", galen_status_text(status));
    }
    atomic_store(&preprocess->lacks_offload, status != GALEN_OK);
    atomic_store(&preprocess->offload, offload);
}

enum galen_status preprocess_follow(struct infer_service *service,
                                    struct repository *repository)
{
    struct preprocess *preprocess = (struct preprocess *)service;
    struct preparations *preparations = NULL;
    struct preparations *before = preprocess->preparations; /* only we change it */
    const struct preparations_time time = {.linger_ns = preprocess->linger_ns,
                                           .now_ns = preprocess->now_ns()};
    TRY(preparations_create(repository, before, &time, &preparations));
    (void)repository_ref(repository);
    repository_unref(preprocess->desired);
    preprocess->desired = repository;
    open_offload(preprocess, preparations);
    INVARIANT(pthread_mutex_lock(&preprocess->lock) == 0);
    preprocess->preparations = preparations;
    INVARIANT(pthread_mutex_unlock(&preprocess->lock) == 0);
    preparations_unref(before);
    return GALEN_OK;
}

void preprocess_tidy(struct infer_service *service)
{
    struct preprocess *preprocess = (struct preprocess *)service;
    const uint64_t until_ns = repository_lingers_until(preprocess->preparations->effective);
    if (until_ns <= preprocess->now_ns()) {
        (void)!preprocess_follow(service, preprocess->desired); /* next time, then */
    }
}

enum galen_status preprocess_create(const struct preprocess_options *options,
                                    struct infer_service **out_service)
{
    struct preprocess *preprocess = calloc(1, sizeof(*preprocess));
    if (preprocess == NULL) {
        return GALEN_NO_MEMORY;
    }
    INVARIANT(pthread_mutex_init(&preprocess->lock, NULL) == 0);
    preprocess->base.ops = &preprocess_ops;
    preprocess->now_ns = options->now_ns;
    preprocess->linger_ns = options->linger_ns;
    preprocess->offload_options = (struct offload_options){
        .decoder = {.command = options->image_worker_command,
                    .file_size_max = options->image_size_bytes_max},
        .thread_count = options->image_worker_count,
        .queue_count_max = options->image_queue_count_max,
    };
    const enum galen_status status =
        preprocess_follow(&preprocess->base, options->repository);
    if (status != GALEN_OK) {
        preprocess_close(&preprocess->base);
        return status;
    }
    *out_service = &preprocess->base;
    return GALEN_OK;
}

uint64_t preprocess_lost_worker_count(const struct infer_service *service)
{
    const struct preprocess *preprocess = (const struct preprocess *)(const void *)service;
    const struct offload *offload = atomic_load(&preprocess->offload);
    return offload == NULL ? 0 : offload_lost_count(offload);
}
