/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>

#include "base/limits.h"
#include "codec/v2.h"
#include "expect.h"

struct fixture {
    struct arena arena;
    struct writer writer;
    struct galen_tensor output;
    struct v2_response response;
    struct v2_request request; /* all outputs as JSON */
    struct v2_response back;
    size_t json_size;
    struct error error;
};

static int fixture_setup(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.response = {.model_name = "m", .model_version = "1"}};
    fixture.response.outputs = &fixture.output;
    fixture.response.output_count = 1;
    arena_init(&fixture.arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    writer_init(&fixture.writer, LIMIT_BODY_SIZE_BYTES_MAX);
    *state = &fixture;
    return 0;
}

static int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    arena_deinit(&fixture->arena);
    writer_deinit(&fixture->writer);
    return 0;
}

static void output_is(struct fixture *fixture, enum galen_datatype datatype, int64_t count,
                      struct bytes bytes)
{
    fixture->output = (struct galen_tensor){.name = "y",
                                            .datatype = datatype,
                                            .rank = 2,
                                            .shape = {1, count},
                                            .bytes = bytes.data,
                                            .size_bytes = bytes.size};
}

static enum galen_status encode(struct fixture *fixture)
{
    writer_deinit(&fixture->writer);
    writer_init(&fixture->writer, LIMIT_BODY_SIZE_BYTES_MAX);
    error_clear(&fixture->error);
    return v2_response_encode(&fixture->response, &fixture->request, &fixture->writer,
                              &fixture->json_size, &fixture->error);
}

static void expect_data(struct fixture *fixture, const char *datatype, const char *data)
{
    char expected[512];
    (void)snprintf(
        expected, sizeof(expected),
        "{\"model_name\":\"m\",\"model_version\":\"1\",\"outputs\":[{\"name\":\"y\","
        "\"datatype\":\"%s\",\"shape\":[1,%d],\"data\":%s}]}",
        datatype, (int)fixture->output.shape[1], data);
    EXPECT_OK(encode(fixture));
    writer_put_byte(&fixture->writer, '\0');
    assert_string_equal(expected, (const char *)writer_bytes(&fixture->writer).data);
    assert_int_equal(strlen(expected), fixture->json_size);
}

static void expect_refused(struct fixture *fixture, enum galen_status status,
                           const char *text)
{
    EXPECT_STATUS(status, encode(fixture));
    assert_string_equal("/outputs/0", fixture->error.pointer);
    if (strstr(fixture->error.text, text) == NULL) {
        fail_msg("%s instead of %s", fixture->error.text, text);
    }
    assert_non_null(strstr(fixture->error.text, "'y'"));
}

#define BYTES_OF(array) bytes_of(array, sizeof(array))

static void each_datatype_has_its_json(void **state)
{
    struct fixture *fixture = *state;
    output_is(fixture, GALEN_BOOL, 2, BYTES("\0\1"));
    expect_data(fixture, "BOOL", "[false,true]");
    output_is(fixture, GALEN_UINT8, 3, BYTES("\0\12\377"));
    expect_data(fixture, "UINT8", "[0,10,255]");
    output_is(fixture, GALEN_INT8, 3, BYTES("\200\377\177"));
    expect_data(fixture, "INT8", "[-128,-1,127]");
    output_is(fixture, GALEN_UINT16, 1, BYTES_OF(((uint16_t[]){65535})));
    expect_data(fixture, "UINT16", "[65535]");
    output_is(fixture, GALEN_INT16, 1, BYTES_OF(((int16_t[]){INT16_MIN})));
    expect_data(fixture, "INT16", "[-32768]");
    output_is(fixture, GALEN_UINT32, 1, BYTES_OF(((uint32_t[]){UINT32_MAX})));
    expect_data(fixture, "UINT32", "[4294967295]");
    output_is(fixture, GALEN_INT32, 2, BYTES_OF(((int32_t[]){INT32_MIN, 7})));
    expect_data(fixture, "INT32", "[-2147483648,7]");
    output_is(fixture, GALEN_UINT64, 1, BYTES_OF(((uint64_t[]){UINT64_MAX})));
    expect_data(fixture, "UINT64", "[18446744073709551615]");
    output_is(fixture, GALEN_INT64, 2, BYTES_OF(((int64_t[]){INT64_MIN, INT64_MAX})));
    expect_data(fixture, "INT64", "[-9223372036854775808,9223372036854775807]");
    output_is(fixture, GALEN_FP32, 3, BYTES_OF(((float[]){0.98F, -1, 1e-7F})));
    expect_data(fixture, "FP32", "[0.98,-1.0,1e-7]");
    output_is(fixture, GALEN_FP64, 2, BYTES_OF(((double[]){0.1, 17.99})));
    expect_data(fixture, "FP64", "[0.1,17.99]");
    output_is(fixture, GALEN_BYTES, 2, BYTES("\3\0\0\0a\"\0\0\0\0\0"));
    expect_data(fixture, "BYTES", "[\"a\\\"\\u0000\",\"\"]");
    output_is(fixture, GALEN_FP32, 0, BYTES_NONE);
    expect_data(fixture, "FP32", "[]");
}

