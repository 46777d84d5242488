/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/sha256.h"

#include <stdlib.h>
#include <unistd.h>

#include "expect.h"

/* FIPS 180-4 examples. */
static const char *const hex_of_nothing =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
static const char *const hex_of_abc =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char *const hex_of_million_a =
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

static void expect_digest(const char *hex, const uint8_t *digest)
{
    char text[SHA256_HEX_SIZE + 1] = "";
    sha256_to_hex(digest, text);
    assert_string_equal(hex, text);
}

static void published_examples_hold(void **state)
{
    (void)state;
    uint8_t digest[SHA256_SIZE];

    EXPECT_OK(sha256_of(BYTES_NONE, digest));
    expect_digest(hex_of_nothing, digest);
    EXPECT_OK(sha256_of(BYTES("abc"), digest));
    expect_digest(hex_of_abc, digest);
}

static void bytes_may_come_in_pieces(void **state)
{
    (void)state;
    scoped(sha256) sha256 = NULL;
    uint8_t digest[SHA256_SIZE];
    char thousand[1000];
    memset(thousand, 'a', sizeof(thousand));
    EXPECT_OK(sha256_create(&sha256));

    for (int i = 0; i < 1000; i++) {
        EXPECT_OK(sha256_update(sha256, bytes_of(thousand, sizeof(thousand))));
    }

    EXPECT_OK(sha256_finish(sha256, digest));
    expect_digest(hex_of_million_a, digest);
}

static void finish_begins_anew(void **state)
{
    (void)state;
    scoped(sha256) sha256 = NULL;
    uint8_t digest[SHA256_SIZE];
    EXPECT_OK(sha256_create(&sha256));
    EXPECT_OK(sha256_update(sha256, BYTES("something else")));
    EXPECT_OK(sha256_finish(sha256, digest));

    EXPECT_OK(sha256_update(sha256, BYTES("abc")));

    EXPECT_OK(sha256_finish(sha256, digest));
    expect_digest(hex_of_abc, digest);
}

static int file_of_a(size_t size)
{
    char name[] = "/tmp/sha256_test.XXXXXX";
    const int file = mkstemp(name);
    assert_true(file >= 0);
    assert_int_equal(unlink(name), 0);
    for (size_t i = 0; i < size; i += 1000) {
        char thousand[1000];
        memset(thousand, 'a', sizeof(thousand));
        assert_int_equal(write(file, thousand, sizeof(thousand)), sizeof(thousand));
    }
    assert_int_equal(lseek(file, 0, SEEK_SET), 0);
    return file;
}

static void file_is_hashed_to_its_end(void **state)
{
    (void)state;
    uint8_t digest[SHA256_SIZE];
    const int file = file_of_a(1000000);

    EXPECT_OK(sha256_of_file(file, 1000000, digest));

    expect_digest(hex_of_million_a, digest);
    (void)close(file);
}

static void file_beyond_the_limit_is_refused(void **state)
{
    (void)state;
    uint8_t digest[SHA256_SIZE] = {7};
    const int file = file_of_a(1000000);

    EXPECT_STATUS(GALEN_TOO_LARGE, sha256_of_file(file, 999999, digest));

    assert_int_equal(digest[0], 7);
    (void)close(file);
}

static void file_that_cannot_be_read_is_unavailable(void **state)
{
    (void)state;
    uint8_t digest[SHA256_SIZE];

    EXPECT_STATUS(GALEN_UNAVAILABLE, sha256_of_file(-1, 10, digest));
}

static void hex_is_read_in_either_case(void **state)
{
    (void)state;
    uint8_t digest[SHA256_SIZE];

    assert_true(sha256_from_hex(bytes_from_string("BA7816BF8F01CFEA414140DE5DAE2223"
                                                  "B00361A396177A9CB410FF61F20015AD"),
                                digest));

    expect_digest(hex_of_abc, digest);
}

static void what_is_not_64_hex_digits_is_refused(void **state)
{
    (void)state;
    uint8_t digest[SHA256_SIZE];
    char text[SHA256_HEX_SIZE + 1];
    memset(text, '0', sizeof(text));

    assert_false(sha256_from_hex(bytes_of(text, SHA256_HEX_SIZE - 1), digest));
    assert_false(sha256_from_hex(bytes_of(text, SHA256_HEX_SIZE + 1), digest));
    for (const char *wrong = "g/:@G` "; *wrong != '\0'; wrong++) {
        text[SHA256_HEX_SIZE - 1] = *wrong;
        assert_false(sha256_from_hex(bytes_of(text, SHA256_HEX_SIZE), digest));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_examples_hold),
        cmocka_unit_test(bytes_may_come_in_pieces),
        cmocka_unit_test(finish_begins_anew),
        cmocka_unit_test(file_is_hashed_to_its_end),
        cmocka_unit_test(file_beyond_the_limit_is_refused),
        cmocka_unit_test(file_that_cannot_be_read_is_unavailable),
        cmocka_unit_test(hex_is_read_in_either_case),
        cmocka_unit_test(what_is_not_64_hex_digits_is_refused),
    };
    return cmocka_run_group_tests_name("sha256", tests, NULL, NULL);
}
