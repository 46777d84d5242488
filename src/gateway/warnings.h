/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer warns of: a set of the closed list in warnings.def. Pure. */
#pragma once

#include "base/error.h"
#include "codec/datatype.h"
#include "gateway/answer_writer.h"

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

/* The member "warnings": codes and messages, in the order of the list. */
void warnings_put(struct warnings warnings, struct answer_writer *answer);

const char *warning_code(enum warning warning);
