/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which scope a request needs, and whether its caller has it (docs/auth.md):
 *
 *     POST /infer         the scope of the row of `routes` that applies, else infer:MODEL;
 *                         tensors in its body need infer:tensor:MODEL too
 *     POST /v2/…/infer    infer:tensor:MODEL
 *     other /v2/models/M  that, or models:read
 *     /v2, /v2/models/stats    models:read
 *
 * Health, pages and the API's description need none, and nobody is asked there. Pure.
 */
#pragma once

#include "gateway/request.h"

/* Whether who asks for this is to say who they are. */
bool access_is_open(const struct request *request);

/* With the head alone: what is sure to be refused later is not waited for. GALEN_FORBIDDEN:
 * request->lacking_scope says what is missing. */
MUST_USE enum galen_status access_check_head(struct request *request);

/* With model and route known. GALEN_FORBIDDEN as above. */
MUST_USE enum galen_status access_check(struct request *request);
