/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for every backend, checked once here instead of in each. */
#pragma once

#include "galen/backend.h"

/* Names are UTF-8, distinct, not empty; counts, sizes and ranks are within limits.def.
 * GALEN_INVALID: they are not. */
MUST_USE enum galen_status check_spec(const struct galen_model_spec *spec,
                                      struct galen_error *out_error);

/* GALEN_INVALID: an input's name, datatype, shape or bytes are not what the spec says;
 * names in the text are the spec's. A BOOL is 0 or 1: anything else is undefined behaviour
 * in the libraries behind. */
MUST_USE enum galen_status check_inputs(const struct galen_model_spec *spec,
                                        const struct galen_batch *batch,
                                        struct galen_error *out_error);
