/* SPDX-License-Identifier: Apache-2.0 */
/* That the memory of a model comes back when it is closed: on one of 1.5 MB, which needs
 * some 70 MB for its largest batch here. */
#include <stdio.h>
#include <unistd.h>

#include "backend/builtin.h"
#include "backend/memory_sink.h"
#include "base/log.h"
#include "expect.h"

#define MODEL "models/clinical-ner/2/model.onnx"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) /* GCC */
#define UNDER_SANITIZER
#elif defined(__has_feature) /* clang */
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define UNDER_SANITIZER
#endif
#endif

enum {
    ROWS_MAX = 32,
    TOKENS_MAX = 256,
    CYCLES_BEFORE = 10,
    CYCLES = 40,
    GROWTH_BYTES_MAX = 4 << 20,
    OUTPUT_SIZE_MAX = 1 << 24
};

static size_t resident_bytes(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(1, fscanf(file, "%*u %lu", &pages));
    assert_int_equal(0, fclose(file));
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void run(struct galen_backend *backend, int64_t rows, int64_t tokens)
{
    static const int64_t ids[ROWS_MAX * TOKENS_MAX] = {1, 2, 3};
    const size_t size = (size_t)(rows * tokens) * sizeof(ids[0]);
    const struct galen_tensor inputs[] = {
        {"input_ids", GALEN_INT64, 2, {rows, tokens}, ids, size},
        {"attention_mask", GALEN_INT64, 2, {rows, tokens}, ids, size},
    };
    const struct galen_batch batch = {inputs, 2, NULL};
    struct memory_sink sink;
    memory_sink_init(&sink, OUTPUT_SIZE_MAX);
    EXPECT_OK(galen_backend_run(backend, &batch, &sink.base, NULL));
    memory_sink_deinit(&sink);
}

static void open_run_close(int64_t rows, int64_t tokens)
{
    const struct galen_open_options options = {.path = MODEL, .thread_count_max = 1};
    struct galen_backend *backend = NULL;
    EXPECT_OK(galen_backend_open(&onnxruntime_backend, &options, &backend, NULL));
    run(backend, 1, 8);
    run(backend, rows, tokens);
    galen_backend_close(backend);
}

static void expect_no_growth(size_t before)
{
    const size_t after = resident_bytes();
    print_message("%zu kB, then %zu kB\n", before >> 10, after >> 10);
#ifdef UNDER_SANITIZER
    skip(); /* what is freed is kept there for a while */
#endif
    assert_true(after < before + GROWTH_BYTES_MAX);
}

static void models_come_and_go_without_growth(void **state)
{
    (void)state;
    for (int i = 0; i < CYCLES_BEFORE; i++) {
        open_run_close(2, 16);
    }
    const size_t before = resident_bytes();

    for (int i = 0; i < CYCLES; i++) {
        open_run_close(1 + i % 4, 8 + i);
    }

    expect_no_growth(before);
}

static void what_a_large_batch_took_goes_with_its_model(void **state)
{
    (void)state;
    open_run_close(2, 16);
    const size_t before = resident_bytes();

    open_run_close(ROWS_MAX, TOKENS_MAX);

    expect_no_growth(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(models_come_and_go_without_growth),
        cmocka_unit_test(what_a_large_batch_took_goes_with_its_model),
    };
    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests_name("onnxruntime_memory", tests, NULL, NULL);
}
