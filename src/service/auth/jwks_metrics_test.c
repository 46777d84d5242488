/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/jwks_metrics.h"

#include "base/clock.h"
#include "expect.h"

enum { PAGE_SIZE_BYTES_MAX = 1 << 16 };

static void expect_lines(struct writer *page, const char *const *lines, size_t line_count,
                         bool are_there)
{
    writer_put_byte(page, '\0');
    EXPECT_OK(page->status);
    for (size_t i = 0; i < line_count; i++) {
        const char *text = (const char *)writer_bytes(page).data;
        assert_int_equal(strstr(text, lines[i]) != NULL, are_there);
    }
    writer_deinit(page);
}

static void expect_page(const struct jwks_counts *counts, const char *const *lines,
                        size_t line_count, bool are_there)
{
    struct writer page;
    writer_init(&page, PAGE_SIZE_BYTES_MAX);
    jwks_metrics_put(&page, counts);
    expect_lines(&page, lines, line_count, are_there);
}

static void expect_passed(const struct key_set *keys, const char *const *lines,
                          size_t line_count)
{
    struct writer page;
    writer_init(&page, PAGE_SIZE_BYTES_MAX);
    jwks_metrics_put_passed(&page, keys);
    expect_lines(&page, lines, line_count, true);
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

static void keys_of_no_use_are_told_by_why(void **state)
{
    static const char set[] =
        "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"},{\"kty\":\"oct\",\"k\":\"BB\"},"
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}]}";
    static const char *const lines[] = {
        "\ngalen_jwks_keys_passed_over{reason=\"kind\"} 2\n",
        "\ngalen_jwks_keys_passed_over{reason=\"use\"} 0\n",
        "\ngalen_jwks_keys_passed_over{reason=\"algorithm\"} 0\n",
        "\ngalen_jwks_keys_passed_over{reason=\"broken\"} 1\n",
    };
    static const char *const none[] = {
        "\ngalen_jwks_keys_passed_over{reason=\"kind\"} 0\n",
        "\ngalen_jwks_keys_passed_over{reason=\"broken\"} 0\n",
    };
    struct key_set *keys;
    (void)state;
    EXPECT_OK(key_set_parse(bytes_from_string(set), JWK_ALGORITHMS_ALL, &keys, NULL));
    expect_passed(keys, lines, sizeof(lines) / sizeof(lines[0]));
    expect_passed(NULL, none, sizeof(none) / sizeof(none[0]));
    key_set_unref(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_count_has_its_sample),
        cmocka_unit_test(without_keys_there_is_no_age),
        cmocka_unit_test(keys_of_no_use_are_told_by_why),
    };
    return cmocka_run_group_tests_name("jwks_metrics", tests, NULL, NULL);
}
