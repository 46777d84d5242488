/* SPDX-License-Identifier: Apache-2.0 */
/* PNG by libspng, row by row, of the chunks that png_chunks lets through. */
#include <spng.h>

#include "preprocess/image/decoder.h"
#include "preprocess/image/png_chunks.h"
#include "preprocess/image/png_row.h"

struct decoding {
    const struct image_header *header;
    struct png_stream stream;
    spng_ctx *library;
    struct spng_ihdr ihdr;
    struct png_palette palette;
    struct png_row row;
    uint8_t *bytes; /* of one row as it is in the file */
};

/* The columns that a pass of an interlaced image fills. */
struct columns {
    uint32_t first;
    uint32_t step;
};

static int read_stream(spng_ctx *library, void *user, void *bytes, size_t size)
{
    (void)library;
    return png_stream_read(user, bytes, size) ? 0 : SPNG_IO_EOF;
}

static enum galen_status fail(const struct decoding *decoding, int code,
                              struct error *out_error)
{
    if (code == SPNG_EMEM) {
        return GALEN_NO_MEMORY;
    }
    return error_set(out_error, GALEN_INVALID, "cannot be decoded at byte offset %zu",
                     png_stream_offset(&decoding->stream));
}

static struct columns columns_of(const struct decoding *decoding, int pass)
{
    static const struct columns passes[] = {{0, 8}, {4, 8}, {0, 4}, {2, 4},
                                            {0, 2}, {1, 2}, {0, 1}};
    return decoding->ihdr.interlace_method == 0 ? (struct columns){0, 1} : passes[pass];
}

static bool is_as_wanted(const struct decoding *decoding)
{
    const struct png_row *row = &decoding->row;
    return decoding->ihdr.interlace_method == 0 && row->palette == NULL &&
           row->size_of_sample == 8 && row->samples == row->channels;
}

/* Into its place, and straight there where nothing needs to be changed. *out_code is the
 * library's. */
static bool decode_row(struct decoding *decoding, const struct pixels *pixels,
                       int *out_code)
{
    struct spng_row_info place;
    *out_code = spng_get_row_info(decoding->library, &place);
    if (*out_code != 0) {
        return false;
    }
    const struct columns columns = columns_of(decoding, place.pass);
    const uint32_t count =
        (pixels->width - columns.first + columns.step - 1) / columns.step;
    const size_t size = png_row_size(&decoding->row, count);
    uint8_t *out = pixels->data + ((size_t)place.row_num * pixels->width + columns.first) *
                                      pixels->channels;
    uint8_t *bytes = is_as_wanted(decoding) ? out : decoding->bytes;
    *out_code = spng_decode_scanline(decoding->library, bytes, size);
    if (*out_code != 0 && *out_code != SPNG_EOI) {
        return false;
    }
    return bytes == out || png_row_expand(&decoding->row, bytes, count, out,
                                          (size_t)columns.step * pixels->channels);
}

static enum galen_status decode_rows(struct decoding *decoding, const struct pixels *pixels,
                                     struct error *out_error)
{
    int code = spng_decode_image(decoding->library, NULL, 0, SPNG_FMT_RAW,
                                 SPNG_DECODE_PROGRESSIVE);
    while (code == 0) {
        if (!decode_row(decoding, pixels, &code)) {
            return fail(decoding, code, out_error);
        }
    }
    if (code == SPNG_EOI) {
        code = spng_decode_chunks(decoding->library); /* to the end: all checksums hold */
    }
    return code == 0 ? GALEN_OK : fail(decoding, code, out_error);
}

static enum galen_status read_palette(struct decoding *decoding, struct error *out_error)
{
    struct spng_plte entries;
    const int code = spng_get_plte(decoding->library, &entries);
    if (code != 0) {
        return fail(decoding, code, out_error);
    }
    decoding->palette.count = entries.n_entries;
    for (uint32_t i = 0; i < entries.n_entries; i++) {
        const struct spng_plte_entry *entry = &entries.entries[i];
        uint8_t *colour = decoding->palette.colours[i];
        colour[0] = entry->red;
        colour[1] = entry->green;
        colour[2] = entry->blue;
    }
    decoding->row.palette = &decoding->palette;
    return GALEN_OK;
}

static enum galen_status open_file(struct decoding *decoding, struct error *out_error)
{
    const struct image_header *header = decoding->header;
    int code = spng_set_png_stream(decoding->library, read_stream, &decoding->stream);
    if (code == 0) {
        code = spng_get_ihdr(decoding->library, &decoding->ihdr);
    }
    if (code != 0 || decoding->ihdr.width != header->width ||
        decoding->ihdr.height != header->height) {
        return fail(decoding, code, out_error);
    }
    decoding->row = (struct png_row){
        .samples = header->samples,
        .size_of_sample = header->size_of_sample,
        .channels = header->channels,
    };
    if (decoding->ihdr.color_type == PNG_PALETTE) {
        return read_palette(decoding, out_error);
    }
    return GALEN_OK;
}

static enum galen_status decode(struct decoding *decoding, struct arena *arena,
                                struct pixels *out_pixels, struct error *out_error)
{
    const struct image_header *header = decoding->header;
    TRY(open_file(decoding, out_error));
    TRY(pixels_create(arena, header->width, header->height, header->channels, out_pixels,
                      out_error));
    decoding->bytes = arena_alloc(arena, png_row_size(&decoding->row, header->width));
    if (decoding->bytes == NULL) {
        return GALEN_NO_MEMORY;
    }
    return decode_rows(decoding, out_pixels, out_error);
}

static enum galen_status png_decode(const struct image_header *header, struct arena *arena,
                                    struct pixels *out_pixels, struct error *out_error)
{
    struct pixels pixels;
    struct decoding decoding = {.header = header, .library = spng_ctx_new(0)};
    if (decoding.library == NULL) {
        return GALEN_NO_MEMORY;
    }
    png_stream_init(&decoding.stream, header->image);
    const enum galen_status status = decode(&decoding, arena, &pixels, out_error);
    spng_ctx_free(decoding.library);
    TRY(status);
    *out_pixels = pixels;
    return GALEN_OK;
}

const struct image_decoder png_decoder = {
    .name = "PNG",
    .scan = png_scan,
    .decode = png_decode,
};
