/* SPDX-License-Identifier: Apache-2.0 */
/* What ONNX Runtime does to the process that loads it. The first model opened here decides
 * that the pool is for POOL threads. */
#include <dirent.h>
#include <stdlib.h>

#include "backend/builtin.h"
#include "backend/memory_sink.h"
#include "base/log.h"
#include "expect.h"

enum { POOL = 3, MODELS = 100, OUTPUT_SIZE_MAX = 65536 };

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

static bool adds(struct galen_backend *backend)
{
    const float row[16] = {1, 2, 3};
    const struct galen_tensor inputs[] = {
        {"INPUT0", GALEN_FP32, 2, {1, 16}, row, sizeof(row)},
        {"INPUT1", GALEN_FP32, 2, {1, 16}, row, sizeof(row)},
    };
    const struct galen_batch batch = {inputs, 2, NULL};
    struct memory_sink sink;
    memory_sink_init(&sink, OUTPUT_SIZE_MAX);
    const bool is_right =
        galen_backend_run(backend, &batch, &sink.base, NULL) == GALEN_OK &&
        ((const float *)sink.outputs[0].bytes)[2] == 6;
    memory_sink_deinit(&sink);
    return is_right;
}

/* And nothing else starts any: telemetry would. */
static void a_hundred_models_share_the_threads_of_one_pool(void **state)
{
    (void)state;
    struct galen_backend *backends[MODELS];
    const size_t before = thread_count();

    for (size_t i = 0; i < MODELS; i++) {
        backends[i] = open_small(POOL);
    }

    assert_int_equal(before + POOL - 1, thread_count());
    for (size_t i = 0; i < MODELS; i++) {
        assert_true(adds(backends[i]));
        galen_backend_close(backends[i]);
    }
}

static void a_model_that_may_use_one_thread_starts_none(void **state)
{
    (void)state;
    const size_t before = thread_count();

    struct galen_backend *backend = open_small(1);

    assert_int_equal(before, thread_count());
    assert_true(adds(backend));
    galen_backend_close(backend);
}

static void a_limit_that_is_not_the_pools_is_kept_with_own_threads(void **state)
{
    (void)state;
    const size_t before = thread_count();

    struct galen_backend *backend = open_small(POOL - 1);

    assert_int_equal(before + POOL - 2, thread_count());
    assert_true(adds(backend));
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
        cmocka_unit_test(a_hundred_models_share_the_threads_of_one_pool),
        cmocka_unit_test(a_model_that_may_use_one_thread_starts_none),
        cmocka_unit_test(a_limit_that_is_not_the_pools_is_kept_with_own_threads),
    };
    log_set_level(LOG_ERROR);
    allow_telemetry();
    return cmocka_run_group_tests_name("onnxruntime_library", tests, NULL, NULL);
}
