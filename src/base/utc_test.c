/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utc.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"

#include "expect.h"

static void the_epoch_is_written(void **state)
{
    (void)state;
    char text[UTC_SIZE];
    utc_write(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000000Z");
}

static void a_moment_has_its_microseconds(void **state)
{
    (void)state;
    char text[UTC_SIZE];
    char compact[UTC_COMPACT_SIZE];
    utc_write(UINT64_C(1795640116123456789), text);
    utc_write_compact(UINT64_C(1795640116123456789), compact);
    assert_string_equal(text, "2026-11-25T20:55:16.123456Z");
    assert_string_equal(compact, "20261125T205516Z");
}

/* Every day from 1970 to 2262, beyond which 64 bits of nanoseconds do not reach by much. */
static void each_day_is_the_one_of_the_c_library(void **state)
{
    (void)state;
    for (uint64_t day = 0; day < 106752; day++) {
        char text[UTC_SIZE];
        char expected[UTC_SIZE];
        struct tm tm;
        const time_t seconds = (time_t)(day * 86400 + day % 86400);
        utc_write((uint64_t)seconds * NS_PER_S, text);
        assert_non_null(gmtime_r(&seconds, &tm));
        assert_int_equal(
            strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S.000000Z", &tm),
            UTC_SIZE - 1);
        assert_string_equal(text, expected);
        uint64_t read_ns;
        assert_true(utc_read(bytes_from_string(text), &read_ns));
        assert_int_equal(read_ns, (uint64_t)seconds * NS_PER_S);
    }
}

static void what_is_no_moment_is_not_read(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "2026-11-25T20:55:16Z",
        "2026-11-25T20:55:16.123456",
        "2026-11-25 20:55:16.123456Z",
        "2026-02-29T20:55:16.123456Z",
        "2026-13-25T20:55:16.123456Z",
        "2026-00-25T20:55:16.123456Z",
        "2026-11-00T20:55:16.123456Z",
        "2026-11-25T24:00:00.000000Z",
        "2026-11-25T20:55:60.123456Z",
        "1969-11-25T20:55:16.123456Z",
        "9999-11-25T20:55:16.123456Z",
    };
    uint64_t wall_ns;
    assert_true(utc_read(BYTES("2026-11-25T20:55:16.123456Z"), &wall_ns));
    assert_int_equal(wall_ns, UINT64_C(1795640116123456000));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(utc_read(bytes_from_string(wrong[i]), &wall_ns));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_epoch_is_written),
        cmocka_unit_test(a_moment_has_its_microseconds),
        cmocka_unit_test(what_is_no_moment_is_not_read),
        cmocka_unit_test(each_day_is_the_one_of_the_c_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
