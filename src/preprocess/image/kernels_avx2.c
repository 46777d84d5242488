/* SPDX-License-Identifier: Apache-2.0 */
/* Four lines at once, in registers of 32 bytes: two pixels and two weights of 16 bits are
 * multiplied and added in one instruction. */
#if defined(__x86_64__)

#include <immintrin.h>

#include "preprocess/image/kernels.h"

#define AVX2 __attribute__((target("avx2")))
#define AVX2_INLINE AVX2 static inline __attribute__((always_inline))

enum { GROUP = 4, HALF = 1 << (TAPS_SHIFT - 1) }; /* taps of RGB at once */

/* Sums of pixels times the two parts of their weights. */
struct sums {
    __m256i high;
    __m256i low;
};

AVX2_INLINE __m128i load_16(const uint8_t *at)
{
    return _mm_loadu_si128((const __m128i_u *)at);
}

AVX2_INLINE __m256i load_weights(const int16_t *at)
{
    return _mm256_loadu_si256((const __m256i_u *)at);
}

/* Two weights, again and again. */
AVX2_INLINE __m256i load_pair(const int16_t *at)
{
    int32_t pair;
    memcpy(&pair, at, sizeof(pair));
    return _mm256_set1_epi32(pair);
}

AVX2_INLINE struct sums no_sums(void)
{
    return (struct sums){_mm256_setzero_si256(), _mm256_setzero_si256()};
}

AVX2_INLINE struct sums add(struct sums sums, __m256i pixels, __m256i high, __m256i low)
{
    return (struct sums){
        _mm256_add_epi32(sums.high, _mm256_madd_epi16(pixels, high)),
        _mm256_add_epi32(sums.low, _mm256_madd_epi16(pixels, low)),
    };
}

AVX2_INLINE __m256i joined(struct sums sums)
{
    return _mm256_add_epi32(_mm256_slli_epi32(sums.high, TAPS_LOW_SHIFT), sums.low);
}

AVX2_INLINE __m256i rounded(__m256i sums)
{
    return _mm256_srai_epi32(_mm256_add_epi32(sums, _mm256_set1_epi32(HALF)), TAPS_SHIFT);
}

/* 16 bytes of one line below 16 of another. */
AVX2_INLINE __m256i load_two(const uint8_t *first, const uint8_t *second)
{
    return _mm256_inserti128_si256(_mm256_castsi128_si256(load_16(first)), load_16(second),
                                   1);
}

AVX2_INLINE void store_pixel(uint8_t *to, int32_t pixel)
{
    memcpy(to, &pixel, sizeof(pixel)); /* the fourth byte is the next pixel's */
}

AVX2_INLINE void store_rgb(const struct line_group *lines, size_t at, __m256i first_two,
                           __m256i last_two)
{
    const __m256i words = _mm256_packs_epi32(first_two, last_two);
    const __m256i bytes = _mm256_packus_epi16(words, words);
    const __m128i even = _mm256_castsi256_si128(bytes);
    const __m128i odd = _mm256_extracti128_si256(bytes, 1);
    store_pixel(lines->to[0] + at, _mm_cvtsi128_si32(even));
    store_pixel(lines->to[1] + at, _mm_cvtsi128_si32(odd));
    store_pixel(lines->to[2] + at, _mm_extract_epi32(even, 1));
    store_pixel(lines->to[3] + at, _mm_extract_epi32(odd, 1));
}

/* What is read again and again is read once, ahead of stores that could change it for all
 * that the compiler knows. */
AVX2 static void across_rgb(const struct taps *taps, const struct line_group *lines)
{
    /* R, G and B of two pixels as three pairs of 16 bits. */
    const __m256i first_pair = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1));
    const __m256i second_pair = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1));
    const uint8_t *const from[] = {lines->from[0], lines->from[1], lines->from[2],
                                   lines->from[3]};
    const struct taps line = *taps;
    for (uint32_t i = 0; i < line.count; i++) {
        const struct tap_span span = line.spans[i];
        const int16_t *high = line.high + i * line.stride;
        const int16_t *low = line.low + i * line.stride;
        struct sums upper = no_sums();
        struct sums lower = no_sums();
        size_t at = (size_t)span.first * 3;
        for (uint32_t k = 0; k < span.count; k += GROUP, at += (size_t)3 * GROUP) {
            const __m256i first_two = load_two(from[0] + at, from[1] + at);
            const __m256i last_two = load_two(from[2] + at, from[3] + at);
            __m256i high_pair = load_pair(high + k);
            __m256i low_pair = load_pair(low + k);
            upper =
                add(upper, _mm256_shuffle_epi8(first_two, first_pair), high_pair, low_pair);
            lower =
                add(lower, _mm256_shuffle_epi8(last_two, first_pair), high_pair, low_pair);
            high_pair = load_pair(high + k + 2);
            low_pair = load_pair(low + k + 2);
            upper = add(upper, _mm256_shuffle_epi8(first_two, second_pair), high_pair,
                        low_pair);
            lower =
                add(lower, _mm256_shuffle_epi8(last_two, second_pair), high_pair, low_pair);
        }
        store_rgb(lines, (size_t)i * 3, rounded(joined(upper)), rounded(joined(lower)));
    }
}

