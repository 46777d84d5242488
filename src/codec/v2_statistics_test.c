/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "codec/v2_management.h"
#include "expect.h"

static struct arena arena;
static struct error error;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static const struct v2_batch_statistics batches[] = {
    {1, {2, 3}, {4, 5}, {6, 7}},
    {8, {9, 10}, {11, 12}, {13, UINT64_MAX}},
};
static const struct v2_statistics models[] = {
    {.name = "simple",
     .version = "1",
     .last_inference_ms = 1,
     .inference_count = 2,
     .execution_count = 3,
     .success = {4, 5},
     .fail = {6, 7},
     .queue = {8, 9},
     .compute_input = {10, 11},
     .compute_infer = {12, 13},
     .compute_output = {14, 15},
     .batches = batches,
     .batch_count = 2},
    {.name = "idle", .version = ""},
};

static const char json[] =
    "{\"model_stats\":[{\"name\":\"simple\",\"version\":\"1\","
    "\"last_inference\":1,\"inference_count\":2,\"execution_count\":3,"
    "\"inference_stats\":{"
    "\"success\":{\"count\":4,\"ns\":5},\"fail\":{\"count\":6,\"ns\":7},"
    "\"queue\":{\"count\":8,\"ns\":9},"
    "\"compute_input\":{\"count\":10,\"ns\":11},"
    "\"compute_infer\":{\"count\":12,\"ns\":13},"
    "\"compute_output\":{\"count\":14,\"ns\":15},"
    "\"cache_hit\":{\"count\":0,\"ns\":0},"
    "\"cache_miss\":{\"count\":0,\"ns\":0}},"
    "\"response_stats\":{},\"batch_stats\":["
    "{\"batch_size\":1,\"compute_input\":{\"count\":2,\"ns\":3},"
    "\"compute_infer\":{\"count\":4,\"ns\":5},\"compute_output\":{\"count\":6,\"ns\":7}},"
    "{\"batch_size\":8,\"compute_input\":{\"count\":9,\"ns\":10},"
    "\"compute_infer\":{\"count\":11,\"ns\":12},"
    "\"compute_output\":{\"count\":13,\"ns\":18446744073709551615}}],"
    "\"memory_usage\":[]},";

static struct bytes written(struct writer *out)
{
    writer_init(out, 65536);
    v2_statistics_encode(&(struct v2_statistics_list){models, 2}, out);
    EXPECT_OK(out->status);
    return writer_bytes(out);
}

static void statistics_are_written_in_tritons_order(void **state)
{
    (void)state;
    struct writer out;
    assert_true(bytes_starts_with(written(&out), bytes_from_string(json)));
    writer_deinit(&out);
}

static void statistics_read_back(void **state)
{
    (void)state;
    struct writer out;
    struct v2_statistics_list list;
    EXPECT_OK(v2_statistics_decode(written(&out), &arena, &list, &error));
    writer_deinit(&out);
    assert_int_equal(2, list.count);
    assert_string_equal("simple", list.models[0].name);
    assert_string_equal("1", list.models[0].version);
    assert_int_equal(2, list.models[0].inference_count);
    assert_memory_equal(&models[0].success, &list.models[0].success,
                        6 * sizeof(struct v2_duration));
    assert_int_equal(2, list.models[0].batch_count);
    assert_memory_equal(batches, list.models[0].batches, sizeof(batches));
    assert_string_equal("idle", list.models[1].name);
    assert_int_equal(0, list.models[1].batch_count);
}

static void what_is_not_there_is_zero(void **state)
{
    (void)state;
    struct v2_statistics_list list;
    EXPECT_OK(v2_statistics_decode(BYTES("{\"model_stats\":[{\"name\":\"m\"}]}"), &arena,
                                   &list, &error));
    assert_int_equal(0, list.models[0].success.count);
    assert_string_equal("", list.models[0].version);
}

static void what_are_no_statistics_is_refused_where_they_are_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *pointer;
    } rows[] = {
        {"[]", ""},
        {"{}", ""},
        {"{\"model_stats\":[1]}", "/model_stats/0"},
        {"{\"model_stats\":[{\"name\":\"m\",\"inference_count\":-1}]}",
         "/model_stats/0/inference_count"},
        {"{\"model_stats\":[{\"name\":\"m\",\"inference_stats\":{\"queue\":{\"ns\":1.5}}}]"
         "}",
         "/model_stats/0/inference_stats/queue/ns"},
        {"{\"model_stats\":[{\"name\":\"m\",\"batch_stats\":[{},2]}]}",
         "/model_stats/0/batch_stats/1"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct v2_statistics_list list;
        error_clear(&error);
        EXPECT_STATUS(GALEN_INVALID, v2_statistics_decode(bytes_from_string(rows[i].json),
                                                          &arena, &list, &error));
        assert_string_equal(rows[i].pointer, error.pointer);
    }
}

int main(void)
{
#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(statistics_are_written_in_tritons_order),
        WITH_FIXTURE(statistics_read_back),
        WITH_FIXTURE(what_is_not_there_is_zero),
        WITH_FIXTURE(what_are_no_statistics_is_refused_where_they_are_wrong),
    };
    return cmocka_run_group_tests_name("v2_statistics", tests, NULL, NULL);
}
