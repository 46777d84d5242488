/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "codec/v2.h"
#include "expect.h"

struct fixture {
    struct arena arena;
    struct writer writer;
    struct v2_request request;
    struct error error;
};

static int fixture_setup(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.request = {.id = "untouched"}};
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

static enum galen_status decode_message(struct fixture *fixture, struct bytes body,
                                        size_t json_size)
{
    const struct v2_message message = {.body = body, .json_size = json_size};
    error_clear(&fixture->error);
    return v2_request_decode(&message, &fixture->arena, &fixture->request, &fixture->error);
}

static enum galen_status decode(struct fixture *fixture, const char *json, struct bytes raw)
{
    writer_deinit(&fixture->writer);
    writer_init(&fixture->writer, LIMIT_BODY_SIZE_BYTES_MAX);
    writer_put_string(&fixture->writer, json);
    const size_t json_size = fixture->writer.size;
    writer_put(&fixture->writer, raw);
    return decode_message(fixture, writer_bytes(&fixture->writer), json_size);
}

static void expect_decoded(struct fixture *fixture, const char *json, struct bytes raw)
{
    if (decode(fixture, json, raw) != GALEN_OK) {
        fail_msg("%s: %s (%s)", json, fixture->error.text, fixture->error.pointer);
    }
}

static void expect_refused(struct fixture *fixture, enum galen_status status,
                           const char *json, const char *pointer, const char *text)
{
    const enum galen_status actual = decode(fixture, json, BYTES_NONE);
    if (actual != status || strcmp(pointer, fixture->error.pointer) != 0 ||
        strstr(fixture->error.text, text) == NULL) {
        fail_msg("%s\n  %s at '%s': %s", json, galen_status_slug(actual),
                 fixture->error.pointer, fixture->error.text);
    }
    assert_string_equal("untouched", fixture->request.id);
}

static void expect_raw_refused(struct fixture *fixture, const char *json, struct bytes raw,
                               const char *pointer, const char *text)
{
    EXPECT_STATUS(GALEN_INVALID, decode(fixture, json, raw));
    assert_string_equal(pointer, fixture->error.pointer);
    if (strstr(fixture->error.text, text) == NULL) {
        fail_msg("%s instead of %s", fixture->error.text, text);
    }
}

/* A request with one input, of which this is the inside. */
#define INPUT(members) "{\"inputs\":[{" members "}]}"
#define NAMED(members) INPUT("\"name\":\"x\"," members)

static void a_json_request_becomes_tensors(void **state)
{
    struct fixture *fixture = *state;
    expect_decoded(
        fixture,
        "{\"id\":\"a1\",\"model_name\":\"ignored\",\"inputs\":["
        "{\"name\":\"x\",\"shape\":[2,2],\"datatype\":\"FP32\",\"data\":[[1,2.5],[3,4]]},"
        "{\"name\":\"y\",\"shape\":[1],\"datatype\":\"BYTES\",\"data\":[\"]}\\\"\"]}],"
        "\"outputs\":[{\"name\":\"p\"}],\"unknown\":{\"inputs\":[{\"data\":[1]}]}}",
        BYTES_NONE);
    const struct v2_request *request = &fixture->request;
    assert_string_equal("a1", request->id);
    assert_int_equal(2, request->input_count);
    assert_string_equal("x", request->inputs[0].name);
    assert_int_equal(GALEN_FP32, request->inputs[0].datatype);
    assert_int_equal(2, request->inputs[0].rank);
    assert_int_equal(2, request->inputs[0].shape[1]);
    assert_int_equal(16, request->inputs[0].size_bytes);
    assert_memory_equal(request->inputs[0].bytes, ((float[]){1, 2.5F, 3, 4}), 16);
    assert_string_equal("y", request->inputs[1].name);
    assert_memory_equal(request->inputs[1].bytes, "\3\0\0\0]}\"", 7);
    assert_int_equal(1, request->output_count);
    assert_string_equal("p", request->outputs[0].name);
    assert_false(request->outputs[0].binary);
    assert_false(request->binary_outputs);
}

