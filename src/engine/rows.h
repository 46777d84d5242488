/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cuts a tensor along its first dimension, without copying. BYTES rows have no fixed size
 * and are found by walking their elements.
 *
 * Pure. Allocates nothing.
 */
#pragma once

#include "base/bytes.h"
#include "galen/tensor.h"

struct rows {
    const struct galen_tensor *tensor;
    struct bytes left;
    uint64_t row_count_left;
    uint64_t row_element_count;
};

/* Borrows the tensor, which has a first dimension and fits its shape (galen_tensor_check).
 */
void rows_init(struct rows *rows, const struct galen_tensor *tensor);

/* The next row_count rows, which are there, as a tensor that shares the bytes. */
struct galen_tensor rows_take(struct rows *rows, size_t row_count);