static void what_json_cannot_hold_is_refused_by_name(void **state)
{
    struct fixture *fixture = *state;
    output_is(fixture, GALEN_FP32, 2, BYTES_OF(((float[]){1, NAN})));
    expect_refused(fixture, GALEN_INVALID, "NaN or infinity");
    output_is(fixture, GALEN_FP64, 1, BYTES_OF(((double[]){-INFINITY})));
    expect_refused(fixture, GALEN_INVALID, "NaN or infinity");
    output_is(fixture, GALEN_FP16, 1, BYTES("\0\0"));
    expect_refused(fixture, GALEN_INVALID, "FP16");
    output_is(fixture, GALEN_BF16, 1, BYTES("\0\0"));
    expect_refused(fixture, GALEN_INVALID, "BF16");
    output_is(fixture, GALEN_BYTES, 1, BYTES("\1\0\0\0\377"));
    expect_refused(fixture, GALEN_INVALID, "UTF-8");
}

static void special_numbers_are_written_where_the_request_takes_them(void **state)
{
    struct fixture *fixture = *state;
    fixture->request.special_numbers = true;
    output_is(fixture, GALEN_FP32, 4, BYTES_OF(((float[]){1, NAN, INFINITY, -INFINITY})));
    expect_data(fixture, "FP32", "[1.0,NaN,Infinity,-Infinity]");
    output_is(fixture, GALEN_FP64, 2, BYTES_OF(((double[]){-NAN, -INFINITY})));
    expect_data(fixture, "FP64", "[NaN,-Infinity]");
}

static void an_output_that_is_not_its_shape_is_our_fault(void **state)
{
    struct fixture *fixture = *state;
    output_is(fixture, GALEN_FP32, 2, BYTES("abcd"));
    expect_refused(fixture, GALEN_INTERNAL, "shape");
    output_is(fixture, GALEN_BYTES, 1, BYTES("\2\0\0\0a"));
    expect_refused(fixture, GALEN_INTERNAL, "shape");
    fixture->request.binary_outputs = true;
    expect_refused(fixture, GALEN_INTERNAL, "shape");
}

static void raw_outputs_follow_the_json_in_order(void **state)
{
    struct fixture *fixture = *state;
    struct galen_tensor outputs[] = {
        {.name = "a",
         .datatype = GALEN_FP16,
         .rank = 1,
         .shape = {2},
         .bytes = "1234",
         .size_bytes = 4},
        {.name = "b",
         .datatype = GALEN_UINT8,
         .rank = 1,
         .shape = {1},
         .bytes = "\5",
         .size_bytes = 1},
        {.name = "c", .datatype = GALEN_UINT8, .rank = 0, .bytes = "\6", .size_bytes = 1},
    };
    struct v2_output wanted[] = {{.name = "b", .binary = false},
                                 {.name = "c", .binary = true}};
    fixture->request =
        (struct v2_request){.outputs = wanted, .output_count = 2, .binary_outputs = true};
    fixture->response = (struct v2_response){.id = "i",
                                             .model_name = "m",
                                             .model_version = "1",
                                             .outputs = outputs,
                                             .output_count = 3};
    static const char json[] =
        "{\"id\":\"i\",\"model_name\":\"m\",\"model_version\":\"1\",\"outputs\":["
        "{\"name\":\"a\",\"datatype\":\"FP16\",\"shape\":[2],\"parameters\":{\"binary_data_"
        "size\":4}},"
        "{\"name\":\"b\",\"datatype\":\"UINT8\",\"shape\":[1],\"data\":[5]},"
        "{\"name\":\"c\",\"datatype\":\"UINT8\",\"shape\":[],\"parameters\":{\"binary_data_"
        "size\":1}}]}";

    EXPECT_OK(encode(fixture));

    assert_int_equal(sizeof(json) - 1, fixture->json_size);
    assert_int_equal(sizeof(json) - 1 + 5, fixture->writer.size);
    assert_memory_equal(json, writer_bytes(&fixture->writer).data, sizeof(json) - 1);
    assert_memory_equal("1234\6", writer_bytes(&fixture->writer).data + fixture->json_size,
                        5);

    EXPECT_OK(
        v2_response_decode(&(struct v2_message){.body = writer_bytes(&fixture->writer),
                                                .json_size = fixture->json_size},
                           &fixture->arena, &fixture->back, &fixture->error));

    assert_string_equal("i", fixture->back.id);
    assert_string_equal("m", fixture->back.model_name);
    assert_string_equal("1", fixture->back.model_version);
    assert_int_equal(3, fixture->back.output_count);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(outputs[i].name, fixture->back.outputs[i].name);
        assert_int_equal(outputs[i].datatype, fixture->back.outputs[i].datatype);
        assert_int_equal(outputs[i].size_bytes, fixture->back.outputs[i].size_bytes);
        assert_memory_equal(outputs[i].bytes, fixture->back.outputs[i].bytes,
                            outputs[i].size_bytes);
    }
}

