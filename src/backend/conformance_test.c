/* SPDX-License-Identifier: Apache-2.0 */
/* What every backend must do, run once per backend in builtin.c, on a model of each that
 * answers its three inputs with themselves: tests/data/conformance/. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/builtin.h"
#include "backend/memory_sink.h"
#include "base/log.h"
#include "expect.h"

#define MODELS "tests/data/conformance/"

enum {
    ROWS_MAX = 5,
    COLUMNS = 3,
    INPUTS = 3,
    MODEL_SIZE_MAX = 65536,
    OUTPUT_SIZE_MAX = 65536
};

static const char *const output_names[INPUTS] = {"OUTPUT0", "OUTPUT1", "OUTPUT2"};

static struct galen_open_options options_of(const char *path)
{
    return (struct galen_open_options){.path = path, .thread_count_max = 1};
}

static void path_of(const struct galen_backend_ops *ops, char *out_path, size_t size)
{
    (void)snprintf(out_path, size, MODELS "%s", ops->file_name);
}

static struct galen_backend *open_model(void **state)
{
    struct galen_backend *backend = NULL;
    struct galen_error error;
    char path[128];
    path_of(*state, path, sizeof(path));
    const struct galen_open_options options = options_of(path);
    const enum galen_status status = galen_backend_open(*state, &options, &backend, &error);
    if (status != GALEN_OK) {
        print_error("%s\n", error.text);
    }
    EXPECT_OK(status);
    return backend;
}

/* A batch of so many rows whose content depends on the seed. */
struct sample {
    struct galen_tensor inputs[INPUTS];
    float floats[ROWS_MAX * COLUMNS];
    uint8_t strings[ROWS_MAX * 16];
    uint8_t booleans[ROWS_MAX * 2];
    struct galen_batch batch;
};

/* Element i is i bytes long, NUL bytes included. */
static size_t fill_strings(uint8_t *at, uint32_t count, uint8_t seed)
{
    size_t size = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t length[4] = {(uint8_t)i, 0, 0, 0};
        memcpy(at + size, length, sizeof(length));
        memset(at + size + 4, i % 2 == 0 ? 0 : seed, i);
        size += 4 + i;
    }
    return size;
}

static void sample_init(struct sample *sample, uint32_t rows, uint8_t seed)
{
    for (uint32_t i = 0; i < rows * COLUMNS; i++) {
        sample->floats[i] = (float)i + (float)seed / 8;
    }
    for (uint32_t i = 0; i < rows * 2; i++) {
        sample->booleans[i] = (uint8_t)((i + seed) % 2);
    }
    const size_t strings_size = fill_strings(sample->strings, rows, seed);
    sample->inputs[0] = (struct galen_tensor){
        "INPUT0",        GALEN_FP32,     2,
        {rows, COLUMNS}, sample->floats, (size_t)rows * COLUMNS * 4,
    };
    sample->inputs[1] = (struct galen_tensor){
        "INPUT1", GALEN_BYTES, 1, {rows}, sample->strings, strings_size,
    };
    sample->inputs[2] = (struct galen_tensor){
        "INPUT2", GALEN_BOOL, 2, {rows, 2}, sample->booleans, (size_t)rows * 2,
    };
    sample->batch = (struct galen_batch){sample->inputs, INPUTS, NULL};
}

static bool is_echo(const struct galen_tensor *output, const struct galen_tensor *input)
{
    return output != NULL && output->datatype == input->datatype &&
           output->rank == input->rank &&
           memcmp(output->shape, input->shape, sizeof(int64_t) * input->rank) == 0 &&
           output->size_bytes == input->size_bytes &&
           (input->size_bytes == 0 ||
            memcmp(output->bytes, input->bytes, input->size_bytes) == 0);
}

static bool echoes(struct galen_backend *backend, struct memory_sink *sink,
                   const struct sample *sample)
{
    bool same = galen_backend_run(backend, &sample->batch, &sink->base, NULL) == GALEN_OK &&
                sink->output_count == INPUTS;
    for (size_t i = 0; i < INPUTS; i++) {
        same = same && is_echo(memory_sink_find(sink, output_names[i]), &sample->inputs[i]);
    }
    memory_sink_clear(sink);
    return same;
}

static void expect_echo(void **state, uint32_t rows)
{
    struct galen_backend *backend = open_model(state);
    struct sample sample;
    struct memory_sink sink;
    memory_sink_init(&sink, OUTPUT_SIZE_MAX);
    sample_init(&sample, rows, 7);

    assert_true(echoes(backend, &sink, &sample));

    memory_sink_deinit(&sink);
    galen_backend_close(backend);
}

