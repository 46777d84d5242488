/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A named, typed, shaped block of bytes: what every model takes and gives.
 *
 * Layout: row-major, little-endian, no padding. BOOL is one byte, 0 or 1. A BYTES element
 * is a uint32 length (little-endian) and that many bytes. Source: KServe v2, binary tensor
 * data extension. A tensor never owns what it points to.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "galen/status.h"

#define GALEN_RANK_MAX 8u
#define GALEN_DIMENSION_ANY ((int64_t)-1) /* in specs only */

enum galen_datatype {
#define GALEN_DATATYPE(name, size, kind) GALEN_##name,
#include "galen/datatype.def"
};

enum galen_datatype_kind {
    GALEN_KIND_BOOLEAN,
    GALEN_KIND_UNSIGNED,
    GALEN_KIND_SIGNED,
    GALEN_KIND_FLOATING,
    GALEN_KIND_VARIABLE,
};

struct galen_tensor {
    const char *name; /* NUL-terminated UTF-8, borrowed */
    enum galen_datatype datatype;
    uint32_t rank; /* 0 is a scalar */
    int64_t shape[GALEN_RANK_MAX];
    const void *bytes;
    size_t size_bytes;
};

/* What a model takes or gives: a tensor without bytes, GALEN_DIMENSION_ANY where it varies.
 */
struct galen_tensor_spec {
    const char *name;
    enum galen_datatype datatype;
    uint32_t rank;
    int64_t shape[GALEN_RANK_MAX];
};

const char *galen_datatype_name(enum galen_datatype datatype);
size_t galen_datatype_size(enum galen_datatype datatype); /* bytes; 0 for BYTES */
enum galen_datatype_kind galen_datatype_kind(enum galen_datatype datatype);

/* Exact, upper case. GALEN_INVALID: no such datatype. */
MUST_USE enum galen_status galen_datatype_parse(const char *name, size_t size,
                                                enum galen_datatype *out_datatype);

/* The product of the dimensions, 1 for a scalar. GALEN_INVALID: a negative dimension or a
 * rank beyond the maximum; GALEN_TOO_LARGE: the product overflows int64. */
MUST_USE enum galen_status galen_shape_element_count(const int64_t *shape, uint32_t rank,
                                                     uint64_t *out_count);

/* Whether size_bytes is what shape and datatype say, BYTES lengths included.
 * GALEN_INVALID: it is not. */
MUST_USE enum galen_status galen_tensor_check(const struct galen_tensor *tensor);
