/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A patient's values by feature name to the network's input tensor, as model.yaml says.
 *
 * The text is a JSON object. A value is a number in the feature's own unit, or an object
 * {"value": number, "unit": "um"} in one that the contract lists; null and absence are both
 * a missing value. Pure; allocates in the arena.
 */
#pragma once

#include "base/phi.h"
#include "model/contract.h"

struct vector {
    struct galen_tensor tensor; /* [1, features], in the arena */
    size_t replaced_count; /* missing values that the contract's value took the place of */
};

/* GALEN_INVALID: not JSON; GALEN_UNPROCESSABLE: does not meet the contract, the error has
 * the feature's pointer; GALEN_TOO_LARGE; GALEN_NO_MEMORY. */
MUST_USE enum galen_status vector_from_json(const struct contract *contract,
                                            struct phi text, struct arena *arena,
                                            struct vector *out_vector,
                                            struct error *out_error);
