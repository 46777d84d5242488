/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/text/unicode.h"

#include <utf8proc.h>

#include "base/invariant.h"

#define CONTROL UNICODE_CONTROL
#define SPACE UNICODE_SPACE
#define PUNCTUATION UNICODE_PUNCTUATION
#define CHINESE UNICODE_CHINESE
#define NONSPACING UNICODE_NONSPACING
#define MARK UNICODE_MARK
#define LETTER UNICODE_LETTER
#define NUMBER UNICODE_NUMBER
#define WORD UNICODE_WORD
#define UNSTABLE UNICODE_UNSTABLE

struct range {
    uint32_t first;
    uint32_t last;
    unsigned classes;
};

static const struct range ranges[] = {
#define CLASSES(first, last, classes) {first, last, classes},
#include "preprocess/text/unicode_classes.def"
};

enum { RANGE_COUNT = sizeof(ranges) / sizeof(ranges[0]) };

unsigned unicode_classes(uint32_t code_point)
{
    size_t low = 0;
    size_t high = RANGE_COUNT;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (ranges[middle].last < code_point) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < RANGE_COUNT && ranges[low].first <= code_point ? ranges[low].classes : 0;
}

size_t unicode_decode(const uint8_t *text, uint32_t *out_code_point)
{
    if (text[0] < 0x80) {
        *out_code_point = text[0];
        return 1;
    }
    if (text[0] < 0xE0) {
        *out_code_point = (text[0] & 0x1Fu) << 6 | (text[1] & 0x3Fu);
        return 2;
    }
    if (text[0] < 0xF0) {
        *out_code_point =
            (text[0] & 0x0Fu) << 12 | (text[1] & 0x3Fu) << 6 | (text[2] & 0x3Fu);
        return 3;
    }
    *out_code_point = (text[0] & 0x07u) << 18 | (text[1] & 0x3Fu) << 12 |
                      (text[2] & 0x3Fu) << 6 | (text[3] & 0x3Fu);
    return 4;
}

size_t unicode_encode(uint32_t code_point, uint8_t out_text[UNICODE_SIZE_MAX])
{
    return (size_t)utf8proc_encode_char((utf8proc_int32_t)code_point, out_text);
}

/* What is younger than utf8proc's tables, with the distance to its lower case. */
static const struct {
    uint32_t first;
    uint32_t last;
    uint32_t step;
    int32_t distance;
} young_capitals[] = {
    {0x1C89, 0x1C89, 1, 1},    {0xA7CB, 0xA7CB, 1, 0x0264 - 0xA7CB},
    {0xA7CC, 0xA7CE, 2, 1},    {0xA7D2, 0xA7D4, 2, 1},
    {0xA7DA, 0xA7DA, 1, 1},    {0xA7DC, 0xA7DC, 1, 0x019B - 0xA7DC},
    {0x10D50, 0x10D65, 1, 32}, {0x16EA0, 0x16EB8, 1, 27},
};

static int32_t distance_to_lower(uint32_t code_point)
{
    for (size_t i = 0; i < sizeof(young_capitals) / sizeof(young_capitals[0]); i++) {
        if (code_point >= young_capitals[i].first && code_point <= young_capitals[i].last &&
            (code_point - young_capitals[i].first) % young_capitals[i].step == 0) {
            return young_capitals[i].distance;
        }
    }
    return 0;
}

size_t unicode_lower(uint32_t code_point, uint32_t out_lower[2])
{
    static const uint32_t capital_i_with_dot = 0x130;
    static const uint32_t dot_above = 0x307;
    if (code_point == capital_i_with_dot) {
        out_lower[0] = 'i';
        out_lower[1] = dot_above;
        return 2;
    }
    const uint32_t lower = (uint32_t)utf8proc_tolower((utf8proc_int32_t)code_point);
    out_lower[0] = lower != code_point
                       ? lower
                       : (uint32_t)((int32_t)code_point + distance_to_lower(code_point));
    return 1;
}

size_t unicode_decompose(uint32_t code_point, bool compatibly,
                         uint32_t out_parts[UNICODE_PARTS_MAX])
{
    utf8proc_int32_t parts[UNICODE_PARTS_MAX];
    int boundary = UTF8PROC_BOUNDCLASS_START;
    const utf8proc_option_t options =
        compatibly ? UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT : UTF8PROC_DECOMPOSE;
    if ((unicode_classes(code_point) & UNICODE_UNSTABLE) == 0) {
        out_parts[0] = code_point;
        return 1;
    }
    const utf8proc_ssize_t count = utf8proc_decompose_char(
        (utf8proc_int32_t)code_point, parts, UNICODE_PARTS_MAX, options, &boundary);
    INVARIANT(count > 0 && count <= UNICODE_PARTS_MAX);
    for (size_t i = 0; i < (size_t)count; i++) {
        out_parts[i] = (uint32_t)parts[i];
    }
    return (size_t)count;
}

unsigned unicode_combining_class(uint32_t code_point)
{
    if ((unicode_classes(code_point) & UNICODE_UNSTABLE) == 0) {
        return 0;
    }
    return (unsigned)utf8proc_get_property((utf8proc_int32_t)code_point)->combining_class;
}
