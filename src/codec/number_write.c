/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shortest decimals. FP32 by our own search, FP64 by yyjson's writer; both in the form of
 * ECMAScript's Number::toString, with ".0" behind whole values: 0.98, 17.0, 1e-7, 1.5e30.
 *
 * The search (after R. Giulietti, "The Schubfach way to render doubles", 2020): all
 * decimals between the two midpoints beside a value read back as that value. Let k be the
 * largest exponent at which this interval surely holds a multiple of 10^k; then at most one
 * multiple of 10^(k+1) lies in it. So the shortest decimal is that one, or the nearest of
 * the two multiples of 10^k around the value. Everything is computed in quarters of 10^k.
 */
#include "codec/number.h"

#include <yyjson.h>

#include "base/invariant.h"
#include "codec/number_impl.h"

enum {
    FRACTION_BITS = 23,
    EXPONENT_BIAS = 127 + FRACTION_BITS,
    EXPONENT_ALL_ONES = 255,
    DIGIT_COUNT_MAX = 9,
    PLAIN_POINT_MAX = 21, /* digits before the point: beyond it an exponent is written */
    PLAIN_ZEROS_MAX = 6,  /* zeros behind "0.": likewise, so 0.000001 but 1e-7 */
};

struct shortest {
    uint32_t digits;
    int32_t exponent; /* of ten */
};

struct quarters { /* of 10^k; odd where not exact */
    uint32_t low;
    uint32_t value;
    uint32_t high;
    bool ends_count; /* a decimal right on a midpoint reads back as this value, too */
};

/* floor(log10(2^exponent)), or of 3/4 of it where the interval is narrower below. */
static int32_t decimal_exponent_of(int32_t exponent, bool narrow)
{
    return (exponent * 1262611 - (narrow ? 524031 : 0)) >> 22;
}

/* The power is a little too large, by less than the product's lowest 32 bits can show: only
 * bits above them say that something was cut off. */
static uint32_t scale_to_odd(uint64_t power, uint32_t value)
{
    const uint128 product = (uint128)power * value;
    const uint32_t cut = (uint32_t)((uint64_t)product >> 32);
    return (uint32_t)(product >> 64) | (cut != 0);
}

static struct quarters scale(uint32_t significand, int32_t exponent, bool narrow, int32_t k)
{
    const uint64_t power = powers_of_ten[-k - POWER_OF_TEN_MIN] + 1;
    const int32_t shift = exponent + power_of_ten_exponent(-k) + 1;
    const uint32_t value = 4 * significand;
    return (struct quarters){
        .low = scale_to_odd(power, (value - (narrow ? 1 : 2)) << shift),
        .value = scale_to_odd(power, value << shift),
        .high = scale_to_odd(power, (value + 2) << shift),
        .ends_count = significand % 2 == 0,
    };
}

static bool is_inside(const struct quarters *interval, uint32_t quarters)
{
    return interval->ends_count ? quarters >= interval->low && quarters <= interval->high
                                : quarters > interval->low && quarters < interval->high;
}

static struct shortest choose(const struct quarters *interval, int32_t k)
{
    const uint32_t below = interval->value / 4;
    const uint32_t tens = below / 10;
    const bool tens_inside = is_inside(interval, 40 * tens);
    if (below >= 10 && tens_inside != is_inside(interval, 40 * tens + 40)) {
        return (struct shortest){tens + !tens_inside, k + 1};
    }
    const bool below_inside = is_inside(interval, 4 * below);
    if (below_inside != is_inside(interval, 4 * below + 4)) {
        return (struct shortest){below + !below_inside, k};
    }
    const uint32_t middle = 4 * below + 2;
    const bool up =
        interval->value > middle || (interval->value == middle && below % 2 == 1);
    return (struct shortest){below + up, k};
}

