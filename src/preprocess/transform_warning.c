/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/transform.h"

/* One BYTES element: its length, little-endian, and its bytes. */
static enum galen_status put_element(const char *text, struct arena *arena,
                                     struct galen_tensor *tensor)
{
    const uint32_t size = (uint32_t)strlen(text);
    uint8_t *element = arena_alloc(arena, sizeof(size) + size);
    if (element == NULL) {
        return GALEN_NO_MEMORY;
    }
    memcpy(element, &size, sizeof(size));
    memcpy(element + sizeof(size), text, size);
    tensor->bytes = element;
    tensor->size_bytes = sizeof(size) + size;
    tensor->shape[0] = 1;
    return GALEN_OK;
}

enum galen_status transform_put_warning(const char *code, struct arena *arena,
                                        struct transform_outputs *outputs)
{
    struct galen_tensor warnings = {
        .name = PREPROCESS_WARNINGS, .datatype = GALEN_BYTES, .rank = 1, .shape = {0}};
    if (code != NULL) {
        TRY(put_element(code, arena, &warnings));
    }
    outputs->tensors[outputs->count++] = warnings;
    return GALEN_OK;
}

struct galen_tensor_spec transform_warning_spec(void)
{
    return (struct galen_tensor_spec){.name = PREPROCESS_WARNINGS,
                                      .datatype = GALEN_BYTES,
                                      .rank = 1,
                                      .shape = {GALEN_DIMENSION_ANY}};
}
