/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/onnxruntime_lane.h"

#include <stdlib.h>

#include "backend/onnxruntime_tensor.h"
#include "base/blob.h"
#include "base/limits.h"
#include "base/wipe.h"

enum { LANE_SIZE_BYTES_MAX = 8192 };

/* The inputs' bytes and then the outputs', each as aligned as a blob. */
struct lane {
    struct lane *next; /* idle as well */
    OrtIoBinding *binding;
    _Alignas(BLOB_ALIGNMENT) uint8_t bytes[LANE_SIZE_BYTES_MAX];
};

/* A batch that a lane takes: everything has the sizes of one row. */
struct row {
    const struct galen_tensor *inputs;
    size_t size_bytes; /* in the lane */
    struct galen_tensor outputs[LIMIT_TENSOR_COUNT_MAX];
};

static size_t room_of(const struct galen_tensor *tensor)
{
    return (tensor->size_bytes + BLOB_ALIGNMENT - 1) / BLOB_ALIGNMENT * BLOB_ALIGNMENT;
}

static bool row_add(struct row *row, const struct galen_tensor *tensor)
{
    if (tensor->datatype == GALEN_BYTES || tensor->size_bytes > LANE_SIZE_BYTES_MAX) {
        return false;
    }
    row->size_bytes += room_of(tensor);
    return row->size_bytes <= LANE_SIZE_BYTES_MAX;
}

static bool is_one_row(const struct galen_tensor *tensor,
                       const struct galen_tensor_spec *spec)
{
    for (uint32_t i = 0; i < spec->rank; i++) {
        if (spec->shape[i] == GALEN_DIMENSION_ANY && tensor->shape[i] != 1) {
            return false;
        }
    }
    return true;
}

