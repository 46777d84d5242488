/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdalign.h>

#include "expect.h"
#include "heap.h"

enum { BLOCK_SIZE_BYTES = 8192 };

static bool is_zeroed(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (data[i] != 0) {
            return false;
        }
    }
    return true;
}

static void an_allocation_is_zeroed_and_aligned(void **state)
{
    struct arena arena;
    arena_init(&arena, 100000);
    for (size_t size = 0; size < 200; size++) {
        uint8_t *at = arena_alloc(&arena, size);
        assert_non_null(at);
        assert_int_equal((uintptr_t)at % alignof(max_align_t), 0);
        assert_true(is_zeroed(at, size));
        memset(at, 0xA5, size);
    }
    arena_deinit(&arena);
    (void)state;
}

static void allocations_do_not_overlap(void **state)
{
    struct arena arena;
    uint8_t *parts[300];
    arena_init(&arena, 1000000);
    for (size_t i = 0; i < 300; i++) {
        parts[i] = arena_alloc(&arena, i * 7);
        assert_non_null(parts[i]);
        memset(parts[i], (int)(i & 0xFF), i * 7);
    }
    for (size_t i = 0; i < 300; i++) {
        for (size_t j = 0; j < i * 7; j++) {
            assert_int_equal(parts[i][j], i & 0xFF);
        }
    }
    arena_deinit(&arena);
    (void)state;
}

static void memory_given_again_is_zeroed_again(void **state)
{
    struct arena arena;
    arena_init(&arena, 100000);
    memset(arena_alloc(&arena, 512), 0xFF, 512);

    arena_clear(&arena);

    assert_true(is_zeroed(arena_alloc(&arena, 512), 512));
    arena_deinit(&arena);
    (void)state;
}

static void nothing_is_allocated_beyond_the_maximum(void **state)
{
    struct arena arena;
    arena_init(&arena, 20000);
    assert_non_null(arena_alloc(&arena, 10000));
    assert_null(arena_alloc(&arena, 20000));
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_alloc(&arena, SIZE_MAX - 8));
    assert_non_null(arena_alloc(&arena, 8000));
    assert_true(arena.size_bytes <= 20000);
    arena_deinit(&arena);
    (void)state;
}

static void the_maximum_is_usable_to_its_end(void **state)
{
    struct arena arena;
    arena_init(&arena, BLOCK_SIZE_BYTES + 1024);
    assert_non_null(arena_alloc(&arena, BLOCK_SIZE_BYTES));
    assert_non_null(arena_alloc(&arena, 512));
    assert_non_null(arena_alloc(&arena, 512));
    assert_null(arena_alloc(&arena, 1));
    arena_deinit(&arena);

    arena_init(&arena, 64); /* less than a block */
    assert_non_null(arena_alloc(&arena, 64));
    assert_null(arena_alloc(&arena, 1));
    arena_deinit(&arena);
    (void)state;
}

static void an_array_whose_size_overflows_is_refused(void **state)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    assert_null(arena_alloc_array(&arena, SIZE_MAX / 2 + 1, 2));
    assert_null(arena_alloc_array(&arena, SIZE_MAX, SIZE_MAX));
    assert_non_null(arena_alloc_array(&arena, 3, 8));
    assert_non_null(arena_alloc_array(&arena, 0, 8));
    arena_deinit(&arena);
    (void)state;
}

static void a_failed_allocation_leaves_the_arena_usable(void **state)
{
    struct arena arena;
    arena_init(&arena, 100000);
    uint8_t *first = arena_alloc(&arena, 100);
    memset(first, 7, 100);
    const size_t size_bytes = arena.size_bytes;

    heap.fail_at = 1;
    assert_null(arena_alloc(&arena, 50000));

    assert_int_equal(arena.size_bytes, size_bytes);
    assert_int_equal(first[99], 7);
    assert_non_null(arena_alloc(&arena, 50000));
    arena_deinit(&arena);
    assert_int_equal(heap.live_count, 0);
    (void)state;
}

static void a_copied_string_ends_with_a_nul(void **state)
{
    struct arena arena;
    arena_init(&arena, 100000);
    assert_string_equal(arena_copy_string(&arena, bytes_first(BYTES("metformin"), 3)),
                        "met");
    assert_string_equal(arena_copy_string(&arena, BYTES_NONE), "");
    arena_deinit(&arena);
    (void)state;
}

static void clear_keeps_one_small_block_and_frees_the_rest(void **state)
{
    struct arena arena;
    arena_init(&arena, 1000000);
    assert_non_null(arena_alloc(&arena, 10));
    assert_non_null(arena_alloc(&arena, 100000));
    assert_non_null(arena_alloc(&arena, BLOCK_SIZE_BYTES));

    arena_clear(&arena);

    assert_int_equal(heap.live_count, 1);
    assert_int_equal(arena.size_bytes, BLOCK_SIZE_BYTES);
    arena_deinit(&arena);
    (void)state;
}

static void clear_keeps_no_large_block(void **state)
{
    struct arena arena;
    arena_init(&arena, 1000000);
    assert_non_null(arena_alloc(&arena, 100000));

    arena_clear(&arena);

    assert_int_equal(heap.live_count, 0);
    assert_int_equal(arena.size_bytes, 0);
    assert_non_null(arena_alloc(&arena, 10));
    arena_deinit(&arena);
    (void)state;
}

static void what_an_arena_held_is_wiped(void **state)
{
    struct arena arena;
    arena_init(&arena, 1000000);
    for (size_t i = 0; i < 1000; i++) {
        assert_non_null(arena_copy_string(&arena, BYTES(HEAP_SECRET)));
    }
    const char *kept = NULL;
    arena_clear(&arena);
    assert_false(heap.freed_with_secret);

    kept = arena_alloc(&arena, 1); /* in the block that clear kept */
    assert_null(memmem(kept, BLOCK_SIZE_BYTES, HEAP_SECRET, sizeof(HEAP_SECRET) - 1));
    assert_non_null(arena_copy_string(&arena, BYTES(HEAP_SECRET)));
    arena_deinit(&arena);
    assert_false(heap.freed_with_secret);
    assert_int_equal(heap.live_count, 0);
    (void)state;
}

static void a_zeroed_arena_can_be_deinitialised(void **state)
{
    struct arena arena = {.newest = NULL};
    arena_clear(&arena);
    arena_deinit(&arena);
    assert_null(arena_alloc(&arena, 1));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_allocation_is_zeroed_and_aligned, heap_reset),
        cmocka_unit_test_setup(allocations_do_not_overlap, heap_reset),
        cmocka_unit_test_setup(memory_given_again_is_zeroed_again, heap_reset),
        cmocka_unit_test_setup(nothing_is_allocated_beyond_the_maximum, heap_reset),
        cmocka_unit_test_setup(the_maximum_is_usable_to_its_end, heap_reset),
        cmocka_unit_test_setup(an_array_whose_size_overflows_is_refused, heap_reset),
        cmocka_unit_test_setup(a_failed_allocation_leaves_the_arena_usable, heap_reset),
        cmocka_unit_test_setup(a_copied_string_ends_with_a_nul, heap_reset),
        cmocka_unit_test_setup(clear_keeps_one_small_block_and_frees_the_rest, heap_reset),
        cmocka_unit_test_setup(clear_keeps_no_large_block, heap_reset),
        cmocka_unit_test_setup(what_an_arena_held_is_wiped, heap_reset),
        cmocka_unit_test_setup(a_zeroed_arena_can_be_deinitialised, heap_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
