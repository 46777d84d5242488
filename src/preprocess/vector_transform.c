/* SPDX-License-Identifier: Apache-2.0 */
/* The transform of tabular models: JSON to one row of features. */
#include "preprocess/transform.h"
#include "preprocess/vector.h"

static enum galen_status run_vector(const struct transform_run *run,
                                    struct transform_outputs *out_outputs,
                                    struct error *out_error)
{
    struct vector vector;
    TRY(vector_from_json(run->contract, run->input, run->arena, &vector, out_error));
    out_outputs->tensors[0] = vector.tensor;
    out_outputs->count = 1;
    return transform_put_warning(vector.replaced_count > 0 ? "imputed" : NULL, run->arena,
                                 out_outputs);
}

static enum galen_status describe(const struct contract *contract, struct arena *arena,
                                  const struct galen_tensor_spec **out_specs,
                                  size_t *out_count)
{
    struct galen_tensor_spec *specs = arena_alloc_array(arena, 2, sizeof(*specs));
    if (specs == NULL) {
        return GALEN_NO_MEMORY;
    }
    specs[0] = (struct galen_tensor_spec){
        .name = contract->input.tensor,
        .datatype = contract->input.datatype,
        .rank = 2,
        .shape = {1, (int64_t)contract->feature_count},
    };
    specs[1] = transform_warning_spec();
    *out_specs = specs;
    *out_count = 2;
    return GALEN_OK;
}

const struct transform vector_transform = {
    .run = run_vector,
    .describe = describe,
};
