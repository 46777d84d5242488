/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether two versions of a model say the same. What a row of scores says is its label, the
 * column of its highest value; scores themselves may be a little apart.
 *
 * Pure.
 */
#pragma once

#include "galen/tensor.h"

/* Two outputs. They differ where datatype or shape do; in FP16, BF16, FP32 and FP64 where a
 * row's label does, or, in one column or where all values of both are between 0 and 1, a
 * value by more than tolerance (times its size, where that is above 1), or one of two is no
 * number; else where a byte does. */
bool tensors_disagree(const struct galen_tensor *a, const struct galen_tensor *b,
                      double tolerance);
