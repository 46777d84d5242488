/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tensor's elements as a JSON array: the `data` of the Open Inference Protocol
 * (inference_rest.md, "Tensor Data"), row-major, flat or nested as the shape says. Read
 * straight into the tensor, exact or refused: a number that does not fit its datatype, a
 * fraction for an integer, null and ragged nesting are all refused. FP16 and BF16 have no
 * JSON form here, as in Triton.
 *
 * NaN and infinity are no JSON, and refused both ways, unless special_numbers allows the
 * tokens NaN, Infinity and -Infinity for FP32 and FP64: Triton and Python write them so.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "codec/datatype.h"
#include "codec/json_writer.h"

/* Reads text, one JSON array and nothing around it, as the elements of *tensor, whose
 * datatype, rank and shape are set; sets its bytes (64-byte aligned, in the arena) and
 * size. GALEN_INVALID: the pointer says where in the array ("/17"; "/0/17" where it is
 * nested); GALEN_TOO_LARGE: beyond TENSOR_SIZE_BYTES_MAX; GALEN_NO_MEMORY. */
MUST_USE enum galen_status tensor_json_read(struct bytes text, bool special_numbers,
                                            struct arena *arena,
                                            struct galen_tensor *tensor,
                                            struct error *out_error);

/* Writes the elements as one flat array; failure to write is the writer's. GALEN_INVALID:
 * JSON cannot hold them (NaN, infinity, FP16, BF16, BYTES that are no UTF-8);
 * GALEN_INTERNAL: the bytes are not what shape and datatype say. Either error names the
 * tensor. */
MUST_USE enum galen_status tensor_json_write(const struct galen_tensor *tensor,
                                             bool special_numbers, struct json_writer *json,
                                             struct error *out_error);
