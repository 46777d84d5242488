/* SPDX-License-Identifier: Apache-2.0 */
/* The document that POST /infer answers with. Pure but for the request's clock. */
#pragma once

#include "gateway/request.h"

/* Fills request->reply: what is common to all answers, and what request->domain puts, with
 * what request->redaction leaves of it. A status of the redaction: then there is no answer.
 */
MUST_USE enum galen_status answer_make(struct request *request);
