/* SPDX-License-Identifier: Apache-2.0 */
#include "base/blob.h"

#include <pthread.h>

#include "expect.h"
#include "heap.h"

static void the_byte_behind_the_lead_is_aligned(void **state)
{
    for (size_t lead = 0; lead <= 300; lead++) {
        scoped(blob) blob = blob_create(300, lead);
        assert_non_null(blob);
        assert_int_equal((uintptr_t)(blob_data(blob) + lead) % BLOB_ALIGNMENT, 0);
        memset(blob_data(blob), 0x5A, 300); /* a sanitizer sees what does not fit */
    }
    (void)state;
}

static void a_size_that_cannot_be_is_refused(void **state)
{
    assert_null(blob_create(SIZE_MAX, 0));
    assert_null(blob_create(SIZE_MAX - 100, 0));
    assert_null(blob_create(10, 11));
    heap.fail_at = 1;
    assert_null(blob_create(10, 0));
    (void)state;
}

static void a_blob_of_nothing_is_a_blob(void **state)
{
    scoped(blob) blob = blob_create(0, 0);
    assert_non_null(blob);
    assert_int_equal(blob_size(blob), 0);
    (void)state;
}

static void the_last_reference_frees(void **state)
{
    struct blob *blob = blob_create(100, 0);
    assert_ptr_equal(blob_ref(blob), blob);

    blob_unref(blob);
    assert_int_equal(heap.live_count, 1);
    blob_unref(blob);
    assert_int_equal(heap.live_count, 0);
    blob_unref(NULL);
    (void)state;
}

static void what_was_truncated_is_wiped_too(void **state)
{
    struct blob *blob = blob_create(100, 0);
    memcpy(blob_data(blob) + 80, HEAP_SECRET, sizeof(HEAP_SECRET) - 1);
    blob_truncate(blob, 10);
    assert_int_equal(blob_size(blob), 10);

    blob_unref(blob);

    assert_false(heap.freed_with_secret);
    (void)state;
}

static void what_was_never_written_is_not_wiped(void **state)
{
    struct blob *blob = blob_create(100, 0);
    memcpy(blob_data(blob), HEAP_SECRET, sizeof(HEAP_SECRET) - 1);
    blob_truncate_unwritten(blob, sizeof(HEAP_SECRET) - 1);
    blob_unref(blob);
    assert_false(heap.freed_with_secret);

    struct blob *written_beyond = blob_create(100, 0);
    memcpy(blob_data(written_beyond) + 50, HEAP_SECRET, sizeof(HEAP_SECRET) - 1);
    blob_truncate_unwritten(written_beyond, 50);
    blob_unref(written_beyond);
    assert_true(heap.freed_with_secret);
    (void)state;
}

enum { THREAD_COUNT = 4, ROUND_COUNT = 20000 };

static void *ref_and_unref(void *blob)
{
    for (int i = 0; i < ROUND_COUNT; i++) {
        blob_unref(blob_ref(blob));
    }
    blob_unref(blob);
    return NULL;
}

static void references_are_counted_across_threads(void **state)
{
    pthread_t threads[THREAD_COUNT];
    struct blob *blob = blob_create(100, 0);
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, ref_and_unref, blob_ref(blob)),
                         0);
    }
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(heap.live_count, 1);
    blob_unref(blob);
    assert_int_equal(heap.live_count, 0);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_byte_behind_the_lead_is_aligned, heap_reset),
        cmocka_unit_test_setup(a_size_that_cannot_be_is_refused, heap_reset),
        cmocka_unit_test_setup(a_blob_of_nothing_is_a_blob, heap_reset),
        cmocka_unit_test_setup(the_last_reference_frees, heap_reset),
        cmocka_unit_test_setup(what_was_truncated_is_wiped_too, heap_reset),
        cmocka_unit_test_setup(what_was_never_written_is_not_wiped, heap_reset),
        cmocka_unit_test_setup(references_are_counted_across_threads, heap_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
