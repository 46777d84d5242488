/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JSON number (RFC 8259 section 6) as the decimal that it is: compared and divided
 * exactly, however long it is, and never by way of a double. Pure; borrows the text.
 */
#pragma once

#include "base/bytes.h"

struct decimal {
    struct bytes digits; /* first to last that is not 0; a point may lie among them */
    size_t count;        /* of those digits, without the point; 0: the number is zero */
    int64_t exponent;    /* of ten, of the last digit */
    bool is_negative;
};

/* False: the exponent has more than 18 digits. Linear in the text. */
bool decimal_read(struct bytes text, struct decimal *out_decimal);

/* Below zero: a is less. */
int decimal_compare(const struct decimal *a, const struct decimal *b);

bool decimal_is_integer(const struct decimal *decimal); /* 1.0 and 1e2 are */

/* Equal numbers have equal ones. */
uint64_t decimal_hash(const struct decimal *decimal);

/* What others are to be a multiple of. */
struct decimal_divisor {
    int64_t exponent;
    uint64_t rest; /* digits without their factors 2 and 5 */
    unsigned twos;
    unsigned fives;
};

/* False: not above zero, or of more than 18 digits. */
bool decimal_divisor_init(struct decimal_divisor *divisor, const struct decimal *decimal);
bool decimal_is_multiple(const struct decimal *decimal,
                         const struct decimal_divisor *divisor);
