/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request that is accepted has sound tensors, and written and read again it is the same.
 * One whose tensors are all JSON is read a second time the plain way, as one document with
 * every number in it: the values are the same.
 */
#include "v2_fuzz.h"

#include "codec/json.h"
#include "codec/number.h"

/* Where the next element of a tensor is to be found. */
struct elements {
    const struct galen_tensor *tensor;
    const uint8_t *at;
};

static void expect_float(struct elements *elements, struct bytes text, size_t size)
{
    float single = 0;
    double twice = 0;
    INVARIANT(size == sizeof(single) ? number_read_f32(text, &single) == GALEN_OK
                                     : number_read_f64(text, &twice) == GALEN_OK);
    INVARIANT(memcmp(elements->at,
                     size == sizeof(single) ? (const void *)&single : (const void *)&twice,
                     size) == 0);
}

static void expect_integer(struct elements *elements, struct bytes text, size_t size)
{
    int64_t integer = 0;
    uint64_t natural = 0;
    if (galen_datatype_kind(elements->tensor->datatype) == GALEN_KIND_SIGNED) {
        INVARIANT(number_read_i64(text, INT64_MIN, INT64_MAX, &integer) == GALEN_OK);
        natural = (uint64_t)integer;
    } else {
        INVARIANT(number_read_u64(text, UINT64_MAX, &natural) == GALEN_OK);
    }
    INVARIANT(memcmp(elements->at, &natural, size) == 0);
}

static void expect_string(struct elements *elements, struct bytes text)
{
    uint32_t size;
    memcpy(&size, elements->at, sizeof(size));
    elements->at += sizeof(size);
    INVARIANT(bytes_equal(text, bytes_of(elements->at, size)));
    elements->at += size;
}

static void expect_value(struct elements *elements, const struct json *value)
{
    const size_t size = galen_datatype_size(elements->tensor->datatype);
    switch (galen_datatype_kind(elements->tensor->datatype)) {
    case GALEN_KIND_BOOLEAN:
        INVARIANT(json_bool(value) == (*elements->at == 1));
        break;
    case GALEN_KIND_UNSIGNED:
    case GALEN_KIND_SIGNED:
        expect_integer(elements, json_number(value), size);
        break;
    case GALEN_KIND_FLOATING:
        expect_float(elements, json_number(value), size);
        break;
    case GALEN_KIND_VARIABLE:
        expect_string(elements, json_string(value));
        break;
    }
    elements->at += size;
}

/* Recursion is bounded by the document's depth. */
static void expect_values(struct elements *elements, const struct json *array)
{
    struct json_cursor at = json_walk(array);
    while (json_next(&at)) {
        if (json_type(at.value) == JSON_ARRAY) {
            expect_values(elements, at.value);
        } else {
            expect_value(elements, at.value);
        }
    }
}

static void expect_same_as_document(const struct v2_request *request, struct bytes text,
                                    struct arena *arena)
{
    const struct json *root = NULL;
    INVARIANT(json_parse(text, arena, &root, NULL) == GALEN_OK);
    const struct json *inputs = json_member(root, "inputs");
    struct json_cursor at = json_walk(inputs);
    INVARIANT(json_count(inputs) == request->input_count);
    while (json_next(&at)) {
        const struct galen_tensor *tensor = &request->inputs[at.index];
        const struct json *data = json_member(at.value, "data");
        if (data != NULL) {
            struct elements elements = {tensor, tensor->bytes};
            expect_values(&elements, data);
            INVARIANT(elements.at == (const uint8_t *)tensor->bytes + tensor->size_bytes);
        }
    }
}

static void expect_same_request(const struct v2_request *a, const struct v2_request *b)
{
    INVARIANT(same_text(a->id, b->id));
    INVARIANT(a->timeout_us == b->timeout_us && a->priority == b->priority);
    INVARIANT(a->input_count == b->input_count && a->output_count == b->output_count);
    INVARIANT(b->binary_outputs && a->is_raw == b->is_raw);
    for (size_t i = 0; i < a->input_count; i++) {
        expect_same_tensor(&a->inputs[i], &b->inputs[i]);
    }
    for (size_t i = 0; i < a->output_count; i++) {
        INVARIANT(strcmp(a->outputs[i].name, b->outputs[i].name) == 0);
        INVARIANT(b->outputs[i].binary);
        INVARIANT(a->outputs[i].class_count == b->outputs[i].class_count);
    }
}

static void expect_round_trip(const struct v2_request *request, struct arena *arena)
{
    struct writer out;
    struct v2_request back;
    struct v2_message message = {.is_raw = request->is_raw};
    writer_init(&out, BODY_SIZE_BYTES_MAX);
    v2_request_encode(request, &out, &message.json_size);
    INVARIANT(out.status == GALEN_OK);
    message.body = writer_bytes(&out);
    INVARIANT(v2_request_decode(&message, arena, &back, NULL) == GALEN_OK);
    expect_same_request(request, &back);
    writer_deinit(&out);
}

/* What is JSON means the same where more is taken. */
static void expect_no_less_with_special_numbers(struct v2_message message,
                                                enum galen_status status,
                                                const struct v2_request *request,
                                                struct arena *arena)
{
    struct v2_request again;
    message.special_numbers = true;
    const enum galen_status status_again = v2_request_decode(&message, arena, &again, NULL);
    INVARIANT(status != GALEN_OK || status_again == GALEN_OK);
    for (size_t i = 0; status_again == GALEN_OK && i < again.input_count; i++) {
        if (!again.is_raw) {
            expect_sound(&again.inputs[i]);
        }
        if (status == GALEN_OK) {
            expect_same_tensor(&request->inputs[i], &again.inputs[i]);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_body body;
    struct v2_request request;
    struct error error = {"", ""};
    fuzz_body_init(&body, data, size);
    const struct v2_message message = {.body = body.bytes,
                                       .json_size = body.json_size,
                                       .is_raw = body.split && body.json_size == 0};
    const enum galen_status status =
        v2_request_decode(&message, &body.arena, &request, &error);
    if (status == GALEN_OK && request.is_raw) {
        expect_round_trip(&request, &body.arena);
    } else if (status == GALEN_OK) {
        for (size_t i = 0; i < request.input_count; i++) {
            expect_sound(&request.inputs[i]);
        }
        expect_same_as_document(&request, bytes_first(body.bytes, body.json_size),
                                &body.arena);
        expect_round_trip(&request, &body.arena);
    } else {
        expect_error(status, &error);
    }
    expect_no_less_with_special_numbers(message, status, &request, &body.arena);
    fuzz_body_deinit(&body);
    return 0;
}
