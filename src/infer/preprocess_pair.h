/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two preprocess services as one: images go to the one, all else to the other. Both work
 * with the same repository, so it is ready for what both are ready for.
 *
 * Threads: those of the services behind. Allocation: in the calls' arenas.
 */
#pragma once

#include "infer/infer.h"

struct preprocess_pair {
    struct infer_service base;
    struct infer_service *images_; /* borrowed, as the other: closing leaves them open */
    struct infer_service *others_;
};

/* Caller's storage. */
void preprocess_pair_init(struct preprocess_pair *pair, struct infer_service *images,
                          struct infer_service *others);
