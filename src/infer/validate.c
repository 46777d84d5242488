/* SPDX-License-Identifier: Apache-2.0 */
#include "infer/validate.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/invariant.h"
#include "base/limits.h"
#include "infer/raw_input.h"

_Static_assert(LIMIT_TENSOR_COUNT_MAX <= 64, "sets of tensors are masks of 64 bits");

enum { NOT_FOUND = -1, SHAPE_TEXT_SIZE = 24 * GALEN_RANK_MAX };

static bool is_name_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || strchr("._-:/", byte) != NULL;
}

const char *infer_quotable_name(const char *name)
{
    size_t size = 0;
    for (; name[size] != '\0'; size++) {
        if (!is_name_byte(name[size]) || size == LIMIT_TENSOR_NAME_SIZE_BYTES_MAX) {
            return "?";
        }
    }
    return size == 0 ? "?" : name;
}

#define BATCH_NOTE                                                                    \
    ". NOTE: Setting a non-zero max_batch_size in the model config requires a batch " \
    "dimension to be prepended to each input shape."

/* Points the error at /list/index/member; member may be NULL. */
static enum galen_status point_at(struct error *error, const char *list, size_t index,
                                  const char *member)
{
    if (member != NULL) {
        error_prefix_name(error, bytes_from_string(member));
    }
    error_prefix_index(error, index);
    error_prefix_name(error, bytes_from_string(list));
    return GALEN_INVALID;
}

/* The refusal of input `index`: reads like one sentence at each place of use. */
#define REFUSE_INPUT(error, index, member, ...)             \
    ((void)error_set(error, GALEN_INVALID, "" __VA_ARGS__), \
     point_at(error, "inputs", index, member))

static bool begin_with_any(const struct galen_tensor_spec *specs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (specs[i].rank == 0 || specs[i].shape[0] != GALEN_DIMENSION_ANY) {
            return false;
        }
    }
    return count > 0;
}

bool infer_model_has_batch(const struct v2_model *model)
{
    return begin_with_any(model->inputs, model->input_count) &&
           begin_with_any(model->outputs, model->output_count);
}

static int find_spec(const struct galen_tensor_spec *specs, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(specs[i].name, name) == 0) {
            return (int)i;
        }
    }
    return NOT_FOUND;
}

static const char *shape_text(const int64_t *shape, uint32_t rank, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < rank && used < size; i++) {
        const int written =
            snprintf(text + used, size - used, "%s%" PRId64, i == 0 ? "" : ",", shape[i]);
        used += (size_t)written;
    }
    return text;
}

static bool shape_fits(const struct galen_tensor_spec *spec,
                       const struct galen_tensor *input)
{
    if (input->rank != spec->rank) {
        return false;
    }
    for (uint32_t i = 0; i < spec->rank; i++) {
        const bool any = spec->shape[i] == GALEN_DIMENSION_ANY;
        if (input->shape[i] < 0 || (!any && input->shape[i] != spec->shape[i])) {
            return false;
        }
    }
    return true;
}

struct check {
    const struct infer_request *request;
    const struct infer_rules *rules;
    const struct galen_tensor *inputs; /* the request's, or what a raw one's bytes are */
    size_t input_count;
    struct error *error;
    struct infer_plan *plan;
    struct galen_tensor *ordered;
    uint64_t seen_inputs; /* bit i: input i of the model */
};

static enum galen_status check_shape(const struct check *check, size_t index,
                                     const struct galen_tensor_spec *spec)
{
    const struct galen_tensor *input = &check->inputs[index];
    if (input->rank <= GALEN_RANK_MAX && shape_fits(spec, input)) {
        return GALEN_OK;
    }
    char expected[SHAPE_TEXT_SIZE];
    char got[SHAPE_TEXT_SIZE];
    const uint32_t rank = input->rank <= GALEN_RANK_MAX ? input->rank : GALEN_RANK_MAX;
    return REFUSE_INPUT(
        check->error, index, "shape",
        "unexpected shape for input '%s' for model '%s'. Expected [%s], got [%s]%s",
        spec->name, check->rules->model->name,
        shape_text(spec->shape, spec->rank, expected, sizeof(expected)),
        shape_text(input->shape, rank, got, sizeof(got)),
        check->rules->row_count_max == 0 ? "" : BATCH_NOTE);
}

