/* SPDX-License-Identifier: Apache-2.0 */
#include "infer/infer.h"

#include "base/invariant.h"

static void run_done(struct task *task)
{
    struct infer_call *call = LIST_ITEM(task, struct infer_call, task);
    struct infer_service *service = call->service;
    call->service = NULL;
    if (service != NULL && service->ops->settle != NULL) {
        service->ops->settle(service, call);
    }
    call->done(call);
}

void infer_submit(struct infer_service *service, struct infer_call *call)
{
    INVARIANT(call->service == NULL && call->done != NULL);
    call->service = service;
    call->service_data = NULL;
    call->response = (struct infer_response){.version = ""};
    call->route = (struct infer_route){0};
    call->classing = (struct infer_classing){0};
    error_clear(&call->error);
    service->ops->submit(service, call);
}

void infer_cancel(struct infer_call *call)
{
    if (call->service != NULL) {
        call->service->ops->cancel(call->service, call);
    }
}

static void drop_response(struct infer_call *call)
{
    const struct infer_timing timing = call->response.timing;
    for (size_t i = 0; i < call->response.output_count; i++) {
        blob_unref(call->response.outputs[i].storage);
    }
    call->response = (struct infer_response){.version = "", .timing = timing};
}

void infer_call_clear(struct infer_call *call)
{
    INVARIANT(call->service == NULL);
    drop_response(call);
}

void infer_service_close(struct infer_service *service)
{
    if (service != NULL) {
        service->ops->close(service);
    }
}

static void settle_status(struct infer_call *call, enum galen_status status)
{
    if (status != GALEN_OK) {
        drop_response(call);
    }
    call->status = status;
}

void infer_call_finish(struct infer_call *call, enum galen_status status)
{
    settle_status(call, status);
    call->task.run = run_done;
    mailbox_post(call->mailbox, &call->task);
}

void infer_call_finish_here(struct infer_call *call, enum galen_status status)
{
    settle_status(call, status);
    run_done(&call->task);
}