/* Beyond one chunk of the writer, up to the last bit. */
static void many_floats_come_back_as_they_were(void **state)
{
    struct fixture *fixture = *state;
    enum { COUNT = 5000 };
    static float values[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        values[i] = sinf((float)i) * powf(10, (float)(i % 60) - 30);
    }
    output_is(fixture, GALEN_FP32, COUNT, BYTES_OF(values));
    EXPECT_OK(encode(fixture));
    EXPECT_OK(
        v2_response_decode(&(struct v2_message){.body = writer_bytes(&fixture->writer),
                                                .json_size = fixture->json_size},
                           &fixture->arena, &fixture->back, &fixture->error));
    assert_int_equal(sizeof(values), fixture->back.outputs[0].size_bytes);
    assert_memory_equal(values, fixture->back.outputs[0].bytes, sizeof(values));
}

static void a_full_writer_is_its_own_failure(void **state)
{
    struct fixture *fixture = *state;
    static const float values[2000] = {0};
    output_is(fixture, GALEN_FP32, 2000, BYTES_OF(values));
    for (size_t size = 0; size < 2000; size += 97) {
        struct writer small;
        writer_init(&small, size);
        EXPECT_OK(v2_response_encode(&fixture->response, &fixture->request, &small,
                                     &fixture->json_size, &fixture->error));
        EXPECT_STATUS(GALEN_TOO_LARGE, small.status);
        writer_deinit(&small);
    }
}

static enum galen_status decode(struct fixture *fixture, const char *json)
{
    error_clear(&fixture->error);
    return v2_response_decode(
        &(struct v2_message){.body = bytes_from_string(json), .json_size = strlen(json)},
        &fixture->arena, &fixture->back, &fixture->error);
}

static void what_other_servers_leave_out_or_add_is_accepted(void **state)
{
    struct fixture *fixture = *state;
    EXPECT_OK(decode(
        fixture, "{\"model_name\":\"m\",\"model_version\":null,\"parameters\":{\"a\":[]},"
                 "\"outputs\":[{\"name\":\"y\",\"shape\":[1,2],\"datatype\":\"INT64\","
                 "\"parameters\":{\"content_type\":\"np\"},\"data\":[3,4]}]}"));
    assert_null(fixture->back.id);
    assert_string_equal("", fixture->back.model_version);
    assert_memory_equal(fixture->back.outputs[0].bytes, ((int64_t[]){3, 4}), 16);
}

static void an_answer_to_something_else_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct error *error = &fixture->error;
    const struct v2_response answer = {.id = "a", .model_name = "m", .model_version = "2"};
    const struct v2_response silent = {.model_name = "", .model_version = ""};
    EXPECT_OK(v2_response_check(&answer, "a", "m", "2", error));
    EXPECT_OK(v2_response_check(&answer, "", "m", "", error));
    EXPECT_OK(v2_response_check(&silent, "a", "m", "2", error));
    EXPECT_STATUS(GALEN_INVALID, v2_response_check(&answer, "b", "m", "2", error));
    assert_string_equal("the answer is one to another request", error->text);
    EXPECT_STATUS(GALEN_INVALID, v2_response_check(&answer, "a", "n", "2", error));
    assert_string_equal("the answer is one to another model", error->text);
    EXPECT_STATUS(GALEN_INVALID, v2_response_check(&answer, "a", "m", "3", error));
    assert_string_equal("the answer is one to another version of the model", error->text);
}

static void an_answer_that_is_none_is_refused(void **state)
{
    struct fixture *fixture = *state;
    EXPECT_STATUS(GALEN_INVALID, decode(fixture, "{\"error\":\"no\"}"));
    EXPECT_STATUS(GALEN_INVALID, decode(fixture, ""));
    EXPECT_STATUS(GALEN_INVALID, decode(fixture, "<html>"));
    EXPECT_STATUS(GALEN_INVALID,
                  decode(fixture,
                         "{\"outputs\":[{\"name\":\"y\",\"shape\":[1],\"datatype\":"
                         "\"FP32\",\"data\":[NaN]}]}"));
    assert_string_equal("/outputs/0/data/0", fixture->error.pointer);
}

int main(void)
{
#define WITH_FIXTURE(test) \
    cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(each_datatype_has_its_json),
        WITH_FIXTURE(an_answer_to_something_else_is_refused),
        WITH_FIXTURE(what_json_cannot_hold_is_refused_by_name),
        WITH_FIXTURE(special_numbers_are_written_where_the_request_takes_them),
        WITH_FIXTURE(an_output_that_is_not_its_shape_is_our_fault),
        WITH_FIXTURE(raw_outputs_follow_the_json_in_order),
        WITH_FIXTURE(many_floats_come_back_as_they_were),
        WITH_FIXTURE(a_full_writer_is_its_own_failure),
        WITH_FIXTURE(what_other_servers_leave_out_or_add_is_accepted),
        WITH_FIXTURE(an_answer_that_is_none_is_refused),
    };
    return cmocka_run_group_tests_name("v2_response", tests, NULL, NULL);
}
