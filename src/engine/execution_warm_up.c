/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "engine/execution.h"
#include "engine/joined.h"
#include "engine/outputs.h"

static enum galen_status check_count(const struct model *model, size_t request_count,
                                     size_t row_count, struct error *error)
{
    const size_t row_count_max = model->row_count_max;
    if (row_count_max == 0 && request_count > 1) {
        return error_set(error, GALEN_INVALID, "the model has no batch dimension");
    }
    if (row_count_max > 0 && request_count > row_count_max / row_count) {
        return error_set(error, GALEN_INVALID, "a batch has %zu rows at most",
                         row_count_max);
    }
    return GALEN_OK;
}

static enum galen_status run_joined(const struct model *model, struct inference *inference,
                                    size_t request_count, struct outputs *outputs)
{
    struct inference *members[LIMIT_BATCH_COUNT_LIMIT];
    struct joined joined;
    for (size_t i = 0; i < request_count; i++) {
        members[i] = inference;
    }
    enum galen_status status =
        joined_init(&joined, model->metadata.input_count, members, request_count);
    if (status == GALEN_OK) {
        status = outputs_run(outputs, model, joined.inputs, inference->plan.wanted_outputs);
    }
    joined_deinit(&joined);
    return status;
}

/* As requests run: one alone is not copied. */
static enum galen_status run_once(const struct model *model, struct inference *inference,
                                  size_t request_count, struct error *error)
{
    struct outputs outputs;
    const struct infer_plan *plan = &inference->plan;
    outputs_init(&outputs, model, error);
    enum galen_status status =
        request_count == 1
            ? outputs_run(&outputs, model, plan->inputs, plan->wanted_outputs)
            : run_joined(model, inference, request_count, &outputs);
    if (status == GALEN_OK) {
        status = outputs_check(&outputs, model, request_count * plan->row_count);
    }
    outputs_deinit(&outputs);
    return status;
}

static enum galen_status run_sample(const struct model *model,
                                    const struct warm_up_sample *sample,
                                    struct arena *arena, struct error *error)
{
    const struct infer_rules rules = {.model = &model->metadata,
                                      .row_count_max = model->row_count_max};
    struct infer_call call = {.arena = arena,
                              .request = {.model = model->name,
                                          .inputs = sample->inputs,
                                          .input_count = sample->input_count}};
    const size_t request_count = sample->request_count == 0 ? 1 : sample->request_count;
    const size_t run_count = sample->run_count == 0 ? 1 : sample->run_count;
    struct inference inference = {.call = NULL};
    const enum galen_status status = infer_validate(&call, &rules, &inference.plan);
    if (status != GALEN_OK) {
        *error = call.error;
        return status;
    }
    TRY(check_count(model, request_count, inference.plan.row_count, error));
    for (size_t i = 0; i < run_count; i++) {
        TRY(run_once(model, &inference, request_count, error));
    }
    return GALEN_OK;
}

enum galen_status execution_warm_up(const struct model *model,
                                    const struct warm_up_sample *samples, size_t count,
                                    struct error *out_error)
{
    enum galen_status status = GALEN_OK;
    for (size_t i = 0; status == GALEN_OK && i < count; i++) {
        struct arena arena;
        struct error why;
        error_clear(&why);
        arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
        status = run_sample(model, &samples[i], &arena, &why);
        arena_deinit(&arena);
        if (status != GALEN_OK) {
            return error_set(out_error, status, "warm-up '%s': %s", samples[i].name,
                             why.text[0] == '\0' ? galen_status_text(status) : why.text);
        }
    }
    return GALEN_OK;
}