static void a_batch_of_one_round_trips(void **state)
{
    expect_echo(state, 1);
}

static void a_batch_of_five_round_trips(void **state)
{
    expect_echo(state, 5);
}

static void a_batch_without_rows_round_trips(void **state)
{
    expect_echo(state, 0);
}

static void an_empty_tensor_with_a_huge_dimension_round_trips(void **state)
{
    struct galen_backend *backend = open_model(state);
    struct sample sample;
    struct memory_sink sink;
    memory_sink_init(&sink, OUTPUT_SIZE_MAX);
    sample_init(&sample, 0, 7);
    sample.inputs[0].shape[1] = INT64_C(1) << 40;

    assert_true(echoes(backend, &sink, &sample));

    memory_sink_deinit(&sink);
    galen_backend_close(backend);
}

static void describe_is_the_model_and_does_not_change(void **state)
{
    struct galen_backend *backend = open_model(state);
    const struct galen_model_spec *spec = galen_backend_describe(backend);
    struct sample sample;
    struct memory_sink sink;
    memory_sink_init(&sink, OUTPUT_SIZE_MAX);
    sample_init(&sample, 2, 7);

    assert_true(echoes(backend, &sink, &sample));

    assert_ptr_equal(spec, galen_backend_describe(backend));
    assert_true(strlen(spec->platform) > 0);
    assert_int_equal(INPUTS, spec->input_count);
    assert_int_equal(INPUTS, spec->output_count);
    for (size_t i = 0; i < INPUTS; i++) {
        assert_string_equal(sample.inputs[i].name, spec->inputs[i].name);
        assert_string_equal(output_names[i], spec->outputs[i].name);
        assert_int_equal(sample.inputs[i].datatype, spec->inputs[i].datatype);
        assert_int_equal(sample.inputs[i].rank, spec->inputs[i].rank);
        assert_int_equal(GALEN_DIMENSION_ANY, spec->inputs[i].shape[0]);
    }
    assert_int_equal(2, spec->inputs[2].shape[1]);
    memory_sink_deinit(&sink);
    galen_backend_close(backend);
}

static void outputs_are_aligned_for_any_use(void **state)
{
    struct galen_backend *backend = open_model(state);
    struct sample sample;
    struct memory_sink sink;
    memory_sink_init(&sink, OUTPUT_SIZE_MAX);
    sample_init(&sample, 5, 7);

    EXPECT_OK(galen_backend_run(backend, &sample.batch, &sink.base, NULL));

    for (size_t i = 0; i < sink.output_count; i++) {
        assert_int_equal(0, (uintptr_t)sink.outputs[i].bytes % 64);
    }
    memory_sink_deinit(&sink);
    galen_backend_close(backend);
}

static void only_wanted_outputs_arrive(void **state)
{
    struct galen_backend *backend = open_model(state);
    struct sample sample;
    struct memory_sink sink;
    memory_sink_init(&sink, OUTPUT_SIZE_MAX);
    sample_init(&sample, 2, 7);

    for (unsigned mask = 0; mask < 1u << INPUTS; mask++) {
        const bool wanted[INPUTS] = {mask & 1, mask & 2, mask & 4};
        sample.batch.wanted_outputs = wanted;
        EXPECT_OK(galen_backend_run(backend, &sample.batch, &sink.base, NULL));
        for (size_t i = 0; i < INPUTS; i++) {
            const struct galen_tensor *output = memory_sink_find(&sink, output_names[i]);
            assert_int_equal(wanted[i], output != NULL);
            assert_true(!wanted[i] || is_echo(output, &sample.inputs[i]));
        }
        memory_sink_clear(&sink);
    }
    memory_sink_deinit(&sink);
    galen_backend_close(backend);
}

static void wrong_inputs_are_refused_with_a_reason(void **state)
{
    struct galen_backend *backend = open_model(state);
    struct memory_sink sink;
    struct sample good;
    memory_sink_init(&sink, OUTPUT_SIZE_MAX);
    sample_init(&good, 2, 7);

    for (int fault = 0; fault < 8; fault++) {
        struct sample bad = good;
        struct galen_error error = {""};
        bad.batch.inputs = bad.inputs;
        switch (fault) {
        case 0:
            bad.inputs[0].name = "INPUT9";
            break;
        case 1:
            bad.inputs[0].datatype = GALEN_INT32;
            break;
        case 2:
            bad.inputs[0].rank = 1;
            break;
        case 3:
            bad.inputs[2].shape[1] = 3;
            break;
        case 4:
            bad.inputs[0].size_bytes -= 4;
            break;
        case 5:
            bad.inputs[1].size_bytes -= 1;
            break;
        case 6:
            bad.batch.input_count = 2;
            break;
        default:
            bad.inputs[0].shape[0] = -2;
            break;
        }
        EXPECT_STATUS(GALEN_INVALID,
                      galen_backend_run(backend, &bad.batch, &sink.base, &error));
        assert_true(strlen(error.text) > 0);
        assert_int_equal(0, sink.output_count);
    }
    assert_true(echoes(backend, &sink, &good));
    memory_sink_deinit(&sink);
    galen_backend_close(backend);
}

