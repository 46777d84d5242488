/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each pixel of a resized line is made of: which pixels of the line before, and how
 * much of each.
 *
 * As Pillow resizes: a filter is stretched by the factor that a line gets smaller by, the
 * weights of those pixels of the image that it covers are made to sum up to one, and are
 * rounded to fixed point. Equal weights and sums of integers make equal pixels. Pure.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "preprocess/image/fit.h"

/* A weight of one is 1 << TAPS_SHIFT. */
enum { TAPS_SHIFT = 22, TAPS_LOW_SHIFT = 8, TAPS_STEP = 16 };

struct tap_span {
    uint32_t first;
    uint32_t count; /* at least 1 */
};

/* Weights are in two parts, so that each multiplies a pixel in 16 bits: weight = high << 8
 * | low. Those of one pixel are `stride` apart, a multiple of TAPS_STEP, zero behind the
 * last. */
struct taps {
    uint32_t count;               /* pixels of the resized line */
    uint32_t span_max;            /* the largest count of a span */
    bool is_plain;                /* each is one pixel of the line before, as it is */
    const struct tap_span *spans; /* neither end ever goes back */
    const int16_t *high;
    const int16_t *low; /* 0 to 255 */
    size_t stride;
};

/* GALEN_NO_MEMORY: or the arena is full. */
MUST_USE enum galen_status taps_create(enum image_filter filter,
                                       const struct fit_axis *axis, struct arena *arena,
                                       struct taps *out_taps);
