/* SPDX-License-Identifier: Apache-2.0 */
#include "base/writer.h"

#include "expect.h"
#include "heap.h"

static void expect_written(const struct writer *writer, const char *text)
{
    assert_int_equal(writer_bytes(writer).size, strlen(text));
    assert_memory_equal(writer_bytes(writer).data, text, strlen(text));
}

static void pieces_are_joined_in_order(void **state)
{
    struct writer writer;
    writer_init(&writer, 1000);
    assert_int_equal(writer_bytes(&writer).size, 0);
    writer_put(&writer, BYTES("ab"));
    writer_put(&writer, BYTES_NONE);
    writer_put_byte(&writer, 'c');
    writer_put_string(&writer, "de");
    memcpy(writer_extend(&writer, 2), "fg", 2);
    expect_written(&writer, "abcdefg");
    writer_deinit(&writer);
    (void)state;
}

static void integers_are_written_in_decimal(void **state)
{
    struct writer writer;
    writer_init(&writer, 1000);
    writer_put_u64(&writer, 0);
    writer_put_byte(&writer, ' ');
    writer_put_u64(&writer, UINT64_MAX);
    writer_put_byte(&writer, ' ');
    writer_put_i64(&writer, -7);
    writer_put_byte(&writer, ' ');
    writer_put_i64(&writer, INT64_MIN);
    writer_put_byte(&writer, ' ');
    writer_put_i64(&writer, INT64_MAX);
    expect_written(&writer,
                   "0 18446744073709551615 -7 -9223372036854775808 9223372036854775807");
    writer_deinit(&writer);
    (void)state;
}

static void content_survives_growth(void **state)
{
    struct writer writer;
    writer_init(&writer, 1000000);
    for (uint32_t i = 0; i < 100000; i++) {
        writer_put_byte(&writer, (uint8_t)(i * 31));
    }
    const struct bytes written = writer_bytes(&writer);
    assert_int_equal(written.size, 100000);
    for (uint32_t i = 0; i < 100000; i++) {
        assert_int_equal(written.data[i], (uint8_t)(i * 31));
    }
    writer_deinit(&writer);
    (void)state;
}

static void the_maximum_fits_and_one_more_does_not(void **state)
{
    static const size_t sizes[] = {0, 1, 511, 512, 513, 1000, 1025};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct writer writer;
        writer_init(&writer, sizes[i]);
        for (size_t j = 0; j < sizes[i]; j++) {
            writer_put_byte(&writer, 'a');
        }
        EXPECT_OK(writer.status);
        writer_put_byte(&writer, 'b');
        EXPECT_STATUS(GALEN_TOO_LARGE, writer.status);
        assert_int_equal(writer.size, sizes[i]);
        writer_deinit(&writer);
    }
    (void)state;
}

static void failure_is_sticky(void **state)
{
    struct writer writer;
    writer_init(&writer, 4);
    writer_put_string(&writer, "abc");
    writer_put_string(&writer, "de");
    writer_put_string(&writer, "f"); /* would fit */
    assert_null(writer_extend(&writer, 0));
    assert_null(writer_extend(&writer, SIZE_MAX));
    writer_shrink(&writer, 2);

    struct blob *blob = NULL;
    EXPECT_STATUS(GALEN_TOO_LARGE, writer_finish(&writer, &blob));
    assert_null(blob);
    writer_deinit(&writer);
    assert_int_equal(heap.live_count, 0);
    (void)state;
}

static void a_failed_allocation_at_any_point_is_reported(void **state)
{
    for (size_t fail_at = 1; fail_at <= 4; fail_at++) {
        struct writer writer;
        struct blob *blob = NULL;
        writer_init(&writer, 100000);
        heap.fail_at = fail_at;
        for (size_t i = 0; i < 5000; i++) {
            writer_put_byte(&writer, 'a');
        }
        EXPECT_STATUS(GALEN_NO_MEMORY, writer_finish(&writer, &blob));
        assert_null(blob);
        writer_deinit(&writer);
        assert_int_equal(heap.live_count, 0);
    }
    (void)state;
}

static void what_was_not_filled_is_taken_back(void **state)
{
    struct writer writer;
    writer_init(&writer, 1000);
    memcpy(writer_extend(&writer, 100), "abc", 3);
    writer_shrink(&writer, 97);
    writer_put_string(&writer, "d");
    expect_written(&writer, "abcd");
    writer_deinit(&writer);
    (void)state;
}

static void finish_gives_exactly_what_was_written(void **state)
{
    struct writer writer;
    struct blob *blob = NULL;
    writer_init(&writer, 1000);
    writer_put_string(&writer, "abc");

    EXPECT_OK(writer_finish(&writer, &blob));

    assert_int_equal(blob_size(blob), 3);
    assert_memory_equal(blob_data(blob), "abc", 3);
    assert_int_equal(writer_bytes(&writer).size, 0);
    writer_deinit(&writer); /* does not own it any more */
    assert_int_equal(heap.live_count, 1);
    blob_unref(blob);
    (void)state;
}

static void an_empty_writer_gives_an_empty_blob(void **state)
{
    struct writer writer;
    struct blob *blob = NULL;
    writer_init(&writer, 0);
    EXPECT_OK(writer_finish(&writer, &blob));
    assert_int_equal(blob_size(blob), 0);
    blob_unref(blob);
    (void)state;
}

static void outgrown_blocks_are_wiped(void **state)
{
    struct writer writer;
    writer_init(&writer, 100000);
    for (size_t i = 0; i < 1000; i++) {
        writer_put_string(&writer, HEAP_SECRET);
    }
    writer_deinit(&writer);
    assert_false(heap.freed_with_secret);
    assert_int_equal(heap.live_count, 0);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(pieces_are_joined_in_order, heap_reset),
        cmocka_unit_test_setup(integers_are_written_in_decimal, heap_reset),
        cmocka_unit_test_setup(content_survives_growth, heap_reset),
        cmocka_unit_test_setup(the_maximum_fits_and_one_more_does_not, heap_reset),
        cmocka_unit_test_setup(failure_is_sticky, heap_reset),
        cmocka_unit_test_setup(a_failed_allocation_at_any_point_is_reported, heap_reset),
        cmocka_unit_test_setup(what_was_not_filled_is_taken_back, heap_reset),
        cmocka_unit_test_setup(finish_gives_exactly_what_was_written, heap_reset),
        cmocka_unit_test_setup(an_empty_writer_gives_an_empty_blob, heap_reset),
        cmocka_unit_test_setup(outgrown_blocks_are_wiped, heap_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