static bool row_init(struct row *row, const struct forecast *forecast,
                     const struct galen_batch *batch)
{
    const struct galen_model_spec *spec = forecast->spec;
    row->inputs = batch->inputs;
    row->size_bytes = 0;
    for (size_t i = 0; i < spec->input_count; i++) {
        if (!is_one_row(&row->inputs[i], &spec->inputs[i]) ||
            !row_add(row, &row->inputs[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < spec->output_count; i++) {
        const bool is_wanted = batch->wanted_outputs == NULL || batch->wanted_outputs[i];
        if (!is_wanted || !forecast_output(forecast, row->inputs, i, &row->outputs[i]) ||
            !row_add(row, &row->outputs[i])) {
            return false;
        }
    }
    return true;
}

static void lane_destroy(struct lane *lane, const OrtApi *api)
{
    if (lane->binding != NULL) {
        api->ReleaseIoBinding(lane->binding);
    }
    free(lane);
}

typedef OrtStatus *(ORT_API_CALL *bind_fn)(OrtIoBinding *binding, const char *name,
                                           const OrtValue *value);

/* The binding keeps what the value refers to. */
static enum galen_status lane_bind(const struct lane *lane,
                                   const struct onnxruntime *runtime, bind_fn bind,
                                   const struct galen_tensor *tensor,
                                   struct galen_error *out_error)
{
    OrtValue *value = NULL;
    TRY(onnxruntime_value_create(runtime, tensor, &value, out_error));
    const enum galen_status status =
        onnxruntime_status(runtime, bind(lane->binding, tensor->name, value), out_error);
    runtime->api->ReleaseValue(value);
    return status;
}

static enum galen_status lane_bind_all(struct lane *lane,
                                       const struct onnxruntime_lanes *lanes,
                                       const struct row *row, struct galen_error *out_error)
{
    const struct galen_model_spec *spec = lanes->forecast->spec;
    const OrtApi *api = lanes->runtime->api;
    uint8_t *place = lane->bytes;
    for (size_t i = 0; i < spec->input_count + spec->output_count; i++) {
        const bool is_input = i < spec->input_count;
        struct galen_tensor tensor =
            is_input ? row->inputs[i] : row->outputs[i - spec->input_count];
        tensor.bytes = place;
        TRY(lane_bind(lane, lanes->runtime, is_input ? api->BindInput : api->BindOutput,
                      &tensor, out_error));
        place += room_of(&tensor);
    }
    return GALEN_OK;
}

static enum galen_status lane_create(const struct onnxruntime_lanes *lanes,
                                     const struct row *row, struct lane **out_lane,
                                     struct galen_error *out_error)
{
    const OrtApi *api = lanes->runtime->api;
    struct lane *lane = aligned_alloc(BLOB_ALIGNMENT, sizeof(*lane));
    if (lane == NULL) {
        return GALEN_NO_MEMORY;
    }
    lane->binding = NULL;
    enum galen_status status = onnxruntime_status(
        lanes->runtime, api->CreateIoBinding(lanes->session, &lane->binding), out_error);
    if (status == GALEN_OK) {
        status = lane_bind_all(lane, lanes, row, out_error);
    }
    if (status != GALEN_OK) {
        lane_destroy(lane, api);
        return status;
    }
    *out_lane = lane;
    return GALEN_OK;
}

static struct lane *take_idle(struct onnxruntime_lanes *lanes)
{
    (void)pthread_mutex_lock(&lanes->lock);
    struct lane *lane = lanes->idle;
    if (lane != NULL) {
        lanes->idle = lane->next;
    }
    (void)pthread_mutex_unlock(&lanes->lock);
    return lane;
}

static void give_back(struct onnxruntime_lanes *lanes, struct lane *lane)
{
    (void)pthread_mutex_lock(&lanes->lock);
    lane->next = lanes->idle;
    lanes->idle = lane;
    (void)pthread_mutex_unlock(&lanes->lock);
}

static uint8_t *copy_in(const struct onnxruntime_lanes *lanes, struct lane *lane,
                        const struct row *row)
{
    uint8_t *place = lane->bytes;
    for (size_t i = 0; i < lanes->forecast->spec->input_count; i++) {
        const struct galen_tensor *input = &row->inputs[i];
        if (input->size_bytes > 0) {
            memcpy(place, input->bytes, input->size_bytes);
        }
        place += room_of(input);
    }
    return place;
}

static enum galen_status copy_out(const struct onnxruntime_lanes *lanes,
                                  const uint8_t *place, const struct row *row,
                                  struct galen_sink *sink)
{
    for (size_t i = 0; i < lanes->forecast->spec->output_count; i++) {
        const struct galen_tensor *output = &row->outputs[i];
        void *to = NULL;
        TRY(galen_sink_output(sink, output, &to));
        if (output->size_bytes > 0) {
            memcpy(to, place, output->size_bytes);
        }
        place += room_of(output);
    }
    return GALEN_OK;
}

static void refute(const struct onnxruntime_lanes *lanes)
{
    for (size_t i = 0; i < lanes->forecast->spec->output_count; i++) {
        forecast_refute(lanes->forecast, i);
    }
}

static enum galen_status lane_run(struct lane *lane, const struct onnxruntime_lanes *lanes,
                                  const struct row *row, struct galen_sink *sink,
                                  struct galen_error *out_error)
{
    const struct onnxruntime *runtime = lanes->runtime;
    const uint8_t *outputs = copy_in(lanes, lane, row);
    OrtStatus *result =
        runtime->api->RunWithBinding(lanes->session, runtime->run_options, lane->binding);
    enum galen_status status = onnxruntime_run_status(runtime, result, out_error);
    if (status == GALEN_INTERNAL) {
        refute(lanes);
    }
    if (status == GALEN_OK) {
        status = copy_out(lanes, outputs, row, sink);
    }
    wipe(lane->bytes, row->size_bytes);
    return status;
}

void onnxruntime_lanes_init(struct onnxruntime_lanes *lanes,
                            const struct onnxruntime *runtime, OrtSession *session,
                            struct forecast *forecast)
{
    *lanes = (struct onnxruntime_lanes){.runtime = runtime,
                                        .session = session,
                                        .forecast = forecast,
                                        .lock = PTHREAD_MUTEX_INITIALIZER};
}

void onnxruntime_lanes_deinit(struct onnxruntime_lanes *lanes)
{
    while (lanes->idle != NULL) {
        struct lane *lane = lanes->idle;
        lanes->idle = lane->next;
        lane_destroy(lane, lanes->runtime->api);
    }
}

bool onnxruntime_lanes_run(struct onnxruntime_lanes *lanes, const struct galen_batch *batch,
                           struct galen_sink *sink, enum galen_status *out_status,
                           struct galen_error *out_error)
{
    struct row row; /* only as much of it as is used is written */
    if (!row_init(&row, lanes->forecast, batch)) {
        return false;
    }
    struct lane *lane = take_idle(lanes);
    *out_status = lane == NULL ? lane_create(lanes, &row, &lane, out_error) : GALEN_OK;
    if (*out_status == GALEN_OK) {
        *out_status = lane_run(lane, lanes, &row, sink, out_error);
        give_back(lanes, lane);
    }
    return true;
}
