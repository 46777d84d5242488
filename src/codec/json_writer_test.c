/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json_writer.h"

#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "codec/json.h"
#include "expect.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct fixture {
    struct writer out;
    struct json_writer json;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    writer_init(&fixture.out, 65536);
    fixture.json = json_writer_on(&fixture.out);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    writer_deinit(&((struct fixture *)*state)->out);
    return 0;
}

static void expect_text(const struct fixture *fixture, const char *text)
{
    const struct bytes written = writer_bytes(&fixture->out);
    EXPECT_OK(fixture->out.status);
    assert_int_equal(written.size, strlen(text));
    assert_memory_equal(written.data, text, written.size);
}

/* Strings are looked at eight bytes at a time. */
static void every_byte_is_written_right_wherever_it_stands(void **state)
{
    struct fixture *fixture = *state;
    struct arena arena;
    arena_init(&arena, 65536);
    for (unsigned byte = 0; byte < 0x80; byte++) {
        for (size_t at = 0; at < 18; at++) {
            const struct json *root = NULL;
            uint8_t text[18];
            memset(text, 'x', sizeof(text));
            text[at] = (uint8_t)byte;
            json_put_string(&fixture->json, bytes_of(text, sizeof(text)));
            EXPECT_OK(json_parse(writer_bytes(&fixture->out), &arena, &root, NULL));
            assert_true(bytes_equal(json_string(root), bytes_of(text, sizeof(text))));
            arena_clear(&arena);
            writer_shrink(&fixture->out, fixture->out.size);
            fixture->json = json_writer_on(&fixture->out);
        }
    }
    arena_deinit(&arena);
}

static void containers_nest_with_commas_between(void **state)
{
    struct fixture *fixture = *state;
    struct json_writer *json = &fixture->json;
    json_begin_object(json);
    json_put_name(json, "a");
    json_begin_array(json);
    json_put_u64(json, UINT64_MAX);
    json_put_i64(json, INT64_MIN);
    json_begin_array(json);
    json_end_array(json);
    json_begin_object(json);
    json_end_object(json);
    json_end_array(json);
    json_put_name_bytes(json, BYTES("b"));
    json_put_bool(json, true);
    json_put_name(json, "c");
    json_put_bool(json, false);
    json_put_name(json, "");
    json_put_null(json);
    json_put_name(json, "r");
    json_put_raw(json, BYTES("1.50"));
    json_end_object(json);
    expect_text(fixture,
                "{\"a\":[18446744073709551615,-9223372036854775808,[],{}],\"b\":true,"
                "\"c\":false,\"\":null,\"r\":1.50}");
}

static void a_level_that_is_used_again_starts_without_a_comma(void **state)
{
    struct fixture *fixture = *state;
    struct json_writer *json = &fixture->json;
    json_begin_array(json);
    json_begin_array(json);
    json_put_null(json);
    json_end_array(json);
    json_begin_object(json);
    json_put_name(json, "a");
    json_put_null(json);
    json_end_object(json);
    json_begin_array(json);
    json_put_null(json);
    json_end_array(json);
    json_end_array(json);
    expect_text(fixture, "[[null],{\"a\":null},[null]]");
}

static void a_lone_value_is_a_text(void **state)
{
    struct fixture *fixture = *state;
    json_put_cstring(&fixture->json, "a");
    expect_text(fixture, "\"a\"");
}

static void only_what_must_be_is_escaped(void **state)
{
    struct fixture *fixture = *state;
    json_put_string(&fixture->json, BYTES("\"\\/\b\f\n\r\t\0\x01\x1F\x7F</script>\xC3\xA9"
                                          "\xE2\x80\xA8\xE2\x80\xA9\xF0\x9F\xA9\xBA"));
    expect_text(fixture,
                "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u0001\\u001f\x7F</script>\xC3\xA9"
                "\xE2\x80\xA8\xE2\x80\xA9\xF0\x9F\xA9\xBA\"");
}

static void names_are_escaped_too(void **state)
{
    struct fixture *fixture = *state;
    json_begin_object(&fixture->json);
    json_put_name_bytes(&fixture->json, BYTES("a\"\0"));
    json_put_null(&fixture->json);
    json_end_object(&fixture->json);
    expect_text(fixture, "{\"a\\\"\\u0000\":null}");
}

static void every_character_of_a_byte_reads_back(void **state)
{
    struct fixture *fixture = *state;
    struct arena arena;
    uint8_t text[128];
    const struct json *root = NULL;
    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (uint8_t)i;
    }
    json_put_string(&fixture->json, bytes_of(text, sizeof(text)));

    EXPECT_OK(json_parse(writer_bytes(&fixture->out), &arena, &root, NULL));
    assert_true(bytes_equal(json_string(root), bytes_of(text, sizeof(text))));
    arena_deinit(&arena);
}

