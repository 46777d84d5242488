/* SPDX-License-Identifier: Apache-2.0 */
/* A classifier's output tensor to labels with probabilities. Pure. */
#pragma once

#include "codec/json_writer.h"
#include "model/contract.h"

struct prediction {
    const char *label; /* the contract's */
    double score;      /* in [0, 1] */
    float score_f32;   /* as the model gave it, where is_f32: printed shortest */
    bool is_f32;
};

struct predictions {
    struct prediction *items; /* best first, in the arena */
    size_t count;
    bool abstained; /* the best is below the contract's threshold */
};

/* GALEN_BAD_UPSTREAM: the tensor is not [1, labels] of FP32 or FP64, or holds what is no
 * probability; the error names it. GALEN_NO_MEMORY. */
MUST_USE enum galen_status predictions_from_tensor(const struct contract *contract,
                                                   const struct galen_tensor *tensor,
                                                   struct arena *arena,
                                                   struct predictions *out_predictions,
                                                   struct error *out_error);

/* The members "predictions" and "abstained". */
void predictions_put(const struct predictions *predictions, struct json_writer *json);
