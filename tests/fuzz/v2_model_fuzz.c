/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata that is accepted, written and read again, is written as the same bytes. */
#include "v2_fuzz.h"

static void write(const struct v2_model *model, struct writer *out)
{
    writer_init(out, BODY_SIZE_BYTES_MAX);
    v2_model_encode(model, out);
    INVARIANT(out->status == GALEN_OK);
}

static void expect_specs(const struct galen_tensor_spec *specs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        INVARIANT(specs[i].rank <= GALEN_RANK_MAX);
        for (uint32_t n = 0; n < specs[i].rank; n++) {
            INVARIANT(specs[i].shape[n] >= GALEN_DIMENSION_ANY);
        }
    }
}

static void expect_round_trip(const struct v2_model *model, struct arena *arena)
{
    struct writer first;
    struct writer second;
    struct v2_model back;
    write(model, &first);
    INVARIANT(v2_model_decode(writer_bytes(&first), arena, &back, NULL) == GALEN_OK);
    write(&back, &second);
    INVARIANT(bytes_equal(writer_bytes(&first), writer_bytes(&second)));
    writer_deinit(&first);
    writer_deinit(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct v2_model model;
    struct error error = {"", ""};
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    const enum galen_status status =
        v2_model_decode(bytes_of(data, size), &arena, &model, &error);
    if (status == GALEN_OK) {
        expect_specs(model.inputs, model.input_count);
        expect_specs(model.outputs, model.output_count);
        expect_round_trip(&model, &arena);
    } else {
        expect_error(status, &error);
    }
    arena_deinit(&arena);
    return 0;
}
