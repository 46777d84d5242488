/* SPDX-License-Identifier: Apache-2.0 */
#include "net/resolver.h"

#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "expect.h"

enum { TURN_COUNT_MAX = 2000000 };

struct rig {
    struct loop *loop;
    struct resolver *resolver;
    struct task closed;
    bool is_closed;
    size_t found_count;
    size_t name_count;
    char first[80];
};

static void on_found(void *context, const char *const *names, size_t count)
{
    struct rig *rig = context;
    rig->found_count++;
    rig->name_count = count;
    (void)snprintf(rig->first, sizeof(rig->first), "%s", names[0]);
    for (size_t i = 1; i < count; i++) {
        assert_true(strcmp(names[i - 1], names[i]) < 0);
    }
}

static void on_closed(struct task *task)
{
    LIST_ITEM(task, struct rig, closed)->is_closed = true;
}

static void begin(struct rig *rig, const char *host, uint64_t interval_ms)
{
    const struct resolver_options options = {.host = host,
                                             .port = 8000,
                                             .interval_ms = interval_ms,
                                             .found = on_found,
                                             .context = rig};
    *rig = (struct rig){.closed = {.run = on_closed}};
    EXPECT_OK(loop_create(&rig->loop));
    EXPECT_OK(resolver_create(rig->loop, &options, &rig->resolver));
}

static void end(struct rig *rig)
{
    resolver_close(rig->resolver, &rig->closed);
    for (size_t i = 0; !rig->is_closed && i < TURN_COUNT_MAX; i++) {
        loop_poll(rig->loop);
    }
    assert_true(rig->is_closed);
    loop_destroy(rig->loop);
}

static void wait_for(struct rig *rig, size_t found_count)
{
    for (size_t i = 0; rig->found_count < found_count && i < TURN_COUNT_MAX; i++) {
        loop_poll(rig->loop);
    }
    assert_true(rig->found_count >= found_count);
}

static void name_is_looked_up_again_and_again(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig, "localhost", 1);
    wait_for(&rig, 3);
    assert_true(strcmp(rig.first, "127.0.0.1:8000") == 0 ||
                strcmp(rig.first, "[::1]:8000") == 0);
    end(&rig);
}

static void each_address_is_found_once(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig, "::1", 100000);
    wait_for(&rig, 1);
    assert_int_equal(rig.name_count, 1);
    assert_string_equal(rig.first, "[::1]:8000");
    end(&rig);
}

static void closing_stops_a_look_up_that_is_under_way(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig, "localhost", 1);
    end(&rig);
    assert_int_equal(rig.found_count, 0);
}

static void name_that_is_none_changes_nothing(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig, "a name with blanks", 1);
    for (size_t i = 0; i < 2000; i++) {
        loop_poll(rig.loop);
    }
    assert_int_equal(rig.found_count, 0);
    end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_is_looked_up_again_and_again),
        cmocka_unit_test(each_address_is_found_once),
        cmocka_unit_test(closing_stops_a_look_up_that_is_under_way),
        cmocka_unit_test(name_that_is_none_changes_nothing),
    };
    return cmocka_run_group_tests_name("resolver", tests, NULL, NULL);
}
