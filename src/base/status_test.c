/* SPDX-License-Identifier: Apache-2.0 */
#include "base/status.h"

#include "expect.h"

static const enum galen_status all[] = {
#define GALEN_STATUS(name, http, grpc, slug, text) GALEN_##name,
#include "galen/status.def"
};

enum { STATUS_COUNT = sizeof(all) / sizeof(all[0]) };

static void success_is_zero(void **state)
{
    assert_int_equal(GALEN_OK, 0);
    assert_int_equal(galen_status_http(GALEN_OK), 200);
    assert_int_equal(galen_status_grpc(GALEN_OK), 0);
    (void)state;
}

static void every_status_comes_back_from_its_slug(void **state)
{
    for (size_t i = 0; i < STATUS_COUNT; i++) {
        enum galen_status found = GALEN_OK;
        assert_true(status_from_slug(bytes_from_string(galen_status_slug(all[i])), &found));
        assert_int_equal(found, all[i]);
    }
    (void)state;
}

static void an_unknown_slug_is_refused(void **state)
{
    enum galen_status found = GALEN_BUSY;
    assert_false(status_from_slug(BYTES("no-such"), &found));
    assert_false(status_from_slug(BYTES("mal"), &found));
    assert_false(status_from_slug(BYTES_NONE, &found));
    assert_int_equal(found, GALEN_BUSY);
    (void)state;
}

static void every_failure_has_codes_that_clients_know(void **state)
{
    for (size_t i = 1; i < STATUS_COUNT; i++) {
        assert_in_range(galen_status_http(all[i]), 400, 599);
        assert_in_range(galen_status_grpc(all[i]), 1, 16); /* grpc/status.h */
        assert_true(strlen(galen_status_text(all[i])) > 0);
    }
    (void)state;
}

static void slugs_are_one_path_segment(void **state)
{
    for (size_t i = 0; i < STATUS_COUNT; i++) {
        const char *slug = galen_status_slug(all[i]);
        assert_int_equal(strspn(slug, "abcdefghijklmnopqrstuvwxyz-"), strlen(slug));
    }
    (void)state;
}

static void an_upstreams_http_status_has_a_meaning(void **state)
{
    static const struct {
        int http;
        enum galen_status status;
    } rows[] = {
        {200, GALEN_OK},           {204, GALEN_OK},           {299, GALEN_OK},
        {400, GALEN_INVALID},      {404, GALEN_NOT_FOUND},    {413, GALEN_TOO_LARGE},
        {418, GALEN_INVALID},      {429, GALEN_RATE_LIMITED}, {503, GALEN_BUSY},
        {504, GALEN_TIMEOUT},      {100, GALEN_BAD_UPSTREAM}, {302, GALEN_BAD_UPSTREAM},
        {401, GALEN_BAD_UPSTREAM}, {403, GALEN_FORBIDDEN},    {0, GALEN_BAD_UPSTREAM},
        {599, GALEN_BAD_UPSTREAM}, {-1, GALEN_BAD_UPSTREAM},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        EXPECT_STATUS(rows[i].status, status_from_http(rows[i].http));
    }
    (void)state;
}

static void a_refusal_of_ours_is_never_the_upstreams(void **state)
{
    static const struct {
        int http;
        enum galen_status status;
    } rows[] = {
        {400, GALEN_INVALID}, {408, GALEN_INVALID}, {413, GALEN_TOO_LARGE},
        {431, GALEN_INVALID}, {503, GALEN_BUSY},    {505, GALEN_INVALID},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        EXPECT_STATUS(rows[i].status, status_from_refusal(rows[i].http));
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(success_is_zero),
        cmocka_unit_test(every_status_comes_back_from_its_slug),
        cmocka_unit_test(an_unknown_slug_is_refused),
        cmocka_unit_test(every_failure_has_codes_that_clients_know),
        cmocka_unit_test(slugs_are_one_path_segment),
        cmocka_unit_test(an_upstreams_http_status_has_a_meaning),
        cmocka_unit_test(a_refusal_of_ours_is_never_the_upstreams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
