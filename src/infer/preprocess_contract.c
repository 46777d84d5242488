/* SPDX-License-Identifier: Apache-2.0 */
#include "infer/preprocess_contract.h"

static bool is_reserved(const struct galen_tensor *tensor)
{
    return bytes_starts_with(bytes_from_string(tensor->name), BYTES(PREPROCESS_RESERVED));
}

enum galen_status preprocess_pass_on(const struct infer_response *made, struct arena *arena,
                                     struct infer_request *request)
{
    struct galen_tensor *inputs =
        arena_alloc_array(arena, made->output_count, sizeof(*inputs));
    size_t count = 0;
    if (inputs == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < made->output_count; i++) {
        if (!is_reserved(&made->outputs[i].tensor)) {
            inputs[count++] = made->outputs[i].tensor;
        }
    }
    request->inputs = inputs;
    request->input_count = count;
    return GALEN_OK;
}
