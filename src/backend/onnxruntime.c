/* SPDX-License-Identifier: Apache-2.0 */
/* Runs ONNX networks with ONNX Runtime. One session a model, shared by all runs; what a run
 * needs lives on its stack and in its values. */
#include <stdlib.h>

#include "backend/builtin.h"
#include "backend/onnxruntime_spec.h"
#include "backend/onnxruntime_tensor.h"
#include "base/arena.h"
#include "base/limits.h"

enum { SPEC_SIZE_BYTES_MAX = 1048576 };

struct network {
    struct galen_backend base; /* first: the engine holds a pointer to it */
    const struct onnxruntime *runtime;
    OrtSession *session;
    struct galen_model_spec spec;
    const char **input_names; /* of the spec, as Run wants them */
    struct arena arena;       /* of the spec and the names */
};

/* One run: its values, and the outputs that it is about. */
struct call {
    OrtValue *inputs[LIMIT_TENSOR_COUNT_MAX];
    OrtValue *outputs[LIMIT_TENSOR_COUNT_MAX];
    const char *output_names[LIMIT_TENSOR_COUNT_MAX];
    size_t output_count;
};

static void network_close(struct galen_backend *backend)
{
    struct network *network = (struct network *)backend;
    if (network->session != NULL) {
        network->runtime->api->ReleaseSession(network->session);
    }
    arena_deinit(&network->arena);
    free(network);
}

static enum galen_status collect_input_names(struct network *network)
{
    const size_t count = network->spec.input_count;
    network->input_names = arena_alloc_array(&network->arena, count, sizeof(char *));
    if (network->input_names == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        network->input_names[i] = network->spec.inputs[i].name;
    }
    return GALEN_OK;
}

static enum galen_status load(struct network *network,
                              const struct galen_open_options *options,
                              struct galen_error *out_error)
{
    TRY(onnxruntime_load(options->thread_count_max, &network->runtime, out_error));
    TRY(onnxruntime_session_open(network->runtime, options, &network->session, out_error));
    TRY(onnxruntime_spec_read(network->runtime, network->session, &network->arena,
                              &network->spec, out_error));
    return collect_input_names(network);
}

static enum galen_status network_open(const struct galen_open_options *options,
                                      struct galen_backend **out_backend,
                                      struct galen_error *out_error)
{
    struct network *network = calloc(1, sizeof(*network));
    if (network == NULL) {
        return GALEN_NO_MEMORY;
    }
    arena_init(&network->arena, SPEC_SIZE_BYTES_MAX);
    const enum galen_status status = load(network, options, out_error);
    if (status != GALEN_OK) {
        network_close(&network->base);
        return status;
    }
    *out_backend = &network->base;
    return GALEN_OK;
}

static const struct galen_model_spec *network_describe(const struct galen_backend *backend)
{
    return &((const struct network *)backend)->spec;
}

static enum galen_status call_prepare(struct call *call, const struct network *network,
                                      const struct galen_batch *batch,
                                      struct galen_error *out_error)
{
    for (size_t i = 0; i < batch->input_count; i++) {
        TRY(onnxruntime_value_create(network->runtime, &batch->inputs[i], &call->inputs[i],
                                     out_error));
    }
    for (size_t i = 0; i < network->spec.output_count; i++) {
        if (batch->wanted_outputs == NULL || batch->wanted_outputs[i]) {
            call->output_names[call->output_count++] = network->spec.outputs[i].name;
        }
    }
    return GALEN_OK;
}

static enum galen_status call_run(struct call *call, const struct network *network,
                                  struct galen_error *out_error)
{
    const struct onnxruntime *runtime = network->runtime;
    return onnxruntime_run_status(
        runtime,
        runtime->api->Run(network->session, runtime->run_options, network->input_names,
                          (const OrtValue *const *)call->inputs, network->spec.input_count,
                          call->output_names, call->output_count, call->outputs),
        out_error);
}

static enum galen_status call_emit(struct call *call, const struct network *network,
                                   struct galen_sink *sink, struct galen_error *out_error)
{
    for (size_t i = 0; i < call->output_count; i++) {
        TRY(onnxruntime_value_emit(network->runtime, call->outputs[i],
                                   call->output_names[i], sink, out_error));
    }
    return GALEN_OK;
}

static void call_clear(struct call *call, const struct network *network)
{
    for (size_t i = 0; i < network->spec.input_count; i++) {
        network->runtime->api->ReleaseValue(call->inputs[i]);
    }
    for (size_t i = 0; i < call->output_count; i++) {
        network->runtime->api->ReleaseValue(call->outputs[i]);
    }
}

static enum galen_status network_run(struct galen_backend *backend,
                                     const struct galen_batch *batch,
                                     struct galen_sink *sink, struct galen_error *out_error)
{
    const struct network *network = (const struct network *)backend;
    struct call call = {.output_count = 0};
    enum galen_status status = call_prepare(&call, network, batch, out_error);
    if (status == GALEN_OK) {
        status = call_run(&call, network, out_error);
    }
    if (status == GALEN_OK) {
        status = call_emit(&call, network, sink, out_error);
    }
    call_clear(&call, network);
    return status;
}

const struct galen_backend_ops onnxruntime_backend = {
    .abi = GALEN_BACKEND_ABI,
    .name = "onnxruntime",
    .file_name = "model.onnx",
    .open = network_open,
    .describe = network_describe,
    .run = network_run,
    .close = network_close,
};
