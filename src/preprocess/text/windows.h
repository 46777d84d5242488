/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which tokens of a text stand in which row: one row where they fit, else as the contract's
 * `longer` says. Overlapping rows are those of the truncation of `tokenizers` with a
 * stride. Pure.
 */
#pragma once

#include "base/error.h"
#include "model/contract.h"

struct windows {
    size_t count;      /* rows; at least 1 */
    size_t step;       /* tokens from the first of a row to the first of the next */
    size_t room;       /* tokens of the text that a row takes */
    size_t length;     /* of a row, its frame and padding included */
    bool is_truncated; /* tokens are left out at the end */
};

struct window {
    size_t first;
    size_t count;
};

/* frame_count: special tokens of each row. GALEN_UNPROCESSABLE: there are more tokens than
 * the contract allows; GALEN_TOO_LARGE: more windows than LIMIT_WINDOW_COUNT_MAX. */
MUST_USE enum galen_status windows_plan(const struct contract *contract, size_t token_count,
                                        size_t frame_count, struct windows *out_windows,
                                        struct error *out_error);

/* The index-th row's tokens of token_count. */
struct window windows_at(const struct windows *windows, size_t index, size_t token_count);
