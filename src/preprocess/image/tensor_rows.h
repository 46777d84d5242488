/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of pixels as a tensor: scaled, in its order of channels, its layout and its
 * datatype. A pixel has 256 values a channel, so that each is worked out once. Pure.
 */
#pragma once

#include "preprocess/image/fit.h"

struct tensor_rows {
    const struct image_spec *spec;
    const struct fit *fit;
    uint32_t channels; /* of the rows: 1 or 3 */
    uint8_t *tensor;
    uint32_t values[3][256]; /* bits of the tensor's values, by channel of the tensor */
};

/* Borrows all three. Writes the padding. */
void tensor_rows_init(struct tensor_rows *rows, const struct image_spec *spec,
                      const struct fit *fit, uint32_t channels, uint8_t *tensor);

/* The index-th of fit->y.count rows, of fit->x.count pixels. */
void tensor_rows_put(const struct tensor_rows *rows, uint32_t index, const uint8_t *row);
