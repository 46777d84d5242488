/* SPDX-License-Identifier: Apache-2.0 */
/* binary16 and bfloat16, by their bits: no rounding mode and no processor feature matters.
 */
#include "codec/number.h"

enum {
    F16_QUIET_NAN = 0x7E00,
    F16_INFINITY = 0x7C00,
    F16_NORMAL_MIN_AS_F32 = 0x38800000, /* 2^-14 */
    F16_OVERFLOW_AS_F32 = 0x47800000,   /* 2^16 */
    F32_INFINITY = 0x7F800000,
    REBIAS = (127 - 15) << 23, /* between the exponents of the two, in place */
};

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static float from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static uint32_t shift_to_even(uint32_t value, uint32_t shift)
{
    const uint32_t below_half = (UINT32_C(1) << (shift - 1)) - 1;
    return (value + below_half + ((value >> shift) & 1)) >> shift;
}

/* value < 2^-14: a multiple of 2^-24. */
static uint32_t f16_subnormal(uint32_t magnitude)
{
    const uint32_t exponent = magnitude >> 23;
    if (exponent < 102) {
        return 0; /* below half of the smallest */
    }
    return shift_to_even((magnitude & 0x7FFFFF) | 0x800000, 126 - exponent);
}

static uint32_t f16_magnitude(uint32_t magnitude)
{
    if (magnitude > F32_INFINITY) {
        return F16_QUIET_NAN;
    }
    if (magnitude >= F16_OVERFLOW_AS_F32) {
        return F16_INFINITY;
    }
    if (magnitude < F16_NORMAL_MIN_AS_F32) {
        return f16_subnormal(magnitude);
    }
    return shift_to_even(magnitude - REBIAS, 13);
}

uint16_t number_f16_from_f32(float value)
{
    const uint32_t bits = bits_of(value);
    return (uint16_t)((bits >> 16 & 0x8000) | f16_magnitude(bits & 0x7FFFFFFF));
}

float number_f32_from_f16(uint16_t bits)
{
    const uint32_t sign = (uint32_t)(bits & 0x8000) << 16;
    const uint32_t magnitude = bits & 0x7FFF;
    if (magnitude >= F16_INFINITY) {
        return from_bits(sign | F32_INFINITY | (magnitude & 0x3FF) << 13);
    }
    if (magnitude < 0x400) {
        const float value = (float)magnitude * 0x1p-24F;
        return sign != 0 ? -value : value;
    }
    return from_bits(sign | ((magnitude << 13) + REBIAS));
}

uint16_t number_bf16_from_f32(float value)
{
    const uint32_t bits = bits_of(value);
    if ((bits & 0x7FFFFFFF) > F32_INFINITY) {
        return (uint16_t)(bits >> 16 | 0x40); /* quiet, so that it stays a NaN */
    }
    return (uint16_t)shift_to_even(bits, 16);
}

float number_f32_from_bf16(uint16_t bits)
{
    return from_bits((uint32_t)bits << 16);
}
