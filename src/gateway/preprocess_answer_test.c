/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/preprocess_answer.h"

#include "expect.h"
#include "infer/preprocess_contract.h"
#include "model/contract.h"

static const char *const labels[] = {"a", "b"};
static const struct contract vector = {
    .task = TASK_TABULAR_CLASSIFICATION,
    .input = {.tensor = "x", .datatype = GALEN_FP32},
    .output = {.tensor = "y"},
    .labels = labels,
    .label_count = 2,
};
static const struct contract tagger = {
    .task = TASK_TOKEN_CLASSIFICATION,
    .input = {.tensor = "ids", .datatype = GALEN_INT64},
    .output = {.tensor = "y"},
    .text = {.stride = 1},
    .labels = labels,
    .label_count = 2,
};
static const uint8_t zeros[256] = {0};

static struct galen_tensor tensor_of(const char *name, enum galen_datatype datatype,
                                     uint32_t rank, int64_t rows, int64_t length,
                                     int64_t last)
{
    struct galen_tensor tensor = {name, datatype, rank, {rows, length, last}, zeros, 0};
    tensor.size_bytes = galen_datatype_size(datatype);
    for (uint32_t i = 0; i < rank; i++) {
        tensor.size_bytes *= (size_t)tensor.shape[i];
    }
    return tensor;
}

/* A call whose answer a test spoils. */
struct case_of {
    struct galen_tensor input;
    struct infer_output outputs[4];
    struct infer_call call;
};

static struct case_of *answer_of(struct galen_tensor input, struct galen_tensor output)
{
    static struct case_of it;
    it = (struct case_of){.input = input, .outputs = {{.tensor = output}}};
    it.call.request.inputs = &it.input;
    it.call.request.input_count = 1;
    it.call.response.outputs = it.outputs;
    it.call.response.output_count = 1;
    return &it;
}

/* One window of three tokens between two that are none. */
static struct case_of *of_text(void)
{
    static const uint8_t special[] = {1, 0, 0, 0, 1};
    struct case_of *it = answer_of(tensor_of("input", GALEN_BYTES, 1, 1, 0, 0),
                                   tensor_of("ids", GALEN_INT64, 2, 1, 5, 0));
    it->outputs[1].tensor = tensor_of(PREPROCESS_OFFSETS, GALEN_INT32, 3, 1, 5, 2);
    it->outputs[2].tensor = tensor_of(PREPROCESS_WORDS, GALEN_INT32, 2, 1, 5, 0);
    it->outputs[3].tensor = tensor_of(PREPROCESS_SPECIAL, GALEN_UINT8, 2, 1, 5, 0);
    it->outputs[3].tensor.bytes = special;
    it->call.response.output_count = 4;
    return it;
}

static void expect_checked(enum galen_status status, const struct contract *contract,
                           const struct case_of *it)
{
    struct error error;
    EXPECT_STATUS(status, preprocess_answer_check(&it->call, contract, &error));
}

static void preprocess_gives_one_row_of_what_is_no_text(void **state)
{
    (void)state;
    const struct galen_tensor input = tensor_of("input", GALEN_BYTES, 1, 1, 0, 0);
    expect_checked(GALEN_OK, &vector,
                   answer_of(input, tensor_of("x", GALEN_FP32, 2, 1, 7, 0)));
    expect_checked(GALEN_BAD_UPSTREAM, &vector,
                   answer_of(input, tensor_of("x", GALEN_FP32, 2, 2, 7, 0)));
    expect_checked(GALEN_BAD_UPSTREAM, &vector,
                   answer_of(input, tensor_of("x", GALEN_FP64, 2, 1, 7, 0)));
    expect_checked(GALEN_BAD_UPSTREAM, &vector,
                   answer_of(input, tensor_of("w", GALEN_FP32, 2, 1, 7, 0)));
}

static void preprocess_gives_tokens_that_fit_one_another(void **state)
{
    (void)state;
    expect_checked(GALEN_OK, &tagger, of_text());
    struct case_of *it = of_text();
    it->outputs[0].tensor = tensor_of("ids", GALEN_INT64, 2, 1, 4, 0);
    expect_checked(GALEN_BAD_UPSTREAM, &tagger, it);
    it = of_text();
    it->outputs[2].tensor = tensor_of(PREPROCESS_WORDS, GALEN_INT32, 2, 2, 5, 0);
    expect_checked(GALEN_BAD_UPSTREAM, &tagger, it);
    it = of_text();
    it->call.response.output_count = 3;
    expect_checked(GALEN_BAD_UPSTREAM, &tagger, it);
}

static void a_tensor_that_has_not_its_size_is_refused(void **state)
{
    (void)state;
    struct case_of *it = answer_of(tensor_of("input", GALEN_BYTES, 1, 1, 0, 0),
                                   tensor_of("x", GALEN_FP32, 2, 1, 7, 0));
    it->outputs[0].tensor.size_bytes--;
    expect_checked(GALEN_BAD_UPSTREAM, &vector, it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(preprocess_gives_one_row_of_what_is_no_text),
        cmocka_unit_test(preprocess_gives_tokens_that_fit_one_another),
        cmocka_unit_test(a_tensor_that_has_not_its_size_is_refused),
    };
    return cmocka_run_group_tests_name("preprocess_answer", tests, NULL, NULL);
}
