/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scores of a network's output: rows of one score a label, made probabilities, and several
 * rows pooled into one. The tensor comes from another process and is believed in nothing.
 * Pure.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "model/contract.h"

/* GALEN_BAD_UPSTREAM: the tensor is not FP32 or FP64, has not this many dimensions, of
 * which the last is one score a label, or its bytes are not what its shape says. */
MUST_USE enum galen_status scores_check(const struct contract *contract,
                                        const struct galen_tensor *tensor, size_t rank,
                                        struct error *out_error);

/* The row of a checked tensor, counted over all dimensions but the last, as label_count
 * probabilities in [0, 1] by the contract's activation. GALEN_BAD_UPSTREAM: one of them is
 * none. */
MUST_USE enum galen_status scores_read(const struct contract *contract,
                                       const struct galen_tensor *tensor, size_t row,
                                       double *out_scores, struct error *out_error);

size_t scores_best(const double *scores, size_t count); /* its index; the first of equals */

enum score_rule {
    SCORES_FIRST, /* the first row added */
    SCORES_MEAN,
    SCORES_MAX, /* the row whose best score is highest; the first of equals */
};

struct score_pool {
    double *scores; /* one a label; borrowed from the arena that init was given */
    size_t count;
    size_t row_count; /* added since it was cleared */
    enum score_rule rule;
};

MUST_USE enum galen_status score_pool_init(struct score_pool *pool, enum score_rule rule,
                                           size_t count, struct arena *arena);

void score_pool_clear(struct score_pool *pool);

/* Whatever row comes, it changes nothing any more. */
bool score_pool_is_decided(const struct score_pool *pool);
void score_pool_add(struct score_pool *pool, const double *row);

/* Makes scores what the rule says of the rows added, of which there is one at least. */
void score_pool_end(struct score_pool *pool);
