/* SPDX-License-Identifier: Apache-2.0 */
/* A contract as the model.yaml that contract_parse reads back. Pure. */
#pragma once

#include "base/writer.h"
#include "model/contract.h"

/* What people read and the program does not; NULL: left out. Borrowed. */
struct contract_card {
    const char *notice;
    const char *intended_use; /* required by contract_parse */
    const char *training_data;
    const char *limits;
};

/* Failure is the writer's: text that is no UTF-8 is GALEN_INVALID. */
void contract_write(const struct contract *contract, const struct contract_card *card,
                    struct writer *out);
