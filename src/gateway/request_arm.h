/* SPDX-License-Identifier: Apache-2.0 */
/* The arm of a request, while a canary of its model is under way: chosen where a tag
 * becomes a number, counted when it is over. Pure. */
#pragma once

#include "gateway/request.h"

/* The version that answers; wanted: a number or a tag, which is answered by what it names,
 * or empty. NULL: there is none. Sets request->arms and what belongs to it. */
const struct repository_version *request_arm_version(struct request *request,
                                                     const struct repository_model *model,
                                                     struct bytes wanted);

/* The request is over. Counts nothing of what says nothing about a model: who was not let
 * in, what was not taken on, who went away, an audit that fails. */
void request_arm_count(const struct request *request, int http_status);
