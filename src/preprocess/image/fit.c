/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/image/fit.h"

struct sides {
    uint32_t width;
    uint32_t height;
};

static uint32_t scale(uint32_t side, uint32_t to, uint32_t from)
{
    const uint64_t scaled = (uint64_t)side * to / from;
    return scaled == 0 ? 1 : (uint32_t)scaled;
}

static struct sides with_width(struct sides image, uint32_t width)
{
    return (struct sides){width, scale(image.height, width, image.width)};
}

static struct sides with_height(struct sides image, uint32_t height)
{
    return (struct sides){scale(image.width, height, image.height), height};
}

static struct sides with_shorter(struct sides image, uint32_t shorter)
{
    return image.width <= image.height ? with_width(image, shorter)
                                       : with_height(image, shorter);
}

static struct sides resized(const struct image_spec *spec, struct sides image)
{
    const bool is_wider =
        (uint64_t)image.width * spec->height >= (uint64_t)image.height * spec->width;
    switch (spec->fit) {
    case IMAGE_COVER:
        if (spec->shorter != 0) {
            return with_shorter(image, spec->shorter);
        }
        return is_wider ? with_height(image, spec->height) : with_width(image, spec->width);
    case IMAGE_CONTAIN:
        return is_wider ? with_width(image, spec->width) : with_height(image, spec->height);
    case IMAGE_STRETCH:
    default:
        return (struct sides){spec->width, spec->height};
    }
}

/* Half, and of two that are as near the even one. */
static uint32_t half_to_even(uint32_t value)
{
    const uint32_t half = value / 2;
    return half + (value % 2 == 1 && half % 2 == 1);
}

static struct fit_axis axis_of(uint32_t size, uint32_t scaled, uint32_t room)
{
    const bool fits = scaled <= room;
    return (struct fit_axis){
        .size = size,
        .scaled = scaled,
        .first = fits ? 0 : half_to_even(scaled - room),
        .count = fits ? scaled : room,
        .before = fits ? (room - scaled) / 2 : 0,
    };
}

struct fit fit_plan(const struct image_spec *spec, uint32_t width, uint32_t height)
{
    const struct sides scaled = resized(spec, (struct sides){width, height});
    return (struct fit){
        .x = axis_of(width, scaled.width, spec->width),
        .y = axis_of(height, scaled.height, spec->height),
    };
}
