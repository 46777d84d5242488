/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reader.h"

#include "expect.h"

static void integers_are_little_endian(void **state)
{
    struct reader reader = reader_of(BYTES("\x01"
                                           "\x02\x03\x04\xF5"
                                           "\x11\x12\x13\x14\x15\x16\x17\xF8"));
    assert_int_equal(reader_u8(&reader), 1);
    assert_int_equal(reader_u32_le(&reader), 0xF5040302);
    assert_int_equal(reader_u64_le(&reader), UINT64_C(0xF817161514131211));
    assert_true(reader_is_done(&reader));
    (void)state;
}

static void a_piece_is_borrowed_from_the_input(void **state)
{
    const struct bytes input = BYTES("abcdef");
    struct reader reader = reader_of(input);
    assert_ptr_equal(reader_take(&reader, 2).data, input.data);
    assert_true(bytes_equal_string(reader_take(&reader, 4), "cdef"));
    assert_int_equal(reader_take(&reader, 0).size, 0);
    assert_true(reader_is_done(&reader));
    (void)state;
}

static void bytes_left_over_are_not_done(void **state)
{
    struct reader reader = reader_of(BYTES("ab"));
    (void)reader_u8(&reader);
    assert_false(reader_is_done(&reader));
    assert_false(reader.failed);
    (void)state;
}

static void asking_for_more_than_there_is_fails(void **state)
{
    static const uint64_t sizes[] = {4, UINT32_MAX, UINT64_C(1) << 32, UINT64_MAX};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct reader reader = reader_of(BYTES("abc"));
        assert_int_equal(reader_take(&reader, sizes[i]).size, 0);
        assert_true(reader.failed);
    }
    (void)state;
}

static void failure_is_sticky(void **state)
{
    struct reader reader = reader_of(BYTES("abc"));
    assert_int_equal(reader_u32_le(&reader), 0);
    assert_int_equal(reader_u8(&reader), 0); /* though there is a byte */
    assert_int_equal(reader_u64_le(&reader), 0);
    assert_int_equal(reader_take(&reader, 0).size, 0);
    assert_true(reader.failed);
    assert_false(reader_is_done(&reader));
    (void)state;
}

static void an_empty_input_is_done(void **state)
{
    struct reader reader = reader_of(BYTES_NONE);
    assert_true(reader_is_done(&reader));
    assert_int_equal(reader_u8(&reader), 0);
    assert_false(reader_is_done(&reader));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_little_endian),
        cmocka_unit_test(a_piece_is_borrowed_from_the_input),
        cmocka_unit_test(bytes_left_over_are_not_done),
        cmocka_unit_test(asking_for_more_than_there_is_fails),
        cmocka_unit_test(failure_is_sticky),
        cmocka_unit_test(an_empty_input_is_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
