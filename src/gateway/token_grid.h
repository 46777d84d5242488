/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the tokens of one text stand in its windows, as preprocess said in the galen.*
 * tensors of transform.h: which rows hold a token, and where in the text it is. Pure.
 */
#pragma once

#include "base/error.h"
#include "model/contract.h"

struct token_grid {
    const uint8_t *offsets; /* int32_t pairs, unaligned; borrowed from the tensors */
    const uint8_t *words;   /* int32_t, unaligned */
    size_t row_count;
    size_t row_length;
    size_t lead;        /* cells of a row before its first token */
    size_t room;        /* tokens of each row but the last */
    size_t step;        /* tokens from the first of a row to the first of the next */
    size_t token_count; /* of the text */
};

struct token_place {
    uint32_t start; /* code points */
    uint32_t end;
    uint32_t word;
};

/* The rows that hold a token: from first to last, both included. */
struct token_rows {
    size_t first;
    size_t last;
};

/* Checks shapes, sizes and that rows are windows as the contract's stride makes them.
 * GALEN_BAD_UPSTREAM. */
MUST_USE enum galen_status
token_grid_init(struct token_grid *grid, const struct contract *contract,
                const struct galen_tensor *offsets, const struct galen_tensor *words,
                const struct galen_tensor *special, struct error *out_error);

struct token_rows token_grid_rows(const struct token_grid *grid, size_t token);

/* The cell of the token in that row, which holds it: row * row_length + column. */
size_t token_grid_cell(const struct token_grid *grid, size_t token, size_t row);

/* How far the token is from the nearer end of the row's tokens; 0: it is at the end. */
size_t token_grid_depth(const struct token_grid *grid, size_t token, size_t row);

/* Where the token stands. GALEN_BAD_UPSTREAM: its rows say different things, or it is not
 * within a text of text_size code points. */
MUST_USE enum galen_status token_grid_place(const struct token_grid *grid, size_t token,
                                            size_t text_size, struct token_place *out_place,
                                            struct error *out_error);
