/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds bytes in a block that grows up to a maximum. Failure is sticky: write on, ask once
 * at the end.
 *
 * Threads: one owner. Allocation: doubles its block. Old blocks are wiped, they may have
 * held patient data.
 */
#pragma once

#include "base/blob.h"
#include "base/bytes.h"
#include "base/status.h"

struct writer {
    struct blob *blob_; /* NULL until the first byte */
    uint8_t *data_;     /* of the blob */
    size_t capacity_;   /* of the blob within the maximum; `size` after a failure */
    size_t size;
    size_t size_bytes_max;
    enum galen_status status; /* GALEN_OK, GALEN_NO_MEMORY or GALEN_TOO_LARGE */
};

void writer_init(struct writer *writer, size_t size_bytes_max);
void writer_deinit(struct writer *writer);

void writer_put_u64(struct writer *writer, uint64_t value); /* decimal */
void writer_put_i64(struct writer *writer, int64_t value);  /* decimal */

/* writer_extend where there is no room, or nothing to extend by. */
uint8_t *writer_grow_(struct writer *writer, size_t size);

/* A place for size bytes that the caller fills at once; NULL after a failure. */
static inline uint8_t *writer_extend(struct writer *writer, size_t size)
{
    if (size == 0 || size > writer->capacity_ - writer->size) {
        return writer_grow_(writer, size);
    }
    uint8_t *at = writer->data_ + writer->size;
    writer->size += size;
    return at;
}

static inline void writer_put(struct writer *writer, struct bytes bytes)
{
    uint8_t *at = writer_extend(writer, bytes.size);
    if (at != NULL && bytes.size > 0) {
        memcpy(at, bytes.data, bytes.size);
    }
}

static inline void writer_put_byte(struct writer *writer, uint8_t byte)
{
    uint8_t *at = writer_extend(writer, 1);
    if (at != NULL) {
        *at = byte;
    }
}

static inline void writer_put_string(struct writer *writer, const char *text)
{
    writer_put(writer, bytes_from_string(text));
}

/* Takes back bytes at the end that writer_extend gave and nobody filled. */
void writer_shrink(struct writer *writer, size_t size);

struct bytes writer_bytes(const struct writer *writer); /* borrowed until the next put */

/* Gives the block, with exactly what was written, and leaves the writer empty. On failure
 * (the sticky status) there is nothing to give. An empty writer gives an empty blob. */
MUST_USE enum galen_status writer_finish(struct writer *writer, struct blob **out_blob);
