/* SPDX-License-Identifier: Apache-2.0 */
/* Runs ONNX networks with ONNX Runtime. One session a model, shared by all runs; what a run
 * needs lives on its stack and in its values. Outputs whose shapes can be foretold are
 * written by the network where the sink wants them, the others are copied there. */
#include <stdlib.h>

#include "backend/builtin.h"
#include "backend/onnxruntime_lane.h"
#include "backend/onnxruntime_spec.h"
#include "backend/onnxruntime_tensor.h"
#include "base/limits.h"

enum { SPEC_SIZE_BYTES_MAX = 1048576 };

struct network {
    struct galen_backend base; /* first: the engine holds a pointer to it */
    const struct onnxruntime *runtime;
    OrtSession *session;
    struct onnxruntime_spec spec;
    struct forecast forecast;
    struct onnxruntime_lanes lanes;
    const char **input_names; /* of the spec, as Run wants them */
    struct arena arena;       /* of spec, forecast and names */
};

/* One run: its values, and the outputs that it is about. */
struct call {
    struct network *network;
    const struct galen_tensor *given;
    bool has_forecast;
    uint64_t foretold;  /* bit i: outputs[i] lies in blocks[i] before the run */
    size_t input_count; /* so many values have been made */
    size_t output_count;
    OrtValue *inputs[LIMIT_TENSOR_COUNT_MAX];
    OrtValue *outputs[LIMIT_TENSOR_COUNT_MAX];
    void *blocks[LIMIT_TENSOR_COUNT_MAX];
    const char *names[LIMIT_TENSOR_COUNT_MAX];
    size_t indexes[LIMIT_TENSOR_COUNT_MAX]; /* in the spec */
};

static void network_close(struct galen_backend *backend)
{
    struct network *network = (struct network *)backend;
    onnxruntime_lanes_deinit(&network->lanes);
    onnxruntime_session_close(network->runtime, network->session);
    arena_deinit(&network->arena);
    free(network);
}

