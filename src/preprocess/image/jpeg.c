/* SPDX-License-Identifier: Apache-2.0 */
/* JPEG by libturbojpeg, which may read what jpeg_markers found to be one whole image. */
#include <turbojpeg.h>

#include "preprocess/image/decoder.h"
#include "preprocess/image/jpeg_markers.h"

/* Its warnings are failures: behind one, pixels are made up. */
enum { FLAGS = TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS };

static enum galen_status fail(tjhandle decoder, const struct image_header *header,
                              struct error *out_error)
{
    const struct bytes why = bytes_from_string(tjGetErrorStr2(decoder));
    if (bytes_starts_with(why, BYTES("Insufficient memory"))) {
        return GALEN_NO_MEMORY;
    }
    return error_set(out_error, GALEN_INVALID, "cannot be decoded from byte offset %zu on",
                     header->coded_offset);
}

static int pixel_format(const struct image_header *header)
{
    switch (header->samples) {
    case 1:
        return TJPF_GRAY;
    case 3:
        return TJPF_RGB;
    default:
        return TJPF_CMYK;
    }
}

/* Both read the same file; should they ever see another size in it, nothing is decoded. A
 * sampling that it has no name for is no reason not to decode. */
static bool sides_are_agreed(tjhandle decoder, const struct image_header *header)
{
    int width, height, sampling, colours;
    return tjDecompressHeader3(decoder, header->image.data, header->image.size, &width,
                               &height, &sampling, &colours) != 0 ||
           ((uint32_t)width == header->width && (uint32_t)height == header->height);
}

static enum galen_status decode(tjhandle decoder, const struct image_header *header,
                                const struct pixels *pixels, struct error *out_error)
{
    if (!sides_are_agreed(decoder, header) ||
        tjDecompress2(decoder, header->image.data, header->image.size, pixels->data,
                      (int)pixels->width, 0, (int)pixels->height, pixel_format(header),
                      FLAGS) != 0) {
        return fail(decoder, header, out_error);
    }
    return GALEN_OK;
}

static enum galen_status jpeg_decode(const struct image_header *header, struct arena *arena,
                                     struct pixels *out_pixels, struct error *out_error)
{
    struct pixels pixels;
    TRY(pixels_create(arena, header->width, header->height, header->samples, &pixels,
                      out_error));
    tjhandle decoder = tjInitDecompress();
    if (decoder == NULL) {
        return GALEN_NO_MEMORY;
    }
    const enum galen_status status = decode(decoder, header, &pixels, out_error);
    (void)tjDestroy(decoder);
    TRY(status);
    if (pixels.channels == 4) {
        pixels_cmyk_to_rgb(&pixels);
    }
    *out_pixels = pixels;
    return GALEN_OK;
}

const struct image_decoder jpeg_decoder = {
    .name = "JPEG",
    .scan = jpeg_scan,
    .decode = jpeg_decode,
};
