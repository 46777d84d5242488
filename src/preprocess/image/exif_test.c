/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/image/exif.h"

#include "expect.h"

/* One entry of a directory that begins at byte 8, little-endian. */
#define LITTLE(tag, type, count, value) \
    BYTES("II*\0\x08\0\0\0\x01\0" tag type count value "\0\0\0\0")

#define TAG "\x12\x01"
#define SHORT "\x03\0"
#define LONG "\x04\0"
#define ONE "\x01\0\0\0"

static void orientation_is_read_little_endian(void **state)
{
    (void)state;
    assert_int_equal(exif_orientation(LITTLE(TAG, SHORT, ONE, "\x06\0\0\0")), 6);
}

static void orientation_is_read_big_endian(void **state)
{
    (void)state;
    const struct bytes tiff =
        BYTES("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08\0\0\0\0\0\0");

    assert_int_equal(exif_orientation(tiff), 8);
}

static void orientation_may_be_a_long(void **state)
{
    (void)state;
    assert_int_equal(exif_orientation(LITTLE(TAG, LONG, ONE, "\x03\0\0\0")), 3);
}

static void what_is_no_orientation_is_upright(void **state)
{
    (void)state;
    assert_int_equal(exif_orientation(LITTLE(TAG, SHORT, ONE, "\0\0\0\0")), 1);
    assert_int_equal(exif_orientation(LITTLE(TAG, SHORT, ONE, "\x09\0\0\0")), 1);
    assert_int_equal(exif_orientation(LITTLE(TAG, LONG, ONE, "\x03\0\x01\0")), 1);
    assert_int_equal(exif_orientation(LITTLE(TAG, "\x07\0", ONE, "\x03\0\0\0")), 1);
    assert_int_equal(exif_orientation(LITTLE(TAG, SHORT, "\x02\0\0\0", "\x03\0\0\0")), 1);
    assert_int_equal(exif_orientation(LITTLE("\x13\x01", SHORT, ONE, "\x03\0\0\0")), 1);
}

static void other_entries_are_passed_over(void **state)
{
    (void)state;
    const struct bytes tiff = BYTES("II*\0\x0A\0\0\0\xFF\xFF\x02\0"
                                    "\x0E\x01\x02\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"
                                    "\x12\x01\x03\0\x01\0\0\0\x05\0\0\0");

    assert_int_equal(exif_orientation(tiff), 5);
}

static void the_last_of_several_counts(void **state)
{
    (void)state;
    const struct bytes tiff = BYTES("II*\0\x08\0\0\0\x02\0"
                                    "\x12\x01\x03\0\x01\0\0\0\x05\0\0\0"
                                    "\x12\x01\x03\0\x01\0\0\0\x02\0\0\0");

    assert_int_equal(exif_orientation(tiff), 2);
}

static void entries_that_are_not_there_end_the_search(void **state)
{
    (void)state;
    const struct bytes tiff = BYTES("II*\0\x08\0\0\0\xFF\xFF"
                                    "\x12\x01\x03\0\x01\0\0\0\x04\0\0\0"
                                    "\x12\x01\x03\0\x01\0\0\0\x02");

    assert_int_equal(exif_orientation(tiff), 4);
}

static void what_is_cut_off_anywhere_is_upright(void **state)
{
    (void)state;
    const struct bytes whole = LITTLE(TAG, SHORT, ONE, "\x06\0\0\0");

    for (size_t size = 0; size < 22; size++) {
        assert_int_equal(exif_orientation(bytes_first(whole, size)), 1);
    }
}

static void offsets_beyond_the_end_are_upright(void **state)
{
    (void)state;
    assert_int_equal(exif_orientation(BYTES("II*\0\xFF\xFF\xFF\xFF\x01\0")), 1);
    assert_int_equal(exif_orientation(BYTES("II*\0\x0A\0\0\0\x01\0")), 1);
}

static void what_is_no_tiff_is_upright(void **state)
{
    (void)state;
    assert_int_equal(exif_orientation(BYTES("")), 1);
    assert_int_equal(exif_orientation(BYTES("II+\0\x08\0\0\0\x01\0")), 1);
    assert_int_equal(exif_orientation(BYTES("IM*\0\x08\0\0\0\x01\0")), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orientation_is_read_little_endian),
        cmocka_unit_test(orientation_is_read_big_endian),
        cmocka_unit_test(orientation_may_be_a_long),
        cmocka_unit_test(what_is_no_orientation_is_upright),
        cmocka_unit_test(other_entries_are_passed_over),
        cmocka_unit_test(the_last_of_several_counts),
        cmocka_unit_test(entries_that_are_not_there_end_the_search),
        cmocka_unit_test(what_is_cut_off_anywhere_is_upright),
        cmocka_unit_test(offsets_beyond_the_end_are_upright),
        cmocka_unit_test(what_is_no_tiff_is_upright),
    };
    return cmocka_run_group_tests_name("exif", tests, NULL, NULL);
}
