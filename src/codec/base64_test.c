/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/base64.h"

#include "expect.h"

static const struct {
    const char *plain;
    const char *encoded;
} rfc4648_section_10[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};
#define VECTOR_COUNT (sizeof(rfc4648_section_10) / sizeof(rfc4648_section_10[0]))

static void vectors_of_the_rfc_decode(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 65536);
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        struct bytes decoded = BYTES("untouched");
        EXPECT_OK(base64_decode(bytes_from_string(rfc4648_section_10[i].encoded), &arena,
                                &decoded, NULL));
        assert_true(bytes_equal_string(decoded, rfc4648_section_10[i].plain));
    }
    arena_deinit(&arena);
}

static void vectors_of_the_rfc_encode(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        struct writer out;
        writer_init(&out, 64);
        base64_encode(bytes_from_string(rfc4648_section_10[i].plain), &out);
        assert_true(bytes_equal_string(writer_bytes(&out), rfc4648_section_10[i].encoded));
        writer_deinit(&out);
    }
}

static void every_byte_value_round_trips_at_every_size(void **state)
{
    (void)state;
    uint8_t plain[256];
    struct arena arena;
    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < sizeof(plain); i++) {
        plain[i] = (uint8_t)(i * 167 + 13);
    }
    for (size_t size = 0; size <= sizeof(plain); size++) {
        struct writer out;
        struct bytes decoded = BYTES_NONE;
        writer_init(&out, 512);
        base64_encode(bytes_of(plain, size), &out);
        EXPECT_OK(base64_decode(writer_bytes(&out), &arena, &decoded, NULL));
        assert_true(bytes_equal(decoded, bytes_of(plain, size)));
        writer_deinit(&out);
    }
    arena_deinit(&arena);
}

static void whatever_is_not_canonical_is_refused_at_its_offset(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *prefix;
    } refused[] = {
        {"Zg", "byte offset 2: "},         /* no padding */
        {"Zm9vY", "byte offset 5: "},      /* one digit left over */
        {"=", "byte offset 1: "},          /* too short to be padding */
        {"====", "byte offset 0: "},       /* nothing but padding */
        {"Z===", "byte offset 1: "},       /* one digit holds no byte */
        {"Zg==Zg==", "byte offset 2: "},   /* goes on after padding */
        {"Zm9v Zm9", "byte offset 4: "},   /* space */
        {"Zm9v\nZm9", "byte offset 4: "},  /* line break */
        {"Zm-_", "byte offset 2: "},       /* the URL alphabet */
        {"\xC3\xA9m9", "byte offset 0: "}, /* not ASCII */
        {"Zh==", "byte offset 1: "},       /* bits beyond the byte */
        {"Zm9=", "byte offset 2: "},       /* the same with two bytes */
        {"Zm8*", "byte offset 3: "},       /* in the last place */
    };
    struct arena arena;
    arena_init(&arena, 65536);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct bytes decoded = BYTES("untouched");
        struct error error;
        EXPECT_STATUS(GALEN_INVALID, base64_decode(bytes_from_string(refused[i].text),
                                                   &arena, &decoded, &error));
        assert_true(bytes_starts_with(bytes_from_string(error.text),
                                      bytes_from_string(refused[i].prefix)));
        assert_true(bytes_equal_string(decoded, "untouched"));
    }
    arena_deinit(&arena);
}

static void a_nul_inside_is_no_digit(void **state)
{
    (void)state;
    struct arena arena;
    struct bytes decoded;
    arena_init(&arena, 65536);
    EXPECT_STATUS(GALEN_INVALID, base64_decode(BYTES("Zm\0v"), &arena, &decoded, NULL));
    arena_deinit(&arena);
}

static void what_does_not_fit_into_the_arena_is_refused(void **state)
{
    (void)state;
    struct arena arena;
    struct bytes decoded;
    arena_init(&arena, 8);
    EXPECT_STATUS(GALEN_NO_MEMORY, base64_decode(BYTES("Zm9v"), &arena, &decoded, NULL));
    arena_deinit(&arena);
}

static void what_does_not_fit_into_the_writer_fails_it(void **state)
{
    (void)state;
    struct writer out;
    writer_init(&out, 7);
    base64_encode(BYTES("foobar"), &out);
    EXPECT_STATUS(GALEN_TOO_LARGE, out.status);
    writer_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_of_the_rfc_decode),
        cmocka_unit_test(vectors_of_the_rfc_encode),
        cmocka_unit_test(every_byte_value_round_trips_at_every_size),
        cmocka_unit_test(whatever_is_not_canonical_is_refused_at_its_offset),
        cmocka_unit_test(a_nul_inside_is_no_digit),
        cmocka_unit_test(what_does_not_fit_into_the_arena_is_refused),
        cmocka_unit_test(what_does_not_fit_into_the_writer_fails_it),
    };
    return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
