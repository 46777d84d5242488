/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The preprocess role as an infer_service: for model m, version v, it takes `input` and
 * `content_type` and gives m's own inputs by name, made as v's model.yaml says, and the
 * reserved galen.* outputs.
 *
 * Threads: any number of loops may share it; a transform runs inside submit, on the
 * caller's loop, and its answer comes later. Vectors and notes take microseconds. Blocking:
 * create reads what transforms need (tokenizers); what cannot be prepared is not ready.
 */
#pragma once

#include "infer/infer.h"
#include "model/repository.h"

/* Takes a reference of its own to the repository. now_ns is the clock that deadlines are
 * read by: clock_monotonic_ns, or the simulation's. */
MUST_USE enum galen_status preprocess_create(struct repository *repository,
                                             uint64_t (*now_ns)(void),
                                             struct infer_service **out_service);
