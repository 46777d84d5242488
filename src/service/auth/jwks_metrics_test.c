/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/jwks_metrics.h"

#include "base/clock.h"
#include "expect.h"

enum { PAGE_SIZE_BYTES_MAX = 1 << 16 };

static void expect_page(const struct jwks_counts *counts, const char *const *lines,
                        size_t line_count, bool are_there)
{
    struct writer page;
    writer_init(&page, PAGE_SIZE_BYTES_MAX);
    jwks_metrics_put(&page, counts);
    writer_put_byte(&page, '\0');
    EXPECT_OK(page.status);
    for (size_t i = 0; i < line_count; i++) {
        const char *text = (const char *)writer_bytes(&page).data;
        assert_int_equal(strstr(text, lines[i]) != NULL, are_there);
    }
    writer_deinit(&page);
}

static void each_count_has_its_sample(void **state)
{
    const struct jwks_counts counts = {
        .flights = {[JWKS_RESULT_FETCHED] = 5, [JWKS_RESULT_UNUSABLE] = 2},
        .refused = 7,
        .key_count = 3,
        .has_keys = true,
        .age_ns = 1500 * NS_PER_MS,
    };
    static const char *const lines[] = {
        "\ngalen_jwks_fetches_total{result=\"fetched\"} 5\n",
        "\ngalen_jwks_fetches_total{result=\"unreachable\"} 0\n",
        "\ngalen_jwks_fetches_total{result=\"refused\"} 0\n",
        "\ngalen_jwks_fetches_total{result=\"unusable\"} 2\n",
        "\ngalen_jwks_wishes_refused_total 7\n",
        "\ngalen_jwks_keys 3\n",
        "\ngalen_jwks_age_seconds 1.5",
    };
    (void)state;
    expect_page(&counts, lines, sizeof(lines) / sizeof(lines[0]), true);
}

static void without_keys_there_is_no_age(void **state)
{
    static const char *const lines[] = {"age_seconds"};
    const struct jwks_counts counts = {.key_count = 0};
    (void)state;
    expect_page(&counts, lines, 1, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_count_has_its_sample),
        cmocka_unit_test(without_keys_there_is_no_age),
    };
    return cmocka_run_group_tests_name("jwks_metrics", tests, NULL, NULL);
}
