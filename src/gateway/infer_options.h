/* SPDX-License-Identifier: Apache-2.0 */
/* The member `options` of a request to POST /infer. Options only tighten: what would loosen
 * what a model or a policy says is refused. Pure. */
#pragma once

#include "base/error.h"
#include "codec/json.h"
#include "model/contract.h"

struct infer_options {
    bool has_threshold;
    double threshold; /* 0 to 1 */
};

/* value NULL: there are none. GALEN_UNPROCESSABLE: it is no object, or has a member that is
 * none of ours or not what it has to be; the error has the pointer. */
MUST_USE enum galen_status infer_options_read(const struct json *value,
                                              struct infer_options *out_options,
                                              struct error *out_error);

/* GALEN_FORBIDDEN: the model gives no range for a threshold, or one that this is not in. */
MUST_USE enum galen_status infer_options_check(const struct infer_options *options,
                                               const struct contract *contract,
                                               struct error *out_error);
