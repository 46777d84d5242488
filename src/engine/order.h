/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Things in an order, each with a weight: any of them joins or leaves, and what stands at a
 * weight is found, in O(log n). A treap of intrusive nodes; its chances are drawn from a
 * counter, so that the same calls always do the same.
 *
 * Pure. Threads: one owner. Allocation: none.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lies inside what is ordered. */
struct order_node {
    struct order_node *parent_;
    struct order_node *left_;
    struct order_node *right_;
    uint64_t chance_; /* no child has a higher one */
    size_t weight_;
    size_t sum_; /* of the weights below and here */
};

/* Negative: a stands before b; positive: behind it. Never 0 for two different nodes. */
typedef int order_compare_fn(struct order_node *a, struct order_node *b);

struct order {
    struct order_node *root_;
    order_compare_fn *compare_;
    uint64_t insert_count_;
};

/* Caller's storage. */
void order_init(struct order *order, order_compare_fn *compare);

/* Borrows node, which is in no order, until it is removed. What compare reads of it stays
 * as it is meanwhile. weight is at least 1. */
void order_insert(struct order *order, struct order_node *node, size_t weight);

void order_remove(struct order *order, struct order_node *node);

/* NULL: node is the last. */
struct order_node *order_next(const struct order_node *node);

/* The weights of all that stand before node, together. */
size_t order_weight_before(const struct order_node *node);

/* Who stands at position: the first node whose weight, with those before it, is beyond it.
 * *out_is_last: nothing of the node's weight is beyond the position. NULL: all the weights
 * are not so much. */
struct order_node *order_at(const struct order *order, size_t position, bool *out_is_last);