static void data_may_come_before_what_it_means(void **state)
{
    struct fixture *fixture = *state;
    expect_decoded(
        fixture,
        " { \"outputs\" : [ ] , \"inputs\" : [ { \"data\" : [ 1 , 2 ] , \"note\" : "
        "\"\\\"data\\\":[9]\" , \"parameters\" : { } , \"datatype\" : \"INT8\" , "
        "\"shape\" : [ 2 ] , \"name\" : \"x\" } ] } ",
        BYTES_NONE);
    assert_int_equal(1, fixture->request.input_count);
    assert_memory_equal(fixture->request.inputs[0].bytes, "\1\2", 2);
    assert_null(fixture->request.id);
}

static void optional_members_may_be_null(void **state)
{
    struct fixture *fixture = *state;
    expect_decoded(fixture,
                   "{\"id\":null,\"parameters\":null,\"outputs\":null,\"inputs\":[]}",
                   BYTES_NONE);
    assert_null(fixture->request.id);
    assert_int_equal(0, fixture->request.input_count);
    assert_int_equal(0, fixture->request.output_count);
}

static void raw_tensors_follow_the_json_in_order(void **state)
{
    struct fixture *fixture = *state;
    const uint8_t raw[] = {1, 2, 3, 4, 1, 0, 3, 0, 0, 0, 'a', 'b', 'c'};
    expect_decoded(fixture,
                   "{\"inputs\":["
                   "{\"name\":\"i\",\"shape\":[2],\"datatype\":\"INT16\",\"parameters\":{"
                   "\"binary_data_"
                   "size\":4}},"
                   "{\"name\":\"j\",\"shape\":[1],\"datatype\":\"UINT8\",\"data\":[7]},"
                   "{\"name\":\"b\",\"shape\":[1,2],\"datatype\":\"BOOL\",\"parameters\":{"
                   "\"binary_data_"
                   "size\":2}},"
                   "{\"name\":\"s\",\"shape\":[1],\"datatype\":\"BYTES\",\"parameters\":{"
                   "\"binary_data_"
                   "size\":7}}]}",
                   bytes_of(raw, sizeof(raw)));
    const struct galen_tensor *inputs = fixture->request.inputs;
    assert_memory_equal(inputs[0].bytes, raw, 4);
    assert_int_equal(0, (uintptr_t)inputs[0].bytes % 2);
    assert_memory_equal(inputs[1].bytes, "\7", 1);
    assert_memory_equal(inputs[2].bytes, "\1\0", 2);
    assert_memory_equal(inputs[3].bytes, "\3\0\0\0abc", 7);
    assert_int_equal(7, inputs[3].size_bytes);
}

/* Every distance of the tensor from an aligned address. */
static void misaligned_raw_tensors_are_copied_and_aligned_ones_are_not(void **state)
{
    struct fixture *fixture = *state;
    static const char json[] = NAMED(
        "\"shape\":[1],\"datatype\":\"FP64\",\"parameters\":{\"binary_data_size\":8}");
    const double value = 0.1;
    for (size_t lead = 0; lead < 16; lead++) {
        _Alignas(64) uint8_t body[512] = {0};
        const size_t json_size = lead + sizeof(json) - 1;
        memset(body, ' ', lead);
        memcpy(body + lead, json, sizeof(json) - 1);
        memcpy(body + json_size, &value, sizeof(value));

        EXPECT_OK(decode_message(fixture, bytes_of(body, json_size + 8), json_size));

        const uint8_t *bytes = fixture->request.inputs[0].bytes;
        assert_memory_equal(bytes, &value, 8);
        assert_int_equal(0, (uintptr_t)bytes % 8);
        assert_true((bytes == body + json_size) == (json_size % 8 == 0));
    }
}

