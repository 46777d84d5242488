/* SPDX-License-Identifier: Apache-2.0 */
/* What a session takes and gives, as the model's file says. */
#pragma once

#include "backend/forecast.h"
#include "backend/onnxruntime_library.h"

struct onnxruntime_spec {
    struct galen_model_spec model;
    const struct size_names *input_sizes; /* one an input, and so on */
    const struct size_names *output_sizes;
};

/* Names and arrays lie in the arena. A dimension with a symbolic name is
 * GALEN_DIMENSION_ANY. An output whose rank the model leaves open reads as a scalar; it is
 * emitted as it comes. GALEN_INVALID: a sequence, a map, an optional, an element type that
 * v2 lacks, too many tensors or dimensions, by name; GALEN_NO_MEMORY. */
MUST_USE enum galen_status onnxruntime_spec_read(const struct onnxruntime *runtime,
                                                 const OrtSession *session,
                                                 struct arena *arena,
                                                 struct onnxruntime_spec *out_spec,
                                                 struct galen_error *out_error);
