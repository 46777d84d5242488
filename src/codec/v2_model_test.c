/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "codec/v2.h"
#include "expect.h"

static const struct galen_tensor_spec inputs[] = {
    {.name = "x", .datatype = GALEN_FP32, .rank = 2, .shape = {GALEN_DIMENSION_ANY, 30}}};
static const struct galen_tensor_spec outputs[] = {
    {.name = "p", .datatype = GALEN_BYTES, .rank = 0},
    {.name = "q", .datatype = GALEN_BF16, .rank = 1, .shape = {2}}};
static const char *const versions[] = {"1", "2"};
static const struct v2_model model = {.name = "breast-cancer",
                                      .versions = versions,
                                      .version_count = 2,
                                      .platform = "onnxruntime_onnx",
                                      .inputs = inputs,
                                      .input_count = 1,
                                      .outputs = outputs,
                                      .output_count = 2};
static const char model_json[] =
    "{\"name\":\"breast-cancer\",\"versions\":[\"1\",\"2\"],\"platform\":\"onnxruntime_"
    "onnx\","
    "\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[-1,30]}],"
    "\"outputs\":[{\"name\":\"p\",\"datatype\":\"BYTES\",\"shape\":[]},"
    "{\"name\":\"q\",\"datatype\":\"BF16\",\"shape\":[2]}]}";

static int arena_setup(void **state)
{
    static struct arena arena;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    *state = &arena;
    return 0;
}

static int arena_teardown(void **state)
{
    arena_deinit(*state);
    return 0;
}

static void expect_written(struct writer *out, const char *expected)
{
    writer_put_byte(out, '\0');
    EXPECT_OK(out->status);
    assert_string_equal(expected, (const char *)writer_bytes(out).data);
    writer_deinit(out);
}

static void a_model_is_written_as_the_protocol_says(void **state)
{
    (void)state;
    struct writer out;
    writer_init(&out, 4096);
    v2_model_encode(&model, &out);
    expect_written(&out, model_json);
}

static void a_model_reads_back(void **state)
{
    struct v2_model back;
    struct error error = {"", ""};
    EXPECT_OK(v2_model_decode(bytes_from_string(model_json), *state, &back, &error));
    assert_string_equal(model.name, back.name);
    assert_string_equal(model.platform, back.platform);
    assert_int_equal(2, back.version_count);
    assert_string_equal("2", back.versions[1]);
    assert_int_equal(1, back.input_count);
    assert_string_equal("x", back.inputs[0].name);
    assert_int_equal(GALEN_FP32, back.inputs[0].datatype);
    assert_int_equal(2, back.inputs[0].rank);
    assert_memory_equal(inputs[0].shape, back.inputs[0].shape, sizeof(inputs[0].shape));
    assert_int_equal(2, back.output_count);
    assert_int_equal(0, back.outputs[0].rank);
    assert_int_equal(GALEN_BF16, back.outputs[1].datatype);
}

static void what_other_servers_leave_out_is_empty(void **state)
{
    struct v2_model back;
    struct error error = {"", ""};
    EXPECT_OK(v2_model_decode(BYTES("{\"name\":\"m\",\"versions\":null,\"x\":1}"), *state,
                              &back, &error));
    assert_string_equal("", back.platform);
    assert_int_equal(0, back.version_count);
    assert_int_equal(0, back.input_count);
    assert_int_equal(0, back.output_count);
}

static void wrong_metadata_is_refused_where_it_stands(void **state)
{
    static const struct {
        const char *json;
        const char *pointer;
    } rows[] = {
        {"[]", ""},
        {"{}", ""},
        {"{\"name\":\"\\u0000\"}", "/name"},
        {"{\"name\":\"m\",\"versions\":[\"1\",2]}", "/versions/1"},
        {"{\"name\":\"m\",\"versions\":[\"\"]}", "/versions/0"},
        {"{\"name\":\"m\",\"platform\":1}", "/platform"},
        {"{\"name\":\"m\",\"inputs\":{}}", "/inputs"},
        {"{\"name\":\"m\",\"inputs\":[3]}", "/inputs/0"},
        {"{\"name\":\"m\",\"outputs\":[{\"name\":\"y\",\"datatype\":\"FP8\",\"shape\":[]}]"
         "}",
         "/outputs/0/datatype"},
        {"{\"name\":\"m\",\"outputs\":[{\"name\":\"y\",\"datatype\":\"FP32\",\"shape\":[-2]"
         "}]}",
         "/outputs/0/shape/0"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct v2_model back = {.name = "untouched"};
        struct error error = {"", ""};
        EXPECT_STATUS(GALEN_INVALID, v2_model_decode(bytes_from_string(rows[i].json),
                                                     *state, &back, &error));
        assert_string_equal(rows[i].pointer, error.pointer);
        assert_string_equal("untouched", back.name);
    }
}

static void a_server_is_written_as_the_protocol_says(void **state)
{
    (void)state;
    static const char *const extensions[] = {"binary_tensor_data", "statistics"};
    const struct v2_server server = {"galen", "0.1.0", extensions, 2};
    struct writer out;
    writer_init(&out, 4096);
    v2_server_encode(&server, &out);
    expect_written(&out, "{\"name\":\"galen\",\"version\":\"0.1.0\",\"extensions\":"
                         "[\"binary_tensor_data\",\"statistics\"]}");
}

int main(void)
{
#define ON_AN_ARENA(test) cmocka_unit_test_setup_teardown(test, arena_setup, arena_teardown)
    const struct CMUnitTest tests[] = {
        ON_AN_ARENA(a_model_is_written_as_the_protocol_says),
        ON_AN_ARENA(a_model_reads_back),
        ON_AN_ARENA(what_other_servers_leave_out_is_empty),
        ON_AN_ARENA(wrong_metadata_is_refused_where_it_stands),
        ON_AN_ARENA(a_server_is_written_as_the_protocol_says),
    };
    return cmocka_run_group_tests_name("v2_model", tests, NULL, NULL);
}