static void parameters_are_understood(void **state)
{
    struct fixture *fixture = *state;
    expect_decoded(
        fixture,
        "{\"parameters\":{\"binary_data_output\":true,\"timeout\":1500,\"priority\":"
        "2,\"sequence_id\":0,\"sequence_start\":false,\"sequence_end\":false,\"mine\":"
        "\"x\",\"binary_data\":3},\"inputs\":[],\"outputs\":[{\"name\":\"a\"},{\"name\""
        ":\"b\",\"parameters\":{\"binary_data\":false,\"classification\":3,"
        "\"anything\":1.5}}]}",
        BYTES_NONE);
    assert_int_equal(1500, fixture->request.timeout_us);
    assert_int_equal(2, fixture->request.priority);
    assert_true(fixture->request.binary_outputs);
    assert_true(fixture->request.outputs[0].binary);
    assert_false(fixture->request.outputs[1].binary);
    assert_int_equal(0, fixture->request.outputs[0].class_count);
    assert_int_equal(3, fixture->request.outputs[1].class_count);
}

static void what_would_change_the_result_and_is_not_supported_is_named(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *json;
        const char *pointer;
        const char *name;
    } rows[] = {
        {"{\"parameters\":{\"sequence_id\":1},\"inputs\":[]}", "/parameters/sequence_id",
         "'sequence_id'"},
        {"{\"parameters\":{\"sequence_id\":\"s\"},\"inputs\":[]}",
         "/parameters/sequence_id", "'sequence_id'"},
        {"{\"parameters\":{\"sequence_start\":true},\"inputs\":[]}",
         "/parameters/sequence_start", "'sequence_start'"},
        {"{\"parameters\":{\"sequence_end\":true},\"inputs\":[]}",
         "/parameters/sequence_end", "'sequence_end'"},
        {NAMED(
             "\"shape\":[1],\"datatype\":\"INT8\",\"parameters\":{\"shared_memory_region\":"
             "\"r\"}"),
         "/inputs/0/parameters/shared_memory_region", "'shared_memory_region'"},
        {"{\"inputs\":[],\"outputs\":[{\"name\":\"p\",\"parameters\":{\"shared_memory_"
         "region\":"
         "\"r\"}}]}",
         "/outputs/0/parameters/shared_memory_region", "'shared_memory_region'"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect_refused(fixture, GALEN_NOT_IMPLEMENTED, rows[i].json, rows[i].pointer,
                       rows[i].name);
    }
}

