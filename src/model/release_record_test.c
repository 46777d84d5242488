/* SPDX-License-Identifier: Apache-2.0 */
#include "model/release_record.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "expect.h"

enum { ARENA_SIZE = 8 << 20 };

#define ONES "1111111111111111111111111111111111111111111111111111111111111111"
#define TWOS "2222222222222222222222222222222222222222222222222222222222222222"

static const char line[] =
    "{\"v\":1,\"number\":7,\"time\":\"2026-11-25T20:55:16.123456Z\",\"action\":\"promote\","
    "\"actor\":\"alice@here\",\"reason\":\"better \\\"F1\\\"\","
    "\"before\":{\"tags\":{\"current\":1},\"disabled\":false},"
    "\"after\":{\"tags\":{\"current\":2,\"previous\":1},\"disabled\":true},"
    "\"versions\":[{\"number\":1,\"network_sha256\":\"" ONES "\"},"
    "{\"number\":2,\"network_sha256\":\"" TWOS "\",\"model_yaml_sha256\":\"" ONES "\"}],"
    "\"galen\":\"0.1.0\",\"previous\":\"" TWOS "\"}\n";

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, ARENA_SIZE);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static enum galen_status read_line(struct bytes text, struct release_record *out_record,
                                   struct error *out_error)
{
    error_clear(out_error);
    return release_record_read(text, &arena, out_record, out_error);
}

static void a_record_says_all(void **unused)
{
    (void)unused;
    struct release_record record;
    struct error error;
    EXPECT_OK(read_line(bytes_from_string(line), &record, &error));
    assert_int_equal(record.number, 7);
    assert_int_equal(record.wall_ns, UINT64_C(1795640116123456000));
    assert_int_equal(record.action, RELEASE_PROMOTE);
    assert_string_equal(record.actor, "alice@here");
    assert_string_equal(record.reason, "better \"F1\"");
    assert_int_equal(record.before.tag_count, 1);
    assert_false(record.before.is_disabled);
    assert_int_equal(release_state_version(&record.after, "previous"), 1);
    assert_true(record.after.is_disabled);
    assert_int_equal(record.version_count, 2);
    assert_false(record.versions[0].has_contract);
    assert_int_equal(record.versions[0].network_sha256[0], 0x11);
    assert_int_equal(release_record_version(&record, 2)->contract_sha256[31], 0x11);
    assert_null(release_record_version(&record, 3));
    assert_string_equal(record.galen, "0.1.0");
    assert_int_equal(record.previous_sha256[5], 0x22);
}

#define HEAD                                                                     \
    "{\"v\":1,\"number\":9,\"time\":\"2026-11-25T20:55:16.123456Z\",\"action\":" \
    "\"canary\","                                                                \
    "\"actor\":\"alice@here\",\"before\":{\"tags\":{},\"disabled\":false},"      \
    "\"after\":{\"tags\":{},\"disabled\":false,\"canary\":"
#define TAIL "},\"versions\":[],\"galen\":\"0.1.0\",\"previous\":\"" TWOS "\"}\n"

static void a_record_says_of_the_canary_that_is_under_way(void **unused)
{
    (void)unused;
    static const char text[] = HEAD "{\"version\":3,\"percent\":12.5,\"shadow\":0,\"auto\":"
                                    "true,\"started\":8}" TAIL;
    struct release_record record;
    struct error error;
    EXPECT_OK(read_line(bytes_from_string(text), &record, &error));
    assert_int_equal(record.action, RELEASE_CANARY);
    assert_int_equal(record.before.rollout.version, 0);
    assert_int_equal(record.after.rollout.version, 3);
    assert_int_equal(record.after.rollout.share, 1250);
    assert_int_equal(record.after.rollout.shadow, 0);
    assert_true(record.after.rollout.promotes);
    assert_int_equal(record.after.rollout.started, 8);
}

