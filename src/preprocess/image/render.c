/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/image/render.h"

#include "preprocess/image/resizer.h"
#include "preprocess/image/tensor_rows.h"

enum galen_status render(const struct image_spec *spec, const struct pixels *pixels,
                         struct arena *arena, uint8_t *out_tensor)
{
    const struct fit fit = fit_plan(spec, pixels->width, pixels->height);
    struct resizer resizer;
    struct tensor_rows rows;
    TRY(resizer_init(&resizer, kernels_best(), pixels, &fit, spec->filter, arena));
    tensor_rows_init(&rows, spec, &fit, pixels->channels, out_tensor);
    for (uint32_t y = 0; y < fit.y.count; y++) {
        tensor_rows_put(&rows, y, resizer_row(&resizer, y));
    }
    return GALEN_OK;
}