/* Fails from the n-th output on. */
struct failing_sink {
    struct galen_sink base;
    struct memory_sink inner;
    unsigned outputs_left;
};

static enum galen_status failing_output(struct galen_sink *base,
                                        const struct galen_tensor *meta, void **out_bytes)
{
    struct failing_sink *sink = (struct failing_sink *)base;
    if (sink->outputs_left == 0) {
        return GALEN_NO_MEMORY;
    }
    sink->outputs_left--;
    return galen_sink_output(&sink->inner.base, meta, out_bytes);
}

static void a_failing_sink_fails_the_run(void **state)
{
    struct galen_backend *backend = open_model(state);
    struct sample sample;
    struct failing_sink sink = {.base = {failing_output}};
    memory_sink_init(&sink.inner, OUTPUT_SIZE_MAX);
    sample_init(&sample, 3, 7);

    for (unsigned count = 0; count < INPUTS; count++) {
        sink.outputs_left = count;
        EXPECT_STATUS(GALEN_NO_MEMORY,
                      galen_backend_run(backend, &sample.batch, &sink.base, NULL));
        memory_sink_clear(&sink.inner);
    }
    assert_true(echoes(backend, &sink.inner, &sample));
    memory_sink_deinit(&sink.inner);
    galen_backend_close(backend);
}

struct runner {
    pthread_t thread;
    struct galen_backend *backend;
    uint8_t seed;
    bool all_right;
};

static void *run_often(void *argument)
{
    struct runner *runner = argument;
    struct memory_sink sink;
    memory_sink_init(&sink, OUTPUT_SIZE_MAX);
    runner->all_right = true;
    for (uint32_t i = 0; i < 200; i++) {
        struct sample sample;
        sample_init(&sample, 1 + i % ROWS_MAX, runner->seed);
        runner->all_right = runner->all_right && echoes(runner->backend, &sink, &sample);
    }
    memory_sink_deinit(&sink);
    return NULL;
}

static void runs_at_the_same_time_do_not_mix(void **state)
{
    struct galen_backend *backend = open_model(state);
    struct runner runners[4];
    for (size_t i = 0; i < 4; i++) {
        runners[i] = (struct runner){.backend = backend, .seed = (uint8_t)(i + 1)};
        assert_int_equal(0,
                         pthread_create(&runners[i].thread, NULL, run_often, &runners[i]));
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(0, pthread_join(runners[i].thread, NULL));
        assert_true(runners[i].all_right);
    }
    galen_backend_close(backend);
}

static void another_abi_is_refused(void **state)
{
    struct galen_backend_ops future = *(const struct galen_backend_ops *)*state;
    const struct galen_open_options options = options_of("any");
    struct galen_backend *backend = NULL;
    struct galen_error error = {""};
    future.abi++;

    EXPECT_STATUS(GALEN_INVALID, galen_backend_open(&future, &options, &backend, &error));

    assert_null(backend);
    assert_non_null(strstr(error.text, "ABI"));
}

static void a_missing_file_is_not_found(void **state)
{
    const struct galen_open_options options = options_of(MODELS "missing");
    struct galen_backend *backend = NULL;
    struct galen_error error = {""};

    EXPECT_STATUS(GALEN_NOT_FOUND, galen_backend_open(*state, &options, &backend, &error));

    assert_null(backend);
    assert_true(strlen(error.text) > 0);
}

static void a_folder_is_refused(void **state)
{
    const struct galen_open_options options = options_of(MODELS);
    struct galen_backend *backend = NULL;
    struct galen_error error = {""};

    EXPECT_STATUS(GALEN_INVALID, galen_backend_open(*state, &options, &backend, &error));

    assert_null(backend);
    assert_non_null(strstr(error.text, "regular file"));
}

/* A damaged copy of the model on disk. */
struct damaged {
    char path[64];
    int file;
    uint8_t bytes[MODEL_SIZE_MAX];
    size_t size;
};