static enum galen_status collect_input_names(struct network *network)
{
    const size_t count = network->spec.model.input_count;
    network->input_names = arena_alloc_array(&network->arena, count, sizeof(char *));
    if (network->input_names == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        network->input_names[i] = network->spec.model.inputs[i].name;
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
    TRY(forecast_init(&network->forecast, &network->spec.model, network->spec.input_sizes,
                      network->spec.output_sizes, &network->arena));
    onnxruntime_lanes_init(&network->lanes, network->runtime, network->session,
                           &network->forecast);
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
    return &((const struct network *)backend)->spec.model;
}

static enum galen_status make_inputs(struct call *call, struct galen_error *out_error)
{
    const size_t count = call->network->spec.model.input_count;
    for (size_t i = 0; i < count; i++) {
        TRY(onnxruntime_value_create(call->network->runtime, &call->given[i],
                                     &call->inputs[i], out_error));
        call->input_count++;
    }
    return GALEN_OK;
}

static enum galen_status make_output(struct call *call, size_t index,
                                     struct galen_sink *sink, struct galen_error *out_error)
{
    const struct network *network = call->network;
    const size_t i = call->output_count++;
    struct galen_tensor meta;
    call->indexes[i] = index;
    call->names[i] = network->spec.model.outputs[index].name;
    call->outputs[i] = NULL;
    if (!call->has_forecast ||
        !forecast_output(&network->forecast, call->given, index, &meta) ||
        meta.size_bytes == 0) { /* what holds nothing is nowhere */
        return GALEN_OK;
    }
    TRY(galen_sink_output(sink, &meta, &call->blocks[i]));
    meta.bytes = call->blocks[i];
    call->foretold |= UINT64_C(1) << i;
    return onnxruntime_value_create(network->runtime, &meta, &call->outputs[i], out_error);
}

static enum galen_status make_outputs(struct call *call, const bool *wanted,
                                      struct galen_sink *sink,
                                      struct galen_error *out_error)
{
    for (size_t i = 0; i < call->network->spec.model.output_count; i++) {
        if (wanted == NULL || wanted[i]) {
            TRY(make_output(call, i, sink, out_error));
        }
    }
    return GALEN_OK;
}

static void refute_foretold(const struct call *call)
{
    for (size_t i = 0; i < call->output_count; i++) {
        if ((call->foretold >> i & 1) != 0) {
            forecast_refute(&call->network->forecast, call->indexes[i]);
        }
    }
}

static enum galen_status run_network(struct call *call, struct galen_error *out_error)
{
    const struct network *network = call->network;
    const OrtApi *api = network->runtime->api;
    OrtStatus *result =
        api->Run(network->session, network->runtime->run_options, network->input_names,
                 (const OrtValue *const *)call->inputs, call->input_count, call->names,
                 call->output_count, call->outputs);
    const enum galen_status status =
        onnxruntime_run_status(network->runtime, result, out_error);
    if (status == GALEN_INTERNAL) {
        refute_foretold(call);
    }
    return status;
}

/* A rank of 0 may stand for any. */
static bool fits(const struct galen_tensor *output, const struct galen_tensor_spec *spec)
{
    bool fits = spec->rank == 0 || output->rank == spec->rank;
    for (uint32_t i = 0; i < spec->rank && fits; i++) {
        fits = spec->shape[i] == GALEN_DIMENSION_ANY || output->shape[i] == spec->shape[i];
    }
    return fits;
}

static enum galen_status wrong_shape(const struct call *call, size_t i,
                                     struct galen_error *out_error)
{
    return galen_error_set(out_error, GALEN_INTERNAL,
                           "the shape of output '%s' is not what the network declares",
                           call->names[i]);
}

static enum galen_status copy_output(const struct call *call, size_t i,
                                     struct galen_sink *sink, struct galen_error *out_error)
{
    struct network *network = call->network;
    struct galen_tensor meta = {.name = call->names[i]};
    if (onnxruntime_value_describe(network->runtime, call->outputs[i], &meta) != GALEN_OK) {
        return galen_error_set(out_error, GALEN_INTERNAL,
                               "output '%s' came as nothing that v2 can express",
                               meta.name);
    }
    if (!fits(&meta, &network->spec.model.outputs[call->indexes[i]])) {
        return wrong_shape(call, i, out_error);
    }
    if (call->has_forecast) {
        forecast_learn(&network->forecast, call->given, call->indexes[i], &meta);
    }
    return onnxruntime_value_emit(network->runtime, call->outputs[i], &meta, sink,
                                  out_error);
}

/* What is foretold is in its place already: a block that nobody wrote must not leave. */
static enum galen_status settle_output(const struct call *call, size_t i,
                                       struct galen_sink *sink,
                                       struct galen_error *out_error)
{
    if ((call->foretold >> i & 1) == 0) {
        return copy_output(call, i, sink, out_error);
    }
    const bool is_there =
        onnxruntime_value_is_at(call->network->runtime, call->outputs[i], call->blocks[i]);
    return is_there ? GALEN_OK : wrong_shape(call, i, out_error);
}

static enum galen_status settle_outputs(const struct call *call, struct galen_sink *sink,
                                        struct galen_error *out_error)
{
    for (size_t i = 0; i < call->output_count; i++) {
        TRY(settle_output(call, i, sink, out_error));
    }
    return GALEN_OK;
}

static enum galen_status call_run(struct call *call, const bool *wanted,
                                  struct galen_sink *sink, struct galen_error *out_error)
{
    TRY(make_inputs(call, out_error));
    TRY(make_outputs(call, wanted, sink, out_error));
    TRY(run_network(call, out_error));
    return settle_outputs(call, sink, out_error);
}

static void call_clear(struct call *call)
{
    const OrtApi *api = call->network->runtime->api;
    for (size_t i = 0; i < call->input_count; i++) {
        api->ReleaseValue(call->inputs[i]);
    }
    for (size_t i = 0; i < call->output_count; i++) {
        api->ReleaseValue(call->outputs[i]);
    }
}

static enum galen_status run_call(struct network *network, const struct galen_batch *batch,
                                  struct galen_sink *sink, struct galen_error *out_error)
{
    struct call call; /* only as much of it as is used is written */
    call.network = network;
    call.given = batch->inputs;
    call.has_forecast = forecast_applies(&network->forecast, batch->inputs);
    call.foretold = 0;
    call.input_count = 0;
    call.output_count = 0;
    const enum galen_status status =
        call_run(&call, batch->wanted_outputs, sink, out_error);
    call_clear(&call);
    return status;
}

static enum galen_status network_run(struct galen_backend *backend,
                                     const struct galen_batch *batch,
                                     struct galen_sink *sink, struct galen_error *out_error)
{
    struct network *network = (struct network *)backend;
    enum galen_status status;
    return onnxruntime_lanes_run(&network->lanes, batch, sink, &status, out_error)
               ? status
               : run_call(network, batch, sink, out_error);
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
