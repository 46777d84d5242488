/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A decoder is one image worker and the pipes to it (image_worker.h). What it costs when
 * the worker dies or does not come to an end is the image that it had: the next one gets a
 * new worker.
 *
 * Threads: one at a time. Blocking: every call. Both ends wipe what they were given.
 */
#pragma once

#include "preprocess/image/image.h"

struct confined_decoder;

struct confined_decoder_options {
    /* The program to start and its arguments, NULL-terminated; borrowed. It calls
     * image_worker_run. */
    const char *const *command;
    size_t file_size_max;
};

/* Starts a worker and waits until it is confined. GALEN_UNAVAILABLE: it cannot be started
 * or confined, the error says why; GALEN_NO_MEMORY. */
MUST_USE enum galen_status
confined_decoder_open(const struct confined_decoder_options *options,
                      struct confined_decoder **out_decoder, struct error *out_error);

/* As image_to_tensor, into out_tensor. GALEN_TIMEOUT: not done in time; GALEN_INTERNAL: the
 * worker ended; GALEN_UNAVAILABLE: none can be started; GALEN_TOO_LARGE: the file. */
MUST_USE enum galen_status confined_decoder_run(struct confined_decoder *decoder,
                                                const struct image_spec *spec,
                                                enum image_format format, struct bytes file,
                                                uint64_t deadline_ns, uint8_t *out_tensor,
                                                struct error *out_error);

/* How many workers ended before their image was done, or unasked. Any thread. */
uint64_t confined_decoder_lost_count(const struct confined_decoder *decoder);

void confined_decoder_close(struct confined_decoder *decoder); /* NULL is allowed */
