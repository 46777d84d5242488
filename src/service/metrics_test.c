/* SPDX-License-Identifier: Apache-2.0 */
#include "service/metrics.h"

#include "expect.h"

static struct writer out;

static int set_up(void **state)
{
    (void)state;
    writer_init(&out, 1 << 16);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    writer_deinit(&out);
    return 0;
}

static void expect_text(const char *expected)
{
    const struct bytes text = writer_bytes(&out);
    assert_int_equal(text.size, strlen(expected));
    assert_memory_equal(text.data, expected, text.size);
}

static void a_metric_begins_with_its_help_and_type(void **state)
{
    (void)state;
    metric_begin(&out, METRIC_AUDIT_WAITING);
    metric_put_u64(&out, METRIC_AUDIT_WAITING, NULL, 3);
    expect_text("# HELP galen_audit_waiting Records that wait for the disk\n"
                "# TYPE galen_audit_waiting gauge\ngalen_audit_waiting 3\n");
}

static void a_label_is_escaped(void **state)
{
    (void)state;
    metric_put_u64(&out, METRIC_AUDIT_SINK_UP, "a\"b\\c\nd", 1);
    expect_text("galen_audit_sink_up{trail=\"a\\\"b\\\\c\\nd\"} 1\n");
}

static void durations_are_seconds(void **state)
{
    (void)state;
    metric_put_ns(&out, METRIC_AUDIT_COMMIT_SECONDS, NULL, UINT64_C(1002000003));
    expect_text("galen_audit_commit_seconds_total 1.002000003\n");
}

#define METRICS_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        METRICS_TEST(a_metric_begins_with_its_help_and_type),
        METRICS_TEST(a_label_is_escaped),
        METRICS_TEST(durations_are_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
