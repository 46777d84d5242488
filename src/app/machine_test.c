/* SPDX-License-Identifier: Apache-2.0 */
#include "app/machine.h"

#include "expect.h"

static void share_is_of_the_time_between_two_looks(void **state)
{
    (void)state;
    struct machine machine = {0};

    machine_see_cpu(&machine, BYTES("cpu  10 10 10 60 10 0 0 0 5 5\ncpu0 1 2\n"));
    assert_true(machine.cpu_share > 0.2999 && machine.cpu_share < 0.3001);

    machine_see_cpu(&machine, BYTES("cpu  110 10 10 160 10 0 0 0 5 5\n"));
    assert_true(machine.cpu_share > 0.4999 && machine.cpu_share < 0.5001);
}

static void looks_that_follow_at_once_tell_the_same(void **state)
{
    (void)state;
    struct machine machine = {0};
    machine_see_cpu(&machine, BYTES("cpu  50 0 0 50 0 0 0 0\n"));

    machine_see_cpu(&machine, BYTES("cpu  149 0 0 50 0 0 0 0\n"));
    assert_true(machine.cpu_share < 0.51);
    machine_see_cpu(&machine, BYTES("cpu  150 0 0 50 0 0 0 0\n"));
    assert_true(machine.cpu_share > 0.99);
}

static void what_is_not_understood_changes_nothing(void **state)
{
    (void)state;
    struct machine machine = {0};
    machine_see_cpu(&machine, BYTES("cpu  1000 0 0 1000 0 0 0 0\n"));
    const struct machine before = machine;

    machine_see_cpu(&machine, BYTES_NONE);
    machine_see_cpu(&machine, BYTES("intr 1 2 3 4 5 6 7 8\n"));
    machine_see_cpu(&machine, BYTES("cpu  1 2 3 4 5 6 7\n"));
    machine_see_cpu(&machine, BYTES("cpu  0 0 0 9000 0 0 0 0\n"));
    machine_see_memory(&machine, BYTES("MemTotal: 3 kB\n"));
    machine_see_memory(&machine, BYTES("MemTotal: 3 kB\nMemAvailable: 4 kB\n"));

    assert_memory_equal(&machine, &before, sizeof(machine));
}

static void memory_that_is_not_available_is_used(void **state)
{
    (void)state;
    struct machine machine = {0};

    machine_see_memory(&machine, BYTES("MemTotal:       100 kB\nMemFree:    1 kB\n"
                                       "MemAvailable:    30 kB\n"));

    assert_int_equal(machine.memory_total_bytes, 102400);
    assert_int_equal(machine.memory_used_bytes, 71680);
}

static void this_machine_can_be_read(void **state)
{
    (void)state;
    struct machine machine = {0};

    machine_read(&machine);

    assert_true(machine.total_ticks > 0);
    assert_true(machine.memory_total_bytes > machine.memory_used_bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(share_is_of_the_time_between_two_looks),
        cmocka_unit_test(looks_that_follow_at_once_tell_the_same),
        cmocka_unit_test(what_is_not_understood_changes_nothing),
        cmocka_unit_test(memory_that_is_not_available_is_used),
        cmocka_unit_test(this_machine_can_be_read),
    };
    return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
