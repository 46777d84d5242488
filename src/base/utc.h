/* SPDX-License-Identifier: Apache-2.0 */
/* Coordinated universal time as text (RFC 3339), from nanoseconds since 1970 without leap
 * seconds. Pure. */
#pragma once

#include "base/bytes.h"

#define UTC_SIZE 28u         /* "2026-11-25T20:55:16.123456Z" and a NUL */
#define UTC_COMPACT_SIZE 17u /* "20261125T205516Z" and a NUL */

/* To the microsecond. out_text: UTC_SIZE. */
void utc_write(uint64_t wall_ns, char *out_text);

/* The basic form of ISO 8601, to the second: for names of files. out_text:
 * UTC_COMPACT_SIZE. */
void utc_write_compact(uint64_t wall_ns, char *out_text);

/* What utc_write writes. False: it is not that, or no moment from 1970 to 2553. */
bool utc_read(struct bytes text, uint64_t *out_wall_ns);
