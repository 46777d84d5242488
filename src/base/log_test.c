/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <unistd.h>

#include "expect.h"

enum { LINE_SIZE_MAX = 4096, CAPTURE_SIZE = 65536 };

/* What went to stderr since capture_begin, as a string. */
static char captured[CAPTURE_SIZE];
static int pipe_ends[2];
static int saved_stderr;

static void capture_begin(void)
{
    assert_int_equal(pipe(pipe_ends), 0);
    saved_stderr = dup(STDERR_FILENO);
    assert_int_equal(dup2(pipe_ends[1], STDERR_FILENO), STDERR_FILENO);
    (void)close(pipe_ends[1]);
}

static void capture_end(void)
{
    size_t size = 0;
    ssize_t got;
    assert_int_equal(dup2(saved_stderr, STDERR_FILENO), STDERR_FILENO);
    (void)close(saved_stderr);
    while ((got = read(pipe_ends[0], captured + size, sizeof(captured) - 1 - size)) > 0) {
        size += (size_t)got;
    }
    (void)close(pipe_ends[0]);
    captured[size] = '\0';
}

/* The line without its "ts", whose form is checked here. */
static const char *line_without_time(void)
{
    static const char form[] = "{\"ts\":\"dddd-dd-ddTdd:dd:dd.ddddddZ\",";
    for (size_t i = 0; i < sizeof(form) - 1; i++) {
        if (form[i] == 'd') {
            assert_in_range(captured[i], '0', '9');
        } else {
            assert_int_equal(captured[i], form[i]);
        }
    }
    return captured + sizeof(form) - 1;
}

/* Whether this is one JSON object of strings and numbers on one line, read by hand: objects
 * in the log never nest. */
static const char *skip_string(const char *at)
{
    if (*at++ != '"') {
        return NULL;
    }
    while (*at != '"') {
        if ((unsigned char)*at < 0x20) {
            return NULL;
        }
        if (*at == '\\') {
            const size_t size = at[1] == 'u' ? 6 : 2;
            if (at[1] == 'u' ? strspn(at + 2, "0123456789abcdef") < 4
                             : !strchr("\"\\", at[1])) {
                return NULL;
            }
            at += size;
        } else {
            at++;
        }
    }
    return at + 1;
}

static const char *skip_member(const char *at)
{
    at = skip_string(at);
    if (at == NULL || *at++ != ':') {
        return NULL;
    }
    return *at == '"' ? skip_string(at) : at + strspn(at, "-0123456789");
}

static bool is_json_line(const char *at)
{
    do {
        at = skip_member(at + 1);
    } while (at != NULL && *at == ',');
    return at != NULL && strcmp(at, "}\n") == 0;
}

static void an_event_is_one_line_with_typed_fields(void **state)
{
    capture_begin();
    log_event(LOG_INFO, "engine.loaded", LOG_STR("model", "heart"), LOG_INT("version", -2));
    capture_end();
    assert_string_equal(line_without_time(),
                        "\"level\":\"info\",\"event\":\"engine.loaded\","
                        "\"model\":\"heart\",\"version\":-2}\n");
    (void)state;
}

static void an_event_needs_no_fields(void **state)
{
    capture_begin();
    log_event(LOG_WARN, "drain");
    log_event(LOG_ERROR, "stop");
    capture_end();
    assert_non_null(strstr(captured, "\"level\":\"warn\",\"event\":\"drain\"}\n{\"ts\""));
    assert_non_null(strstr(captured, "\"level\":\"error\",\"event\":\"stop\"}\n"));
    (void)state;
}

static void what_is_below_the_level_is_not_written(void **state)
{
    capture_begin();
    log_event(LOG_DEBUG, "hidden");
    log_set_level(LOG_DEBUG);
    log_event(LOG_DEBUG, "shown");
    log_set_level(LOG_ERROR);
    log_event(LOG_WARN, "hidden");
    log_set_level(LOG_INFO);
    capture_end();
    assert_null(strstr(captured, "hidden"));
    assert_non_null(strstr(captured, "shown"));
    (void)state;
}

static void nothing_in_a_value_can_end_the_string_or_the_line(void **state)
{
    capture_begin();
    log_event(LOG_INFO, "x", LOG_BYTES("v", BYTES("a\"b\\c\nd\0e\x7F\x1B[0m")));
    capture_end();
    assert_non_null(
        strstr(captured, "\"v\":\"a\\\"b\\\\c\\u000ad\\u0000e\\u007f\\u001b[0m\"}\n"));
    assert_true(is_json_line(captured));
    (void)state;
}

static void utf8_stays_as_it_is_and_other_bytes_are_replaced(void **state)
{
    capture_begin();
    log_event(LOG_INFO, "x", LOG_STR("v", "caf\xC3\xA9 \xF0\x9F\xA9\xBA"),
              LOG_STR("w", "\xFF-\xC3"));
    capture_end();
    assert_non_null(strstr(captured, "\"v\":\"caf\xC3\xA9 \xF0\x9F\xA9\xBA\","
                                     "\"w\":\"\\ufffd-\\ufffd\"}\n"));
    (void)state;
}

static void a_long_value_is_cut_at_a_character(void **state)
{
    char value[1000];
    for (size_t shift = 0; shift < 3; shift++) {
        memset(value, 'a', sizeof(value));
        for (size_t i = shift; i + 3 <= sizeof(value); i += 3) {
            memcpy(value + i, "\xE2\x82\xAC", 3);
        }
        capture_begin();
        log_event(LOG_INFO, "x", LOG_BYTES("v", bytes_of(value, sizeof(value))));
        capture_end();
        const size_t size = strlen(strstr(captured, "\"v\":\"")) - strlen("\"v\":\"\"}\n");
        assert_true(size <= 512 && size >= 510);
        assert_null(strstr(captured, "\\ufffd"));
        assert_true(is_json_line(captured));
    }
    (void)state;
}

static void a_line_that_gets_too_long_is_still_json(void **state)
{
    char value[512];
    memset(value, '\n', sizeof(value)); /* six bytes each */
    for (size_t size = 0; size < sizeof(value); size++) {
        capture_begin();
        log_event(LOG_INFO, "x", LOG_BYTES("first", bytes_of(value, sizeof(value))),
                  LOG_BYTES("second", bytes_of(value, size)), LOG_INT("third", INT64_MIN),
                  LOG_STR("fourth", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
        capture_end();
        assert_true(strlen(captured) <= LINE_SIZE_MAX);
        assert_true(is_json_line(captured));
        assert_non_null(strstr(captured, "\"first\""));
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_one_line_with_typed_fields),
        cmocka_unit_test(an_event_needs_no_fields),
        cmocka_unit_test(what_is_below_the_level_is_not_written),
        cmocka_unit_test(nothing_in_a_value_can_end_the_string_or_the_line),
        cmocka_unit_test(utf8_stays_as_it_is_and_other_bytes_are_replaced),
        cmocka_unit_test(a_long_value_is_cut_at_a_character),
        cmocka_unit_test(a_line_that_gets_too_long_is_still_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
