/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/order.h"

/* splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators". */
static uint64_t scramble(uint64_t count)
{
    uint64_t z = count * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static size_t sum_of(const struct order_node *node)
{
    return node == NULL ? 0 : node->sum_;
}

static void update(struct order_node *node)
{
    node->sum_ = sum_of(node->left_) + node->weight_ + sum_of(node->right_);
}

/* Puts child, or nothing, where old is below its parent. */
static void replace(struct order *order, const struct order_node *old,
                    struct order_node *child)
{
    struct order_node *parent = old->parent_;
    if (parent == NULL) {
        order->root_ = child;
    } else if (parent->left_ == old) {
        parent->left_ = child;
    } else {
        parent->right_ = child;
    }
    if (child != NULL) {
        child->parent_ = parent;
    }
}

/* Swaps node with its parent; the order stays. */
static void rotate_up(struct order *order, struct order_node *node)
{
    struct order_node *parent = node->parent_;
    struct order_node **inner = parent->left_ == node ? &node->right_ : &node->left_;
    struct order_node **outer = parent->left_ == node ? &parent->left_ : &parent->right_;
    replace(order, parent, node);
    *outer = *inner;
    if (*inner != NULL) {
        (*inner)->parent_ = parent;
    }
    *inner = parent;
    parent->parent_ = node;
    update(parent);
    update(node);
}

void order_init(struct order *order, order_compare_fn *compare)
{
    *order = (struct order){.compare_ = compare};
}

void order_insert(struct order *order, struct order_node *node, size_t weight)
{
    struct order_node **place = &order->root_;
    *node = (struct order_node){
        .chance_ = scramble(++order->insert_count_), .weight_ = weight, .sum_ = weight};
    while (*place != NULL) {
        node->parent_ = *place;
        node->parent_->sum_ += weight;
        place = order->compare_(node, *place) < 0 ? &(*place)->left_ : &(*place)->right_;
    }
    *place = node;
    while (node->parent_ != NULL && node->parent_->chance_ < node->chance_) {
        rotate_up(order, node);
    }
}

/* The child that takes its parent's place. NULL: there is none. */
static struct order_node *heir(const struct order_node *node)
{
    if (node->left_ == NULL || node->right_ == NULL) {
        return node->left_ == NULL ? node->right_ : node->left_;
    }
    return node->left_->chance_ > node->right_->chance_ ? node->left_ : node->right_;
}

void order_remove(struct order *order, struct order_node *node)
{
    while (node->left_ != NULL && node->right_ != NULL) {
        rotate_up(order, heir(node));
    }
    replace(order, node, heir(node));
    for (struct order_node *above = node->parent_; above != NULL; above = above->parent_) {
        above->sum_ -= node->weight_;
    }
}

struct order_node *order_next(const struct order_node *node)
{
    struct order_node *next = node->right_;
    if (next == NULL) {
        while (node->parent_ != NULL && node->parent_->right_ == node) {
            node = node->parent_;
        }
        return node->parent_;
    }
    while (next->left_ != NULL) {
        next = next->left_;
    }
    return next;
}

size_t order_weight_before(const struct order_node *node)
{
    size_t weight = sum_of(node->left_);
    for (; node->parent_ != NULL; node = node->parent_) {
        if (node->parent_->right_ == node) {
            weight += sum_of(node->parent_->left_) + node->parent_->weight_;
        }
    }
    return weight;
}

struct order_node *order_at(const struct order *order, size_t position, bool *out_is_last)
{
    struct order_node *node = order->root_;
    while (node != NULL) {
        const size_t before = sum_of(node->left_);
        if (position < before) {
            node = node->left_;
        } else if (position - before < node->weight_) {
            *out_is_last = position - before == node->weight_ - 1;
            return node;
        } else {
            position -= before + node->weight_;
            node = node->right_;
        }
    }
    return NULL;
}
