/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/event.h"

#include "base/limits.h"
#include "codec/json.h"

#include "expect.h"

static struct writer out;

static struct bytes write(const struct audit_event *event)
{
    writer_deinit(&out);
    writer_init(&out, 1 << 16);
    audit_event_write(event, &out);
    assert_int_equal(out.status, GALEN_OK);
    return writer_bytes(&out);
}

static void expect_text(struct bytes actual, const char *expected)
{
    assert_int_equal(actual.size, strlen(expected));
    assert_memory_equal(actual.data, expected, actual.size);
}

static void only_what_is_set_is_written(void **state)
{
    (void)state;
    expect_text(write(&(struct audit_event){.kind = AUDIT_EVENT_stop}),
                "{\"event\":\"stop\"}");
}

static void members_of_one_object_stand_together(void **state)
{
    (void)state;
    uint8_t digest[32];
    memset(digest, 0xAB, sizeof(digest));
    const struct audit_event event = {
        .kind = AUDIT_EVENT_infer,
        .request_id = BYTES("r-1"),
        .outcome = "ok",
        .model_name = BYTES("m"),
        .model_version = AUDIT_COUNT(2),
        .in_bytes = AUDIT_COUNT(0),
        .in_hmac = digest,
        .out_status = AUDIT_COUNT(200),
        .dur_us = AUDIT_COUNT(UINT64_MAX),
    };
    expect_text(write(&event),
                "{\"event\":\"infer\",\"request_id\":\"r-1\",\"outcome\":\"ok\","
                "\"model\":{\"name\":\"m\",\"version\":2},"
                "\"in\":{\"bytes\":0,\"hmac\":\""
                "abababababababababababababababababababababababababababababababab\"},"
                "\"out\":{\"status\":200},\"dur_us\":18446744073709551615}");
}

static void a_release_says_who_moved_what(void **state)
{
    (void)state;
    uint8_t digest[32];
    memset(digest, 0xAB, sizeof(digest));
    const struct audit_event event = {
        .kind = AUDIT_EVENT_model_promote,
        .actor_operator = BYTES("alice@here"),
        .model_name = BYTES("m"),
        .model_version = AUDIT_COUNT(2),
        .model_version_before = AUDIT_COUNT(1),
        .model_tag = BYTES("current"),
        .release_number = AUDIT_COUNT(7),
        .release_sha256 = digest,
    };
    expect_text(write(&event),
                "{\"event\":\"model.promote\",\"actor\":{\"operator\":\"alice@here\"},"
                "\"model\":{\"name\":\"m\",\"version\":2,\"version_before\":1,"
                "\"tag\":\"current\"},\"release\":{\"number\":7,\"sha256\":\""
                "abababababababababababababababababababababababababababababababab\"}}");
}

static void no_text_can_end_a_line_or_a_string(void **state)
{
    (void)state;
    const struct audit_event event = {
        .kind = AUDIT_EVENT_infer,
        .request_id = BYTES("a\"}\n{\"event\":\"stop\r\0\x1b[31m\\"),
    };
    const struct bytes text = write(&event);
    for (size_t i = 0; i < text.size; i++) {
        assert_true(text.data[i] >= 0x20);
    }
    struct arena arena;
    const struct json *object;
    arena_init(&arena, 1 << 16);
    assert_int_equal(json_parse(text, &arena, &object, NULL), GALEN_OK);
    const struct bytes id = json_string(json_member(object, "request_id"));
    assert_true(bytes_equal(id, event.request_id));
    arena_deinit(&arena);
}

static void a_text_of_a_megabyte_is_cut_between_characters(void **state)
{
    (void)state;
    static uint8_t long_text[1 << 20];
    for (size_t i = 0; i + 1 < sizeof(long_text); i += 2) { /* U+00E9 */
        long_text[i] = 0xC3;
        long_text[i + 1] = 0xA9;
    }
    long_text[0] = 'x'; /* so that the cut falls inside of one */
    long_text[1] = 'x';
    long_text[2] = 'x';
    long_text[3] = 0xC3;
    for (size_t i = 4; i + 1 < sizeof(long_text); i += 2) {
        long_text[i] = 0xA9;
        long_text[i + 1] = 0xC3;
    }
    const struct audit_event event = {.kind = AUDIT_EVENT_infer,
                                      .request_id = bytes_of(long_text, sizeof(long_text))};
    const struct bytes text = write(&event);
    assert_true(bytes_are_utf8(text, NULL));
    assert_true(text.size < AUDIT_TEXT_SIZE_BYTES_MAX + 64);
    assert_null(memmem(text.data, text.size, "\xEF\xBF\xBD", 3));
}

static void what_is_not_utf8_is_replaced(void **state)
{
    (void)state;
    const struct audit_event event = {.kind = AUDIT_EVENT_infer,
                                      .request_id = BYTES("a\xFF\xC3(b")};
    expect_text(write(&event), "{\"event\":\"infer\",\"request_id\":"
                               "\"a\xEF\xBF\xBD\xEF\xBF\xBD(b\"}");
}

static void the_largest_event_fits_a_record(void **state)
{
    (void)state;
    static uint8_t noise[AUDIT_TEXT_SIZE_BYTES_MAX];
    uint8_t digest[32] = {0};
    struct audit_event event = {.kind = AUDIT_EVENT_infer};
    memset(noise, 1, sizeof(noise)); /* six bytes each as \u0001 */
    for (unsigned kind = 0; kind < AUDIT_EVENT_COUNT; kind++) {
        event = (struct audit_event){.kind = (enum audit_event_kind)kind};
        for (size_t i = 0; i < audit_field_count; i++) {
            uint8_t *member = (uint8_t *)&event + audit_fields[i].offset;
            if ((audit_fields[i].events & (1U << kind)) == 0) {
                continue;
            }
            switch (audit_fields[i].type) {
            case AUDIT_WORD:
                *(const char **)(void *)member = "a-word-of-ours-of-some-length";
                break;
            case AUDIT_TEXT:
                *(struct bytes *)(void *)member = bytes_of(noise, sizeof(noise));
                break;
            case AUDIT_NUMBER:
                *(struct audit_count *)(void *)member = AUDIT_COUNT(UINT64_MAX);
                break;
            case AUDIT_HEX:
                *(const uint8_t **)(void *)member = digest;
                break;
            }
        }
        assert_true(write(&event).size < LIMIT_AUDIT_RECORD_SIZE_BYTES_MAX - 512);
    }
}

static void outcomes_follow_from_the_answer(void **state)
{
    (void)state;
    assert_string_equal(audit_outcome(200), "ok");
    assert_string_equal(audit_outcome(422), "refused");
    assert_string_equal(audit_outcome(499), "cancelled");
    assert_string_equal(audit_outcome(503), "failed");
}

static int clear(void **state)
{
    (void)state;
    writer_deinit(&out);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_set_is_written),
        cmocka_unit_test(members_of_one_object_stand_together),
        cmocka_unit_test(a_release_says_who_moved_what),
        cmocka_unit_test(no_text_can_end_a_line_or_a_string),
        cmocka_unit_test(a_text_of_a_megabyte_is_cut_between_characters),
        cmocka_unit_test(what_is_not_utf8_is_replaced),
        cmocka_unit_test(outcomes_follow_from_the_answer),
        cmocka_unit_test(the_largest_event_fits_a_record),
    };
    return cmocka_run_group_tests(tests, NULL, clear);
}
