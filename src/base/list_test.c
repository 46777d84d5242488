/* SPDX-License-Identifier: Apache-2.0 */
#include "base/list.h"

#include "expect.h"

struct item {
    int number;
    struct list_link link;
};

enum { ITEM_COUNT = 4 };

static void fill(struct list *list, struct item *items)
{
    list_init(list);
    for (int i = 0; i < ITEM_COUNT; i++) {
        items[i].number = i;
        list_append(list, &items[i].link);
    }
}

/* The numbers in order as one decimal: 123 for items 1, 2 and 3. */
static int digits_of(const struct list *list)
{
    int digits = 0;
    size_t count = 0;
    for (struct list_link *link = list_first(list); link != NULL;
         link = list_next(list, link)) {
        digits = digits * 10 + LIST_ITEM(link, struct item, link)->number;
        count++;
    }
    assert_int_equal(count, list->count);
    return digits;
}

static void a_new_list_is_empty(void **state)
{
    struct list list;
    list_init(&list);
    assert_true(list_is_empty(&list));
    assert_null(list_first(&list));
    (void)state;
}

static void items_stay_in_the_order_of_their_arrival(void **state)
{
    struct list list;
    struct item items[ITEM_COUNT];
    fill(&list, items);
    assert_false(list_is_empty(&list));
    assert_int_equal(digits_of(&list), 123); /* and a leading 0 */
    assert_int_equal(list.count, 4);
    (void)state;
}

static void any_item_can_leave(void **state)
{
    struct list list;
    struct item items[ITEM_COUNT];
    fill(&list, items);
    list_remove(&list, &items[2].link); /* from the middle */
    assert_int_equal(digits_of(&list), 13);
    list_remove(&list, &items[3].link); /* the last */
    assert_int_equal(digits_of(&list), 1);
    list_remove(&list, &items[0].link); /* the first */
    assert_int_equal(digits_of(&list), 1);
    list_remove(&list, &items[1].link); /* the only one */
    assert_true(list_is_empty(&list));
    assert_null(list_first(&list));
    (void)state;
}

static void an_item_that_left_can_come_back(void **state)
{
    struct list list;
    struct item items[ITEM_COUNT];
    fill(&list, items);
    list_remove(&list, &items[1].link);
    assert_null(items[1].link.next);
    assert_null(items[1].link.previous);
    list_append(&list, &items[1].link);
    assert_int_equal(digits_of(&list), 231);
    (void)state;
}

static void an_item_can_be_put_behind_any_other(void **state)
{
    struct list list;
    struct item items[ITEM_COUNT];
    fill(&list, items);
    list_remove(&list, &items[2].link);
    list_insert_after(&list, &items[0].link, &items[2].link); /* in the middle */
    assert_int_equal(digits_of(&list), 213);
    list_remove(&list, &items[3].link);
    list_insert_after(&list, &list.head, &items[3].link); /* at the front */
    assert_int_equal(digits_of(&list), 3021);
    list_remove(&list, &items[0].link);
    list_insert_after(&list, list.head.previous, &items[0].link); /* at the end */
    assert_int_equal(digits_of(&list), 3210);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_list_is_empty),
        cmocka_unit_test(items_stay_in_the_order_of_their_arrival),
        cmocka_unit_test(any_item_can_leave),
        cmocka_unit_test(an_item_that_left_can_come_back),
        cmocka_unit_test(an_item_can_be_put_behind_any_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