static void text_that_is_no_utf8_fails_the_writer(void **state)
{
    struct fixture *fixture = *state;
    json_put_string(&fixture->json, BYTES("caf\xE9"));
    EXPECT_STATUS(GALEN_INVALID, fixture->out.status);
}

static void numbers_are_the_shortest_that_read_back(void **state)
{
    struct fixture *fixture = *state;
    json_begin_array(&fixture->json);
    json_put_f32(&fixture->json, 0.98F);
    json_put_f64(&fixture->json, 0.1);
    json_put_f64(&fixture->json, 1.0 / 3);
    json_end_array(&fixture->json);
    expect_text(fixture, "[0.98,0.1,0.3333333333333333]");
}

static void a_full_writer_stays_failed(void **state)
{
    (void)state;
    struct writer out;
    writer_init(&out, 4);
    struct json_writer json = json_writer_on(&out);
    json_begin_array(&json);
    json_put_cstring(&json, "longer");
    json_end_array(&json);
    EXPECT_STATUS(GALEN_TOO_LARGE, out.status);
    writer_deinit(&out);
}

static void nest(struct json_writer *json, size_t depth)
{
    for (size_t i = 0; i < depth; i++) {
        json_begin_array(json);
        json_put_null(json);
    }
    for (size_t i = 0; i < depth; i++) {
        json_end_array(json);
    }
}

static void every_level_keeps_its_own_commas(void **state)
{
    struct fixture *fixture = *state;
    struct arena arena;
    const struct json *root = NULL;
    arena_init(&arena, 1 << 20);
    nest(&fixture->json, JSON_WRITER_DEPTH_MAX);
    EXPECT_OK(json_parse(writer_bytes(&fixture->out), &arena, &root, NULL));
    arena_deinit(&arena);
}

/* Wrong programs. */

static void too_deep(struct json_writer *json)
{
    nest(json, JSON_WRITER_DEPTH_MAX + 1);
}

static void value_without_name(struct json_writer *json)
{
    json_begin_object(json);
    json_put_null(json);
}

static void name_in_an_array(struct json_writer *json)
{
    json_begin_array(json);
    json_put_name(json, "a");
}

static void two_names(struct json_writer *json)
{
    json_begin_object(json);
    json_put_name(json, "a");
    json_put_name(json, "b");
}

static void name_without_value(struct json_writer *json)
{
    json_begin_object(json);
    json_put_name(json, "a");
    json_end_object(json);
}

static void wrong_end(struct json_writer *json)
{
    json_begin_object(json);
    json_end_array(json);
}

static void end_without_begin(struct json_writer *json)
{
    json_end_array(json);
}

static void two_roots(struct json_writer *json)
{
    json_put_null(json);
    json_put_null(json);
}

static void not_a_number(struct json_writer *json)
{
    json_put_f64(json, (double)NAN);
}

static void infinite(struct json_writer *json)
{
    json_put_f32(json, -INFINITY);
}

static bool aborts(void (*program)(struct json_writer *json))
{
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct writer out;
        writer_init(&out, 65536);
        struct json_writer json = json_writer_on(&out);
        (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        (void)signal(SIGABRT, SIG_DFL);
        (void)close(STDERR_FILENO);
        program(&json);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void a_wrong_program_stops(void **state)
{
    (void)state;
    void (*const wrong[])(struct json_writer * json) = {
        too_deep,  value_without_name, name_in_an_array, two_names,    name_without_value,
        wrong_end, end_without_begin,  two_roots,        not_a_number, infinite,
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_true(aborts(wrong[i]));
    }
}

#define ON_A_WRITER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_WRITER(every_byte_is_written_right_wherever_it_stands),
        ON_A_WRITER(containers_nest_with_commas_between),
        ON_A_WRITER(a_level_that_is_used_again_starts_without_a_comma),
        ON_A_WRITER(a_lone_value_is_a_text),
        ON_A_WRITER(only_what_must_be_is_escaped),
        ON_A_WRITER(names_are_escaped_too),
        ON_A_WRITER(every_character_of_a_byte_reads_back),
        ON_A_WRITER(text_that_is_no_utf8_fails_the_writer),
        ON_A_WRITER(numbers_are_the_shortest_that_read_back),
        ON_A_WRITER(a_full_writer_stays_failed),
        ON_A_WRITER(every_level_keeps_its_own_commas),
        cmocka_unit_test(a_wrong_program_stops),
    };
    return cmocka_run_group_tests_name("json_writer", tests, NULL, NULL);
}
