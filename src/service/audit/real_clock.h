/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's time and OpenSSL's randomness, for chains that are written for good.
 * Threads: any. */
#pragma once

#include "service/audit/chain.h"

extern const struct audit_clock audit_real_clock;