#define ENGINES_HEAD                                                                    \
    "{\"v\":1,\"number\":9,\"time\":\"2026-11-25T20:55:16.123456Z\",\"action\":"        \
    "\"promote\",\"actor\":\"alice@here\",\"before\":{\"tags\":{},\"disabled\":false}," \
    "\"after\":{\"tags\":{},\"disabled\":false,\"engines\":"

static void a_record_says_which_engines_run_the_model(void **unused)
{
    (void)unused;
    static const char text[] = ENGINES_HEAD
        "{\"current\":\"green\",\"previous\":\"\"},\"canary\":{\"version\":3,\"engine\":"
        "\"blue\",\"percent\":5,\"shadow\":0,\"auto\":true,\"started\":8}" TAIL;
    struct release_record record;
    struct error error;
    EXPECT_OK(read_line(bytes_from_string(text), &record, &error));
    assert_string_equal(record.before.engines.current, "");
    assert_string_equal(record.after.engines.current, "green");
    assert_string_equal(record.after.engines.previous, "");
    assert_string_equal(record.after.rollout.engine, "blue");
}

static void engines_that_have_no_name_are_refused(void **unused)
{
    (void)unused;
    static const char *const wrong[] = {
        ENGINES_HEAD "{\"current\":\"\",\"previous\":\"\"}" TAIL,
        ENGINES_HEAD "{\"current\":\"a.b\",\"previous\":\"\"}" TAIL,
        ENGINES_HEAD "{\"current\":\"a\\u0000b\",\"previous\":\"\"}" TAIL,
        ENGINES_HEAD "{\"current\":\"a23456789012345678901234567890123\",\"previous\":"
                     "\"\"}" TAIL,
        ENGINES_HEAD "{\"current\":\"a\"}" TAIL,
        ENGINES_HEAD "{\"current\":\"a\",\"previous\":1}" TAIL,
        HEAD "{\"version\":3,\"engine\":\"\",\"percent\":1,\"shadow\":0,\"auto\":true,"
             "\"started\":8}" TAIL,
    };
    struct release_record record;
    struct error error;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        EXPECT_STATUS(GALEN_INVALID,
                      read_line(bytes_from_string(wrong[i]), &record, &error));
    }
}

static void a_canary_that_is_none_is_refused(void **unused)
{
    (void)unused;
    static const char *const wrong[] = {
        HEAD "{\"version\":0,\"percent\":1,\"shadow\":0,\"auto\":true,\"started\":8}" TAIL,
        HEAD
        "{\"version\":3,\"percent\":101,\"shadow\":0,\"auto\":true,\"started\":8}" TAIL,
        HEAD
        "{\"version\":3,\"percent\":1,\"shadow\":0.001,\"auto\":true,\"started\":8}" TAIL,
        HEAD
        "{\"version\":3,\"percent\":1.50,\"shadow\":0,\"auto\":true,\"started\":8}" TAIL,
        HEAD "{\"version\":3,\"percent\":1,\"shadow\":0,\"auto\":1,\"started\":8}" TAIL,
        HEAD "{\"version\":3,\"percent\":1,\"shadow\":0,\"auto\":true}" TAIL,
        HEAD "3" TAIL,
    };
    struct release_record record;
    struct error error;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        EXPECT_STATUS(GALEN_INVALID,
                      read_line(bytes_from_string(wrong[i]), &record, &error));
    }
}

static void what_is_read_is_written_again_byte_for_byte(void **unused)
{
    (void)unused;
    struct release_record record;
    struct error error;
    struct writer out;
    EXPECT_OK(read_line(bytes_from_string(line), &record, &error));
    writer_init(&out, 1 << 20);
    release_record_write(&record, &out);
    assert_true(bytes_equal(writer_bytes(&out), bytes_from_string(line)));
    writer_deinit(&out);
}

