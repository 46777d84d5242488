/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decimal text to machine numbers and back, exact or refused. The text is one JSON number
 * (RFC 8259 section 6) and nothing else. Pure; no locale, no allocation.
 */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

/* The nearest value to the decimal, ties to even, in one rounding (FP32 not by way of
 * FP64). GALEN_INVALID: not a number; GALEN_TOO_LARGE: beyond the largest finite value.
 * Underflow rounds, to zero in the end. "-0" is negative zero. */
MUST_USE enum galen_status number_read_f32(struct bytes text, float *out_value);
MUST_USE enum galen_status number_read_f64(struct bytes text, double *out_value);

/* Integers only: a fraction or an exponent is GALEN_INVALID even where its value is whole;
 * GALEN_TOO_LARGE: outside [min, max]. */
MUST_USE enum galen_status number_read_i64(struct bytes text, int64_t min, int64_t max,
                                           int64_t *out_value);
MUST_USE enum galen_status number_read_u64(struct bytes text, uint64_t max,
                                           uint64_t *out_value);

/* IEEE 754 binary16 and bfloat16 as their bits, ties to even. */
uint16_t number_f16_from_f32(float value);
float number_f32_from_f16(uint16_t bits);
uint16_t number_bf16_from_f32(float value);
float number_f32_from_bf16(uint16_t bits);

/* The shortest decimal that reads back as the same value, as JSON, in the form of
 * ECMAScript's Number::toString but with ".0" behind whole values: 0.98, 17.0,
 * 1e-7, 1.5e30. Finite values only. Returns its size, at most NUMBER_TEXT_SIZE_MAX. */
#define NUMBER_TEXT_SIZE_MAX 32u
size_t number_write_f32(float value, char *out_text);
size_t number_write_f64(double value, char *out_text);
