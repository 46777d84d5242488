/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must hold of any file: it becomes a tensor of which every value is there and finite,
 * or is refused with a status that says why. Which tensor is asked for is said by the last
 * bytes: behind an image they are never looked at.
 */
#pragma once

#include <stdlib.h>

#include "base/invariant.h"
#include "codec/number.h"
#include "preprocess/image/image.h"

enum { IMAGE_FUZZ_ARENA_SIZE = 1 << 24, IMAGE_FUZZ_SIDE_MAX = 40 };

static inline uint32_t image_fuzz_byte(struct bytes file, size_t from_end)
{
    return from_end < file.size ? file.data[file.size - 1 - from_end] : 0;
}

static inline struct image_spec image_fuzz_spec(struct bytes file)
{
    static const enum galen_datatype datatypes[] = {GALEN_FP32, GALEN_FP16, GALEN_UINT8};
    const uint32_t order = image_fuzz_byte(file, 0);
    const uint32_t way = image_fuzz_byte(file, 1);
    const uint32_t more = image_fuzz_byte(file, 4);
    return (struct image_spec){
        .channels = (enum image_channels)(order % 3),
        .layout = (enum image_layout)(order / 3 % 2),
        .fit = (enum image_fit)(way % 3),
        .filter = (enum image_filter)(way / 3 % 6),
        .width = 1 + image_fuzz_byte(file, 2) % IMAGE_FUZZ_SIDE_MAX,
        .height = 1 + image_fuzz_byte(file, 3) % IMAGE_FUZZ_SIDE_MAX,
        .shorter = more % 2 == 0 ? 0 : 1 + more / 2,
        .min_width = more % 16 == 0 ? 3 : 0,
        .convert = order < 200,
        .pad = (uint8_t)way,
        .datatype = datatypes[image_fuzz_byte(file, 5) % 3],
        .scale = 1.0F / 255,
        .mean = {0.5F, 0.25F, 0},
        .std = {0.25F, 0.5F, 1},
    };
}

/* The tensor was all ones before, which is no number. */
static inline void image_fuzz_check(const struct image_spec *spec, const uint8_t *tensor)
{
    const size_t size = galen_datatype_size(spec->datatype);
    for (size_t at = 0; size > 1 && at < image_tensor_size(spec); at += size) {
        uint16_t half;
        float value;
        memcpy(&half, tensor + at, sizeof(half));
        if (size == sizeof(half)) {
            value = number_f32_from_f16(half);
        } else {
            memcpy(&value, tensor + at, sizeof(value));
        }
        INVARIANT(value >= -2 && value <= 3);
    }
}

static inline bool image_fuzz_is_refusal(enum galen_status status,
                                         const struct error *error)
{
    const bool is_told = error->text[0] != '\0';
    return (status == GALEN_INVALID && strstr(error->text, "byte offset") != NULL) ||
           ((status == GALEN_TOO_LARGE || status == GALEN_UNSUPPORTED_TYPE ||
             status == GALEN_UNPROCESSABLE) &&
            is_told) ||
           status == GALEN_NO_MEMORY;
}

static inline enum galen_status image_fuzz_run(enum image_format format, struct bytes file)
{
    const struct image_spec spec = image_fuzz_spec(file);
    struct error error = {.text = ""};
    struct arena arena;
    uint8_t *tensor = malloc(image_tensor_size(&spec));
    INVARIANT(tensor != NULL);
    memset(tensor, 0xFF, image_tensor_size(&spec));
    arena_init(&arena, IMAGE_FUZZ_ARENA_SIZE);
    const enum galen_status status =
        image_to_tensor(&spec, format, file, &arena, tensor, &error);
    if (status == GALEN_OK) {
        image_fuzz_check(&spec, tensor);
    } else {
        INVARIANT(image_fuzz_is_refusal(status, &error));
    }
    arena_deinit(&arena);
    free(tensor);
    return status;
}
