/* SPDX-License-Identifier: Apache-2.0 */
/* Where an image lies in the tensor, axis by axis: the rules of image_spec.h. Pure. */
#pragma once

#include "preprocess/image/image_spec.h"

struct fit_axis {
    uint32_t size;   /* of the image */
    uint32_t scaled; /* the size that it is resized to */
    uint32_t first;  /* of what is resized, the first that is in the tensor */
    uint32_t count;  /* and how much is; at least 1 */
    uint32_t before; /* what is padding ahead of it, in the tensor */
};

struct fit {
    struct fit_axis x;
    struct fit_axis y;
};

/* Sides are 1 to LIMIT_IMAGE_SIDE_MAX, those of the spec too. */
struct fit fit_plan(const struct image_spec *spec, uint32_t width, uint32_t height);