static const struct {
    const char *json;
    const char *pointer;
    const char *text;
} wrong_members[] = {
    {"{}", "", "'inputs': it is missing"},
    {"[]", "", "not a JSON object"},
    {"{\"inputs\":{}}", "/inputs", "not of type array"},
    {"{\"inputs\":[1]}", "/inputs/0", "object"},
    {"{\"inputs\":[[]]}", "/inputs/0", "object"},
    {"{\"id\":1,\"inputs\":[]}", "/id", "not of type string"},
    {"{\"id\":\"a\\u0000\",\"inputs\":[]}", "/id", "NUL"},
    {"{\"parameters\":[],\"inputs\":[]}", "/parameters", "not of type object"},
    {"{\"parameters\":{\"a\":{}},\"inputs\":[]}", "/parameters", "parameter 0"},
    {"{\"parameters\":{\"a\":1,\"b\":null},\"inputs\":[]}", "/parameters", "parameter 1"},
    {"{\"parameters\":{\"triton_x\":1},\"inputs\":[]}", "/parameters", "reserved"},
    {"{\"parameters\":{\"priority\":\"1\"},\"inputs\":[]}", "/parameters/priority",
     "unsigned integer"},
    {"{\"parameters\":{\"timeout\":-1},\"inputs\":[]}", "/parameters/timeout",
     "unsigned integer"},
    {"{\"parameters\":{\"timeout\":1.0},\"inputs\":[]}", "/parameters/timeout",
     "unsigned integer"},
    {"{\"parameters\":{\"binary_data_output\":1},\"inputs\":[]}",
     "/parameters/binary_data_output", "boolean"},
    {"{\"inputs\":[],\"outputs\":{}}", "/outputs", "not of type array"},
    {"{\"inputs\":[],\"outputs\":[\"p\"]}", "/outputs/0", "object"},
    {"{\"inputs\":[],\"outputs\":[{}]}", "/outputs/0", "'name'"},
    {"{\"inputs\":[],\"outputs\":[{\"name\":\"p\"},{\"name\":\"p\"}]}", "/outputs/1/name",
     "output 0"},
    {INPUT("\"shape\":[1],\"datatype\":\"INT8\",\"data\":[1]"), "/inputs/0", "'name'"},
    {INPUT("\"name\":2,\"shape\":[1],\"datatype\":\"INT8\",\"data\":[1]"), "/inputs/0/name",
     "string"},
    {NAMED("\"datatype\":\"INT8\",\"data\":[1]"), "/inputs/0", "'shape'"},
    {NAMED("\"shape\":[1],\"data\":[1]"), "/inputs/0", "'datatype'"},
    {NAMED("\"shape\":[1],\"datatype\":\"int8\",\"data\":[1]"), "/inputs/0/datatype",
     "datatype"},
    {NAMED("\"shape\":[1],\"datatype\":\"\",\"data\":[1]"), "/inputs/0/datatype",
     "datatype"},
    {NAMED("\"shape\":1,\"datatype\":\"INT8\",\"data\":[1]"), "/inputs/0/shape", "array"},
    {NAMED("\"shape\":[2,-1],\"datatype\":\"INT8\",\"data\":[1]"), "/inputs/0/shape/1",
     "from 0"},
    {NAMED("\"shape\":[1.0],\"datatype\":\"INT8\",\"data\":[1]"), "/inputs/0/shape/0",
     "integer"},
    {NAMED("\"shape\":[\"1\"],\"datatype\":\"INT8\",\"data\":[1]"), "/inputs/0/shape/0",
     "integer"},
    {NAMED("\"shape\":[9223372036854775808],\"datatype\":\"INT8\",\"data\":[1]"),
     "/inputs/0/shape/0", "integer"},
    {NAMED("\"shape\":[1,1,1,1,1,1,1,1,1],\"datatype\":\"INT8\",\"data\":[1]"),
     "/inputs/0/shape", "at most 8"},
    {NAMED("\"shape\":[1],\"datatype\":\"INT8\""), "/inputs/0", "either 'data' or"},
    {NAMED("\"shape\":[1],\"datatype\":\"INT8\",\"data\":[1],\"parameters\":{\"binary_"
           "data_"
           "size\":1}"),
     "/inputs/0", "either 'data' or"},
    {NAMED("\"shape\":[1],\"datatype\":\"INT8\",\"data\":1"), "/inputs/0/data", "array"},
    {NAMED("\"shape\":[1],\"datatype\":\"INT8\",\"data\":null"), "/inputs/0/data", "array"},
    {NAMED("\"shape\":[1],\"datatype\":\"INT8\",\"d\\u0061ta\":[1]"), "/inputs/0/data",
     "escapes"},
    {NAMED("\"shape\":[1],\"datatype\":\"FP16\",\"data\":[1]"), "/inputs/0/data",
     "FP16 data via JSON is not supported"},
    {NAMED("\"shape\":[20],\"datatype\":\"INT8\",\"data\":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,"
           "0,0,128,0,0]"),
     "/inputs/0/data/17", "element 17 does not fit INT8"},
    {"{\"inputs\":[{\"name\":\"x\",\"shape\":[1],\"datatype\":\"INT8\",\"data\":[1]},"
     "{\"name\":\"x\",\"shape\":[1],\"datatype\":\"INT8\",\"data\":[1]}]}",
     "/inputs/1/name", "tensor 0"},
};

static void wrong_members_are_refused_where_they_stand(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(wrong_members) / sizeof(wrong_members[0]); i++) {
        expect_refused(fixture, GALEN_INVALID, wrong_members[i].json,
                       wrong_members[i].pointer, wrong_members[i].text);
    }
}

static void names_are_unique_members_too(void **state)
{
    struct fixture *fixture = *state;
    expect_refused(fixture, GALEN_INVALID,
                   NAMED("\"shape\":[1],\"datatype\":\"INT8\",\"data\":[1],\"data\":[1]"),
                   "", "byte offset 64: member 4");
    expect_refused(fixture, GALEN_INVALID, "{\"inputs\":[],\"inputs\":[]}", "",
                   "byte offset 13: member 1");
    expect_refused(
        fixture, GALEN_INVALID,
        NAMED("\"shape\":[1],\"datatype\":\"INT8\",\"data\":[1],\"d\\u0061ta\":[1]"), "",
        "byte offset 64: member 4");
}

