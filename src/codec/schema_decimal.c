/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/schema_decimal.h"

enum { EXPONENT_DIGIT_COUNT_MAX = 18, DIVISOR_DIGIT_COUNT_MAX = 18 };

static bool read_exponent(struct bytes text, int64_t *out_exponent)
{
    size_t i = text.size > 0 && (text.data[0] == '-' || text.data[0] == '+');
    const bool is_negative = text.size > 0 && text.data[0] == '-';
    while (i < text.size && text.data[i] == '0') {
        i++;
    }
    if (text.size - i > EXPONENT_DIGIT_COUNT_MAX) {
        return false;
    }
    int64_t value = 0;
    for (; i < text.size; i++) {
        value = 10 * value + (text.data[i] - '0');
    }
    *out_exponent = is_negative ? -value : value;
    return true;
}

/* Up to the exponent: how many bytes that is. */
static size_t read_mantissa(struct bytes text, struct decimal *decimal)
{
    size_t first = SIZE_MAX; /* that is not 0 */
    size_t last = 0;
    size_t seen = 0;     /* from the first on */
    size_t trailing = 0; /* zeros behind the last that is none */
    size_t point = SIZE_MAX;
    size_t i = decimal->is_negative;
    for (; i < text.size && text.data[i] <= '9'; i++) { /* a digit or the point */
        if (text.data[i] == '.') {
            point = i;
            continue;
        }
        const bool is_zero = text.data[i] == '0';
        first = first == SIZE_MAX && !is_zero ? i : first;
        last = is_zero ? last : i;
        trailing = is_zero ? trailing + 1 : 0;
        seen += first != SIZE_MAX;
    }
    if (first == SIZE_MAX) {
        return i;
    }
    decimal->digits = bytes_of(text.data + first, last - first + 1);
    decimal->count = seen - trailing;
    decimal->exponent =
        (int64_t)trailing - (point == SIZE_MAX ? 0 : (int64_t)(i - point) - 1);
    return i;
}

bool decimal_read(struct bytes text, struct decimal *out_decimal)
{
    struct decimal decimal = {.is_negative = text.size > 0 && text.data[0] == '-'};
    int64_t exponent = 0;
    const size_t size = read_mantissa(text, &decimal);
    if (size < text.size && !read_exponent(bytes_from(text, size + 1), &exponent)) {
        return false;
    }
    decimal.exponent += exponent;
    *out_decimal = decimal.count == 0 ? (struct decimal){.count = 0} : decimal;
    return true;
}

/* The digit at *index, which moves on. */
static uint8_t next_digit(struct bytes digits, size_t *index)
{
    if (digits.data[*index] == '.') {
        (*index)++;
    }
    return digits.data[(*index)++];
}

static int compare_digits(const struct decimal *a, const struct decimal *b)
{
    size_t at = 0;
    size_t bt = 0;
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        const int difference = next_digit(a->digits, &at) - next_digit(b->digits, &bt);
        if (difference != 0) {
            return difference;
        }
    }
    return (a->count > b->count) - (a->count < b->count);
}

static int compare_magnitudes(const struct decimal *a, const struct decimal *b)
{
    const int64_t a_top = a->exponent + (int64_t)a->count;
    const int64_t b_top = b->exponent + (int64_t)b->count;
    return a_top != b_top ? (a_top > b_top) - (a_top < b_top) : compare_digits(a, b);
}

static int sign_of(const struct decimal *decimal)
{
    return decimal->count == 0 ? 0 : 1 - 2 * decimal->is_negative;
}

int decimal_compare(const struct decimal *a, const struct decimal *b)
{
    const int sign = sign_of(a);
    if (sign != sign_of(b)) {
        return sign - sign_of(b);
    }
    return sign == 0 ? 0 : sign * compare_magnitudes(a, b);
}

bool decimal_is_integer(const struct decimal *decimal)
{
    return decimal->exponent >= 0;
}

uint64_t decimal_hash(const struct decimal *decimal)
{
    const uint64_t factor = 0x9E3779B97F4A7C15u;
    uint64_t hash = (uint64_t)decimal->exponent * 2 + decimal->is_negative;
    size_t index = 0;
    for (size_t i = 0; i < decimal->count; i++) {
        hash = (hash ^ next_digit(decimal->digits, &index)) * factor;
        hash ^= hash >> 29;
    }
    return hash;
}

static unsigned divide_out(uint64_t *value, uint64_t factor)
{
    unsigned count = 0;
    while (*value % factor == 0) {
        *value /= factor;
        count++;
    }
    return count;
}

bool decimal_divisor_init(struct decimal_divisor *divisor, const struct decimal *decimal)
{
    if (sign_of(decimal) <= 0 || decimal->count > DIVISOR_DIGIT_COUNT_MAX) {
        return false;
    }
    uint64_t value = 0;
    size_t index = 0;
    for (size_t i = 0; i < decimal->count; i++) {
        value = 10 * value + next_digit(decimal->digits, &index) - '0';
    }
    *divisor = (struct decimal_divisor){.exponent = decimal->exponent};
    divisor->twos = divide_out(&value, 2);
    divisor->fives = divide_out(&value, 5);
    divisor->rest = value;
    return true;
}

/* What of a factor's power ten to the `tens` does not bring. */
static uint64_t power_beyond(uint64_t factor, unsigned count, int64_t tens)
{
    uint64_t power = 1;
    for (int64_t i = tens; i < (int64_t)count; i++) {
        power *= factor;
    }
    return power;
}

bool decimal_is_multiple(const struct decimal *decimal,
                         const struct decimal_divisor *divisor)
{
    /* Its last digit is not 0, so no multiple of ten divides its digits. */
    const int64_t tens = decimal->exponent - divisor->exponent;
    if (decimal->count == 0 || tens < 0) {
        return decimal->count == 0;
    }
    const uint64_t modulus = divisor->rest * power_beyond(2, divisor->twos, tens) *
                             power_beyond(5, divisor->fives, tens);
    uint64_t remainder = 0;
    size_t index = 0;
    for (size_t i = 0; i < decimal->count; i++) {
        remainder = (10 * remainder + next_digit(decimal->digits, &index) - '0') % modulus;
    }
    return remainder == 0;
}
