/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image, resized row by row. Lines of the image are resized across as they are needed,
 * and kept as long as rows are made of them; or, where that is less work, rows are made
 * first and then resized across. Only what is in the tensor is made.
 *
 * What is between the two passes is rounded to 8 bits, so that their order is seen in the
 * pixels: it is that of Pillow 13. Earlier ones always went across first. Pure.
 */
#pragma once

#include "preprocess/image/fit.h"
#include "preprocess/image/kernels.h"

struct resizer {
    const struct kernels *kernels;
    struct pixels image;
    struct taps x;
    struct taps y;
    bool is_as_wide;      /* what is across stays as it is */
    bool goes_down_first; /* and then across; else the other way around */
    struct line_ring {    /* the latest results of the first pass, or of both */
        uint8_t *bytes;
        size_t size; /* of a line, without the slack */
        uint32_t count;
        uint32_t next; /* the first line that was not yet made */
    } lines;
    struct line_ring narrow; /* goes_down_first: before they are resized across */
    const uint8_t **span;    /* the lines of the row under way */
    uint8_t *row;
};

/* Borrows the pixels. GALEN_NO_MEMORY: or the arena is full. */
MUST_USE enum galen_status resizer_init(struct resizer *resizer,
                                        const struct kernels *kernels,
                                        const struct pixels *image, const struct fit *fit,
                                        enum image_filter filter, struct arena *arena);

/* fit.x.count pixels, until the next call. index counts from 0 to fit.y.count - 1, one by
 * one. */
const uint8_t *resizer_row(struct resizer *resizer, uint32_t index);
