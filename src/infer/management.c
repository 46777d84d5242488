/* SPDX-License-Identifier: Apache-2.0 */
#include "infer/management.h"

#include "base/list.h"

void infer_manage(struct infer_management *management, struct infer_management_call *call)
{
    error_clear(&call->error);
    call->index = NULL;
    call->index_count = 0;
    call->statistics = NULL;
    call->statistics_count = 0;
    call->config_json = BYTES_NONE;
    management->ops->submit(management, call);
}

static void run_done(struct task *task)
{
    struct infer_management_call *call =
        LIST_ITEM(task, struct infer_management_call, task);
    call->done(call);
}

void infer_management_finish(struct infer_management_call *call, enum galen_status status)
{
    call->status = status;
    call->task.run = run_done;
    mailbox_post(call->mailbox, &call->task);
}
