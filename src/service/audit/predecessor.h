/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the newest chain of a service in a trail ends: what a new chain commits to. The
 * newest is the one with the greatest name that has a record.
 */
#pragma once

#include "service/audit/claim.h"
#include "service/audit/disk.h"

/* Its chain is "" where there is none. What it tells is on the disk when it returns.
 * Blocks. GALEN_UNAVAILABLE; GALEN_TOO_LARGE: a segment is larger than any that we write;
 * GALEN_NO_MEMORY, GALEN_INTERNAL. */
MUST_USE enum galen_status audit_predecessor_find(struct audit_disk *disk,
                                                  const char *trail, const char *service,
                                                  struct audit_claim *out_claim,
                                                  struct error *out_error);
