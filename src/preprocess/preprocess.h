/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The preprocess role as an infer_service: for model m, version v, it takes `input` and
 * `content_type` and gives m's own inputs by name, made as v's model.yaml says, and the
 * reserved galen.* outputs.
 *
 * Threads: any number of loops may share it. Vectors and notes take microseconds: their
 * transform runs inside submit, on the caller's loop, and its answer comes later. Images
 * are decoded in processes of their own, each waited for by a thread of this service.
 * Blocking: create reads what transforms need (tokenizers) and starts those processes; what
 * cannot be prepared is not ready.
 */
#pragma once

#include "infer/infer.h"
#include "model/repository.h"

struct preprocess_options {
    uint64_t linger_ns; /* how long a version that no tag names any more is kept */
    struct repository *repository; /* a reference of its own is taken */
    uint64_t (*now_ns)(void);      /* what deadlines are read by: clock_monotonic_ns, or the
                                      simulation's */

    /* Of images. Without a command there are none. */
    const char *const *image_worker_command; /* confined_decoder.h; borrowed until close */
    size_t image_worker_count;
    size_t image_queue_count_max; /* images that may wait; then GALEN_BUSY */
    size_t image_size_bytes_max;
};

MUST_USE enum galen_status preprocess_create(const struct preprocess_options *options,
                                             struct infer_service **out_service);

/* Image workers that ended before their image was done, or unasked, since create. Any
 * thread. */
uint64_t preprocess_lost_worker_count(const struct infer_service *service);

/* From now on this is what is desired: prepares what is new, then answers with it. What
 * cannot be prepared leaves what served before in its place. Blocks on the disk; one thread
 * at a time, beside those that submit. GALEN_NO_MEMORY: all is as it was. */
MUST_USE enum galen_status preprocess_follow(struct infer_service *service,
                                             struct repository *repository);

/* Gives back what has lingered long enough. Now and then, on the thread that follows. */
void preprocess_tidy(struct infer_service *service);
