/* SPDX-License-Identifier: Apache-2.0 */
/* What the HTTP/1.1 parser says must not depend on where its input was cut. */
#pragma once

#include "fuzz.h"
#include "http1_record.h"

static inline void http1_expect_same(const struct http1_record *whole, enum http1_kind kind,
                                     struct bytes bytes, http1_cut_fn cut, void *context)
{
    static struct http1_record pieces;
    http1_record_run(&pieces, kind, bytes, cut, context);
    INVARIANT(bytes_equal(writer_bytes(&whole->events), writer_bytes(&pieces.events)));
    INVARIANT(whole->message_count == pieces.message_count);
    http1_record_deinit(&pieces);
}

/* Leaves what the uncut input said; the caller calls http1_record_deinit. */
static inline void http1_cuts_change_nothing(struct http1_record *whole,
                                             enum http1_kind kind, struct bytes bytes)
{
    uint64_t seed = 1 + bytes.size; /* the same for the same input */
    http1_record_run(whole, kind, bytes, http1_cut_nowhere, NULL);
    http1_expect_same(whole, kind, bytes, http1_cut_everywhere, NULL);
    http1_expect_same(whole, kind, bytes, http1_cut_at_random, &seed);
}
