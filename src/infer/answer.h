/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What services write into a call before they finish it: the answers and refusals that all
 * of them share. Everything lands in the call and its arena.
 *
 * Threads: whoever owns the call. Each returns the status to finish the call with.
 */
#pragma once

#include "infer/infer.h"

/* GALEN_NO_MEMORY: the arena is full. */
MUST_USE enum galen_status infer_answer_version(struct infer_call *call,
                                                const char *version);

/* Something to say of an answer that is GALEN_OK. GALEN_NO_MEMORY: the arena is full. */
MUST_USE enum galen_status infer_answer_note(struct infer_call *call, const char *note);

/* A deep copy of model. GALEN_NO_MEMORY: the arena is full. */
MUST_USE enum galen_status infer_answer_model(struct infer_call *call,
                                              const struct v2_model *model);

/* One output more, as classes where the request wants it so. Takes the storage, on failure
 * too. The call's response.outputs has room. GALEN_NO_MEMORY: the arena is full;
 * GALEN_TOO_LARGE: of infer_classes_make. */
MUST_USE enum galen_status infer_answer_output(struct infer_call *call,
                                               const struct galen_tensor *tensor,
                                               struct blob *storage);

/* GALEN_NOT_FOUND in Triton's words: the model, or that version of it, does not exist. */
enum galen_status infer_refuse_unknown(struct infer_call *call, bool model_is_known);

enum galen_status infer_refuse_late(struct infer_call *call);      /* GALEN_TIMEOUT */
enum galen_status infer_refuse_cancelled(struct infer_call *call); /* GALEN_CANCELLED */