/* The data arrays of the two lists do not come in the order of their elements. */
static void a_second_list_of_inputs_is_refused_whatever_is_in_it(void **state)
{
    struct fixture *fixture = *state;
    expect_refused(fixture, GALEN_INVALID,
                   "{\"inputs\":[{},{\"data\":[1,2,3]}],\"inputs\":[{\"data\":[4,5]}]}", "",
                   "byte offset 32: member 1");
    expect_refused(fixture, GALEN_INVALID,
                   "{\"inputs\":[{\"data\":[1,2]}],\"inputs\":[{\"data\":[3,4]}]}", "",
                   "byte offset 27: member 1");
    expect_refused(fixture, GALEN_INVALID, "{\"inputs\":[{\"data\":[1,2],\"data\":[3,4]}]}",
                   "", "byte offset 25: member 1");
}

static void malformed_json_is_refused_at_its_offset_in_the_body(void **state)
{
    struct fixture *fixture = *state;
    expect_refused(fixture, GALEN_INVALID,
                   NAMED("\"shape\":[9],\"data\":[1,2,3,4,5,6,7,8,9],\"datatype\":!"), "",
                   "byte offset 73:");
    expect_refused(fixture, GALEN_INVALID, "{\"inputs\":[{\"data\":[1,2,3", "",
                   "byte offset 25:");
    expect_refused(fixture, GALEN_INVALID, "{\"inputs\":[{\"data\":[1,2,3]}]} x", "",
                   "byte offset 30:");
    expect_refused(fixture, GALEN_INVALID, "not JSON", "", "byte offset 0:");
}

static void huge_shapes_are_refused_and_cost_nothing(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *json;
        const char *pointer;
        const char *why;
    } rows[] = {
        {NAMED("\"shape\":[4294967296,4294967296,4294967296],\"datatype\":\"INT8\","
               "\"data\":[1]"),
         "/inputs/0/shape", "total element count to exceed maximum size of"},
        {NAMED("\"shape\":[9223372036854775807,2],\"datatype\":\"INT8\",\"data\":[1]"),
         "/inputs/0/shape", "total element count"},
        {NAMED("\"shape\":[4611686018427387904],\"datatype\":\"FP64\",\"data\":[1]"),
         "/inputs/0/shape", "byte size overflow for input"},
        {NAMED("\"shape\":[2305843009213693952],\"datatype\":\"BYTES\",\"data\":[]"),
         "/inputs/0/shape", "byte size overflow for input"},
        {NAMED("\"shape\":[67108865],\"datatype\":\"FP32\",\"data\":[1]"), "/inputs/0/data",
         "fewer elements"},
        {NAMED("\"shape\":[67108865],\"datatype\":\"BYTES\",\"data\":[\"\"]"),
         "/inputs/0/data", "fewer elements"},
        {NAMED("\"shape\":[1099511627776,16],\"datatype\":\"FP32\",\"parameters\":{"
               "\"binary_data_size\":0}"),
         "/inputs/0", "expecting 70368744177664 additional bytes"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect_refused(fixture, GALEN_INVALID, rows[i].json, rows[i].pointer, rows[i].why);
    }
    assert_true(fixture->arena.size_bytes < 65536);
}

