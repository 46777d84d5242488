/* SPDX-License-Identifier: Apache-2.0 */
/* The arm of a request, while a canary of its model is under way: chosen where a tag
 * becomes a number, counted when it is over. Pure. */
#pragma once

#include "gateway/request.h"

/* The version that answers; wanted: a number or a tag, which is answered by what it names,
 * or empty. NULL: there is none. Sets request->engine, request->arms and what belongs to
 * it. */
const struct repository_version *request_arm_version(struct request *request,
                                                     const struct repository_model *model,
                                                     struct bytes wanted);

/* Who runs the canary of an arm's model. */
const struct gateway_engine *request_arm_canary_engine(const struct request *request);

/* Whether what failed at a canary's own engines is to be asked of the version that serves,
 * where that runs: nobody is the worse for what is wrong with such engines. */
bool request_arm_falls_back(const struct request *request, const struct infer_call *call);

/* Does so: counts the failure, and the request is of the stable arm from now on. */
void request_arm_fall_back(struct request *request);

/* Until when a canary's own engines may take, of what is left until due_ns; else due_ns. */
uint64_t request_arm_due_ns(const struct request *request, uint64_t due_ns);

/* The request is over. Counts nothing of what says nothing about a model: who was not let
 * in, what was not taken on, who went away, an audit that fails. */
void request_arm_count(const struct request *request, int http_status);
