/* SPDX-License-Identifier: Apache-2.0 */
/* What the v2 targets share. A body is JSON up to the first byte 0x1E, which no JSON has;
 * the binary data follows it. */
#pragma once

#include "base/limits.h"
#include "codec/v2.h"
#include "fuzz.h"

enum { JSON_ENDS = 0x1E, BODY_SIZE_BYTES_MAX = 1 << 28 };

/* A body without the separator, and the size of its JSON. */
struct fuzz_body {
    struct arena arena;
    struct bytes bytes;
    size_t json_size;
    bool split; /* there was a separator */
};

static inline void fuzz_body_init(struct fuzz_body *body, const uint8_t *data, size_t size)
{
    const struct bytes all = bytes_of(data, size);
    arena_init(&body->arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    uint8_t *joined = arena_alloc(&body->arena, size + 1);
    INVARIANT(joined != NULL);
    body->json_size = bytes_find(all, JSON_ENDS);
    body->split = body->json_size < size;
    const struct bytes raw = bytes_from(all, body->json_size + 1);
    memcpy(joined, data, body->json_size);
    memcpy(joined + body->json_size, raw.size == 0 ? joined : raw.data, raw.size);
    body->bytes = bytes_of(joined, body->json_size + raw.size);
}

static inline void fuzz_body_deinit(struct fuzz_body *body)
{
    arena_deinit(&body->arena);
}

static inline void expect_error(enum galen_status status, const struct error *error)
{
    INVARIANT(status == GALEN_INVALID || status == GALEN_TOO_LARGE ||
              status == GALEN_NOT_IMPLEMENTED || status == GALEN_NO_MEMORY);
    INVARIANT(error->text[0] != '\0');
    INVARIANT(error->pointer[0] == '\0' || error->pointer[0] == '/');
    INVARIANT(bytes_are_utf8(bytes_from_string(error->text), NULL));
}

static inline void expect_sound(const struct galen_tensor *tensor)
{
    const size_t size = galen_datatype_size(tensor->datatype);
    INVARIANT(galen_tensor_check(tensor) == GALEN_OK);
    INVARIANT(tensor->size_bytes <= LIMIT_TENSOR_SIZE_BYTES_MAX);
    INVARIANT(size == 0 || (uintptr_t)tensor->bytes % size == 0);
    for (size_t i = 0; tensor->datatype == GALEN_BOOL && i < tensor->size_bytes; i++) {
        INVARIANT(((const uint8_t *)tensor->bytes)[i] <= 1);
    }
}

static inline void expect_same_tensor(const struct galen_tensor *a,
                                      const struct galen_tensor *b)
{
    INVARIANT(strcmp(a->name, b->name) == 0);
    INVARIANT(a->datatype == b->datatype && a->rank == b->rank);
    INVARIANT(memcmp(a->shape, b->shape, a->rank * sizeof(a->shape[0])) == 0);
    INVARIANT(
        bytes_equal(bytes_of(a->bytes, a->size_bytes), bytes_of(b->bytes, b->size_bytes)));
}

static inline bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}
