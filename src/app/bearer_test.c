/* SPDX-License-Identifier: Apache-2.0 */
#include "app/bearer.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "expect.h"

static char path[] = "/tmp/bearer-XXXXXX";
static struct error error;

static int begin(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof(path), "/tmp/bearer-XXXXXX");
    const int file = mkstemp(path);
    assert_true(file >= 0);
    (void)close(file);
    error_clear(&error);
    return 0;
}

static int end(void **state)
{
    (void)state;
    return unlink(path);
}

static enum galen_status read_from(const char *text, size_t size, struct blob **out_value)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(size, fwrite(text, 1, size, file));
    (void)fclose(file);
    return bearer_read(path, out_value, &error);
}

static void a_token_is_a_header_without_what_is_around_it(void **state)
{
    static const char *const texts[] = {"a.b-c_d.e", "a.b-c_d.e\n",
                                        "\r\n a.b-c_d.e \t\r\n"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct blob *value;
        EXPECT_OK(read_from(texts[i], strlen(texts[i]), &value));
        assert_true(bytes_equal_string(bytes_of(blob_data(value), blob_size(value)),
                                       "Bearer a.b-c_d.e"));
        blob_unref(value);
    }
}

static void what_is_no_token_is_not_quoted(void **state)
{
    static const struct bytes texts[] = {
        BYTES_INIT(""),           BYTES_INIT(" \n"),
        BYTES_INIT("secret one"), BYTES_INIT("secret\r\nX: y"),
        BYTES_INIT("secret\0"),   BYTES_INIT("secr\xc3\xa9t")};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct blob *value;
        EXPECT_STATUS(GALEN_INVALID,
                      read_from((const char *)texts[i].data, texts[i].size, &value));
        assert_non_null(strstr(error.text, path));
        assert_null(strstr(error.text, "secr"));
    }
}

static void a_file_beyond_any_token_is_too_large(void **state)
{
    static char text[LIMIT_TOKEN_SIZE_BYTES_MAX + 65];
    struct blob *value;
    (void)state;
    memset(text, 'a', sizeof(text));
    EXPECT_STATUS(GALEN_TOO_LARGE, read_from(text, sizeof(text), &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_token_is_a_header_without_what_is_around_it,
                                        begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_token_is_not_quoted, begin, end),
        cmocka_unit_test_setup_teardown(a_file_beyond_any_token_is_too_large, begin, end),
    };
    return cmocka_run_group_tests_name("bearer", tests, NULL, NULL);
}
