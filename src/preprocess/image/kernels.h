/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inner loops of resizing. Each set gives the same bytes; which one runs depends on the
 * processor only.
 *
 * A sum of pixels times weights is rounded to nearest and clamped to 0 to 255. Loops may
 * read up to PIXELS_SLACK bytes behind what they were given, and write as many behind what
 * they make. Pure.
 */
#pragma once

#include "preprocess/image/pixels.h"
#include "preprocess/image/taps.h"

enum { KERNEL_LINES = 4 };

/* Lines under way side by side; where there are fewer than KERNEL_LINES, the last one
 * stands in the places that are left, too. */
struct line_group {
    const uint8_t *from[KERNEL_LINES];
    uint8_t *to[KERNEL_LINES];
    uint32_t count;
};

struct kernels {
    const char *name;
    bool (*is_supported)(void);

    /* Resizes lines of taps->count pixels to be. */
    void (*across_gray)(const struct taps *taps, const struct line_group *lines);
    void (*across_rgb)(const struct taps *taps, const struct line_group *lines);

    /* The index-th line of taps, of `size` bytes, from the lines of its span. */
    void (*down)(const struct taps *taps, uint32_t index, const uint8_t *const *lines,
                 size_t size, uint8_t *out);
};

extern const struct kernels kernels_plain; /* any processor */
#if defined(__x86_64__)
extern const struct kernels kernels_avx2;
#endif

/* The quickest that this processor has. */
const struct kernels *kernels_best(void);
