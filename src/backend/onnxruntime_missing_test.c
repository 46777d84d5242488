/* SPDX-License-Identifier: Apache-2.0 */
/* Linked without a run path to the library, as if it were not installed. */
#include <dlfcn.h>
#include <string.h>

#include "backend/builtin.h"
#include "expect.h"

static void without_the_library_opening_says_so_each_time(void **state)
{
    (void)state;
    const struct galen_open_options options = {.path = "tests/data/conformance/model.onnx",
                                               .thread_count_max = 1};
    if (dlopen("libonnxruntime.so.1", RTLD_LAZY) != NULL) {
        skip(); /* installed system-wide */
    }
    for (int i = 0; i < 2; i++) {
        struct galen_backend *backend = NULL;
        struct galen_error error = {""};

        EXPECT_STATUS(GALEN_UNAVAILABLE,
                      galen_backend_open(&onnxruntime_backend, &options, &backend, &error));

        assert_null(backend);
        assert_non_null(strstr(error.text, "libonnxruntime.so.1"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_the_library_opening_says_so_each_time),
    };
    return cmocka_run_group_tests_name("onnxruntime_missing", tests, NULL, NULL);
}
