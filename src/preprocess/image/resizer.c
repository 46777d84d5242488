/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/image/resizer.h"

static size_t stride_of(const struct line_ring *ring)
{
    return ring->size + PIXELS_SLACK;
}

static uint8_t *ring_line(const struct line_ring *ring, uint32_t index)
{
    return ring->bytes + index % ring->count * stride_of(ring);
}

static bool ring_create(struct line_ring *ring, size_t size, uint32_t count,
                        struct arena *arena)
{
    *ring = (struct line_ring){.size = size, .count = count};
    ring->bytes = arena_alloc_array(arena, count, stride_of(ring));
    return ring->bytes != NULL;
}

/* As Pillow 13 decides: the height shrinks by more than twice of what the width does. */
static bool shrinks_down(const struct fit *fit)
{
    const int64_t columns = (int64_t)fit->x.size - fit->x.scaled;
    const int64_t rows = (int64_t)fit->y.size - fit->y.scaled;
    return rows > 0 && rows > 2 * columns;
}

static bool make_room(struct resizer *resizer, size_t row_size, struct arena *arena)
{
    const size_t image_size = (size_t)resizer->image.width * resizer->image.channels;
    const uint32_t span_max = resizer->y.span_max;
    resizer->span = arena_alloc_array(arena, span_max, sizeof(*resizer->span));
    if (resizer->span == NULL) {
        return false;
    }
    if (resizer->goes_down_first) {
        return ring_create(&resizer->narrow, image_size, KERNEL_LINES, arena) &&
               ring_create(&resizer->lines, row_size, KERNEL_LINES, arena);
    }
    resizer->row = arena_alloc(arena, row_size + PIXELS_SLACK);
    return resizer->row != NULL &&
           (resizer->is_as_wide ||
            ring_create(&resizer->lines, row_size, span_max + KERNEL_LINES, arena));
}

enum galen_status resizer_init(struct resizer *resizer, const struct kernels *kernels,
                               const struct pixels *image, const struct fit *fit,
                               enum image_filter filter, struct arena *arena)
{
    const bool is_as_wide = fit->x.size == fit->x.scaled;
    *resizer = (struct resizer){
        .kernels = kernels,
        .image = *image,
        .is_as_wide = is_as_wide,
        .goes_down_first = filter != IMAGE_NEAREST && !is_as_wide && shrinks_down(fit),
    };
    const size_t row_size = (size_t)fit->x.count * image->channels;
    TRY(taps_create(filter, &fit->x, arena, &resizer->x));
    TRY(taps_create(filter, &fit->y, arena, &resizer->y));
    return make_room(resizer, row_size, arena) ? GALEN_OK : GALEN_NO_MEMORY;
}

static const uint8_t *image_row(const struct resizer *resizer, uint32_t index)
{
    return resizer->image.data +
           (size_t)index * resizer->image.width * resizer->image.channels;
}

static uint32_t at_most(uint32_t count, uint32_t limit)
{
    return count < limit ? count : limit;
}

/* The next `count` lines; the i-th is made of what `from` names. */
static void go_across(struct resizer *resizer, const uint8_t *const *from, uint32_t count)
{
    struct line_group group = {.count = count};
    for (uint32_t i = 0; i < KERNEL_LINES; i++) {
        const uint32_t line = at_most(i, count - 1);
        group.from[i] = from[line];
        group.to[i] = ring_line(&resizer->lines, resizer->lines.next + line);
    }
    if (resizer->image.channels == 1) {
        resizer->kernels->across_gray(&resizer->x, &group);
    } else {
        resizer->kernels->across_rgb(&resizer->x, &group);
    }
    resizer->lines.next += count;
}

/* Where rows are made of several lines, none between the first and the last is left out, so
 * that a few more may be made ahead. */
static void need_lines(struct resizer *resizer, struct tap_span span)
{
    const struct tap_span last = resizer->y.spans[resizer->y.count - 1];
    const uint32_t needed = span.first + span.count;
    const uint32_t end = resizer->y.is_plain ? needed : last.first + last.count;
    uint32_t *next = &resizer->lines.next;
    *next = *next < span.first ? span.first : *next;
    while (*next < needed) {
        const uint8_t *from[KERNEL_LINES] = {NULL};
        const uint32_t count = at_most(end - *next, KERNEL_LINES);
        for (uint32_t i = 0; i < count; i++) {
            from[i] = image_row(resizer, *next + i);
        }
        go_across(resizer, from, count);
    }
}

static const uint8_t *line_at(const struct resizer *resizer, uint32_t index)
{
    return resizer->is_as_wide
               ? image_row(resizer, index) +
                     (size_t)resizer->x.spans[0].first * resizer->image.channels
               : ring_line(&resizer->lines, index);
}

static const uint8_t *row_across_first(struct resizer *resizer, uint32_t index)
{
    const struct tap_span span = resizer->y.spans[index];
    if (!resizer->is_as_wide) {
        need_lines(resizer, span);
    }
    if (resizer->y.is_plain) {
        return line_at(resizer, span.first);
    }
    for (uint32_t i = 0; i < span.count; i++) {
        resizer->span[i] = line_at(resizer, span.first + i);
    }
    resizer->kernels->down(&resizer->y, index, resizer->span,
                           (size_t)resizer->x.count * resizer->image.channels,
                           resizer->row);
    return resizer->row;
}

static const uint8_t *go_down(const struct resizer *resizer, uint32_t index)
{
    const struct tap_span span = resizer->y.spans[index];
    uint8_t *line = ring_line(&resizer->narrow, index);
    for (uint32_t i = 0; i < span.count; i++) {
        resizer->span[i] = image_row(resizer, span.first + i);
    }
    resizer->kernels->down(&resizer->y, index, resizer->span, resizer->narrow.size, line);
    return line;
}

static const uint8_t *row_down_first(struct resizer *resizer, uint32_t index)
{
    if (index == resizer->lines.next) {
        const uint8_t *from[KERNEL_LINES] = {NULL};
        const uint32_t count = at_most(resizer->y.count - index, KERNEL_LINES);
        for (uint32_t i = 0; i < count; i++) {
            from[i] = go_down(resizer, index + i);
        }
        go_across(resizer, from, count);
    }
    return ring_line(&resizer->lines, index);
}

const uint8_t *resizer_row(struct resizer *resizer, uint32_t index)
{
    return resizer->goes_down_first ? row_down_first(resizer, index)
                                    : row_across_first(resizer, index);
}
