/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A service in front of one that takes few rows at once: a request of more goes there in
 * parts, one after another, and their outputs are joined again. Other calls go through.
 *
 * Only what has rows can be cut: every input of a fixed size, with the same first
 * dimension. The first part that fails is the answer. Threads: as the service behind.
 */
#pragma once

#include "infer/infer.h"

struct infer_parts {
    struct infer_service base;
    struct infer_service *behind_; /* borrowed; closing this one leaves it open */
    size_t row_count_max_;
};

/* Caller's storage. row_count_max: of a part, at least 1. */
void infer_parts_init(struct infer_parts *parts, struct infer_service *behind,
                      size_t row_count_max);