static void damaged_init(struct damaged *damaged, const struct galen_backend_ops *ops)
{
    char path[128];
    path_of(ops, path, sizeof(path));
    FILE *model = fopen(path, "rb");
    assert_non_null(model);
    damaged->size = fread(damaged->bytes, 1, sizeof(damaged->bytes), model);
    assert_in_range(damaged->size, 1, sizeof(damaged->bytes) - 1);
    assert_int_equal(0, fclose(model));
    (void)snprintf(damaged->path, sizeof(damaged->path), "/tmp/galen-backend-XXXXXX");
    damaged->file = mkstemp(damaged->path);
    assert_true(damaged->file >= 0);
}

static void damaged_deinit(struct damaged *damaged)
{
    assert_int_equal(0, close(damaged->file));
    assert_int_equal(0, unlink(damaged->path));
}

/* Whatever the damage, it is refused with a reason, or what is left is a model that runs.
 */
static bool damaged_opens(const struct damaged *damaged,
                          const struct galen_backend_ops *ops, size_t size)
{
    const struct galen_open_options options = options_of(damaged->path);
    struct galen_backend *backend = NULL;
    struct galen_error error = {""};
    assert_int_equal(size, pwrite(damaged->file, damaged->bytes, size, 0));
    assert_int_equal(0, ftruncate(damaged->file, (off_t)size));

    const enum galen_status status = galen_backend_open(ops, &options, &backend, &error);
    assert_int_equal(status == GALEN_OK, backend != NULL);
    if (status == GALEN_OK) {
        galen_backend_close(backend);
        return true;
    }
    EXPECT_STATUS(GALEN_INVALID, status);
    assert_true(strlen(error.text) > 0);
    assert_null(strchr(error.text, '\n'));
    return false;
}

static void a_truncated_file_is_refused_with_a_reason(void **state)
{
    struct damaged damaged;
    size_t refused_count = 0;
    damaged_init(&damaged, *state);

    assert_true(damaged_opens(&damaged, *state, damaged.size));
    for (size_t size = 0; size < damaged.size; size++) {
        refused_count += !damaged_opens(&damaged, *state, size);
    }
    assert_true(refused_count > damaged.size / 4);
    damaged_deinit(&damaged);
}

static void a_file_with_a_flipped_byte_is_refused_or_runs(void **state)
{
    static const uint8_t masks[] = {0x01, 0x80, 0xFF};
    struct damaged damaged;
    size_t refused_count = 0;
    damaged_init(&damaged, *state);

    for (size_t i = 0; i < damaged.size; i++) {
        for (size_t k = 0; k < sizeof(masks); k++) {
            damaged.bytes[i] ^= masks[k];
            refused_count += !damaged_opens(&damaged, *state, damaged.size);
            damaged.bytes[i] ^= masks[k];
        }
    }
    assert_true(refused_count > damaged.size / 4);
    damaged_deinit(&damaged);
}

static int run_all(const struct galen_backend_ops *ops)
{
    void *state = (void *)(uintptr_t)ops;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(a_batch_of_one_round_trips, state),
        cmocka_unit_test_prestate(a_batch_of_five_round_trips, state),
        cmocka_unit_test_prestate(a_batch_without_rows_round_trips, state),
        cmocka_unit_test_prestate(an_empty_tensor_with_a_huge_dimension_round_trips, state),
        cmocka_unit_test_prestate(describe_is_the_model_and_does_not_change, state),
        cmocka_unit_test_prestate(outputs_are_aligned_for_any_use, state),
        cmocka_unit_test_prestate(only_wanted_outputs_arrive, state),
        cmocka_unit_test_prestate(wrong_inputs_are_refused_with_a_reason, state),
        cmocka_unit_test_prestate(a_failing_sink_fails_the_run, state),
        cmocka_unit_test_prestate(runs_at_the_same_time_do_not_mix, state),
        cmocka_unit_test_prestate(another_abi_is_refused, state),
        cmocka_unit_test_prestate(a_missing_file_is_not_found, state),
        cmocka_unit_test_prestate(a_folder_is_refused, state),
        cmocka_unit_test_prestate(a_truncated_file_is_refused_with_a_reason, state),
        cmocka_unit_test_prestate(a_file_with_a_flipped_byte_is_refused_or_runs, state),
    };
    return cmocka_run_group_tests_name(ops->name, tests, NULL, NULL);
}

/* With an argument: only the backend of that name. */
int main(int argc, char **argv)
{
    int failed = 0;
    log_set_level(LOG_ERROR);
    for (size_t i = 0; builtin_backends[i] != NULL; i++) {
        if (argc < 2 || strcmp(argv[1], builtin_backends[i]->name) == 0) {
            failed += run_all(builtin_backends[i]);
        }
    }
    return failed;
}
