/* SPDX-License-Identifier: Apache-2.0 */
/* A v2 body (JSON, or JSON and raw tensors) on any endpoint that takes one. */
#pragma once

#include "gateway/phases.h"

/* Reads Inference-Header-Content-Length, so that the body's tensors can be aligned. */
enum phase_result tensor_body_admit(struct request *request);

/* Decodes the body into request->infer_call, for request->v2.route. */
enum phase_result tensor_body_decode(struct request *request);
