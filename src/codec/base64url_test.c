/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/base64url.h"

#include "expect.h"

enum { ARENA_SIZE = 1 << 20, BYTE_COUNT = 256 };

static const struct {
    const char *plain;
    const char *encoded;
} examples[] = {
    {"", ""},
    {"f", "Zg"},
    {"fo", "Zm8"},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg"},
    {"fooba", "Zm9vYmE"},
    {"foobar", "Zm9vYmFy"},
    {"\xfb\xef\xff", "--__"},
    {"\x03\xec\xff\xe0\xc1", "A-z_4ME"}, /* RFC 7515 appendix C */
};

static void examples_of_the_rfcs_are_read_and_written(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, ARENA_SIZE);
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        struct bytes decoded = BYTES("untouched");
        struct writer out;
        writer_init(&out, ARENA_SIZE);
        base64url_encode(bytes_from_string(examples[i].plain), &out);
        assert_true(bytes_equal_string(writer_bytes(&out), examples[i].encoded));
        EXPECT_OK(
            base64url_decode(bytes_from_string(examples[i].encoded), &arena, &decoded));
        assert_true(bytes_equal_string(decoded, examples[i].plain));
        writer_deinit(&out);
    }
    arena_deinit(&arena);
}

static void bytes_of_every_size_come_back(void **state)
{
    (void)state;
    uint8_t plain[BYTE_COUNT];
    struct arena arena;
    arena_init(&arena, ARENA_SIZE);
    for (size_t i = 0; i < sizeof(plain); i++) {
        plain[i] = (uint8_t)(i * 167 + 13);
    }
    for (size_t size = 0; size <= sizeof(plain); size++) {
        struct bytes decoded = BYTES_NONE;
        struct writer out;
        writer_init(&out, ARENA_SIZE);
        base64url_encode(bytes_of(plain, size), &out);
        EXPECT_OK(base64url_decode(writer_bytes(&out), &arena, &decoded));
        assert_true(bytes_equal(decoded, bytes_of(plain, size)));
        writer_deinit(&out);
    }
    arena_deinit(&arena);
}

static void whatever_is_not_canonical_is_refused(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "Z",      "Zm9vY", "Zg==", "Zm8=", "Zh",   "Zm9",   "Zm9vYmF",
        "Zm9v\n", " Zm9v", "Zm9+", "Zm9/", "Zm.v", "Zm9v=", "\xc3\xa9",
    };
    struct arena arena;
    arena_init(&arena, ARENA_SIZE);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct bytes decoded = BYTES("untouched");
        EXPECT_STATUS(GALEN_INVALID,
                      base64url_decode(bytes_from_string(refused[i]), &arena, &decoded));
        assert_true(bytes_equal_string(decoded, "untouched"));
    }
    arena_deinit(&arena);
}

/* Of all texts of two bytes, as many are read as there are bytes to say. */
static void no_bytes_have_two_texts(void **state)
{
    (void)state;
    size_t read_count = 0;
    char text[2];
    struct arena arena;
    arena_init(&arena, ARENA_SIZE);
    for (unsigned i = 0; i < BYTE_COUNT * BYTE_COUNT; i++) {
        struct bytes decoded;
        text[0] = (char)(i / BYTE_COUNT);
        text[1] = (char)(i % BYTE_COUNT);
        read_count += base64url_decode(bytes_of(text, 2), &arena, &decoded) == GALEN_OK;
        arena_clear(&arena);
    }
    assert_int_equal(BYTE_COUNT, read_count);
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_of_the_rfcs_are_read_and_written),
        cmocka_unit_test(bytes_of_every_size_come_back),
        cmocka_unit_test(whatever_is_not_canonical_is_refused),
        cmocka_unit_test(no_bytes_have_two_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
