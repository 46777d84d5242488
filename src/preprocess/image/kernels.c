/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/image/kernels.h"

enum { COLUMNS = 32, HALF = 1 << (TAPS_SHIFT - 1) };

static uint8_t to_byte(int32_t high, int32_t low)
{
    const int32_t sum = (high * (1 << TAPS_LOW_SHIFT) + low + HALF) >> TAPS_SHIFT;
    return (uint8_t)(sum < 0 ? 0 : sum > UINT8_MAX ? UINT8_MAX : sum);
}

static uint8_t sum_across(const struct taps *taps, uint32_t index, const uint8_t *from,
                          size_t step)
{
    const int16_t *high = taps->high + index * taps->stride;
    const int16_t *low = taps->low + index * taps->stride;
    int32_t high_sum = 0;
    int32_t low_sum = 0;
    for (uint32_t i = 0; i < taps->spans[index].count; i++) {
        high_sum += high[i] * from[i * step];
        low_sum += low[i] * from[i * step];
    }
    return to_byte(high_sum, low_sum);
}

static inline void across(const struct taps *taps, const struct line_group *lines,
                          size_t channels)
{
    for (uint32_t line = 0; line < lines->count; line++) {
        uint8_t *to = lines->to[line];
        for (uint32_t i = 0; i < taps->count; i++, to += channels) {
            const uint8_t *from = lines->from[line] + taps->spans[i].first * channels;
            for (size_t c = 0; c < channels; c++) {
                to[c] = sum_across(taps, i, from + c, channels);
            }
        }
    }
}

static void across_gray(const struct taps *taps, const struct line_group *lines)
{
    across(taps, lines, 1);
}

static void across_rgb(const struct taps *taps, const struct line_group *lines)
{
    across(taps, lines, 3);
}

/* COLUMNS at most. */
static void sum_columns(const struct taps *taps, uint32_t index,
                        const uint8_t *const *lines, size_t at, size_t count, uint8_t *out)
{
    const int16_t *high = taps->high + index * taps->stride;
    const int16_t *low = taps->low + index * taps->stride;
    int32_t high_sums[COLUMNS] = {0};
    int32_t low_sums[COLUMNS] = {0};
    for (uint32_t i = 0; i < taps->spans[index].count; i++) {
        for (size_t k = 0; k < count; k++) {
            high_sums[k] += high[i] * lines[i][at + k];
            low_sums[k] += low[i] * lines[i][at + k];
        }
    }
    for (size_t k = 0; k < count; k++) {
        out[at + k] = to_byte(high_sums[k], low_sums[k]);
    }
}

static void down(const struct taps *taps, uint32_t index, const uint8_t *const *lines,
                 size_t size, uint8_t *out)
{
    for (size_t at = 0; at < size; at += COLUMNS) {
        const size_t count = size - at < COLUMNS ? size - at : COLUMNS;
        sum_columns(taps, index, lines, at, count, out);
    }
}

static bool is_supported(void)
{
    return true;
}

const struct kernels kernels_plain = {
    .name = "plain",
    .is_supported = is_supported,
    .across_gray = across_gray,
    .across_rgb = across_rgb,
    .down = down,
};

const struct kernels *kernels_best(void)
{
#if defined(__x86_64__)
    if (kernels_avx2.is_supported()) {
        return &kernels_avx2;
    }
#endif
    return &kernels_plain;
}
