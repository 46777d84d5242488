/* SPDX-License-Identifier: Apache-2.0 */
/* What each fuzz target defines. What must hold for every input is an INVARIANT. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/invariant.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
