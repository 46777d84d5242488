/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a decimal becomes a binary number. In line, because the tensor reader does it
 * hundreds of thousands of times in a row.
 *
 * A number is scanned into significand * 10^exponent and multiplied out with the first 64
 * bits of the power of ten. The product is a little too low, by a bound that is known.
 * Where no rounding boundary of the wanted format lies within that bound, rounding it is
 * rounding the decimal itself, once. Elsewhere, and for subnormal and huge values, it is
 * undecided and the slow way in number.c decides on all digits.
 */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "words are read with digits in order");

enum { POWER_OF_TEN_MIN = -64, POWER_OF_TEN_MAX = 64, DECIMAL_DIGITS_MAX = 19 };
extern const uint64_t powers_of_ten[POWER_OF_TEN_MAX - POWER_OF_TEN_MIN + 1];

struct decimal {
    uint64_t significand; /* of at most DECIMAL_DIGITS_MAX digits */
    int64_t exponent;     /* of ten */
    bool negative;
    bool whole; /* written with neither fraction nor exponent */
    bool cut;   /* there were more digits, the value is a little larger */
};

__extension__ typedef unsigned __int128 uint128;

/* A binary format of IEEE 754: bits of precision with the hidden one, exponent bias. */
struct binary_format {
    uint32_t precision;
    int32_t bias;
};
#define BINARY32 ((struct binary_format){24, 127})
#define BINARY64 ((struct binary_format){53, 1023})

/* More digits than a significand holds: text is the number, out has its sign and form. */
void decimal_from_long_text(struct bytes text, struct decimal *out);

/* The slow ways. text is a JSON number. GALEN_TOO_LARGE as in number.h. */
MUST_USE enum galen_status decimal_text_to_f32(struct bytes text, float *out_value);
MUST_USE enum galen_status decimal_text_to_f64(struct bytes text, double *out_value);

/* What number_read_i64 and number_read_u64 do once text is scanned. */
MUST_USE enum galen_status decimal_to_i64(const struct decimal *decimal, struct bytes text,
                                          int64_t min, int64_t max, int64_t *out_value);
MUST_USE enum galen_status decimal_to_u64(const struct decimal *decimal, struct bytes text,
                                          uint64_t max, uint64_t *out_value);

static inline bool byte_is_digit(uint8_t byte)
{
    return (uint8_t)(byte - '0') <= 9;
}

/* Eight bytes as they stand, digits turned into 0 to 9 and everything else into more. */
static inline uint64_t eight_digits_load(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    return word ^ UINT64_C(0x3030303030303030);
}

/* How many digits come before the first other byte. A byte above 9 sets its own high bit
 * when 0x76 is added and can carry only into bytes that come after it. */
static inline uint32_t eight_digits_count(uint64_t word)
{
    const uint64_t others =
        ((word + UINT64_C(0x7676767676767676)) | word) & UINT64_C(0x8080808080808080);
    return others == 0 ? 8 : (uint32_t)__builtin_ctzll(others) / 8;
}

/* The first count of them as a number: pairs, then fours, then all eight. */
static inline uint64_t eight_digits_value(uint64_t word, uint32_t count)
{
    word = count == 0 ? 0 : word << (64 - 8 * count);
    const uint64_t pairs = word * 10 + (word >> 8);
    const uint64_t outer = (pairs & UINT64_C(0x000000FF000000FF)) *
                           (UINT64_C(100) + (UINT64_C(1000000) << 32));
    const uint64_t inner =
        ((pairs >> 16) & UINT64_C(0x000000FF000000FF)) * (1 + (UINT64_C(10000) << 32));
    return (outer + inner) >> 32;
}

/* Appends the digits at `at` to *significand, modulo 2^64, and returns where they end. Up
 * to 15 digits without a branch that depends on how many there are: in a tensor that
 * differs from number to number, and a wrong guess costs more than all of this. */
static inline const uint8_t *digits_scan(const uint8_t *at, const uint8_t *end,
                                         uint64_t *significand)
{
    static const uint64_t shifts[] = {1,
                                      10,
                                      100,
                                      1000,
                                      10000,
                                      100000,
                                      1000000,
                                      10000000,
                                      100000000,
                                      1000000000,
                                      10000000000,
                                      100000000000,
                                      1000000000000,
                                      10000000000000,
                                      100000000000000,
                                      1000000000000000,
                                      10000000000000000};
    while (end - at >= 16) {
        const uint64_t first = eight_digits_load(at);
        const uint64_t second = eight_digits_load(at + 8);
        const uint32_t first_count = eight_digits_count(first);
        const uint32_t second_count = first_count == 8 ? eight_digits_count(second) : 0;
        const uint32_t count = first_count + second_count;
        *significand = *significand * shifts[count] +
                       eight_digits_value(first, first_count) * shifts[second_count] +
                       eight_digits_value(second, second_count);
        at += count;
        if (count < 16) {
            return at;
        }
    }
    for (; at < end && byte_is_digit(*at); at++) {
        *significand = *significand * 10 + (uint64_t)(*at - '0');
    }
    return at;
}

