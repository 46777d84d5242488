/* SPDX-License-Identifier: Apache-2.0 */
/* A borrowed run of bytes, passed by value. Text is UTF-8 unless a header says otherwise.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    const uint8_t *data; /* may be NULL when size is 0 */
    size_t size;
};

#define BYTES_INIT(literal)                                \
    {                                                      \
        (const uint8_t *)("" literal), sizeof(literal) - 1 \
    } /* static */
#define BYTES(literal) ((struct bytes)BYTES_INIT(literal))
#define BYTES_NONE ((struct bytes){NULL, 0})

/* For printf's "%.*s": two arguments. */
#define BYTES_PRINT(b) (int)(b).size, (b).size == 0 ? "" : (const char *)(b).data

static inline struct bytes bytes_from_string(const char *text)
{
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static inline struct bytes bytes_of(const void *data, size_t size)
{
    return (struct bytes){data, size};
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static inline bool bytes_equal_string(struct bytes a, const char *text)
{
    return bytes_equal(a, bytes_from_string(text));
}

static inline bool bytes_starts_with(struct bytes a, struct bytes prefix)
{
    return a.size >= prefix.size &&
           bytes_equal((struct bytes){a.data, prefix.size}, prefix);
}

/* ASCII letters compare without case; other bytes exactly. */
bool bytes_equal_ignoring_case(struct bytes a, struct bytes b);

/* The part from index on; empty beyond the end. */
static inline struct bytes bytes_from(struct bytes a, size_t index)
{
    return index >= a.size ? BYTES_NONE : (struct bytes){a.data + index, a.size - index};
}

/* The first size bytes, or all of them when there are fewer. */
static inline struct bytes bytes_first(struct bytes a, size_t size)
{
    return (struct bytes){a.data, size < a.size ? size : a.size};
}

/* The index of the first such byte; a.size when there is none. */
size_t bytes_find(struct bytes a, uint8_t byte);

/* Without spaces and tabs at both ends. */
struct bytes bytes_trim(struct bytes a);

/* Splits at the first separator: *out_head before it, the rest after it is returned.
 * Without a separator the head is everything and the rest is empty. */
struct bytes bytes_split(struct bytes a, uint8_t separator, struct bytes *out_head);

/* Whether this is UTF-8 as Unicode defines it (no surrogates, no overlong forms). On false
 * *out_index, unless NULL, is the first byte of the first bad sequence. */
bool bytes_are_utf8(struct bytes a, size_t *out_index);

/* The first size_max bytes, or fewer, so that no character of UTF-8 is cut in two. */
struct bytes bytes_first_characters(struct bytes a, size_t size_max);

/* Of UTF-8. */
size_t bytes_count_code_points(struct bytes a);

/* Decimal digits only, no sign, no leading zero but "0" itself; false otherwise and when
 * beyond max. */
bool bytes_parse_u64(struct bytes a, uint64_t max, uint64_t *out_value);
