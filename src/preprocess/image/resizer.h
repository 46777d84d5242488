/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image, resized row by row: lines of the image are resized across as they are needed,
 * and kept as long as rows are made of them. Only what is in the tensor is made. Pure.
 */
#pragma once

#include "preprocess/image/fit.h"
#include "preprocess/image/kernels.h"

struct resizer {
    const struct kernels *kernels;
    struct pixels image;
    struct taps x;
    struct taps y;
    bool is_as_wide;      /* lines are of the image, as they are */
    size_t line_size;     /* bytes of a line, without the slack */
    uint8_t *lines;       /* the latest, in a ring */
    uint32_t line_count;  /* of the ring */
    uint32_t next;        /* the first line that was not yet made */
    const uint8_t **span; /* the lines of the row under way */
    uint8_t *row;
};

/* Borrows the pixels. Statuses as taps_create. */
MUST_USE enum galen_status resizer_init(struct resizer *resizer,
                                        const struct kernels *kernels,
                                        const struct pixels *image, const struct fit *fit,
                                        enum image_filter filter, struct arena *arena);

/* fit.x.count pixels, until the next call. index counts from 0 to fit.y.count - 1 and never
 * goes back. */
const uint8_t *resizer_row(struct resizer *resizer, uint32_t index);
