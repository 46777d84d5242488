/* SPDX-License-Identifier: Apache-2.0 */
/* A classifier's output tensor to labels with probabilities. Pure. */
#pragma once

#include "gateway/answer_writer.h"
#include "model/contract.h"

struct prediction {
    const char *label; /* the contract's */
    double score;      /* in [0, 1] */
};

struct predictions {
    struct prediction *items; /* best first, in the arena */
    size_t count;
    bool abstained; /* the best is below the contract's threshold */
    bool are_f32;   /* as exact as the model's FP32: printed so */
};

/* Of row_count rows, which are the windows of one text, merged by the contract's rule; one
 * row otherwise. GALEN_BAD_UPSTREAM: the tensor is not [row_count, labels] of FP32 or FP64,
 * or holds what is no probability; the error names it. GALEN_NO_MEMORY. */
MUST_USE enum galen_status predictions_from_tensor(const struct contract *contract,
                                                   const struct galen_tensor *tensor,
                                                   size_t row_count, struct arena *arena,
                                                   struct predictions *out_predictions,
                                                   struct error *out_error);

/* The members "predictions" and "abstained". */
void predictions_put(const struct predictions *predictions, struct answer_writer *answer);
