/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/memory_sink.h"

#include <string.h>

#include "expect.h"

static const struct galen_tensor pair = {"OUTPUT0", GALEN_INT16, 1, {2}, NULL, 4};

static void an_output_is_found_by_its_name(void **state)
{
    (void)state;
    struct memory_sink sink;
    void *bytes = NULL;
    memory_sink_init(&sink, 65536);

    EXPECT_OK(galen_sink_output(&sink.base, &pair, &bytes));
    memcpy(bytes, "abcd", 4);

    const struct galen_tensor *found = memory_sink_find(&sink, "OUTPUT0");
    assert_non_null(found);
    assert_memory_equal("abcd", found->bytes, 4);
    assert_int_equal(0, (uintptr_t)found->bytes % 64);
    assert_null(memory_sink_find(&sink, "OUTPUT1"));
    memory_sink_deinit(&sink);
}

static void outputs_beyond_the_maximum_are_no_memory(void **state)
{
    (void)state;
    struct memory_sink sink;
    void *bytes = NULL;
    memory_sink_init(&sink, 1);

    EXPECT_STATUS(GALEN_NO_MEMORY, galen_sink_output(&sink.base, &pair, &bytes));

    assert_null(bytes);
    assert_int_equal(0, sink.output_count);
    memory_sink_deinit(&sink);
}

static void a_cleared_sink_is_empty(void **state)
{
    (void)state;
    struct memory_sink sink;
    void *bytes = NULL;
    memory_sink_init(&sink, 65536);
    EXPECT_OK(galen_sink_output(&sink.base, &pair, &bytes));

    memory_sink_clear(&sink);

    assert_null(memory_sink_find(&sink, "OUTPUT0"));
    memory_sink_deinit(&sink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_output_is_found_by_its_name),
        cmocka_unit_test(outputs_beyond_the_maximum_are_no_memory),
        cmocka_unit_test(a_cleared_sink_is_empty),
    };
    return cmocka_run_group_tests_name("memory_sink", tests, NULL, NULL);
}
