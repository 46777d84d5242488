/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an image is to become: the tensor that a network takes, and how pixels get there.
 * Plain data, so that it can be handed to another process.
 *
 * The file's image is first turned upright (Exif orientation), then gray or colour as
 * `channels` says, then resized and fitted, then scaled. An image of w x h pixels in a
 * tensor of W x H, with whole-number division:
 *
 *   stretch  W x H.
 *   cover    The shorter side becomes `shorter`, the longer one long * shorter / short
 *            (torchvision's Resize). Without `shorter`, the smallest size that leaves
 *            nothing of the tensor free: w is W and h is h * W / w, or h is H and w is
 *            w * H / h. Then the centre is cut out, from round((side - tensor side) / 2)
 *            on, halves to even (torchvision's CenterCrop).
 *   contain  The largest size of which all is inside, by the same two formulas; at least 1.
 *
 * Where a side is shorter than the tensor's, what is left is spec.pad; half of it, rounded
 * down, comes before the image. Nothing outside of the file's image is ever looked at by a
 * filter. Resized pixels are those of Pillow 13, bit for bit.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "galen/tensor.h"

enum image_channels { IMAGE_GRAY, IMAGE_RGB, IMAGE_BGR };

enum image_layout { IMAGE_NCHW, IMAGE_NHWC };

enum image_fit {
    IMAGE_STRETCH, /* both sides become the tensor's */
    IMAGE_COVER,   /* aspect kept, the tensor is full, what hangs over is cut off */
    IMAGE_CONTAIN, /* aspect kept, all of the image is there, the rest is spec.pad */
};

/* As Pillow has them: when an image gets smaller, each but the nearest looks at all pixels
 * that fall into one. */
enum image_filter {
    IMAGE_NEAREST,
    IMAGE_BOX,
    IMAGE_BILINEAR,
    IMAGE_HAMMING,
    IMAGE_BICUBIC,
    IMAGE_LANCZOS,
};

struct image_spec {
    enum image_channels channels;
    enum image_layout layout;
    enum image_fit fit;
    enum image_filter filter;
    uint32_t width; /* of the tensor; 1 to LIMIT_IMAGE_SIDE_MAX, as all sides here */
    uint32_t height;
    uint32_t shorter;   /* IMAGE_COVER: the shorter side before cutting; 0: see above */
    uint32_t min_width; /* of the file's image, upright; 0: any */
    uint32_t min_height;
    bool convert; /* gray to colour and back; else only what has the tensor's channels */
    uint8_t pad;  /* a pixel's value, in all channels, before scaling */
    enum galen_datatype datatype; /* GALEN_UINT8: pixels as they are; GALEN_FP16;
                                   * GALEN_FP32: (pixel * scale - mean[c]) / std[c] */
    float scale;
    float mean[3]; /* c in the order of the tensor's channels */
    float std[3];
};

/* 1 or 3. */
uint32_t image_channel_count(const struct image_spec *spec);

/* Bytes of [1, C, H, W] or [1, H, W, C]. */
size_t image_tensor_size(const struct image_spec *spec);
