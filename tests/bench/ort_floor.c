/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: ort_floor_bench MODEL.onnx [RUNS [LENGTH]]
 *
 * CPU time (user and system, this process) of one run of a model in process, batch of one,
 * every other open dimension LENGTH (1), all zero: by ONNX Runtime's API alone, which is
 * the floor of any server, and through our backend. Rounds take turns and the median
 * counts. One JSON line on stdout.
 */
#include <string.h>

#include "backend/builtin.h"
#include "backend/memory_sink.h"
#include "backend/onnxruntime_library.h"
#include "backend/onnxruntime_tensor.h"
#include "measure.h"

enum { ROUNDS = 9, RUNS_DEFAULT = 50000, INPUT_SIZE_MAX = 1 << 24 };

struct bench {
    const char *path;
    long run_count;
    long length;
    const struct onnxruntime *runtime;
    OrtSession *session;
    struct galen_backend *backend;
    const struct galen_model_spec *spec;
    struct galen_tensor inputs[LIMIT_TENSOR_COUNT_MAX];
    const char *input_names[LIMIT_TENSOR_COUNT_MAX];
    const char *output_names[LIMIT_TENSOR_COUNT_MAX];
    struct memory_sink sink;
};

static void expect_ok(enum galen_status status, const struct galen_error *error)
{
    if (status != GALEN_OK) {
        die(galen_status_text(status), error->text);
    }
}

static void prepare_input(struct bench *bench, size_t index, long row_count)
{
    static const uint64_t zeros[INPUT_SIZE_MAX / sizeof(uint64_t)];
    const struct galen_tensor_spec *spec = &bench->spec->inputs[index];
    struct galen_tensor *input = &bench->inputs[index];
    uint64_t count = 0;
    *input = (struct galen_tensor){.name = spec->name, .datatype = spec->datatype};
    input->rank = spec->rank;
    for (uint32_t i = 0; i < spec->rank; i++) {
        const int64_t open = i == 0 ? row_count : bench->length;
        input->shape[i] = spec->shape[i] == GALEN_DIMENSION_ANY ? open : spec->shape[i];
    }
    if (galen_shape_element_count(input->shape, input->rank, &count) != GALEN_OK ||
        spec->datatype == GALEN_BYTES || count > INPUT_SIZE_MAX / sizeof(double)) {
        die(spec->name, "only numbers, and not so many");
    }
    input->bytes = zeros;
    input->size_bytes = (size_t)count * galen_datatype_size(spec->datatype);
    bench->input_names[index] = spec->name;
}

static void prepare_inputs(struct bench *bench, long row_count)
{
    for (size_t i = 0; i < bench->spec->input_count; i++) {
        prepare_input(bench, i, row_count);
    }
}

static void open_all(struct bench *bench)
{
    const struct galen_open_options options = {.path = bench->path, .thread_count_max = 1};
    struct galen_error error = {""};
    expect_ok(galen_backend_open(&onnxruntime_backend, &options, &bench->backend, &error),
              &error);
    expect_ok(onnxruntime_load(1, &bench->runtime, &error), &error);
    expect_ok(onnxruntime_session_open(bench->runtime, &options, &bench->session, &error),
              &error);
    bench->spec = galen_backend_describe(bench->backend);
    for (size_t i = 0; i < bench->spec->output_count; i++) {
        bench->output_names[i] = bench->spec->outputs[i].name;
    }
    memory_sink_init(&bench->sink, LIMIT_ARENA_SIZE_BYTES_MAX);
}

static void run_api(struct bench *bench)
{
    const OrtApi *api = bench->runtime->api;
    const size_t input_count = bench->spec->input_count;
    const size_t output_count = bench->spec->output_count;
    OrtValue *inputs[LIMIT_TENSOR_COUNT_MAX] = {NULL};
    OrtValue *outputs[LIMIT_TENSOR_COUNT_MAX] = {NULL};
    struct galen_error error = {""};
    for (size_t i = 0; i < input_count; i++) {
        expect_ok(
            onnxruntime_value_create(bench->runtime, &bench->inputs[i], &inputs[i], &error),
            &error);
    }
    OrtStatus *result = api->Run(bench->session, bench->runtime->run_options,
                                 bench->input_names, (const OrtValue *const *)inputs,
                                 input_count, bench->output_names, output_count, outputs);
    expect_ok(onnxruntime_status(bench->runtime, result, &error), &error);
    for (size_t i = 0; i < input_count; i++) {
        api->ReleaseValue(inputs[i]);
    }
    for (size_t i = 0; i < output_count; i++) {
        api->ReleaseValue(outputs[i]);
    }
}

static void run_backend(struct bench *bench)
{
    const struct galen_batch batch = {bench->inputs, bench->spec->input_count, NULL};
    struct galen_error error = {""};
    expect_ok(galen_backend_run(bench->backend, &batch, &bench->sink.base, &error), &error);
    memory_sink_clear(&bench->sink);
}

/* As the engine does when it opens a model: what two rows show, the backend relies on. */
static void run_two_rows(struct bench *bench)
{
    const struct galen_batch batch = {bench->inputs, bench->spec->input_count, NULL};
    prepare_inputs(bench, 2);
    (void)!galen_backend_run(bench->backend, &batch, &bench->sink.base, NULL);
    memory_sink_clear(&bench->sink);
    prepare_inputs(bench, 1);
}

static double measure(struct bench *bench, void (*run)(struct bench *bench))
{
    const double start_us = cpu_us();
    for (long i = 0; i < bench->run_count; i++) {
        run(bench);
    }
    return (cpu_us() - start_us) / (double)bench->run_count;
}

static int by_value(const void *a, const void *b)
{
    const double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

int main(int argument_count, char **arguments)
{
    if (argument_count < 2) {
        die("usage", "ort_floor_bench MODEL.onnx [RUNS [LENGTH]]");
    }
    static struct bench bench;
    double api_us[ROUNDS];
    double backend_us[ROUNDS];
    bench.path = arguments[1];
    bench.run_count = argument_count > 2 ? strtol(arguments[2], NULL, 10) : RUNS_DEFAULT;
    bench.length = argument_count > 3 ? strtol(arguments[3], NULL, 10) : 1;
    if (bench.run_count < 1 || bench.length < 1) {
        die("RUNS and LENGTH", "at least 1");
    }
    open_all(&bench);
    run_two_rows(&bench);
    for (size_t i = 0; i < ROUNDS; i++) {
        api_us[i] = measure(&bench, run_api);
        backend_us[i] = measure(&bench, run_backend);
    }
    qsort(api_us, ROUNDS, sizeof(api_us[0]), by_value);
    qsort(backend_us, ROUNDS, sizeof(backend_us[0]), by_value);
    (void)printf("{\"bench\": \"ort_floor\", \"runs\": %ld, \"rounds\": %d, "
                 "\"cpu_us_per_run\": %.3f, \"cpu_us_per_run_backend\": %.3f}\n",
                 bench.run_count, ROUNDS, api_us[ROUNDS / 2], backend_us[ROUNDS / 2]);
    memory_sink_deinit(&bench.sink);
    onnxruntime_session_close(bench.runtime, bench.session);
    galen_backend_close(bench.backend);
    return EXIT_SUCCESS;
}
