/* SPDX-License-Identifier: Apache-2.0 */
/* What write(2) leaves to its callers. Blocking. */
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/status.h"

/* All of them, however many calls it takes. false: errno says why, and some may have been
 * written. */
MUST_USE bool descriptor_write(int descriptor, struct bytes bytes);
