/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/onnxruntime_tensor.h"

#include <string.h>

#include "base/reader.h"

enum { LENGTH_SIZE_BYTES = 4 };

static const ONNXTensorElementDataType elements[] = {
    [GALEN_BOOL] = ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL,
    [GALEN_UINT8] = ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8,
    [GALEN_UINT16] = ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16,
    [GALEN_UINT32] = ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32,
    [GALEN_UINT64] = ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64,
    [GALEN_INT8] = ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8,
    [GALEN_INT16] = ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16,
    [GALEN_INT32] = ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32,
    [GALEN_INT64] = ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64,
    [GALEN_FP16] = ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16,
    [GALEN_BF16] = ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16,
    [GALEN_FP32] = ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT,
    [GALEN_FP64] = ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE,
    [GALEN_BYTES] = ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING,
};

bool onnxruntime_datatype(ONNXTensorElementDataType element,
                          enum galen_datatype *out_datatype)
{
    for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
        if (elements[i] == element) {
            *out_datatype = (enum galen_datatype)i;
            return true;
        }
    }
    return false;
}

static enum galen_status string_fill(const struct onnxruntime *runtime, OrtValue *value,
                                     size_t index, struct bytes content,
                                     struct galen_error *out_error)
{
    char *place = NULL;
    TRY(onnxruntime_status(runtime,
                           runtime->api->GetResizedStringTensorElementBuffer(
                               value, index, content.size, &place),
                           out_error));
    if (content.size > 0) {
        memcpy(place, content.data, content.size);
    }
    return GALEN_OK;
}

static enum galen_status strings_fill(const struct onnxruntime *runtime, OrtValue *value,
                                      const struct galen_tensor *tensor,
                                      struct galen_error *out_error)
{
    struct reader reader = reader_of(bytes_of(tensor->bytes, tensor->size_bytes));
    uint64_t count;
    TRY(galen_shape_element_count(tensor->shape, tensor->rank, &count));
    for (size_t i = 0; i < count; i++) {
        const struct bytes content = reader_take(&reader, reader_u32_le(&reader));
        TRY(string_fill(runtime, value, i, content, out_error));
    }
    return GALEN_OK;
}

static enum galen_status strings_create(const struct onnxruntime *runtime,
                                        const struct galen_tensor *tensor,
                                        OrtValue **out_value, struct galen_error *out_error)
{
    OrtValue *value = NULL;
    TRY(onnxruntime_status(runtime,
                           runtime->api->CreateTensorAsOrtValue(
                               runtime->allocator, tensor->shape, tensor->rank,
                               ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING, &value),
                           out_error));
    const enum galen_status status = strings_fill(runtime, value, tensor, out_error);
    if (status != GALEN_OK) {
        runtime->api->ReleaseValue(value);
        return status;
    }
    *out_value = value;
    return GALEN_OK;
}

/* The library does not write to inputs; its API has one call for them and for outputs. */
static void *writable(const void *bytes)
{
    static uint64_t nothing; /* where an empty tensor points */
    return bytes == NULL ? &nothing : (void *)(uintptr_t)bytes;
}

enum galen_status onnxruntime_value_create(const struct onnxruntime *runtime,
                                           const struct galen_tensor *tensor,
                                           OrtValue **out_value,
                                           struct galen_error *out_error)
{
    if (tensor->datatype == GALEN_BYTES) {
        return strings_create(runtime, tensor, out_value, out_error);
    }
    return onnxruntime_status(runtime,
                              runtime->api->CreateTensorWithDataAsOrtValue(
                                  runtime->memory, writable(tensor->bytes),
                                  tensor->size_bytes, tensor->shape, tensor->rank,
                                  elements[tensor->datatype], out_value),
                              out_error);
}

static enum galen_status read_type(const OrtApi *api, const OrtTensorTypeAndShapeInfo *info,
                                   struct galen_tensor *tensor)
{
    ONNXTensorElementDataType element = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
    size_t rank = 0;
    OrtStatus *result = api->GetTensorElementType(info, &element);
    if (result == NULL) {
        result = api->GetDimensionsCount(info, &rank);
    }
    if (result == NULL && rank <= GALEN_RANK_MAX) {
        result = api->GetDimensions(info, tensor->shape, rank);
    }
    const bool failed = result != NULL || rank > GALEN_RANK_MAX;
    api->ReleaseStatus(result);
    tensor->rank = (uint32_t)rank;
    return !failed && onnxruntime_datatype(element, &tensor->datatype) ? GALEN_OK
                                                                       : GALEN_INTERNAL;
}

