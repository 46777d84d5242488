/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image_driver: requests from stdin, each a struct request and the bytes of a file; for
 * each, on stdout, the status, the size of what follows, and that: the tensor, or the text
 * of the error. All numbers are little-endian.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "preprocess/image/image.h"

struct request {
    uint32_t format;
    uint32_t channels;
    uint32_t layout;
    uint32_t fit;
    uint32_t filter;
    uint32_t width;
    uint32_t height;
    uint32_t shorter;
    uint32_t min_width;
    uint32_t min_height;
    uint32_t convert;
    uint32_t pad;
    uint32_t datatype; /* size of an element: 1, 2, 4 */
    float scale;
    float mean[3];
    float std[3];
    uint32_t file_size;
};

static enum galen_datatype datatype_of(uint32_t size)
{
    return size == 1 ? GALEN_UINT8 : size == 2 ? GALEN_FP16 : GALEN_FP32;
}

static struct image_spec spec_of(const struct request *request)
{
    struct image_spec spec = {
        .channels = (enum image_channels)request->channels,
        .layout = (enum image_layout)request->layout,
        .fit = (enum image_fit)request->fit,
        .filter = (enum image_filter)request->filter,
        .width = request->width,
        .height = request->height,
        .shorter = request->shorter,
        .min_width = request->min_width,
        .min_height = request->min_height,
        .convert = request->convert != 0,
        .pad = (uint8_t)request->pad,
        .datatype = datatype_of(request->datatype),
        .scale = request->scale,
    };
    memcpy(spec.mean, request->mean, sizeof(spec.mean));
    memcpy(spec.std, request->std, sizeof(spec.std));
    return spec;
}

static bool put(enum galen_status status, const void *bytes, size_t size)
{
    const uint32_t head[] = {(uint32_t)galen_status_http(status), (uint32_t)size};
    return fwrite(head, sizeof(head), 1, stdout) == 1 &&
           fwrite(bytes, 1, size, stdout) == size && fflush(stdout) == 0;
}

static bool answer(const struct request *request, struct bytes file)
{
    const struct image_spec spec = spec_of(request);
    const size_t size = image_tensor_size(&spec);
    struct error error = {.text = ""};
    struct arena arena;
    uint8_t *tensor = malloc(size);
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    const enum galen_status status =
        tensor == NULL ? GALEN_NO_MEMORY
                       : image_to_tensor(&spec, (enum image_format)request->format, file,
                                         &arena, tensor, &error);
    const bool good = status == GALEN_OK ? put(status, tensor, size)
                                         : put(status, error.text, strlen(error.text));
    arena_deinit(&arena);
    free(tensor);
    return good;
}

int main(void)
{
    struct request request;
    bool good = true;
    while (good && fread(&request, sizeof(request), 1, stdin) == 1) {
        uint8_t *file = malloc((size_t)request.file_size + 1);
        good = file != NULL &&
               fread(file, 1, request.file_size, stdin) == request.file_size &&
               answer(&request, bytes_of(file, request.file_size));
        free(file);
    }
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
