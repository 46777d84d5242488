/* SPDX-License-Identifier: Apache-2.0 */
#include "net/body.h"

#include "codec/http.h"
#include "expect.h"

static bool is_aligned(struct blob *blob, size_t lead)
{
    return (uintptr_t)(blob_data(blob) + lead) % BLOB_ALIGNMENT == 0;
}

static void known_length_is_one_aligned_block(void **state)
{
    (void)state;
    struct body body = {.blob = NULL};
    EXPECT_OK(body_begin(&body, 10, 10, 3));

    EXPECT_OK(body_put(&body, BYTES("01234")));
    EXPECT_OK(body_put(&body, BYTES("56789")));

    scoped(blob) blob = body_finish(&body);
    assert_int_equal(blob_size(blob), 10);
    assert_memory_equal(blob_data(blob), "0123456789", 10);
    assert_true(is_aligned(blob, 3));
    assert_null(body.blob);
}

static void length_beyond_the_maximum_allocates_nothing(void **state)
{
    (void)state;
    struct body body = {.blob = NULL};

    EXPECT_STATUS(GALEN_TOO_LARGE, body_begin(&body, 11, 10, 0));
    EXPECT_STATUS(GALEN_TOO_LARGE, body_begin(&body, UINT64_MAX - 1, SIZE_MAX / 2, 0));

    assert_null(body.blob);
}

static void length_that_memory_cannot_hold_is_no_memory(void **state)
{
    (void)state;
    struct body body = {.blob = NULL};

    EXPECT_STATUS(GALEN_NO_MEMORY, body_begin(&body, SIZE_MAX - 1, SIZE_MAX, 0));

    body_deinit(&body);
}

static void unknown_length_grows_up_to_the_maximum_and_stays_aligned(void **state)
{
    (void)state;
    enum { MAX = 100000, PIECE = 777 };
    struct body body = {.blob = NULL};
    uint8_t piece[PIECE];
    size_t size = 0;
    EXPECT_OK(body_begin(&body, HTTP_LENGTH_UNKNOWN, MAX, 33));

    for (uint8_t i = 0; size + PIECE <= MAX; i++, size += PIECE) {
        memset(piece, i, sizeof(piece));
        EXPECT_OK(body_put(&body, bytes_of(piece, sizeof(piece))));
    }

    EXPECT_STATUS(GALEN_TOO_LARGE, body_put(&body, bytes_of(piece, MAX - size + 1)));
    EXPECT_OK(body_put(&body, bytes_of(piece, MAX - size)));
    scoped(blob) blob = body_finish(&body);
    assert_int_equal(blob_size(blob), MAX);
    assert_true(is_aligned(blob, 33));
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(blob_data(blob)[i], (uint8_t)(i / PIECE));
    }
}

static void bytes_read_to_their_place_are_not_copied(void **state)
{
    (void)state;
    struct body body = {.blob = NULL};
    size_t size = 0;
    EXPECT_OK(body_begin(&body, 6, 6, 0));
    EXPECT_OK(body_put(&body, BYTES("ab")));

    uint8_t *place = body_place(&body, &size);
    assert_int_equal(size, 4);
    memcpy(place, "cdef", 4);
    EXPECT_OK(body_put(&body, bytes_of(place, 4)));

    assert_null(body_place(&body, &size)); /* whole */
    scoped(blob) blob = body_finish(&body);
    assert_memory_equal(blob_data(blob), "abcdef", 6);
}

static void unknown_length_has_no_place(void **state)
{
    (void)state;
    struct body body = {.blob = NULL};
    size_t size = 0;
    EXPECT_OK(body_begin(&body, HTTP_LENGTH_UNKNOWN, 10, 0));

    assert_null(body_place(&body, &size));

    body_deinit(&body);
    body_deinit(&body); /* harmless */
}

static void body_cut_short_is_as_large_as_what_came(void **state)
{
    (void)state;
    struct body body = {.blob = NULL};
    EXPECT_OK(body_begin(&body, 1000, 1000, 2000)); /* a lead beyond the end is no lead */
    EXPECT_OK(body_put(&body, BYTES("abc")));

    scoped(blob) blob = body_finish(&body);

    assert_int_equal(blob_size(blob), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_length_is_one_aligned_block),
        cmocka_unit_test(length_beyond_the_maximum_allocates_nothing),
        cmocka_unit_test(length_that_memory_cannot_hold_is_no_memory),
        cmocka_unit_test(unknown_length_grows_up_to_the_maximum_and_stays_aligned),
        cmocka_unit_test(bytes_read_to_their_place_are_not_copied),
        cmocka_unit_test(unknown_length_has_no_place),
        cmocka_unit_test(body_cut_short_is_as_large_as_what_came),
    };
    return cmocka_run_group_tests_name("body", tests, NULL, NULL);
}
