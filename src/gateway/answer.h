/* SPDX-License-Identifier: Apache-2.0 */
/* The document that POST /infer answers with. Pure but for the request's clock. */
#pragma once

#include "gateway/domain.h"

/* Fills request->reply: what is common to all answers, and what the task puts. */
void answer_make(struct request *request, const struct domain *domain, const void *outcome,
                 struct warnings warnings);
