/* SPDX-License-Identifier: Apache-2.0 */
/* A model.identity that is read, written out and read again is the same model. */
#include "backend/identity_spec.h"
#include "base/limits.h"
#include "base/writer.h"
#include "fuzz.h"

enum { SIZE_BYTES_MAX = 1 << 20 };

static void write_shape(const struct galen_tensor_spec *tensor, struct writer *text)
{
    if (tensor->rank == 0) {
        writer_put_byte(text, '-');
    }
    for (uint32_t i = 0; i < tensor->rank; i++) {
        if (i > 0) {
            writer_put_byte(text, ',');
        }
        writer_put_i64(text, tensor->shape[i]);
    }
}

static void write_spec(const struct galen_model_spec *spec, struct writer *text)
{
    for (size_t i = 0; i < spec->input_count; i++) {
        writer_put_string(text, spec->inputs[i].name);
        writer_put_byte(text, ' ');
        writer_put_string(text, spec->outputs[i].name);
        writer_put_byte(text, ' ');
        writer_put_string(text, galen_datatype_name(spec->inputs[i].datatype));
        writer_put_byte(text, ' ');
        write_shape(&spec->inputs[i], text);
        writer_put_byte(text, '\n');
    }
}

static void expect_same(const struct galen_tensor_spec *a,
                        const struct galen_tensor_spec *b)
{
    INVARIANT(strcmp(a->name, b->name) == 0);
    INVARIANT(a->datatype == b->datatype);
    INVARIANT(a->rank == b->rank);
    INVARIANT(memcmp(a->shape, b->shape, sizeof(a->shape)) == 0);
}

static void expect_bounded(const struct galen_model_spec *spec)
{
    INVARIANT(spec->input_count > 0 && spec->input_count <= LIMIT_TENSOR_COUNT_MAX);
    INVARIANT(spec->input_count == spec->output_count);
    for (size_t i = 0; i < spec->input_count; i++) {
        const struct galen_tensor_spec *tensor = &spec->inputs[i];
        INVARIANT(tensor->rank <= GALEN_RANK_MAX);
        for (uint32_t k = 0; k < tensor->rank; k++) {
            INVARIANT(tensor->shape[k] >= GALEN_DIMENSION_ANY);
        }
    }
}

static void expect_round_trip(const struct galen_model_spec *spec, struct arena *arena)
{
    struct galen_model_spec again;
    struct writer text;
    writer_init(&text, SIZE_BYTES_MAX);
    write_spec(spec, &text);
    INVARIANT(text.status == GALEN_OK);
    INVARIANT(identity_spec_parse(writer_bytes(&text), arena, &again, NULL) == GALEN_OK);
    INVARIANT(again.input_count == spec->input_count);
    for (size_t i = 0; i < spec->input_count; i++) {
        expect_same(&spec->inputs[i], &again.inputs[i]);
        expect_same(&spec->outputs[i], &again.outputs[i]);
    }
    writer_deinit(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct galen_model_spec spec;
    struct galen_error error = {""};
    if (size > LIMIT_IDENTITY_FILE_SIZE_BYTES_MAX) {
        return 0; /* the backend does not read that far */
    }
    arena_init(&arena, SIZE_BYTES_MAX);
    if (identity_spec_parse(bytes_of(data, size), &arena, &spec, &error) == GALEN_OK) {
        expect_bounded(&spec);
        expect_round_trip(&spec, &arena);
    } else {
        INVARIANT(bytes_starts_with(bytes_from_string(error.text), BYTES("line ")));
    }
    arena_deinit(&arena);
    return 0;
}
