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

static const struct v2_index_entry entries[] = {
    {"simple", "1", V2_STATE_READY, ""},
    {"simple", "2", V2_STATE_UNAVAILABLE, "unloaded"},
    {"new", "", V2_STATE_LOADING, ""},
    {"old", "7", V2_STATE_UNLOADING, ""},
};
static const char json[] =
    "[{\"name\":\"simple\",\"version\":\"1\",\"state\":\"READY\"},"
    "{\"name\":\"simple\",\"version\":\"2\",\"state\":\"UNAVAILABLE\",\"reason\":"
    "\"unloaded\"},"
    "{\"name\":\"new\",\"state\":\"LOADING\"},"
    "{\"name\":\"old\",\"version\":\"7\",\"state\":\"UNLOADING\"}]";

static void an_index_is_written_as_triton_does(void **state)
{
    (void)state;
    struct writer out;
    writer_init(&out, 4096);
    v2_index_encode(&(struct v2_index){entries, 4}, &out);
    EXPECT_OK(out.status);
    assert_true(bytes_equal_string(writer_bytes(&out), json));
    writer_deinit(&out);
}

static void an_index_reads_back(void **state)
{
    (void)state;
    struct v2_index index;
    EXPECT_OK(v2_index_decode(bytes_from_string(json), &arena, &index, &error));
    assert_int_equal(4, index.count);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(entries[i].name, index.entries[i].name);
        assert_string_equal(entries[i].version, index.entries[i].version);
        assert_string_equal(entries[i].reason, index.entries[i].reason);
        assert_int_equal(entries[i].state, index.entries[i].state);
    }
}

static void a_model_that_was_never_loaded_has_no_state_of_tritons(void **state)
{
    (void)state;
    struct v2_index index;
    EXPECT_OK(v2_index_decode(BYTES("[{\"name\":\"m\"}]"), &arena, &index, &error));
    assert_int_equal(V2_STATE_UNAVAILABLE, index.entries[0].state);
    assert_string_equal("", index.entries[0].version);
}

static void what_is_no_index_is_refused_where_it_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *pointer;
    } rows[] = {{"{}", ""},
                {"[1]", "/0"},
                {"[{\"name\":\"m\"},{}]", "/1"},
                {"[{\"name\":\"m\",\"state\":\"SAD\"}]", "/0/state"},
                {"[{\"name\":\"m\",\"version\":1}]", "/0/version"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct v2_index index;
        error_clear(&error);
        EXPECT_STATUS(GALEN_INVALID, v2_index_decode(bytes_from_string(rows[i].json),
                                                     &arena, &index, &error));
        assert_string_equal(rows[i].pointer, error.pointer);
    }
}

int main(void)
{
#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(an_index_is_written_as_triton_does),
        WITH_FIXTURE(an_index_reads_back),
        WITH_FIXTURE(a_model_that_was_never_loaded_has_no_state_of_tritons),
        WITH_FIXTURE(what_is_no_index_is_refused_where_it_is_wrong),
    };
    return cmocka_run_group_tests_name("v2_index", tests, NULL, NULL);
}
