/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/number.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/invariant.h"
#include "codec/number_impl.h"

/* The point halfway between two values of FP64 has at most 767 significant digits: of a
 * longer decimal it only matters whether anything but zeros follows. */
enum { DIGITS_KEPT_MAX = 800, EXPONENT_TEXT_SIZE_MAX = 24 };

struct digits {
    char text[DIGITS_KEPT_MAX + 1 + EXPONENT_TEXT_SIZE_MAX];
    size_t count; /* without leading zeros */
    int64_t exponent;
    bool cut; /* another digit than 0 did not fit */
};

static void digits_add(struct digits *digits, char digit, bool fraction)
{
    if (digits->count == 0 && digit == '0') {
        digits->exponent -= fraction;
    } else if (digits->count < DIGITS_KEPT_MAX) {
        digits->text[digits->count++] = digit;
        digits->exponent -= fraction;
    } else {
        digits->cut |= digit != '0';
        digits->exponent += !fraction;
    }
}

static void digits_collect(struct bytes number, struct digits *digits)
{
    const uint8_t *end = number.data + number.size;
    const uint8_t *at = number.data;
    bool fraction = false;
    digits->count = 0;
    digits->exponent = 0;
    digits->cut = false;
    for (; at < end && *at != 'e' && *at != 'E'; at++) {
        if (byte_is_digit(*at)) {
            digits_add(digits, (char)*at, fraction);
        }
        fraction |= *at == '.';
    }
    if (at < end) {
        at = exponent_scan(at + 1, end, &digits->exponent);
        INVARIANT(at == end);
    }
}

void decimal_from_long_text(struct bytes text, struct decimal *out)
{
    struct digits digits;
    digits_collect(text, &digits);
    const size_t kept =
        digits.count < DECIMAL_DIGITS_MAX ? digits.count : (size_t)DECIMAL_DIGITS_MAX;
    out->significand = 0;
    out->exponent = digits.exponent + (int64_t)(digits.count - kept);
    out->cut = digits.count > kept;
    for (size_t i = 0; i < kept; i++) {
        out->significand = out->significand * 10 + (uint64_t)(digits.text[i] - '0');
    }
}

/* The same number as "digits e exponent": short, and without the point that strtod would
 * look up in the locale. */
static const char *digits_finish(struct digits *digits)
{
    static const int64_t extreme = 100000;
    int64_t exponent = digits->exponent;
    if (digits->cut) {
        digits->text[digits->count++] = '1';
        exponent--;
    }
    exponent = exponent > extreme ? extreme : exponent < -extreme ? -extreme : exponent;
    (void)snprintf(digits->text + digits->count, EXPONENT_TEXT_SIZE_MAX, "%se%" PRId64,
                   digits->count == 0 ? "0" : "", exponent);
    return digits->text;
}

enum galen_status decimal_text_to_f32(struct bytes text, float *out_value)
{
    struct digits digits;
    digits_collect(text, &digits);
    const float value = strtof(digits_finish(&digits), NULL);
    if (isinf(value)) {
        return GALEN_TOO_LARGE;
    }
    *out_value = text.data[0] == '-' ? -value : value;
    return GALEN_OK;
}

enum galen_status decimal_text_to_f64(struct bytes text, double *out_value)
{
    struct digits digits;
    digits_collect(text, &digits);
    const double value = strtod(digits_finish(&digits), NULL);
    if (isinf(value)) {
        return GALEN_TOO_LARGE;
    }
    *out_value = text.data[0] == '-' ? -value : value;
    return GALEN_OK;
}

static enum galen_status scan_all(struct bytes text, struct decimal *out)
{
    if (text.size == 0) {
        return GALEN_INVALID;
    }
    const uint8_t *end = text.data + text.size;
    return decimal_scan(text.data, end, out) == end ? GALEN_OK : GALEN_INVALID;
}

enum galen_status number_read_f32(struct bytes text, float *out_value)
{
    struct decimal decimal;
    TRY(scan_all(text, &decimal));
    return decimal_to_f32(&decimal, out_value) ? GALEN_OK
                                               : decimal_text_to_f32(text, out_value);
}

enum galen_status number_read_f64(struct bytes text, double *out_value)
{
    struct decimal decimal;
    TRY(scan_all(text, &decimal));
    return decimal_to_f64(&decimal, out_value) ? GALEN_OK
                                               : decimal_text_to_f64(text, out_value);
}

static enum galen_status magnitude_of(const struct decimal *decimal, struct bytes text,
                                      uint64_t *out_value)
{
    if (decimal->exponent == 0 && !decimal->cut) {
        *out_value = decimal->significand;
        return GALEN_OK;
    }
    const struct bytes digits = bytes_from(text, decimal->negative ? 1 : 0);
    return bytes_parse_u64(digits, UINT64_MAX, out_value) ? GALEN_OK : GALEN_TOO_LARGE;
}

enum galen_status decimal_to_i64(const struct decimal *decimal, struct bytes text,
                                 int64_t min, int64_t max, int64_t *out_value)
{
    const uint64_t limit = decimal->negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
    uint64_t magnitude;
    if (!decimal->whole) {
        return GALEN_INVALID;
    }
    TRY(magnitude_of(decimal, text, &magnitude));
    if (magnitude > limit) {
        return GALEN_TOO_LARGE;
    }
    const int64_t value = (int64_t)(decimal->negative ? 0 - magnitude : magnitude);
    if (value < min || value > max) {
        return GALEN_TOO_LARGE;
    }
    *out_value = value;
    return GALEN_OK;
}

enum galen_status decimal_to_u64(const struct decimal *decimal, struct bytes text,
                                 uint64_t max, uint64_t *out_value)
{
    uint64_t magnitude;
    if (!decimal->whole) {
        return GALEN_INVALID;
    }
    TRY(magnitude_of(decimal, text, &magnitude));
    if (magnitude > max || (decimal->negative && magnitude != 0)) {
        return GALEN_TOO_LARGE;
    }
    *out_value = magnitude;
    return GALEN_OK;
}

enum galen_status number_read_i64(struct bytes text, int64_t min, int64_t max,
                                  int64_t *out_value)
{
    struct decimal decimal;
    TRY(scan_all(text, &decimal));
    return decimal_to_i64(&decimal, text, min, max, out_value);
}

enum galen_status number_read_u64(struct bytes text, uint64_t max, uint64_t *out_value)
{
    struct decimal decimal;
    TRY(scan_all(text, &decimal));
    return decimal_to_u64(&decimal, text, max, out_value);
}