static enum galen_status check_rows(const struct check *check, size_t index)
{
    const struct galen_tensor *input = &check->inputs[index];
    const char *model = check->rules->model->name;
    const size_t row_count_max = check->rules->row_count_max;
    if (row_count_max == 0) {
        return GALEN_OK;
    }
    if (input->shape[0] < 1) {
        return REFUSE_INPUT(check->error, index, "shape",
                            "inference request batch-size must be >= 1 for '%s'", model);
    }
    if ((uint64_t)input->shape[0] > row_count_max) {
        return REFUSE_INPUT(check->error, index, "shape",
                            "inference request batch-size must be <= %zu for '%s'",
                            row_count_max, model);
    }
    if (check->seen_inputs != 0 && (size_t)input->shape[0] != check->plan->row_count) {
        return REFUSE_INPUT(check->error, index, "shape",
                            "input '%s' batch size does not match other inputs for '%s'",
                            infer_quotable_name(input->name), model);
    }
    check->plan->row_count = (size_t)input->shape[0];
    return GALEN_OK;
}

static enum galen_status check_input(struct check *check, size_t index)
{
    const struct galen_tensor *input = &check->inputs[index];
    const struct v2_model *model = check->rules->model;
    const int at = find_spec(model->inputs, model->input_count, input->name);
    if (at == NOT_FOUND) {
        return REFUSE_INPUT(check->error, index, "name",
                            "unexpected inference input '%s' for model '%s'",
                            infer_quotable_name(input->name), model->name);
    }
    const struct galen_tensor_spec *spec = &model->inputs[at];
    if ((check->seen_inputs >> at & 1) != 0) {
        return REFUSE_INPUT(check->error, index, "name",
                            "input '%s' already exists in request", spec->name);
    }
    if (input->datatype != spec->datatype) {
        return REFUSE_INPUT(
            check->error, index, "datatype",
            "inference input '%s' data-type is '%s', but model '%s' expects '%s'",
            spec->name, galen_datatype_name(input->datatype), model->name,
            galen_datatype_name(spec->datatype));
    }
    TRY(check_shape(check, index, spec));
    TRY(check_rows(check, index));
    if (galen_tensor_check(input) != GALEN_OK) {
        return REFUSE_INPUT(check->error, index, NULL,
                            "input byte size mismatch for input '%s' for model '%s'",
                            spec->name, model->name);
    }
    check->seen_inputs |= UINT64_C(1) << at;
    check->ordered[at] = *input;
    check->ordered[at].name = spec->name;
    return GALEN_OK;
}

/* Appends ", 'name'" of each input of the model that is, or is not, in the request. */
static const char *names_text(const struct check *check, bool seen, char *text, size_t size)
{
    const struct v2_model *model = check->rules->model;
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < model->input_count && used < size; i++) {
        if ((check->seen_inputs >> i & 1) == seen) {
            used += (size_t)snprintf(text + used, size - used, "%s'%s'",
                                     used == 0 ? "" : ",", model->inputs[i].name);
        }
    }
    return text;
}

static enum galen_status check_none_is_missing(const struct check *check)
{
    const struct v2_model *model = check->rules->model;
    if (check->input_count == model->input_count) {
        return GALEN_OK;
    }
    char got[ERROR_TEXT_SIZE];
    char missing[ERROR_TEXT_SIZE];
    (void)error_set(
        check->error, GALEN_INVALID,
        "expected %zu inputs but got %zu inputs for model '%s'. Got input(s) [%s], "
        "but missing required input(s) [%s]. Please provide all required input(s).",
        model->input_count, check->input_count, model->name,
        names_text(check, true, got, sizeof(got)),
        names_text(check, false, missing, sizeof(missing)));
    error_prefix_name(check->error, BYTES("inputs"));
    return GALEN_INVALID;
}

