/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/image/taps.h"

#include <math.h>

#include "base/invariant.h"

struct kernel {
    double (*weight)(double x);
    double support; /* beyond this it is zero, on both sides */
};

static double box(double x)
{
    return x > -0.5 && x <= 0.5 ? 1 : 0;
}

static double bilinear(double x)
{
    const double distance = fabs(x);
    return distance < 1 ? 1 - distance : 0;
}

static double sinc(double x)
{
    return x == 0 ? 1 : sin(x * M_PI) / (x * M_PI);
}

static double hamming(double x)
{
    const double distance = fabs(x);
    if (distance >= 1) {
        return 0;
    }
    return sinc(distance) * ((double)0.54F + (double)0.46F * cos(distance * M_PI));
}

/* Keys's cubic convolution, a = -1/2. */
static double bicubic(double x)
{
    const double a = -0.5;
    const double distance = fabs(x);
    if (distance < 1) {
        return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
    }
    return distance < 2 ? (((distance - 5) * distance + 8) * distance - 4) * a : 0;
}

static double lanczos(double x)
{
    return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

static const struct kernel kernels[] = {
    [IMAGE_BOX] = {box, 0.5},       [IMAGE_BILINEAR] = {bilinear, 1},
    [IMAGE_HAMMING] = {hamming, 1}, [IMAGE_BICUBIC] = {bicubic, 2},
    [IMAGE_LANCZOS] = {lanczos, 3},
};

/* How a kernel lies on the line. */
struct placement {
    double scale;     /* pixels of the line for one of the resized */
    double stretched; /* the scale, at least 1 */
    double support;
};

static struct placement placement_of(const struct kernel *kernel,
                                     const struct fit_axis *axis)
{
    const double scale = (double)axis->size / axis->scaled;
    const double stretched = scale < 1 ? 1 : scale;
    return (struct placement){scale, stretched, kernel->support * stretched};
}

static struct tap_span span_of(const struct placement *placement, double centre,
                               uint32_t size)
{
    const double first = centre - placement->support + 0.5;
    const double end = centre + placement->support + 0.5;
    const uint32_t begin = first < 0 ? 0 : (uint32_t)first;
    return (struct tap_span){begin, (end > size ? size : (uint32_t)end) - begin};
}

static int32_t to_fixed_point(double weight)
{
    const double one = 1 << TAPS_SHIFT;
    const double fixed = weight < 0 ? weight * one - 0.5 : weight * one + 0.5;
    INVARIANT(fixed > INT16_MIN * 256.0 && fixed < INT16_MAX * 256.0);
    return (int32_t)fixed;
}

static void set_weight(int16_t *high, int16_t *low, int32_t weight)
{
    *low = (int16_t)(weight & ((1 << TAPS_LOW_SHIFT) - 1));
    *high = (int16_t)((weight - *low) / (1 << TAPS_LOW_SHIFT));
}

/* scratch has room for span.count. */
static void weigh(const struct kernel *kernel, const struct placement *placement,
                  double centre, struct tap_span span, double *scratch)
{
    double sum = 0;
    for (uint32_t i = 0; i < span.count; i++) {
        const double distance = (i + span.first) - centre + 0.5;
        scratch[i] = kernel->weight(distance * (1 / placement->stretched));
        sum += scratch[i];
    }
    for (uint32_t i = 0; i < span.count && sum != 0; i++) {
        scratch[i] /= sum;
    }
}

struct tables {
    struct tap_span *spans;
    int16_t *high;
    int16_t *low;
    double *scratch;
};

static enum galen_status tables_create(struct taps *taps, struct arena *arena,
                                       struct tables *out_tables)
{
    taps->stride = ((size_t)taps->span_max + TAPS_STEP - 1) / TAPS_STEP * TAPS_STEP;
    const size_t count = taps->count * taps->stride;
    const struct tables tables = {
        .spans = arena_alloc_array(arena, taps->count, sizeof(*tables.spans)),
        .high = arena_alloc_array(arena, count, sizeof(*tables.high)),
        .low = arena_alloc_array(arena, count, sizeof(*tables.low)),
        .scratch = arena_alloc_array(arena, taps->span_max, sizeof(*tables.scratch)),
    };
    if (tables.spans == NULL || tables.high == NULL || tables.low == NULL ||
        tables.scratch == NULL) {
        return GALEN_NO_MEMORY;
    }
    taps->spans = tables.spans;
    taps->high = tables.high;
    taps->low = tables.low;
    *out_tables = tables;
    return GALEN_OK;
}

/* Pillow adds the scale up instead of multiplying it, and so do we: what is rounded on the
 * way decides between two pixels. */
static void fill_nearest(const struct taps *taps, const struct fit_axis *axis,
                         const struct tables *tables)
{
    const double scale = (double)axis->size / axis->scaled;
    double at = scale * 0.5;
    for (uint32_t i = 0; i < axis->first; i++) {
        at += scale;
    }
    for (uint32_t i = 0; i < taps->count; i++, at += scale) {
        const uint32_t nearest = (uint32_t)at;
        tables->spans[i] =
            (struct tap_span){nearest < axis->size ? nearest : axis->size - 1, 1};
        set_weight(&tables->high[i * taps->stride], &tables->low[i * taps->stride],
                   1 << TAPS_SHIFT);
    }
}

static void fill(const struct kernel *kernel, const struct taps *taps,
                 const struct fit_axis *axis, const struct tables *tables)
{
    const struct placement placement = placement_of(kernel, axis);
    for (uint32_t i = 0; i < taps->count; i++) {
        const double centre = ((double)axis->first + i + 0.5) * placement.scale;
        const struct tap_span span = span_of(&placement, centre, axis->size);
        tables->spans[i] = span;
        weigh(kernel, &placement, centre, span, tables->scratch);
        for (uint32_t k = 0; k < span.count; k++) {
            const size_t at = i * taps->stride + k;
            set_weight(&tables->high[at], &tables->low[at],
                       to_fixed_point(tables->scratch[k]));
        }
    }
}

static uint32_t span_max_of(const struct kernel *kernel, const struct fit_axis *axis)
{
    const double reach = ceil(placement_of(kernel, axis).support) * 2 + 1;
    return reach < axis->size ? (uint32_t)reach : axis->size;
}

enum galen_status taps_create(enum image_filter filter, const struct fit_axis *axis,
                              struct arena *arena, struct taps *out_taps)
{
    const bool is_plain = filter == IMAGE_NEAREST || axis->size == axis->scaled;
    const struct kernel *kernel = &kernels[filter];
    struct taps taps = {
        .count = axis->count,
        .span_max = is_plain ? 1 : span_max_of(kernel, axis),
        .is_plain = is_plain,
    };
    struct tables tables;
    TRY(tables_create(&taps, arena, &tables));
    if (is_plain) {
        fill_nearest(&taps, axis, &tables);
    } else {
        fill(kernel, &taps, axis, &tables);
    }
    *out_taps = taps;
    return GALEN_OK;
}
