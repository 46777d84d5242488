/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inputs of several requests, joined along the first dimension.
 *
 * Threads: one. Allocation: a blob an input.
 */
#pragma once

#include "base/blob.h"
#include "base/limits.h"
#include "engine/inference.h"

struct joined {
    struct galen_tensor inputs[LIMIT_TENSOR_COUNT_MAX]; /* in the model's order */
    struct blob *storages[LIMIT_TENSOR_COUNT_MAX];
    size_t count;
};

/* Caller's storage; needs joined_deinit on failure too. Members are read only: one of them
 * may stand there several times. GALEN_TOO_LARGE, GALEN_NO_MEMORY. */
MUST_USE enum galen_status joined_init(struct joined *joined, size_t input_count,
                                       struct inference *const *members, size_t count);
void joined_deinit(struct joined *joined);
