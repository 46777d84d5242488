/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A response that is accepted has sound tensors. Written with raw outputs and read again it
 * is the same; written as JSON too, or it is refused because JSON cannot hold one of them.
 */
#include "v2_fuzz.h"

static void expect_same_response(const struct v2_response *a, const struct v2_response *b)
{
    INVARIANT(same_text(a->id, b->id));
    INVARIANT(same_text(a->model_name, b->model_name));
    INVARIANT(same_text(a->model_version, b->model_version));
    INVARIANT(a->output_count == b->output_count);
    for (size_t i = 0; i < a->output_count; i++) {
        expect_same_tensor(&a->outputs[i], &b->outputs[i]);
    }
}

static bool names_an_output(const struct error *error)
{
    return bytes_starts_with(bytes_from_string(error->pointer), BYTES("/outputs/")) &&
           strchr(error->text, '\'') != NULL;
}

static void expect_round_trip(const struct v2_response *response, bool binary,
                              struct arena *arena)
{
    const struct v2_request request = {.binary_outputs = binary};
    struct v2_response back;
    struct writer out;
    struct error error = {"", ""};
    size_t json_size = 0;
    writer_init(&out, BODY_SIZE_BYTES_MAX);
    const enum galen_status status =
        v2_response_encode(response, &request, &out, &json_size, &error);
    INVARIANT(out.status == GALEN_OK);
    if (status == GALEN_OK) {
        INVARIANT(binary || json_size == out.size);
        const struct v2_message message = {.body = writer_bytes(&out),
                                           .json_size = json_size};
        INVARIANT(v2_response_decode(&message, arena, &back, NULL) == GALEN_OK);
        expect_same_response(response, &back);
    } else {
        INVARIANT(status == GALEN_INVALID && !binary && names_an_output(&error));
    }
    writer_deinit(&out);
}

/* The same numbers are read again; which NaN it was is not told. */
static void expect_special_numbers(const struct v2_response *response, struct arena *arena)
{
    const struct v2_request request = {.special_numbers = true};
    struct v2_message message = {.special_numbers = true};
    struct v2_response back;
    struct writer out;
    struct error error = {"", ""};
    writer_init(&out, BODY_SIZE_BYTES_MAX);
    const enum galen_status status =
        v2_response_encode(response, &request, &out, &message.json_size, &error);
    if (status == GALEN_OK) {
        message.body = writer_bytes(&out);
        INVARIANT(v2_response_decode(&message, arena, &back, NULL) == GALEN_OK);
        INVARIANT(back.output_count == response->output_count);
    } else {
        INVARIANT(status == GALEN_INVALID); /* its text may have "NaN": names are told */
    }
    writer_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_body body;
    struct v2_response response;
    struct error error = {"", ""};
    fuzz_body_init(&body, data, size);
    const struct v2_message message = {.body = body.bytes, .json_size = body.json_size};
    const enum galen_status status =
        v2_response_decode(&message, &body.arena, &response, &error);
    if (status == GALEN_OK) {
        for (size_t i = 0; i < response.output_count; i++) {
            expect_sound(&response.outputs[i]);
        }
        expect_round_trip(&response, true, &body.arena);
        expect_round_trip(&response, false, &body.arena);
        expect_special_numbers(&response, &body.arena);
    } else {
        expect_error(status, &error);
    }
    fuzz_body_deinit(&body);
    return 0;
}
