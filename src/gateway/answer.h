/* SPDX-License-Identifier: Apache-2.0 */
/* The document that POST /infer answers with. */
#pragma once

#include "gateway/predictions.h"
#include "gateway/request.h"

enum warning {
#define WARNING(code, message) WARNING_##code,
#include "gateway/warnings.def"
};

struct warnings {
    uint64_t bits; /* one for each enum warning */
};

void warnings_add(struct warnings *warnings, enum warning warning);

/* Adds what galen.warnings of a preprocess answer holds. GALEN_BAD_UPSTREAM: a code that is
 * not in the closed list. */
MUST_USE enum galen_status warnings_add_tensor(struct warnings *warnings,
                                               const struct galen_tensor *tensor,
                                               struct error *out_error);

/* Fills request->reply. */
void answer_classification(struct request *request, const struct predictions *predictions,
                           struct warnings warnings);
