/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/execution.h"

#include "base/clock.h"
#include "base/limits.h"
#include "engine/joined.h"
#include "engine/outputs.h"
#include "engine/rows.h"
#include "infer/answer.h"

/* Those of a batch that run together. */
struct group {
    struct inference *const *members;
    size_t count;
    size_t row_count;
};

/* What the parts of a run take, measured from one to the next. */
struct laps {
    struct compute_times *times;
    uint64_t began_ns;
};

static uint64_t group_wanted(const struct group *group)
{
    uint64_t wanted = 0;
    for (size_t i = 0; i < group->count; i++) {
        wanted |= group->members[i]->plan.wanted_outputs;
    }
    return wanted;
}

/* The time since the last lap, on top of *ns. */
static void lap(struct laps *laps, uint64_t *ns)
{
    const uint64_t now_ns = clock_monotonic_ns();
    *ns += now_ns - laps->began_ns;
    laps->began_ns = now_ns;
}

static enum galen_status run_joined(const struct model *model, const struct group *group,
                                    struct outputs *outputs, struct laps *laps)
{
    struct joined joined;
    enum galen_status status =
        joined_init(&joined, model->metadata.input_count, group->members, group->count);
    lap(laps, &laps->times->input_ns);
    if (status == GALEN_OK) {
        status = outputs_run(outputs, model, joined.inputs, group_wanted(group));
        lap(laps, &laps->times->infer_ns);
    }
    joined_deinit(&joined);
    return status;
}

static enum galen_status run_one(const struct model *model, const struct infer_plan *plan,
                                 struct outputs *outputs, struct laps *laps)
{
    const enum galen_status status =
        outputs_run(outputs, model, plan->inputs, plan->wanted_outputs);
    lap(laps, &laps->times->infer_ns);
    return status;
}

/* An answer without outputs, with room for them. */
static enum galen_status begin_answer(const struct model *model,
                                      struct inference *inference)
{
    struct infer_call *call = inference->call;
    const size_t count = (size_t)__builtin_popcountll(inference->plan.wanted_outputs);
    call->response.outputs =
        arena_alloc_array(call->arena, count, sizeof(struct infer_output));
    if (call->response.outputs == NULL) {
        return GALEN_NO_MEMORY;
    }
    return infer_answer_version(call, model->version);
}

static void give_output(struct inference *inference, const struct outputs *outputs,
                        size_t index, const struct galen_tensor *tensor)
{
    if (inference->entry.status == GALEN_OK &&
        (inference->plan.wanted_outputs >> index & 1) != 0) {
        inference->entry.status = infer_answer_output(inference->call, tensor,
                                                      blob_ref(outputs->storages[index]));
    }
}

static void give_output_to_all(const struct group *group, const struct outputs *outputs,
                               size_t index)
{
    struct rows rows;
    if (group->count == 1) {
        give_output(group->members[0], outputs, index, &outputs->tensors[index]);
        return;
    }
    rows_init(&rows, &outputs->tensors[index]);
    for (size_t i = 0; i < group->count; i++) {
        const struct galen_tensor part =
            rows_take(&rows, group->members[i]->plan.row_count);
        give_output(group->members[i], outputs, index, &part);
    }
}

static void answer(const struct model *model, const struct group *group,
                   const struct outputs *outputs)
{
    for (size_t i = 0; i < group->count; i++) {
        group->members[i]->entry.status = begin_answer(model, group->members[i]);
    }
    for (size_t i = 0; i < model->metadata.output_count; i++) {
        if ((outputs->given >> i & 1) != 0) {
            give_output_to_all(group, outputs, i);
        }
    }
}

/* On failure nobody has an answer. */
static enum galen_status run_group(const struct model *model, const struct group *group,
                                   struct error *error, struct laps *laps)
{
    struct outputs outputs;
    outputs_init(&outputs, model, error);
    enum galen_status status =
        group->count == 1 ? run_one(model, &group->members[0]->plan, &outputs, laps)
                          : run_joined(model, group, &outputs, laps);
    if (status == GALEN_OK) {
        status = outputs_check(&outputs, model, group->row_count);
    }
    if (status == GALEN_OK) {
        answer(model, group, &outputs);
    }
    outputs_deinit(&outputs);
    lap(laps, &laps->times->output_ns);
    return status;
}

static void run_alone(const struct model *model, struct inference *inference,
                      struct laps *laps)
{
    const struct group alone = {
        .members = &inference, .count = 1, .row_count = inference->plan.row_count};
    const enum galen_status status =
        run_group(model, &alone, &inference->call->error, laps);
    if (status != GALEN_OK) {
        inference->entry.status = status;
    }
}

void execution_run(const struct model *model, const struct batch *batch,
                   struct compute_times *out_times)
{
    struct inference *members[LIMIT_BATCH_COUNT_LIMIT];
    struct group group = {.members = members, .row_count = batch->row_count};
    struct laps laps = {.times = out_times, .began_ns = batch->left_ns};
    struct error unread;
    *out_times = (struct compute_times){0};
    for (struct list_link *link = list_first(&batch->entries); link != NULL;
         link = list_next(&batch->entries, link)) {
        members[group.count++] = inference_of_link(link);
    }
    if (group.count > 1 && run_group(model, &group, &unread, &laps) == GALEN_OK) {
        return;
    }
    for (size_t i = 0; i < group.count; i++) {
        run_alone(model, members[i], &laps);
    }
}