/* Each line's sum is in eight parts; now the first four are whole, in the lines' order. */
AVX2_INLINE __m256i gathered(__m256i a, __m256i b, __m256i c, __m256i d)
{
    const __m256i halves =
        _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
    return _mm256_add_epi32(halves, _mm256_permute2x128_si256(halves, halves, 1));
}

AVX2_INLINE void store_gray(uint8_t *const *to, size_t at, __m256i pixels)
{
    const __m128i words =
        _mm_packs_epi32(_mm256_castsi256_si128(pixels), _mm256_castsi256_si128(pixels));
    const __m128i bytes = _mm_packus_epi16(words, words);
    to[0][at] = (uint8_t)_mm_extract_epi8(bytes, 0);
    to[1][at] = (uint8_t)_mm_extract_epi8(bytes, 1);
    to[2][at] = (uint8_t)_mm_extract_epi8(bytes, 2);
    to[3][at] = (uint8_t)_mm_extract_epi8(bytes, 3);
}

AVX2_INLINE __m256i widen(__m128i bytes)
{
    return _mm256_cvtepu8_epi16(bytes);
}

/* Four sums by their names stay in registers. */
AVX2 static void across_gray(const struct taps *taps, const struct line_group *lines)
{
    const uint8_t *const from[] = {lines->from[0], lines->from[1], lines->from[2],
                                   lines->from[3]};
    uint8_t *const to[] = {lines->to[0], lines->to[1], lines->to[2], lines->to[3]};
    const struct taps line = *taps;
    for (uint32_t i = 0; i < line.count; i++) {
        const struct tap_span span = line.spans[i];
        struct sums a = no_sums();
        struct sums b = no_sums();
        struct sums c = no_sums();
        struct sums d = no_sums();
        for (uint32_t k = 0; k < span.count; k += TAPS_STEP) {
            const __m256i high = load_weights(line.high + i * line.stride + k);
            const __m256i low = load_weights(line.low + i * line.stride + k);
            const size_t at = span.first + k;
            a = add(a, widen(load_16(from[0] + at)), high, low);
            b = add(b, widen(load_16(from[1] + at)), high, low);
            c = add(c, widen(load_16(from[2] + at)), high, low);
            d = add(d, widen(load_16(from[3] + at)), high, low);
        }
        store_gray(to, i, rounded(gathered(joined(a), joined(b), joined(c), joined(d))));
    }
}

AVX2 static void down(const struct taps *taps, uint32_t index, const uint8_t *const *lines,
                      size_t size, uint8_t *out)
{
    const int16_t *high = taps->high + index * taps->stride;
    const int16_t *low = taps->low + index * taps->stride;
    const uint32_t last = taps->spans[index].count - 1;
    for (size_t at = 0; at < size; at += 16) {
        struct sums left = no_sums();
        struct sums right = no_sums();
        for (uint32_t k = 0; k <= last; k += 2) {
            const __m128i first = load_16(lines[k] + at);
            const __m128i second = load_16(lines[k < last ? k + 1 : k] + at);
            const __m256i high_pair = load_pair(high + k);
            const __m256i low_pair = load_pair(low + k);
            left = add(left, widen(_mm_unpacklo_epi8(first, second)), high_pair, low_pair);
            right =
                add(right, widen(_mm_unpackhi_epi8(first, second)), high_pair, low_pair);
        }
        const __m256i words =
            _mm256_packs_epi32(rounded(joined(left)), rounded(joined(right)));
        const __m256i bytes = _mm256_permutevar8x32_epi32(
            _mm256_packus_epi16(words, words), _mm256_setr_epi32(0, 4, 1, 5, 0, 4, 1, 5));
        _mm_storeu_si128((__m128i_u *)(out + at), _mm256_castsi256_si128(bytes));
    }
}

static bool is_supported(void)
{
    return __builtin_cpu_supports("avx2") != 0;
}

const struct kernels kernels_avx2 = {
    .name = "AVX2",
    .is_supported = is_supported,
    .across_gray = across_gray,
    .across_rgb = across_rgb,
    .down = down,
};

#endif
