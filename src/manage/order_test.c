/* SPDX-License-Identifier: Apache-2.0 */
#include "manage/order.h"

#include "expect.h"

enum { ARENA_SIZE = 1 << 20 };

static struct arena arena;
static struct manage_order order;
static struct error error;

static int begin(void **state)
{
    (void)state;
    arena_init(&arena, ARENA_SIZE);
    order = (struct manage_order){.tag = "kept"};
    error_clear(&error);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static enum galen_status read(enum manage_operation operation, const char *body)
{
    return manage_order_read(operation, bytes_from_string(body), &arena, &order, &error);
}

static void a_canary_is_read_whole(void **state)
{
    (void)state;
    EXPECT_OK(read(MANAGE_CANARY, "{\"version\":3,\"percent\":12.5,\"shadow\":100,"
                                  "\"auto\":true,\"expect\":0,\"reason\":\"ticket 9\"}"));
    assert_int_equal(3, order.version);
    assert_true(order.has_share && order.share == 1250);
    assert_true(order.has_shadow && order.shadow == 10000);
    assert_true(order.has_promotes && order.promotes && !order.stops);
    assert_true(order.expects && order.expected == 0);
    assert_string_equal("ticket 9", order.reason);
    assert_string_equal("", order.tag);
}

static void engines_are_named_by_a_plain_name(void **state)
{
    (void)state;
    EXPECT_OK(read(MANAGE_PROMOTE, "{\"engine\":\"green\"}"));
    assert_string_equal("green", order.engine);
    EXPECT_OK(read(MANAGE_CANARY, "{\"engine\":\"gpu_2\",\"percent\":5}"));
    EXPECT_STATUS(GALEN_INVALID, read(MANAGE_PROMOTE, "{\"engine\":\"a.b\"}"));
    EXPECT_STATUS(GALEN_INVALID, read(MANAGE_PROMOTE, "{\"engine\":\"\"}"));
    EXPECT_STATUS(GALEN_INVALID, read(MANAGE_ROLLBACK, "{\"engine\":\"green\"}"));
    EXPECT_STATUS(GALEN_INVALID,
                  read(MANAGE_CANARY, "{\"stop\":true,\"engine\":\"green\"}"));
}

static void what_is_not_said_is_not_there(void **state)
{
    static const char *const bodies[] = {"", "{}", " { } "};
    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        EXPECT_OK(read(MANAGE_PROMOTE, bodies[i]));
        assert_int_equal(0, order.version);
        assert_false(order.has_share || order.has_shadow || order.has_promotes ||
                     order.stops || order.expects);
        assert_string_equal("", order.reason);
    }
}

static void a_promotion_may_move_another_tag(void **state)
{
    (void)state;
    EXPECT_OK(read(MANAGE_PROMOTE, "{\"version\":2,\"tag\":\"staging\"}"));
    assert_string_equal("staging", order.tag);
}

static void a_canary_that_stops_says_nothing_else(void **state)
{
    (void)state;
    EXPECT_OK(read(MANAGE_CANARY, "{\"stop\":true,\"reason\":\"r\",\"expect\":3}"));
    assert_true(order.stops);
    EXPECT_STATUS(GALEN_INVALID, read(MANAGE_CANARY, "{\"stop\":true,\"percent\":5}"));
    assert_string_equal("/stop", error.pointer);
    EXPECT_STATUS(GALEN_INVALID, read(MANAGE_CANARY, "{\"auto\":false,\"stop\":true}"));
}

static void what_cannot_be_is_refused_where_it_is(void **state)
{
    static const struct {
        enum manage_operation operation;
        const char *body;
        const char *pointer;
    } rows[] = {
        {MANAGE_CANARY, "{\"version\":0}", "/version"},
        {MANAGE_CANARY, "{\"version\":-1}", "/version"},
        {MANAGE_CANARY, "{\"version\":\"3\"}", "/version"},
        {MANAGE_CANARY, "{\"version\":3.0}", "/version"},
        {MANAGE_CANARY, "{\"version\":9223372036854775808}", "/version"},
        {MANAGE_CANARY, "{\"version\":null}", "/version"},
        {MANAGE_CANARY, "{\"percent\":100}", "/percent"},
        {MANAGE_CANARY, "{\"percent\":5.001}", "/percent"},
        {MANAGE_CANARY, "{\"percent\":5e0}", "/percent"},
        {MANAGE_CANARY, "{\"percent\":-0}", "/percent"},
        {MANAGE_CANARY, "{\"shadow\":100.01}", "/shadow"},
        {MANAGE_CANARY, "{\"shadow\":true}", "/shadow"},
        {MANAGE_CANARY, "{\"auto\":1}", "/auto"},
        {MANAGE_CANARY, "{\"stop\":\"true\"}", "/stop"},
        {MANAGE_PROMOTE, "{\"expect\":-1}", "/expect"},
        {MANAGE_PROMOTE, "{\"reason\":\"\"}", "/reason"},
        {MANAGE_PROMOTE, "{\"reason\":\"a\\nb\"}", "/reason"},
        {MANAGE_PROMOTE, "{\"reason\":\"a\\u0000b\"}", "/reason"},
        {MANAGE_PROMOTE, "{\"tag\":\"previous\"}", "/tag"},
        {MANAGE_PROMOTE, "{\"tag\":\"2-old\"}", "/tag"},
        {MANAGE_PROMOTE, "{\"tag\":\"../x\"}", "/tag"},
        /* another's members, and nobody's */
        {MANAGE_PROMOTE, "{\"percent\":5}", "/percent"},
        {MANAGE_CANARY, "{\"tag\":\"x\"}", "/tag"},
        {MANAGE_ROLLBACK, "{\"auto\":true}", "/auto"},
        {MANAGE_DISABLE, "{\"version\":1}", "/version"},
        {MANAGE_ENABLE, "{\"stop\":true}", "/stop"},
        {MANAGE_DISABLE, "{\"actor\":\"root\"}", "/actor"},
        {MANAGE_DISABLE, "{\"John Smith\":1}", ""},
        {MANAGE_DISABLE, "{\"\":1}", ""},
        {MANAGE_DISABLE, "[]", ""},
        {MANAGE_DISABLE, "null", ""},
        {MANAGE_DISABLE, "{", ""},
        {MANAGE_DISABLE, "{}{}", ""},
        {MANAGE_DISABLE, " ", ""},
        {MANAGE_DISABLE, "{\"reason\":\"a\",\"reason\":\"b\"}", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        error_clear(&error);
        if (read(rows[i].operation, rows[i].body) != GALEN_INVALID) {
            fail_msg("%s is taken", rows[i].body);
        }
        assert_string_equal(rows[i].pointer, error.pointer);
        assert_null(strstr(error.text, "Smith"));
        assert_string_equal("kept", order.tag);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_canary_is_read_whole, begin, end),
        cmocka_unit_test_setup_teardown(engines_are_named_by_a_plain_name, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_said_is_not_there, begin, end),
        cmocka_unit_test_setup_teardown(a_promotion_may_move_another_tag, begin, end),
        cmocka_unit_test_setup_teardown(a_canary_that_stops_says_nothing_else, begin, end),
        cmocka_unit_test_setup_teardown(what_cannot_be_is_refused_where_it_is, begin, end),
    };
    return cmocka_run_group_tests_name("manage order", tests, NULL, NULL);
}
