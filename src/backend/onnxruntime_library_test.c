/* SPDX-License-Identifier: Apache-2.0 */
/* What ONNX Runtime does to the process that loads it. */
#include <dirent.h>
#include <stdlib.h>

#include "backend/builtin.h"
#include "base/log.h"
#include "expect.h"

static size_t thread_count(void)
{
    size_t count = 0;
    DIR *tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    for (struct dirent *entry = readdir(tasks); entry != NULL; entry = readdir(tasks)) {
        count += entry->d_name[0] != '.';
    }
    assert_int_equal(0, closedir(tasks));
    return count;
}

static struct galen_backend *open_small(uint32_t thread_count_max)
{
    const struct galen_open_options options = {.path = "tests/data/models/add/1/model.onnx",
                                               .thread_count_max = thread_count_max};
    struct galen_backend *backend = NULL;
    EXPECT_OK(galen_backend_open(&onnxruntime_backend, &options, &backend, NULL));
    return backend;
}

/* Telemetry would be one. */
static void a_model_that_may_use_one_thread_starts_none(void **state)
{
    (void)state;
    const size_t before = thread_count();

    struct galen_backend *backend = open_small(1);

    assert_int_equal(before, thread_count());
    galen_backend_close(backend);
}

/* Where any of these is set, the library's telemetry is off of itself. */
static void allow_telemetry(void)
{
    assert_int_equal(0, unsetenv("CI"));
    assert_int_equal(0, unsetenv("ORT_RUNNING_UNIT_TESTS"));
    assert_int_equal(0, setenv("ORT_DISABLE_TELEMETRY", "0", true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_that_may_use_one_thread_starts_none),
    };
    log_set_level(LOG_ERROR);
    allow_telemetry();
    return cmocka_run_group_tests_name("onnxruntime_library", tests, NULL, NULL);
}
