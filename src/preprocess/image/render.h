/* SPDX-License-Identifier: Apache-2.0 */
/* Upright pixels of the tensor's channels, or gray for a tensor of colours, to the tensor.
 * Pure. */
#pragma once

#include "preprocess/image/image_spec.h"
#include "preprocess/image/pixels.h"

/* GALEN_NO_MEMORY: or the arena is full. */
MUST_USE enum galen_status render(const struct image_spec *spec,
                                  const struct pixels *pixels, struct arena *arena,
                                  uint8_t *out_tensor);