static void raw_data_of_the_wrong_size_is_refused(void **state)
{
    struct fixture *fixture = *state;
    static const char four[] = NAMED(
        "\"shape\":[2],\"datatype\":\"INT16\",\"parameters\":{\"binary_data_size\":4}");
    static const char three[] = NAMED(
        "\"shape\":[2],\"datatype\":\"INT16\",\"parameters\":{\"binary_data_size\":3}");
    static const char five[] = NAMED(
        "\"shape\":[2],\"datatype\":\"INT16\",\"parameters\":{\"binary_data_size\":5}");
    static const char strings[] = NAMED(
        "\"shape\":[1],\"datatype\":\"BYTES\",\"parameters\":{\"binary_data_size\":5}");
    static const char flag[] = NAMED(
        "\"shape\":[1],\"datatype\":\"BOOL\",\"parameters\":{\"binary_data_size\":1}");
    expect_raw_refused(fixture, four, BYTES("abc"), "/inputs/0",
                       "expecting 1 additional bytes");
    expect_raw_refused(fixture, four, BYTES_NONE, "/inputs/0",
                       "expecting 4 additional bytes");
    expect_raw_refused(fixture, four, BYTES("abcde"), "",
                       "unexpected additional input data: 1 bytes");
    expect_raw_refused(fixture, three, BYTES("abc"), "/inputs/0",
                       "expecting 1 additional bytes");
    expect_raw_refused(fixture, five, BYTES("abcde"), "/inputs/0", "1 bytes more");
    expect_raw_refused(fixture, strings, BYTES("\2\0\0\0a"), "/inputs/0", "a length and");
    expect_raw_refused(fixture, strings, BYTES("\0\0\0\0a"), "/inputs/0", "a length and");
    expect_raw_refused(fixture, flag, BYTES("\2"), "/inputs/0", "0 or 1");
}

static void the_json_size_must_lie_within_the_body(void **state)
{
    struct fixture *fixture = *state;
    EXPECT_STATUS(GALEN_INVALID, decode_message(fixture, BYTES("{}"), 3));
    assert_string_equal("inference header size should be in range (0, 2), got: 3",
                        fixture->error.text);
    EXPECT_STATUS(GALEN_INVALID, decode_message(fixture, BYTES_NONE, 0));
}

static void a_raw_request_is_the_bytes_of_one_input(void **state)
{
    struct fixture *fixture = *state;
    const struct v2_message message = {.body = BYTES("{}"), .is_raw = true};

    EXPECT_OK(v2_request_decode(&message, &fixture->arena, &fixture->request, NULL));

    assert_true(fixture->request.is_raw);
    assert_true(fixture->request.binary_outputs);
    assert_int_equal(1, fixture->request.input_count);
    assert_string_equal("", fixture->request.inputs[0].name);
    assert_ptr_equal(message.body.data, fixture->request.inputs[0].bytes);
    assert_int_equal(2, fixture->request.inputs[0].size_bytes);
}

static void a_raw_request_is_encoded_as_one(void **state)
{
    struct fixture *fixture = *state;
    struct galen_tensor input = {.name = "", .bytes = "\1\2", .size_bytes = 2};
    const struct v2_request request = {
        .inputs = &input, .input_count = 1, .is_raw = true, .id = "unsaid"};
    size_t json_size = SIZE_MAX;

    v2_request_encode(&request, &fixture->writer, &json_size);

    assert_int_equal(0, json_size);
    assert_true(bytes_equal(BYTES("\1\2"), writer_bytes(&fixture->writer)));
}

static void more_tensors_than_the_limit_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct writer json;
    writer_init(&json, 65536);
    writer_put_string(&json, "{\"inputs\":[");
    for (int i = 0; i < LIMIT_TENSOR_COUNT_MAX + 1; i++) {
        char input[96];
        (void)snprintf(
            input, sizeof(input),
            "%s{\"name\":\"%d\",\"shape\":[1],\"datatype\":\"INT8\",\"data\":[1]}",
            i == 0 ? "" : ",", i);
        writer_put_string(&json, input);
    }
    writer_put(&json, BYTES("]}\0"));
    expect_refused(fixture, GALEN_INVALID, (const char *)writer_bytes(&json).data,
                   "/inputs", "at most 64");
    writer_deinit(&json);
}

