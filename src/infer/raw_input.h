/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the bytes of a raw request are: the only input of its model, one row of it, and as
 * much of its one dimension that varies as there are bytes for (binary tensor data
 * extension, "Raw Binary Request"; triton-inference-server/core: src/infer_request.cc).
 *
 * Pure but for the arena.
 */
#pragma once

#include "infer/validate.h"

/* The tensor's bytes are borrowed, or in the arena for BYTES, which get their length put in
 * front. GALEN_INVALID: the model has another number of inputs, more than one dimension
 * that varies, BYTES of more than one element, or the bytes are no whole number of
 * elements; GALEN_NO_MEMORY. */
MUST_USE enum galen_status infer_raw_input(const struct infer_rules *rules,
                                           struct bytes raw, struct arena *arena,
                                           struct galen_tensor *out_input,
                                           struct error *out_error);
