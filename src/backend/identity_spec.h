/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file format of the identity backend, model.identity: text, one line a tensor.
 *
 *     # input  output   datatype  shape
 *     INPUT0   OUTPUT0  FP32      -1,16
 *     INPUT1   OUTPUT1  BYTES     -
 *
 * Fields are separated by spaces or tabs. A dimension of -1 varies, the shape - is a
 * scalar. Everything from # to the end of a line is a comment, so names hold neither # nor
 * blanks.
 */
#pragma once

#include "base/arena.h"
#include "galen/backend.h"

/* Names and arrays lie in the arena. Errors name the line, from 1.
 * GALEN_INVALID: not such a file, no tensor in it or too many; GALEN_NO_MEMORY. */
MUST_USE enum galen_status identity_spec_parse(struct bytes text, struct arena *arena,
                                               struct galen_model_spec *out_spec,
                                               struct galen_error *out_error);
