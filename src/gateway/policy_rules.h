/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the configuration says of one request: the policy of its answer, and what it may not
 * do. Chosen once its model is known, by the model and the media type. Pure.
 */
#pragma once

#include "gateway/request.h"

/* For the phase route: sets request->demands and request->policy. model: as the request
 * names it, whether this repository knows it or not. */
void policy_choose(struct request *request, const char *model);

/* For the phase authorize: sets request->sees_redacted and may_send_tensors by the scopes
 * that the caller's token or certificate holds; who is not identified holds none. */
void policy_grant(struct request *request);

/* The scope whose holder sees what the policy hides; "": there is none. */
const char *policy_scope(const struct request *request);

/* Whether the caller may not send normalised tensors to this model, whose answer no policy
 * could touch: unless request->may_send_tensors. */
bool policy_forbids_tensors(const struct request *request);

/* For the phase validate: GALEN_FORBIDDEN where the request sends tensors and may not. */
MUST_USE enum galen_status policy_check(struct request *request);

/* Below it a model abstains: the highest of the model's own, the policy's and the
 * request's. */
double policy_threshold(const struct request *request);

/* Whether the answer quotes what was sent. */
bool policy_echoes_text(const struct request *request);

/* Whether a header may name the model and its version, of which the answer may say less. */
bool policy_tells_model(const struct request *request);

/* For the phase redact: begins request->redaction. */
void policy_begin_redaction(struct request *request);
