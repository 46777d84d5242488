/* SPDX-License-Identifier: Apache-2.0 */
#include "service/request_id.h"

#include "expect.h"

static void tokens_are_plain(void **state)
{
    (void)state;
    static const char *const plain[] = {"a", "0f3c", "Case-1_2.3"};
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        assert_true(request_id_is_plain(bytes_from_string(plain[i])));
    }
}

static void all_else_is_not(void **state)
{
    (void)state;
    static const char *const odd[] = {"", "a b", "a\n", "a\"", "\xC3\xA9", "a/b", "a:b"};
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        assert_false(request_id_is_plain(bytes_from_string(odd[i])));
    }
}

static void the_longest_fits_its_storage(void **state)
{
    (void)state;
    char text[REQUEST_ID_SIZE];
    memset(text, 'a', sizeof(text));
    assert_true(request_id_is_plain(bytes_of(text, REQUEST_ID_SIZE - 1)));
    assert_false(request_id_is_plain(bytes_of(text, REQUEST_ID_SIZE)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_plain),
        cmocka_unit_test(all_else_is_not),
        cmocka_unit_test(the_longest_fits_its_storage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
