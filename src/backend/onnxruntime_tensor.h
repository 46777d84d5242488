/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors to values of ONNX Runtime and back. Threads: any. */
#pragma once

#include "backend/onnxruntime_library.h"

/* False: v2 has no such datatype. */
bool onnxruntime_datatype(ONNXTensorElementDataType element,
                          enum galen_datatype *out_datatype);

/* Gives a value over the tensor's own bytes, which have to outlive it; of BYTES a copy. As
 * an input it is only read; as an output it is written to, and the bytes have to be ours.
 * GALEN_INVALID, GALEN_NO_MEMORY. */
MUST_USE enum galen_status onnxruntime_value_create(const struct onnxruntime *runtime,
                                                    const struct galen_tensor *tensor,
                                                    OrtValue **out_value,
                                                    struct galen_error *out_error);

/* What a value is: its datatype, rank and shape, and size_bytes. GALEN_INTERNAL: nothing
 * that v2 can express. */
MUST_USE enum galen_status onnxruntime_value_describe(const struct onnxruntime *runtime,
                                                      const OrtValue *value,
                                                      struct galen_tensor *out_meta);

/* Whether a value lies at this address. */
bool onnxruntime_value_is_at(const struct onnxruntime *runtime, OrtValue *value,
                             const void *bytes);

/* Copies a value, described by meta, into the sink. Otherwise what the sink says. */
MUST_USE enum galen_status onnxruntime_value_emit(const struct onnxruntime *runtime,
                                                  OrtValue *value,
                                                  const struct galen_tensor *meta,
                                                  struct galen_sink *sink,
                                                  struct galen_error *out_error);
