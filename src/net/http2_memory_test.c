/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http2_memory.h"

#include <stdint.h>
#include <stdlib.h>

#include "expect.h"
#include "heap.h"

static struct http2_memory memory;

static void *allocate(size_t size)
{
    return memory.mem.malloc(size, memory.mem.mem_user_data);
}

static void release(void *data)
{
    memory.mem.free(data, memory.mem.mem_user_data);
}

static int begin(void **state)
{
    http2_memory_init(&memory, 1000);
    return heap_reset(state);
}

static void memory_is_bounded(void **state)
{
    (void)state;
    void *first = allocate(600);
    assert_non_null(first);
    assert_null(allocate(401));
    void *second = allocate(400);
    assert_non_null(second);
    assert_int_equal(memory.size, 1000);
    assert_null(memory.mem.calloc(SIZE_MAX, 2, memory.mem.mem_user_data));
    release(first);
    release(second);
    release(NULL);
    assert_int_equal(memory.size, 0);
    assert_int_equal(heap.live_count, 0);
}

static void memory_is_wiped_when_it_is_freed_or_moved(void **state)
{
    (void)state;
    char *text = allocate(sizeof(HEAP_SECRET));
    memcpy(text, HEAP_SECRET, sizeof(HEAP_SECRET));
    char *moved = memory.mem.realloc(text, 200, memory.mem.mem_user_data);
    assert_string_equal(moved, HEAP_SECRET);
    char *smaller = memory.mem.realloc(moved, 4, memory.mem.mem_user_data);
    assert_memory_equal(smaller, HEAP_SECRET, 4);
    release(smaller);
    assert_false(heap.freed_with_secret);
}

static void failure_leaves_what_was_there(void **state)
{
    (void)state;
    char *text = allocate(10);
    memcpy(text, "something", 10);
    assert_null(memory.mem.realloc(text, 2000, memory.mem.mem_user_data));
    heap.fail_at = 1;
    assert_null(memory.mem.realloc(text, 20, memory.mem.mem_user_data));
    assert_string_equal(text, "something");
    release(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(memory_is_bounded, begin),
        cmocka_unit_test_setup(memory_is_wiped_when_it_is_freed_or_moved, begin),
        cmocka_unit_test_setup(failure_leaves_what_was_there, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
