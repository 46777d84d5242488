/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/order.h"

#include "base/list.h"
#include "expect.h"
#include "random.h"

enum { COUNT = 50, SEED_COUNT = 500, STEP_COUNT = 300, MANY_COUNT = 4096, DEPTH_MAX = 60 };

struct item {
    struct order_node node;
    uint64_t value;
    size_t weight;
    bool is_in;
};

static const struct item *item_of(struct order_node *node)
{
    return node == NULL ? NULL : LIST_ITEM(node, struct item, node);
}

static int by_value(struct order_node *a, struct order_node *b)
{
    return item_of(a)->value < item_of(b)->value ? -1 : 1;
}

/* What is in, sorted by a scan; the values are the places in items. */
static size_t scan(struct item *items, struct item **out_sorted)
{
    size_t count = 0;
    for (size_t i = 0; i < COUNT; i++) {
        if (items[i].is_in) {
            out_sorted[count++] = &items[i];
        }
    }
    return count;
}

static void expect_as_scanned(const struct order *order, struct item *items)
{
    struct item *sorted[COUNT];
    const size_t count = scan(items, sorted);
    size_t before = 0;
    bool is_last = false;
    for (size_t i = 0; i < count; i++) {
        struct order_node *next = i + 1 < count ? &sorted[i + 1]->node : NULL;
        assert_ptr_equal(order_next(&sorted[i]->node), next);
        assert_int_equal(order_weight_before(&sorted[i]->node), before);
        for (size_t k = 0; k < sorted[i]->weight; k++) {
            assert_ptr_equal(order_at(order, before + k, &is_last), &sorted[i]->node);
            assert_int_equal(is_last, k + 1 == sorted[i]->weight);
        }
        before += sorted[i]->weight;
    }
    assert_null(order_at(order, before, &is_last));
}

static void order_is_what_a_scan_finds(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < SEED_COUNT; seed++) {
        struct random random = {seed};
        struct order order;
        static struct item items[COUNT];
        order_init(&order, by_value);
        for (size_t i = 0; i < COUNT; i++) {
            items[i] = (struct item){.value = i};
        }
        for (size_t i = 0; i < STEP_COUNT; i++) {
            struct item *item = &items[random_below(&random, COUNT)];
            if (item->is_in) {
                order_remove(&order, &item->node);
            } else {
                item->weight = 1 + random_below(&random, 4);
                order_insert(&order, &item->node, item->weight);
            }
            item->is_in = !item->is_in;
            if (i % 8 == 0) {
                expect_as_scanned(&order, items);
            }
        }
    }
}

static void order_of_none_has_nobody_anywhere(void **state)
{
    (void)state;
    struct order order;
    bool is_last;
    order_init(&order, by_value);
    assert_null(order_at(&order, 0, &is_last));
}

static size_t depth_of(const struct order_node *node)
{
    size_t depth = 0;
    for (; node != NULL; node = node->parent_) {
        depth++;
    }
    return depth;
}

/* As a queue does it: always at the end, which makes a plain tree a list. */
static void who_comes_in_order_stands_not_deep(void **state)
{
    (void)state;
    struct order order;
    static struct item items[MANY_COUNT];
    order_init(&order, by_value);
    for (size_t i = 0; i < MANY_COUNT; i++) {
        items[i].value = i;
        order_insert(&order, &items[i].node, 1);
    }
    for (size_t i = 0; i < MANY_COUNT; i++) {
        assert_true(depth_of(&items[i].node) <= DEPTH_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_is_what_a_scan_finds),
        cmocka_unit_test(order_of_none_has_nobody_anywhere),
        cmocka_unit_test(who_comes_in_order_stands_not_deep),
    };
    return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