static enum galen_status read_size(const OrtApi *api, const OrtValue *value,
                                   struct galen_tensor *meta)
{
    uint64_t count = 0;
    size_t content_size = 0;
    TRY(galen_shape_element_count(meta->shape, meta->rank, &count));
    if (meta->datatype != GALEN_BYTES) {
        meta->size_bytes = (size_t)count * galen_datatype_size(meta->datatype);
        return GALEN_OK;
    }
    OrtStatus *result = api->GetStringTensorDataLength(value, &content_size);
    const bool failed = result != NULL;
    api->ReleaseStatus(result);
    meta->size_bytes = content_size + (size_t)count * LENGTH_SIZE_BYTES;
    return failed ? GALEN_INTERNAL : GALEN_OK;
}

enum galen_status onnxruntime_value_describe(const struct onnxruntime *runtime,
                                             const OrtValue *value,
                                             struct galen_tensor *out_meta)
{
    OrtTensorTypeAndShapeInfo *info = NULL;
    OrtStatus *result = runtime->api->GetTensorTypeAndShape(value, &info);
    if (result != NULL) {
        runtime->api->ReleaseStatus(result);
        return GALEN_INTERNAL;
    }
    enum galen_status status = read_type(runtime->api, info, out_meta);
    runtime->api->ReleaseTensorTypeAndShapeInfo(info);
    if (status == GALEN_OK) {
        status = read_size(runtime->api, value, out_meta);
    }
    return status == GALEN_OK ? GALEN_OK : GALEN_INTERNAL;
}

bool onnxruntime_value_is_at(const struct onnxruntime *runtime, OrtValue *value,
                             const void *bytes)
{
    void *data = NULL;
    OrtStatus *result = runtime->api->GetTensorMutableData(value, &data);
    const bool is_there = result == NULL && data == bytes;
    runtime->api->ReleaseStatus(result);
    return is_there;
}

static enum galen_status emit_fixed(const struct onnxruntime *runtime, OrtValue *value,
                                    const struct galen_tensor *meta,
                                    struct galen_sink *sink, struct galen_error *out_error)
{
    void *from = NULL;
    void *to = NULL;
    TRY(onnxruntime_status(runtime, runtime->api->GetTensorMutableData(value, &from),
                           out_error));
    TRY(galen_sink_output(sink, meta, &to));
    if (meta->size_bytes > 0) {
        memcpy(to, from, meta->size_bytes);
    }
    return GALEN_OK;
}

static enum galen_status string_size(const struct onnxruntime *runtime,
                                     const OrtValue *value, size_t index,
                                     uint32_t *out_size, struct galen_error *out_error)
{
    size_t size = 0;
    TRY(onnxruntime_status(runtime,
                           runtime->api->GetStringTensorElementLength(value, index, &size),
                           out_error));
    if (size > UINT32_MAX) {
        return galen_error_set(out_error, GALEN_TOO_LARGE, "a BYTES element is too long");
    }
    *out_size = (uint32_t)size;
    return GALEN_OK;
}

/* Element by element, straight into the sink's block: no copy in between that nobody wipes.
 */
static enum galen_status copy_strings(const struct onnxruntime *runtime,
                                      const OrtValue *value, uint64_t count, uint8_t *to,
                                      struct galen_error *out_error)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t size = 0;
        TRY(string_size(runtime, value, i, &size, out_error));
        const uint8_t length[LENGTH_SIZE_BYTES] = {(uint8_t)size, (uint8_t)(size >> 8),
                                                   (uint8_t)(size >> 16),
                                                   (uint8_t)(size >> 24)};
        memcpy(to, length, sizeof(length));
        TRY(onnxruntime_status(
            runtime,
            runtime->api->GetStringTensorElement(value, size, i, to + sizeof(length)),
            out_error));
        to += sizeof(length) + size;
    }
    return GALEN_OK;
}

static enum galen_status emit_strings(const struct onnxruntime *runtime,
                                      const OrtValue *value,
                                      const struct galen_tensor *meta,
                                      struct galen_sink *sink,
                                      struct galen_error *out_error)
{
    uint64_t count = 0;
    void *to = NULL;
    TRY(galen_shape_element_count(meta->shape, meta->rank, &count));
    TRY(galen_sink_output(sink, meta, &to));
    return copy_strings(runtime, value, count, to, out_error);
}

enum galen_status onnxruntime_value_emit(const struct onnxruntime *runtime, OrtValue *value,
                                         const struct galen_tensor *meta,
                                         struct galen_sink *sink,
                                         struct galen_error *out_error)
{
    return meta->datatype == GALEN_BYTES
               ? emit_strings(runtime, value, meta, sink, out_error)
               : emit_fixed(runtime, value, meta, sink, out_error);
}
