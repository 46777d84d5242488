/* SPDX-License-Identifier: Apache-2.0 */
#include "infer/fake_management.h"

#include <stdio.h>

#include "base/invariant.h"

static void remember(struct infer_fake_management *fake,
                     const struct infer_management_call *call)
{
    fake->submit_count++;
    fake->operation = call->operation;
    fake->ready_only = call->ready_only;
    (void)snprintf(fake->model, sizeof(fake->model), "%s", call->model);
    (void)snprintf(fake->version, sizeof(fake->version), "%s", call->version);
    (void)snprintf(fake->config, sizeof(fake->config), "%.*s", BYTES_PRINT(call->config));
}

static void answer(const struct infer_fake_management *fake,
                   struct infer_management_call *call)
{
    if (fake->status != GALEN_OK) {
        infer_management_finish(call,
                                error_set(&call->error, fake->status, "%s", fake->why));
        return;
    }
    call->index = fake->index;
    call->index_count = fake->index_count;
    call->statistics = fake->statistics;
    call->statistics_count = fake->statistics_count;
    call->config_json = fake->config_json;
    infer_management_finish(call, GALEN_OK);
}

static void submit(struct infer_management *management, struct infer_management_call *call)
{
    struct infer_fake_management *fake = (struct infer_fake_management *)(void *)management;
    INVARIANT(fake->pending == NULL);
    remember(fake, call);
    if (fake->holds) {
        fake->pending = call;
    } else {
        answer(fake, call);
    }
}

static const struct infer_management_ops ops = {.submit = submit};

void infer_fake_management_init(struct infer_fake_management *fake)
{
    *fake = (struct infer_fake_management){.base = {.ops = &ops}, .why = ""};
}

void infer_fake_management_answer(struct infer_fake_management *fake)
{
    struct infer_management_call *call = fake->pending;
    INVARIANT(call != NULL);
    fake->pending = NULL;
    answer(fake, call);
}
