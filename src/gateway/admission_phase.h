/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request and admission (admission.h): which route's limits hold for it, who asks, what
 * it is told when it is not taken on.
 *
 * A route is known from the head where the head says which model or what media type the
 * body is; of JSON and forms only once they are read. The model that answers decides in the
 * end, so that neither naming it nor wrapping the input leads around its route's limits.
 *
 * I/O-free.
 */
#pragma once

#include "gateway/request.h"
#include "service/auth/principal.h"

/* Who has shown who he is goes by that from now on, wherever he asks from: by issuer,
 * client and subject together. For the phase that knows it, before the phase `admission`;
 * the principal is not kept. Who is anonymous stays his address. */
void admission_know_caller(struct request *request, const struct principal *principal);

/* Of the phase `admit`, before anything is done: load. */
enum phase_result admission_shed(struct request *request);

/* Once it is known who asks. */
enum phase_result admission_phase(struct request *request);

/* Once the model is known. */
enum phase_result admission_of_model_phase(struct request *request);

/* The request is over, however it went. */
void admission_end(struct request *request);