/* Adds the exponent behind an "e". NULL: it has no digits. */
static inline const uint8_t *exponent_scan(const uint8_t *at, const uint8_t *end,
                                           int64_t *exponent)
{
    static const int64_t enough = INT64_C(1000000000000); /* no body has as many digits */
    bool negative = false;
    int64_t value = 0;
    if (at < end && (*at == '+' || *at == '-')) {
        negative = *at++ == '-';
    }
    const uint8_t *digits = at;
    for (; at < end && byte_is_digit(*at); at++) {
        value = value < enough ? value * 10 + (*at - '0') : value;
    }
    *exponent += negative ? -value : value;
    return at == digits ? NULL : at;
}

/* Reads the JSON number that starts at `at`. Returns where it ends; NULL: there is none. */
static inline const uint8_t *decimal_scan(const uint8_t *at, const uint8_t *end,
                                          struct decimal *out)
{
    const uint8_t *begin = at;
    const bool negative = at < end && *at == '-';
    uint64_t significand = 0;
    int64_t exponent = 0;
    bool whole = true;
    at += negative;
    const uint8_t *digits = at;
    for (; at < end && byte_is_digit(*at); at++) {
        significand = significand * 10 + (uint64_t)(*at - '0');
    }
    int64_t digit_count = at - digits;
    if (digit_count == 0 || (digit_count > 1 && *digits == '0')) {
        return NULL;
    }
    if (at < end && *at == '.') {
        digits = ++at;
        at = digits_scan(at, end, &significand);
        exponent = digits - at;
        digit_count -= exponent;
        whole = false;
        if (at == digits) {
            return NULL;
        }
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at = exponent_scan(at + 1, end, &exponent);
        whole = false;
        if (at == NULL) {
            return NULL;
        }
    }
    *out = (struct decimal){significand, exponent, negative, whole, false};
    if (digit_count > DECIMAL_DIGITS_MAX) {
        decimal_from_long_text(bytes_of(begin, (size_t)(at - begin)), out);
    }
    return at;
}

/* The exponent of two of the first bit of 10^exponent: floor(exponent * log2(10)). */
static inline int32_t power_of_ten_exponent(int32_t exponent)
{
    return (exponent * 217706) >> 16;
}

/* The bits of the nearest value of the format, without sign. False: undecided. */
static inline bool decimal_round(const struct decimal *decimal, struct binary_format format,
                                 uint64_t *out_bits)
{
    if (decimal->significand == 0) {
        *out_bits = 0;
        return true;
    }
    if (decimal->exponent < POWER_OF_TEN_MIN || decimal->exponent > POWER_OF_TEN_MAX) {
        return false;
    }
    const int32_t exponent = (int32_t)decimal->exponent;
    const int32_t zeros = __builtin_clzll(decimal->significand);
    const uint128 product = (uint128)(decimal->significand << zeros) *
                            powers_of_ten[exponent - POWER_OF_TEN_MIN];
    uint64_t high = (uint64_t)(product >> 64);
    const int32_t lost = (int32_t)(high >> 63) ^ 1;
    high <<= lost;

    const int32_t biased =
        power_of_ten_exponent(exponent) + 64 - zeros - lost + format.bias;
    const uint32_t dropped = 64 - format.precision;
    const uint64_t half = UINT64_C(1) << (dropped - 1);
    const uint64_t rest = high & (2 * half - 1);
    const uint64_t error = decimal->cut ? 64 : 4; /* digits cut: below 16 << 1 + 4 */
    if (half - rest <= error || biased < 1) {
        return false;
    }
    const uint64_t bits = ((uint64_t)(uint32_t)(biased - 1) << (format.precision - 1)) +
                          (high >> dropped) + (rest > half);
    *out_bits = bits;
    return bits >> (format.precision - 1) <= (uint32_t)(2 * format.bias);
}

static inline bool decimal_to_f32(const struct decimal *decimal, float *out_value)
{
    uint64_t bits;
    if (!decimal_round(decimal, BINARY32, &bits)) {
        return false;
    }
    const uint32_t word = (uint32_t)bits | (uint32_t)decimal->negative << 31;
    memcpy(out_value, &word, sizeof(word));
    return true;
}

static inline bool decimal_to_f64(const struct decimal *decimal, double *out_value)
{
    uint64_t bits;
    if (!decimal_round(decimal, BINARY64, &bits)) {
        return false;
    }
    bits |= (uint64_t)decimal->negative << 63;
    memcpy(out_value, &bits, sizeof(bits));
    return true;
}
