/* SPDX-License-Identifier: Apache-2.0 */
#include "infer/preprocess_pair.h"

#include "infer/answer.h"
#include "infer/preprocess_contract.h"

enum { LENGTH_SIZE = 4 }; /* in front of an element of BYTES */

/* Both are asked, one after the other; in its call's arena. */
struct question {
    struct infer_call *whole;
    struct infer_service *next; /* NULL: the last one is asked */
    const char *note;           /* the first's */
    struct infer_call asked;
    bool is_cancelled;
};

static bool is_of_image(const struct infer_request *request)
{
    static const struct bytes image = BYTES_INIT("image/");
    for (size_t i = 0; i < request->input_count; i++) {
        const struct galen_tensor *input = &request->inputs[i];
        if (strcmp(input->name, PREPROCESS_CONTENT_TYPE) == 0) {
            const struct bytes element = bytes_of(input->bytes, input->size_bytes);
            return bytes_equal_ignoring_case(
                bytes_first(bytes_from(element, LENGTH_SIZE), image.size), image);
        }
    }
    return false;
}

static void pass_on(struct infer_service *service, struct infer_call *call)
{
    call->service = NULL;
    infer_submit(service, call);
}

static void on_asked(struct infer_call *asked);

static void ask_next(struct question *question)
{
    struct infer_service *service = question->next;
    question->next = NULL;
    question->asked = (struct infer_call){
        .operation = question->whole->operation,
        .request = question->whole->request,
        .arena = question->whole->arena,
        .mailbox = question->whole->mailbox,
        .done = on_asked,
        .context = question,
    };
    infer_submit(service, &question->asked);
}

static void finish(struct question *question, enum galen_status status)
{
    struct infer_call *whole = question->whole;
    const struct infer_call *asked = &question->asked;
    whole->route = asked->route;
    if (status == GALEN_OK) {
        whole->response = asked->response;
        whole->response.note =
            question->note != NULL ? question->note : asked->response.note;
    }
    infer_call_finish(whole, status);
}

static void on_asked(struct infer_call *asked)
{
    struct question *question = asked->context;
    if (question->is_cancelled) {
        finish(question, infer_refuse_cancelled(question->whole));
    } else if (asked->status != GALEN_OK) {
        question->whole->error = asked->error;
        finish(question, asked->status);
    } else if (question->next != NULL) {
        question->note = asked->response.note;
        ask_next(question);
    } else {
        finish(question, GALEN_OK);
    }
}

static void ask_both(const struct preprocess_pair *pair, struct infer_call *call)
{
    struct question *question = arena_alloc(call->arena, sizeof(*question));
    call->service_data = question;
    if (question == NULL) {
        infer_call_finish(call, GALEN_NO_MEMORY);
        return;
    }
    *question = (struct question){.whole = call, .next = pair->others_};
    ask_next(question);
    question->next = pair->images_;
}

static void submit(struct infer_service *service, struct infer_call *call)
{
    const struct preprocess_pair *pair = (struct preprocess_pair *)(void *)service;
    if (call->operation == INFER_READY) {
        ask_both(pair, call);
    } else {
        pass_on(is_of_image(&call->request) ? pair->images_ : pair->others_, call);
    }
}

/* Only questions are still this service's. */
static void cancel(struct infer_service *service, struct infer_call *call)
{
    (void)service;
    struct question *question = call->service_data;
    if (question != NULL) {
        question->is_cancelled = true;
        infer_cancel(&question->asked);
    }
}

static void close_nothing(struct infer_service *service)
{
    (void)service;
}

static const struct infer_service_ops ops = {
    .name = "preprocess",
    .submit = submit,
    .cancel = cancel,
    .close = close_nothing,
};

void preprocess_pair_init(struct preprocess_pair *pair, struct infer_service *images,
                          struct infer_service *others)
{
    *pair = (struct preprocess_pair){
        .base = {.ops = &ops}, .images_ = images, .others_ = others};
}
