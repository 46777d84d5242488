/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/warm_up.h"

#include <stdlib.h>
#include <string.h>

#include "backend/memory_sink.h"

enum { BYTES_ELEMENT_SIZE_BYTES_MIN = 4 }; /* the length of an empty one */

/* Zero bytes are valid content for every datatype: as BYTES they are empty elements. */
static enum galen_status zero_input(const struct galen_tensor_spec *spec,
                                    struct galen_tensor *out_input)
{
    struct galen_tensor input = {spec->name, spec->datatype, spec->rank, {0}, NULL, 0};
    uint64_t count;
    for (uint32_t i = 0; i < spec->rank; i++) {
        input.shape[i] = spec->shape[i] == GALEN_DIMENSION_ANY ? 1 : spec->shape[i];
    }
    TRY(galen_shape_element_count(input.shape, input.rank, &count));
    const size_t fixed_size = galen_datatype_size(spec->datatype);
    const size_t size = fixed_size == 0 ? BYTES_ELEMENT_SIZE_BYTES_MIN : fixed_size;
    if (count > LIMIT_TENSOR_SIZE_BYTES_MAX / size) {
        return GALEN_TOO_LARGE;
    }
    input.size_bytes = (size_t)count * size;
    *out_input = input;
    return GALEN_OK;
}

/* All inputs share one block, which the caller frees. */
static enum galen_status zero_inputs(const struct galen_model_spec *spec,
                                     struct galen_tensor *inputs, void **out_block)
{
    size_t size_max = 1;
    for (size_t i = 0; i < spec->input_count; i++) {
        TRY(zero_input(&spec->inputs[i], &inputs[i]));
        size_max = inputs[i].size_bytes > size_max ? inputs[i].size_bytes : size_max;
    }
    void *block = calloc(1, size_max);
    for (size_t i = 0; i < spec->input_count; i++) {
        inputs[i].bytes = block;
    }
    *out_block = block;
    return block == NULL ? GALEN_NO_MEMORY : GALEN_OK;
}

void warm_up(struct galen_backend *backend)
{
    const struct galen_model_spec *spec = galen_backend_describe(backend);
    struct galen_tensor inputs[LIMIT_TENSOR_COUNT_MAX];
    void *block = NULL;
    if (zero_inputs(spec, inputs, &block) != GALEN_OK) {
        return;
    }
    struct memory_sink sink;
    memory_sink_init(&sink, LIMIT_ARENA_SIZE_BYTES_MAX);
    const struct galen_batch batch = {inputs, spec->input_count, NULL};
    (void)!galen_backend_run(backend, &batch, &sink.base, NULL);
    memory_sink_deinit(&sink);
    free(block);
}
