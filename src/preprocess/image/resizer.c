/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/image/resizer.h"

static size_t line_stride(const struct resizer *resizer)
{
    return resizer->line_size + PIXELS_SLACK;
}

static enum galen_status make_room(struct resizer *resizer, struct arena *arena)
{
    resizer->line_count = resizer->y.span_max + KERNEL_LINES;
    resizer->span = arena_alloc_array(arena, resizer->y.span_max, sizeof(*resizer->span));
    resizer->row = arena_alloc(arena, line_stride(resizer));
    resizer->lines = resizer->is_as_wide ? resizer->row
                                         : arena_alloc_array(arena, resizer->line_count,
                                                             line_stride(resizer));
    if (resizer->span == NULL || resizer->row == NULL || resizer->lines == NULL) {
        return GALEN_NO_MEMORY;
    }
    return GALEN_OK;
}

enum galen_status resizer_init(struct resizer *resizer, const struct kernels *kernels,
                               const struct pixels *image, const struct fit *fit,
                               enum image_filter filter, struct arena *arena)
{
    *resizer = (struct resizer){
        .kernels = kernels,
        .image = *image,
        .is_as_wide = fit->x.size == fit->x.scaled,
        .line_size = (size_t)fit->x.count * image->channels,
    };
    TRY(taps_create(filter, &fit->x, arena, &resizer->x));
    TRY(taps_create(filter, &fit->y, arena, &resizer->y));
    return make_room(resizer, arena);
}

static const uint8_t *image_row(const struct resizer *resizer, uint32_t index)
{
    return resizer->image.data +
           (size_t)index * resizer->image.width * resizer->image.channels;
}

static uint8_t *ring_line(const struct resizer *resizer, uint32_t index)
{
    return resizer->lines + index % resizer->line_count * line_stride(resizer);
}

static void make_lines(struct resizer *resizer, uint32_t count)
{
    struct line_group lines = {.count = count};
    for (uint32_t i = 0; i < KERNEL_LINES; i++) {
        const uint32_t index = resizer->next + (i < count ? i : count - 1);
        lines.from[i] = image_row(resizer, index);
        lines.to[i] = ring_line(resizer, index);
    }
    if (resizer->image.channels == 1) {
        resizer->kernels->across_gray(&resizer->x, &lines);
    } else {
        resizer->kernels->across_rgb(&resizer->x, &lines);
    }
    resizer->next += count;
}

/* Where rows are made of several lines, none between the first and the last is left out, so
 * that a few more may be made ahead. */
static void need_lines(struct resizer *resizer, struct tap_span span)
{
    const struct tap_span last = resizer->y.spans[resizer->y.count - 1];
    const uint32_t needed = span.first + span.count;
    const uint32_t end = resizer->y.is_plain ? needed : last.first + last.count;
    if (resizer->next < span.first) {
        resizer->next = span.first;
    }
    while (resizer->next < needed) {
        const uint32_t left = end - resizer->next;
        make_lines(resizer, left < KERNEL_LINES ? left : KERNEL_LINES);
    }
}

static const uint8_t *line_at(const struct resizer *resizer, uint32_t index)
{
    return resizer->is_as_wide
               ? image_row(resizer, index) +
                     (size_t)resizer->x.spans[0].first * resizer->image.channels
               : ring_line(resizer, index);
}

const uint8_t *resizer_row(struct resizer *resizer, uint32_t index)
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
    resizer->kernels->down(&resizer->y, index, resizer->span, resizer->line_size,
                           resizer->row);
    return resizer->row;
}
