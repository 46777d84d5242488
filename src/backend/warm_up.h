/* SPDX-License-Identifier: Apache-2.0 */
/* The first run of a model, which pays for what later runs find set up. */
#pragma once

#include "galen/backend.h"

/* Runs once: batch of one, every dimension that may vary 1, every element zero, outputs
 * dropped. Whatever happens is nothing to the model: it may refuse zeros, and inputs beyond
 * LIMIT_TENSOR_SIZE_BYTES_MAX are not tried. */
void warm_up(struct galen_backend *backend);