/* The line with one part of it replaced. */
static enum galen_status read_with(const char *part, const char *other,
                                   struct error *out_error)
{
    static char text[sizeof(line) + 4096];
    struct release_record record;
    const char *at = strstr(line, part);
    assert_non_null(at);
    (void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - line), line, other,
                   at + strlen(part));
    return read_line(bytes_from_string(text), &record, out_error);
}

static void what_is_wrong_is_refused_by_the_name_of_its_member(void **unused)
{
    (void)unused;
    static const char *const wrong[][3] = {
        {"\"v\":1", "\"v\":2", "v: is none that we know"},
        {"\"number\":7", "\"number\":0", "number: is no number that can be here"},
        {"\"number\":7", "\"number\":1000000", "number: is no number that can be here"},
        {"\"number\":7", "\"number\":\"7\"", "number: there must be one, of type number"},
        {"2026-11-25T", "2026-13-25T", "time: is no time"},
        {"\"promote\"", "\"demote\"", "action: is none"},
        {"\"alice@here\"", "\"\"", "actor: is empty, too long, or has control characters"},
        {"\"alice@here\"", "\"a\\u0000\"",
         "actor: is empty, too long, or has control characters"},
        {"better", "\\u001b[2J", "reason: is empty, too long, or has control characters"},
        {"better", "\xc2\x9b", "reason: is empty, too long, or has control characters"},
        {"{\"current\":1}", "{\"7\":1}", "tags: has one that is none"},
        {"{\"current\":1}", "{\"a/b\":1}", "tags: has one that is none"},
        {"{\"current\":1}", "{\"current\":0}", "tags: has one that is none"},
        {"{\"current\":1}", "{\"current\":9223372036854775808}",
         "tags: has one that is none"},
        {"{\"current\":1}", "{\"current\":1,\"canary\":1}", "tags: are not in order"},
        {"{\"current\":1}", "[]", "tags: there must be one, of type object"},
        {"\"disabled\":false", "\"disabled\":0",
         "disabled: there must be one, of type boolean"},
        {"\"number\":2", "\"number\":1", "versions: are not in order"},
        {"\"versions\":[{", "\"versions\":[1,{", "versions: has one that is none"},
        {ONES, "11", "network_sha256: is not 64 hexadecimal digits"},
        {"\"galen\":\"0.1.0\"", "\"galen\":1", "galen: there must be one, of type string"},
        {"\"previous\":\"2", "\"prev\":\"2", "previous: there must be one, of type string"},
        {"}\n", "", "byte offset"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct error error;
        EXPECT_STATUS(GALEN_INVALID, read_with(wrong[i][0], wrong[i][1], &error));
        if (strstr(error.text, wrong[i][2]) == NULL) {
            assert_string_equal(error.text, wrong[i][2]);
        }
    }
}

static void the_same_in_other_words_is_no_record(void **unused)
{
    (void)unused;
    static const char *const others[][2] = {
        {"{\"v\":1,", "{ \"v\":1,"},
        {"}\n", "}\n\n"},
        {"\"number\":7", "\"number\":7,\"more\":1"},
        {"better", "b\\u0065tter"},
        {"\"previous\":\"22", "\"previous\":\"2\\u0032"},
        {"\"v\":1,\"number\":7", "\"number\":7,\"v\":1"},
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct error error;
        EXPECT_STATUS(GALEN_INVALID, read_with(others[i][0], others[i][1], &error));
        assert_string_equal(error.text, "is not written as a record of releases is");
    }
}

static void a_text_is_of_characters_that_a_terminal_shows(void **unused)
{
    (void)unused;
    static char longest[LIMIT_RELEASE_TEXT_SIZE_BYTES_MAX + 2];
    memset(longest, 'a', LIMIT_RELEASE_TEXT_SIZE_BYTES_MAX);
    assert_true(release_text_is_valid(longest));
    longest[LIMIT_RELEASE_TEXT_SIZE_BYTES_MAX] = 'a';
    assert_false(release_text_is_valid(longest));
    assert_true(release_text_is_valid(""));
    assert_true(release_text_is_valid("Müller, 3 μ, é"));
    assert_false(release_text_is_valid("a\nb"));
    assert_false(release_text_is_valid("a\x7f"));
    assert_false(release_text_is_valid("\xc2\x85"));
    assert_false(release_text_is_valid("\xff"));
}

static void what_is_too_large_is_refused_before_it_is_read(void **unused)
{
    (void)unused;
    struct error error;
    struct release_record record;
    const size_t size = LIMIT_RELEASE_RECORD_SIZE_BYTES_MAX + 1;
    char *text = malloc(size);
    assert_non_null(text);
    memset(text, ' ', size);
    EXPECT_STATUS(GALEN_TOO_LARGE, read_line(bytes_of(text, size), &record, &error));
    assert_string_equal(error.text, "is larger than 65536 bytes");
    free(text);
}

/* 64 tags with the longest names, as many versions, the longest texts. */
static void the_largest_record_has_room(void **unused)
{
    (void)unused;
    static char names[LIMIT_RELEASE_TAG_COUNT_MAX][LIMIT_MODEL_NAME_SIZE_BYTES_MAX + 1];
    static struct release_tag tags[LIMIT_RELEASE_TAG_COUNT_MAX];
    static struct release_version versions[LIMIT_RELEASE_TAG_COUNT_MAX];
    static char text[LIMIT_RELEASE_TEXT_SIZE_BYTES_MAX + 1];
    for (size_t i = 0; i < LIMIT_RELEASE_TAG_COUNT_MAX; i++) {
        memset(names[i], 'a', LIMIT_MODEL_NAME_SIZE_BYTES_MAX);
        names[i][0] = (char)('a' + i / 8);
        names[i][1] = (char)('a' + i % 8);
        tags[i] = (struct release_tag){names[i], INT64_MAX - 64 + i};
        versions[i] =
            (struct release_version){.number = tags[i].version, .has_contract = true};
    }
    memset(text, '"', LIMIT_RELEASE_TEXT_SIZE_BYTES_MAX);
    const struct release_state state = {
        .tags = tags, .tag_count = LIMIT_RELEASE_TAG_COUNT_MAX, .is_disabled = true};
    const struct release_record record = {
        .number = LIMIT_RELEASE_COUNT_MAX,
        .wall_ns = UINT64_C(1795640116123456000),
        .actor = text,
        .reason = text,
        .before = state,
        .after = state,
        .versions = versions,
        .version_count = LIMIT_RELEASE_TAG_COUNT_MAX,
        .galen = "0.1.0",
    };
    struct writer out;
    struct error error;
    struct release_record again;
    writer_init(&out, LIMIT_RELEASE_RECORD_SIZE_BYTES_MAX);
    release_record_write(&record, &out);
    EXPECT_OK(out.status);
    EXPECT_OK(read_line(writer_bytes(&out), &again, &error));
    assert_true(release_state_equal(&again.after, &state));
    writer_deinit(&out);
}

#define RECORD_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORD_TEST(a_record_says_all),
        RECORD_TEST(a_record_says_of_the_canary_that_is_under_way),
        RECORD_TEST(a_record_says_which_engines_run_the_model),
        RECORD_TEST(engines_that_have_no_name_are_refused),
        RECORD_TEST(a_canary_that_is_none_is_refused),
        RECORD_TEST(what_is_read_is_written_again_byte_for_byte),
        RECORD_TEST(what_is_wrong_is_refused_by_the_name_of_its_member),
        RECORD_TEST(the_same_in_other_words_is_no_record),
        RECORD_TEST(a_text_is_of_characters_that_a_terminal_shows),
        RECORD_TEST(what_is_too_large_is_refused_before_it_is_read),
        RECORD_TEST(the_largest_record_has_room),
    };
    return cmocka_run_group_tests_name("release_record", tests, NULL, NULL);
}
