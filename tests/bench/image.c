/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: image_bench FILE FORMAT CHANNELS PART [RUNS]
 *
 * FORMAT is jpeg or png, CHANNELS gray or rgb. CPU time (user and system, this process) of
 * making a 224 x 224 FP32 tensor, bilinear, scaled by mean and standard deviation, with the
 * arena of a request that is wiped and given back each time, as a server does. PART is
 * file, or pixels: without what it takes to decode them. One JSON line on stdout.
 * image_peer.py is what this is compared to.
 */
#include "preprocess/image/image.h"
#include "base/limits.h"
#include "measure.h"
#include "preprocess/image/decoder.h"
#include "preprocess/image/render.h"

enum { RUNS_DEFAULT = 500, FILE_SIZE_BYTES_MAX = 64 << 20, SIDE = 224 };

struct work {
    struct image_spec spec;
    enum image_format format;
    struct bytes file;
    struct pixels pixels;
    bool decodes;
    uint8_t *tensor;
};

static struct image_spec spec_of(bool is_gray)
{
    return (struct image_spec){
        .channels = is_gray ? IMAGE_GRAY : IMAGE_RGB,
        .layout = IMAGE_NCHW,
        .fit = IMAGE_STRETCH,
        .filter = IMAGE_BILINEAR,
        .width = SIDE,
        .height = SIDE,
        .datatype = GALEN_FP32,
        .scale = 1.0F / 255,
        .mean = {0.485F, 0.456F, 0.406F},
        .std = {0.229F, 0.224F, 0.225F},
    };
}

static void run(const struct work *work)
{
    struct arena arena;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    const enum galen_status status =
        work->decodes ? image_to_tensor(&work->spec, work->format, work->file, &arena,
                                        work->tensor, NULL)
                      : render(&work->spec, &work->pixels, &arena, work->tensor);
    if (status != GALEN_OK) {
        die("the image", galen_status_text(status));
    }
    arena_deinit(&arena);
}

static void decode(struct work *work, struct arena *arena)
{
    const struct image_decoder *decoder =
        work->format == IMAGE_PNG ? &png_decoder : &jpeg_decoder;
    struct image_header header;
    if (decoder->scan(work->file, &header, NULL) != GALEN_OK ||
        decoder->decode(&header, arena, &work->pixels, NULL) != GALEN_OK ||
        header.channels != image_channel_count(&work->spec)) {
        die("the image", "cannot be decoded");
    }
}

static double sum_of(const struct work *work)
{
    double sum = 0;
    for (size_t at = 0; at < image_tensor_size(&work->spec); at += sizeof(float)) {
        float value;
        memcpy(&value, work->tensor + at, sizeof(value));
        sum += (double)value;
    }
    return sum;
}

int main(int argument_count, char **arguments)
{
    if (argument_count < 5) {
        die("usage", "image_bench FILE FORMAT CHANNELS PART [RUNS]");
    }
    scoped(blob) file = read_file(arguments[1], FILE_SIZE_BYTES_MAX);
    const long run_count =
        argument_count > 5 ? strtol(arguments[5], NULL, 10) : (long)RUNS_DEFAULT;
    struct arena arena;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    struct work work = {
        .spec = spec_of(strcmp(arguments[3], "gray") == 0),
        .format = strcmp(arguments[2], "png") == 0 ? IMAGE_PNG : IMAGE_JPEG,
        .file = bytes_of(blob_data(file), blob_size(file)),
        .decodes = strcmp(arguments[4], "file") == 0,
    };
    work.tensor = malloc(image_tensor_size(&work.spec));
    if (run_count < 1 || work.tensor == NULL) {
        die("RUNS", "at least 1");
    }
    decode(&work, &arena);
    run(&work);
    const double start_us = cpu_us();
    for (long i = 0; i < run_count; i++) {
        run(&work);
    }
    (void)printf("{\"bench\": \"image\", \"runs\": %ld, \"sum\": %.3f, "
                 "\"cpu_us_per_run\": %.3f}\n",
                 run_count, sum_of(&work), (cpu_us() - start_us) / (double)run_count);
    arena_deinit(&arena);
    free(work.tensor);
    return EXIT_SUCCESS;
}
