/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A body while it arrives, gathered in one blob: of its exact size where that is known,
 * else growing by doubling. Always aligned as its lead asks.
 *
 * Threads: one owner. Allocation: the blob. A zeroed body is empty.
 */
#pragma once

#include "base/blob.h"
#include "base/status.h"

struct body {
    struct blob *blob;
    size_t size; /* that has come */
    size_t size_max;
    size_t lead;
    bool length_is_known;
};

/* length: HTTP_LENGTH_UNKNOWN where it is. GALEN_TOO_LARGE: beyond size_max, nothing was
 * allocated; GALEN_NO_MEMORY. */
MUST_USE enum galen_status body_begin(struct body *body, uint64_t length, size_t size_max,
                                      size_t lead);

/* Bytes that lie where body_place said are not copied. GALEN_TOO_LARGE, GALEN_NO_MEMORY. */
MUST_USE enum galen_status body_put(struct body *body, struct bytes bytes);

/* Where the next bytes of a known length can be read to; NULL when there is no such place.
 */
uint8_t *body_place(struct body *body, size_t *out_size);

/* Gives the blob with what has come, never NULL, and leaves the body empty. */
struct blob *body_finish(struct body *body);
void body_deinit(struct body *body);
