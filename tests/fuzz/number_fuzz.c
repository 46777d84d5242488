/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A number is read where yyjson reads one, and to the value of the C library: strtof for
 * FP32, strtod for FP64, strtoll and strtoull for what is written as an integer. What is
 * written reads back as the same bits. The text's own bytes serve as numbers to write, too.
 */
#include "codec/number.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include <yyjson.h>

#include "fuzz.h"

enum { TEXT_SIZE_MAX = 4096 };

static bool is_number(const char *text, size_t size)
{
    char copy[TEXT_SIZE_MAX + 1];
    memcpy(copy, text, size);
    yyjson_doc *document =
        yyjson_read_opts(copy, size, YYJSON_READ_NUMBER_AS_RAW, NULL, NULL);
    yyjson_val *root = yyjson_doc_get_root(document);
    /* without the white space that may stand around a document's value */
    const bool is = yyjson_is_raw(root) && yyjson_get_len(root) == size;
    yyjson_doc_free(document);
    return is;
}

static enum galen_status expected_status(bool number, bool fits)
{
    return !number ? GALEN_INVALID : fits ? GALEN_OK : GALEN_TOO_LARGE;
}

static void expect_floats(const char *text, size_t size, bool number)
{
    float single = 7;
    double twice = 7;
    const float their_single = strtof(text, NULL);
    const double their_twice = strtod(text, NULL);
    const enum galen_status single_status = number_read_f32(bytes_of(text, size), &single);
    const enum galen_status twice_status = number_read_f64(bytes_of(text, size), &twice);
    INVARIANT(single_status == expected_status(number, !isinf(their_single)));
    INVARIANT(twice_status == expected_status(number, !isinf(their_twice)));
    INVARIANT(single_status != GALEN_OK ||
              (single == their_single && signbit(single) == signbit(their_single)));
    INVARIANT(twice_status != GALEN_OK ||
              (twice == their_twice && signbit(twice) == signbit(their_twice)));
    INVARIANT(single_status == GALEN_OK || single == 7);
    INVARIANT(twice_status == GALEN_OK || twice == 7);
}

static void expect_integers(const char *text, size_t size, bool number)
{
    const bool whole = number && strcspn(text, ".eE") == size;
    int64_t integer = 7;
    uint64_t natural = 7;
    errno = 0;
    const long long their_integer = strtoll(text, NULL, 10);
    const bool integer_fits = errno == 0;
    errno = 0;
    const unsigned long long their_natural = strtoull(text, NULL, 10);
    const bool natural_fits = errno == 0 && (text[0] != '-' || their_natural == 0);
    const enum galen_status integer_status =
        number_read_i64(bytes_of(text, size), INT64_MIN, INT64_MAX, &integer);
    const enum galen_status natural_status =
        number_read_u64(bytes_of(text, size), UINT64_MAX, &natural);
    INVARIANT(integer_status == expected_status(whole, integer_fits));
    INVARIANT(natural_status == expected_status(whole, natural_fits));
    INVARIANT(integer == (integer_status == GALEN_OK ? their_integer : 7));
    INVARIANT(natural == (natural_status == GALEN_OK ? their_natural : 7));
}

static void expect_f32_back(uint32_t bits)
{
    char text[NUMBER_TEXT_SIZE_MAX + 1];
    float value;
    float back;
    memcpy(&value, &bits, sizeof(value));
    if (!isfinite(value)) {
        return;
    }
    const size_t size = number_write_f32(value, text);
    INVARIANT(size <= NUMBER_TEXT_SIZE_MAX);
    text[size] = '\0';
    INVARIANT(is_number(text, size));
    INVARIANT(number_read_f32(bytes_of(text, size), &back) == GALEN_OK);
    INVARIANT(back == value && signbit(back) == signbit(value));
    INVARIANT(strtof(text, NULL) == value);
}

static void expect_f64_back(uint64_t bits)
{
    char text[NUMBER_TEXT_SIZE_MAX];
    double value;
    double back;
    memcpy(&value, &bits, sizeof(value));
    if (!isfinite(value)) {
        return;
    }
    const size_t size = number_write_f64(value, text);
    INVARIANT(number_read_f64(bytes_of(text, size), &back) == GALEN_OK);
    INVARIANT(back == value && signbit(back) == signbit(value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[TEXT_SIZE_MAX + 1];
    uint64_t bits = 0;
    if (size > TEXT_SIZE_MAX) {
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    const bool number = is_number(text, size);
    expect_floats(text, size, number);
    expect_integers(text, size, number);
    memcpy(&bits, data, size < sizeof(bits) ? size : sizeof(bits));
    expect_f32_back((uint32_t)bits);
    expect_f64_back(bits);
    return 0;
}
