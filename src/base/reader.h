/* SPDX-License-Identifier: Apache-2.0 */
/* Reads bytes in order and never beyond their end. Failure is sticky: read on, ask once. */
#pragma once

#include "base/bytes.h"

struct reader {
    struct bytes left;
    bool failed; /* something was asked for that was not there */
};

static inline struct reader reader_of(struct bytes bytes)
{
    return (struct reader){.left = bytes};
}

/* Exactly size bytes; empty after a failure. */
struct bytes reader_take(struct reader *reader, uint64_t size);
uint8_t reader_u8(struct reader *reader);
uint32_t reader_u32_le(struct reader *reader); /* 0 after a failure */
uint64_t reader_u64_le(struct reader *reader);

static inline bool reader_is_done(const struct reader *reader)
{
    return !reader->failed && reader->left.size == 0;
}