static struct shortest shortest_of(uint32_t magnitude)
{
    const uint32_t fraction = magnitude & ((UINT32_C(1) << FRACTION_BITS) - 1);
    const uint32_t biased = magnitude >> FRACTION_BITS;
    const uint32_t significand =
        biased == 0 ? fraction : fraction | UINT32_C(1) << FRACTION_BITS;
    const int32_t exponent = (int32_t)(biased == 0 ? 1 : biased) - EXPONENT_BIAS;
    const bool narrow = fraction == 0 && biased > 1;
    const int32_t k = decimal_exponent_of(exponent, narrow);
    const struct quarters interval = scale(significand, exponent, narrow, k);
    struct shortest shortest = choose(&interval, k);
    while (shortest.digits % 10 == 0) {
        shortest.digits /= 10;
        shortest.exponent++;
    }
    return shortest;
}

static int32_t digits_write(uint32_t value, char out_digits[DIGIT_COUNT_MAX])
{
    int32_t index = DIGIT_COUNT_MAX;
    do {
        out_digits[--index] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    const int32_t count = DIGIT_COUNT_MAX - index;
    memmove(out_digits, out_digits + index, (size_t)count);
    return count;
}

static char *put(char *at, const char *text, int32_t size)
{
    memcpy(at, text, (size_t)size);
    return at + size;
}

static char *put_zeros(char *at, int32_t count)
{
    memset(at, '0', (size_t)count);
    return at + count;
}

static char *put_exponential(char *at, const char *digits, int32_t count, int32_t point)
{
    uint32_t exponent = (uint32_t)(point > 0 ? point - 1 : 1 - point);
    *at++ = digits[0];
    if (count > 1) {
        *at++ = '.';
        at = put(at, digits + 1, count - 1);
    }
    *at++ = 'e';
    if (point < 1) {
        *at++ = '-';
    }
    if (exponent >= 10) { /* two digits are all that FP32 has */
        *at++ = (char)('0' + exponent / 10);
    }
    *at++ = (char)('0' + exponent % 10);
    return at;
}

/* The value is 0.digits * 10^point. */
static char *put_decimal(char *at, const char *digits, int32_t count, int32_t point)
{
    if (point > PLAIN_POINT_MAX || point <= -PLAIN_ZEROS_MAX) {
        return put_exponential(at, digits, count, point);
    }
    if (point <= 0) {
        at = put(at, "0.", 2);
        at = put_zeros(at, -point);
        return put(at, digits, count);
    }
    if (point >= count) {
        at = put(at, digits, count);
        at = put_zeros(at, point - count);
        return put(at, ".0", 2);
    }
    at = put(at, digits, point);
    *at++ = '.';
    return put(at, digits + point, count - point);
}

size_t number_write_f32(float value, char *out_text)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    const uint32_t magnitude = bits & INT32_MAX;
    INVARIANT(magnitude >> FRACTION_BITS < EXPONENT_ALL_ONES);
    char *at = out_text;
    if (bits != magnitude) {
        *at++ = '-';
    }
    if (magnitude == 0) {
        return (size_t)(put(at, "0.0", 3) - out_text);
    }
    char digits[DIGIT_COUNT_MAX];
    const struct shortest shortest = shortest_of(magnitude);
    const int32_t count = digits_write(shortest.digits, digits);
    return (size_t)(put_decimal(at, digits, count, count + shortest.exponent) - out_text);
}

size_t number_write_f64(double value, char *out_text)
{
    char pool[512]; /* what yyjson asks for to write one number */
    yyjson_alc allocator;
    yyjson_mut_val number = {0};
    size_t size = 0;
    INVARIANT(yyjson_alc_pool_init(&allocator, pool, sizeof(pool)));
    INVARIANT(yyjson_mut_set_real(&number, value));
    const char *text = yyjson_mut_val_write_opts(&number, 0, &allocator, &size, NULL);
    INVARIANT(text != NULL && size <= NUMBER_TEXT_SIZE_MAX);
    memcpy(out_text, text, size);
    return size;
}