static void an_encoded_request_decodes_to_itself(void **state)
{
    struct fixture *fixture = *state;
    const float values[] = {1, 2, 3};
    struct galen_tensor inputs[] = {
        {.name = "x",
         .datatype = GALEN_FP32,
         .rank = 2,
         .shape = {1, 3},
         .bytes = values,
         .size_bytes = 12},
        {.name = "s \"\u00e9",
         .datatype = GALEN_BYTES,
         .rank = 1,
         .shape = {2},
         .bytes = "\1\0\0\0a\0\0\0\0",
         .size_bytes = 9},
    };
    struct v2_output outputs[] = {{.name = "p", .binary = false, .class_count = 5}};
    const struct v2_request request = {.id = "7",
                                       .inputs = inputs,
                                       .input_count = 2,
                                       .outputs = outputs,
                                       .output_count = 1,
                                       .timeout_us = 9,
                                       .priority = 3};
    size_t json_size = 0;
    v2_request_encode(&request, &fixture->writer, &json_size);
    EXPECT_OK(fixture->writer.status);
    assert_int_equal(fixture->writer.size, json_size + 21);

    EXPECT_OK(decode_message(fixture, writer_bytes(&fixture->writer), json_size));

    const struct v2_request *back = &fixture->request;
    assert_string_equal("7", back->id);
    assert_int_equal(9, back->timeout_us);
    assert_int_equal(3, back->priority);
    assert_true(back->binary_outputs);
    assert_true(back->outputs[0].binary);
    assert_int_equal(5, back->outputs[0].class_count);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(inputs[i].name, back->inputs[i].name);
        assert_int_equal(inputs[i].datatype, back->inputs[i].datatype);
        assert_int_equal(inputs[i].rank, back->inputs[i].rank);
        assert_memory_equal(inputs[i].shape, back->inputs[i].shape,
                            sizeof(inputs[i].shape));
        assert_int_equal(inputs[i].size_bytes, back->inputs[i].size_bytes);
        assert_memory_equal(inputs[i].bytes, back->inputs[i].bytes, inputs[i].size_bytes);
    }
}

/* A structure too rich for the limits of memory is refused, wherever memory ends. */
static void memory_may_end_anywhere(void **state)
{
    struct fixture *fixture = *state;
    static const char json[] =
        "{\"id\":\"a\",\"inputs\":[{\"name\":\"x\",\"shape\":[2],\"datatype\":\"FP32\","
        "\"data\":[1,2]}],\"outputs\":[{\"name\":\"p\"}]}";
    bool enough = false;
    for (size_t size = 0; !enough; size += 8192) {
        arena_deinit(&fixture->arena);
        arena_init(&fixture->arena, size);
        const enum galen_status status = decode(fixture, json, BYTES_NONE);
        enough = status == GALEN_OK;
        assert_true(enough || status == GALEN_NO_MEMORY);
    }
}

int main(void)
{
#define WITH_FIXTURE(test) \
    cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_json_request_becomes_tensors),
        WITH_FIXTURE(data_may_come_before_what_it_means),
        WITH_FIXTURE(optional_members_may_be_null),
        WITH_FIXTURE(raw_tensors_follow_the_json_in_order),
        WITH_FIXTURE(misaligned_raw_tensors_are_copied_and_aligned_ones_are_not),
        WITH_FIXTURE(parameters_are_understood),
        WITH_FIXTURE(what_would_change_the_result_and_is_not_supported_is_named),
        WITH_FIXTURE(wrong_members_are_refused_where_they_stand),
        WITH_FIXTURE(names_are_unique_members_too),
        WITH_FIXTURE(a_second_list_of_inputs_is_refused_whatever_is_in_it),
        WITH_FIXTURE(malformed_json_is_refused_at_its_offset_in_the_body),
        WITH_FIXTURE(huge_shapes_are_refused_and_cost_nothing),
        WITH_FIXTURE(raw_data_of_the_wrong_size_is_refused),
        WITH_FIXTURE(the_json_size_must_lie_within_the_body),
        WITH_FIXTURE(a_raw_request_is_the_bytes_of_one_input),
        WITH_FIXTURE(a_raw_request_is_encoded_as_one),
        WITH_FIXTURE(more_tensors_than_the_limit_are_refused),
        WITH_FIXTURE(an_encoded_request_decodes_to_itself),
        WITH_FIXTURE(memory_may_end_anywhere),
    };
    return cmocka_run_group_tests_name("v2_request", tests, NULL, NULL);
}
