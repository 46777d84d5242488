/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors to values of ONNX Runtime and back. Threads: any. */
#pragma once

#include "backend/onnxruntime_library.h"

/* False: v2 has no such datatype. */
bool onnxruntime_datatype(ONNXTensorElementDataType element,
                          enum galen_datatype *out_datatype);

/* Gives a value over the tensor's own bytes, which have to outlive it; of BYTES a copy.
 * GALEN_INVALID, GALEN_NO_MEMORY. */
MUST_USE enum galen_status onnxruntime_value_create(const struct onnxruntime *runtime,
                                                    const struct galen_tensor *tensor,
                                                    OrtValue **out_value,
                                                    struct galen_error *out_error);

/* Copies a value into the sink. GALEN_INTERNAL: it is nothing that v2 can express;
 * otherwise what the sink says. */
MUST_USE enum galen_status onnxruntime_value_emit(const struct onnxruntime *runtime,
                                                  OrtValue *value, const char *name,
                                                  struct galen_sink *sink,
                                                  struct galen_error *out_error);
