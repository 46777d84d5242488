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
    const char *const labels[] = {"a\"b\\c\nd"};
    metric_put_u64(&out, METRIC_AUDIT_SINK_UP, labels, 1);
    expect_text("galen_audit_sink_up{trail=\"a\\\"b\\\\c\\nd\"} 1\n");
}

static void durations_are_seconds(void **state)
{
    (void)state;
    metric_put_ns(&out, METRIC_AUDIT_COMMIT_SECONDS, NULL, UINT64_C(1002000003));
    expect_text("galen_audit_commit_seconds_total 1.002000003\n");
}

static void labels_are_named_in_their_order(void **state)
{
    (void)state;
    const char *const labels[] = {"m", "1", "OTHER"};
    metric_put_u64(&out, METRIC_INFERENCE_FAILURE, labels, 4);
    expect_text("nv_inference_request_failure{model=\"m\",version=\"1\",reason=\"OTHER\"} "
                "4\n");
}

static void shares_have_six_decimals(void **state)
{
    (void)state;
    metric_put_share(&out, METRIC_CPU_UTILIZATION, NULL, 0.25);
    expect_text("nv_cpu_utilization 0.250000\n");
}

static void histogram_counts_up_to_each_bound_and_sums_exactly(void **state)
{
    (void)state;
    static const struct histogram_bounds bounds = {.count = 2, .values = {10000, 20000}};
    const char *const labels[] = {"m", "1"};
    struct histogram histogram;
    histogram_init(&histogram, &bounds);
    histogram_add(&histogram, 10000, 1);
    histogram_add(&histogram, 10001, 2);
    histogram_add(&histogram, 30005, 1);

    metric_put_histogram(&out, METRIC_QUEUE_HISTOGRAM, labels, &histogram, 1000);

#define NAME "nv_inference_queue_duration_histogram_us"
#define LABELS "{model=\"m\",version=\"1\""
    expect_text(NAME "_bucket" LABELS ",le=\"10\"} 1\n" NAME "_bucket" LABELS
                     ",le=\"20\"} 3\n" NAME "_bucket" LABELS ",le=\"+Inf\"} 4\n" NAME
                     "_sum" LABELS "} 60.007\n" NAME "_count" LABELS "} 4\n");
}

static void histogram_of_whole_things_has_no_decimals(void **state)
{
    (void)state;
    static const struct histogram_bounds bounds = {.count = 1, .values = {8}};
    const char *const labels[] = {"m", "1"};
    struct histogram histogram;
    histogram_init(&histogram, &bounds);
    histogram_add(&histogram, 9, 1);

    metric_put_histogram(&out, METRIC_BATCH_SIZE, labels, &histogram, 1);

    expect_text("nv_inference_batch_size_histogram_bucket" LABELS ",le=\"8\"} 0\n"
                "nv_inference_batch_size_histogram_bucket" LABELS ",le=\"+Inf\"} 1\n"
                "nv_inference_batch_size_histogram_sum" LABELS "} 9\n"
                "nv_inference_batch_size_histogram_count" LABELS "} 1\n");
}

#define METRICS_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        METRICS_TEST(a_metric_begins_with_its_help_and_type),
        METRICS_TEST(a_label_is_escaped),
        METRICS_TEST(durations_are_seconds),
        METRICS_TEST(labels_are_named_in_their_order),
        METRICS_TEST(shares_have_six_decimals),
        METRICS_TEST(histogram_counts_up_to_each_bound_and_sums_exactly),
        METRICS_TEST(histogram_of_whole_things_has_no_decimals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
