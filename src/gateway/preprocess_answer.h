/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the tensors that preprocess answered are what the model's contract says, as far
 * as shapes, types and sizes tell: an endpoint that answers nonsense is found while another
 * one can still be asked (infer_request.check). Whoever reads them believes them no more
 * for it. Pure.
 */
#pragma once

#include "infer/infer.h"

/* The network's input: one row of a vector or an image; of a text, windows of it, with the
 * tensors that say where their tokens stand. context: the contract. GALEN_BAD_UPSTREAM: it
 * is not; the error names what. */
MUST_USE enum galen_status preprocess_answer_check(const struct infer_call *call,
                                                   const void *context,
                                                   struct error *out_error);