static enum galen_status check_classes(const struct check *check, size_t index,
                                       const struct galen_tensor_spec *spec)
{
    const uint64_t *counts = check->request->class_counts;
    if (counts == NULL || counts[index] == 0 || infer_has_classes(spec->datatype)) {
        return GALEN_OK;
    }
    (void)error_set(
        check->error, GALEN_INVALID,
        "class result not available for output '%s' due to unsupported type '%s'",
        spec->name, galen_datatype_name(spec->datatype));
    return point_at(check->error, "outputs", index, "parameters");
}

static enum galen_status check_output(struct check *check, size_t index)
{
    const struct v2_model *model = check->rules->model;
    const char *name = check->request->outputs[index];
    const int at = find_spec(model->outputs, model->output_count, name);
    if (at == NOT_FOUND) {
        (void)error_set(check->error, GALEN_INVALID,
                        "unexpected inference output '%s' for model '%s'",
                        infer_quotable_name(name), model->name);
        return point_at(check->error, "outputs", index, "name");
    }
    const uint64_t bit = UINT64_C(1) << at;
    if ((check->plan->wanted_outputs & bit) != 0) {
        (void)error_set(check->error, GALEN_INVALID,
                        "output '%s' already exists in request", model->outputs[at].name);
        return point_at(check->error, "outputs", index, "name");
    }
    check->plan->wanted_outputs |= bit;
    return check_classes(check, index, &model->outputs[at]);
}

uint64_t infer_all_outputs(const struct v2_model *model)
{
    return model->output_count == 64 ? UINT64_MAX
                                     : (UINT64_C(1) << model->output_count) - 1;
}

static enum galen_status check_outputs(struct check *check)
{
    if (check->request->output_count == 0) {
        check->plan->wanted_outputs = infer_all_outputs(check->rules->model);
        return GALEN_OK;
    }
    for (size_t i = 0; i < check->request->output_count; i++) {
        TRY(check_output(check, i));
    }
    return GALEN_OK;
}

enum galen_status infer_validate(struct infer_call *call, const struct infer_rules *rules,
                                 struct infer_plan *out_plan)
{
    const struct infer_request *request = &call->request;
    const struct v2_model *model = rules->model;
    INVARIANT(model->input_count <= LIMIT_TENSOR_COUNT_MAX &&
              model->output_count <= LIMIT_TENSOR_COUNT_MAX);
    struct infer_plan plan = {.row_count = 1};
    struct galen_tensor raw;
    struct check check = {.request = request,
                          .rules = rules,
                          .inputs = request->inputs,
                          .input_count = request->input_count,
                          .error = &call->error,
                          .plan = &plan,
                          .ordered = arena_alloc_array(call->arena, model->input_count,
                                                       sizeof(struct galen_tensor))};
    if (check.ordered == NULL) {
        return error_set(&call->error, GALEN_NO_MEMORY,
                         "the request needs too much memory");
    }
    if (request->is_raw) {
        const struct bytes bytes =
            bytes_of(request->inputs[0].bytes, request->inputs[0].size_bytes);
        TRY(infer_raw_input(rules, bytes, call->arena, &raw, &call->error));
        check.inputs = &raw;
    }
    for (size_t i = 0; i < check.input_count; i++) {
        TRY(check_input(&check, i));
    }
    TRY(check_none_is_missing(&check));
    TRY(check_outputs(&check));
    call->classing = (struct infer_classing){rules->row_count_max > 0, rules->labels,
                                             rules->label_count};
    plan.inputs = check.ordered;
    *out_plan = plan;
    return GALEN_OK;
}
