/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/image/jpeg_markers.h"

#include "base/limits.h"
#include "base/reader.h"
#include "preprocess/image/exif.h"

enum {
    BASELINE = 0xC0,
    EXTENDED = 0xC1,
    PROGRESSIVE = 0xC2,
    HUFFMAN_TABLES = 0xC4,
    JPEG_EXTENSION = 0xC8,
    ARITHMETIC = 0xC9,
    ARITHMETIC_PROGRESSIVE = 0xCA,
    ARITHMETIC_TABLES = 0xCC,
    LAST_FRAME = 0xCF,
    FIRST_RESTART = 0xD0,
    LAST_RESTART = 0xD7,
    START_OF_IMAGE = 0xD8,
    END_OF_IMAGE = 0xD9,
    START_OF_SCAN = 0xDA,
    APPLICATION_1 = 0xE1,
    TEMPORARY = 0x01,
};

struct walk {
    struct bytes file;
    struct reader reader;
    struct image_header header;
    uint32_t scan_count;
    bool has_frame;
    bool has_exif;
    bool is_over;
};

static size_t offset_of(const struct walk *walk)
{
    return walk->file.size - walk->reader.left.size;
}

static enum galen_status fail(const struct walk *walk, struct error *out_error)
{
    return error_set(out_error, GALEN_INVALID, "is broken at byte offset %zu",
                     offset_of(walk));
}

static uint32_t take_u16(struct reader *reader)
{
    const uint32_t high = reader_u8(reader);
    return high << 8 | reader_u8(reader);
}

static bool is_frame(uint8_t marker)
{
    return marker >= BASELINE && marker <= LAST_FRAME && marker != HUFFMAN_TABLES &&
           marker != JPEG_EXTENSION && marker != ARITHMETIC_TABLES;
}

static bool is_supported_frame(uint8_t marker)
{
    return marker == BASELINE || marker == EXTENDED || marker == PROGRESSIVE ||
           marker == ARITHMETIC || marker == ARITHMETIC_PROGRESSIVE;
}

static bool stands_alone(uint8_t marker)
{
    return marker == TEMPORARY || (marker >= FIRST_RESTART && marker <= LAST_RESTART);
}

static enum galen_status check_components(const struct walk *walk, struct error *out_error)
{
    const uint32_t count = walk->header.samples;
    if (count != 1 && count != 3 && count != 4) {
        return error_set(out_error, GALEN_UNPROCESSABLE,
                         "has %u components, and 1, 3 or 4 are read", count);
    }
    return GALEN_OK;
}

static enum galen_status read_frame(struct walk *walk, uint8_t marker, struct bytes body,
                                    struct error *out_error)
{
    struct reader reader = reader_of(body);
    struct image_header *header = &walk->header;
    header->size_of_sample = reader_u8(&reader);
    header->height = take_u16(&reader);
    header->width = take_u16(&reader);
    header->samples = reader_u8(&reader);
    header->channels = header->samples == 1 ? 1 : 3;
    if (reader.failed || walk->has_frame) {
        return fail(walk, out_error);
    }
    if (!is_supported_frame(marker) || header->size_of_sample != 8) {
        return error_set(
            out_error, GALEN_UNSUPPORTED_TYPE,
            "is a JPEG of another kind than 8 bits, sequential or progressive");
    }
    walk->has_frame = true;
    TRY(image_check_sides(header->width, header->height, offset_of(walk), out_error));
    return check_components(walk, out_error);
}

static void read_exif(struct walk *walk, struct bytes body)
{
    const struct bytes name = BYTES("Exif\0\0");
    if (!walk->has_exif && walk->scan_count == 0 && bytes_starts_with(body, name)) {
        walk->header.orientation = exif_orientation(bytes_from(body, name.size));
        walk->has_exif = true;
    }
}

/* To the next marker that is none of the coded data's own. */
static enum galen_status skip_coded(struct walk *walk, struct error *out_error)
{
    struct reader *reader = &walk->reader;
    for (;;) {
        (void)reader_take(reader, bytes_find(reader->left, 0xFF));
        const struct bytes after = bytes_from(reader->left, 1);
        if (after.size == 0) {
            return image_ends_early(walk->file, out_error);
        }
        const uint8_t byte = after.data[0];
        if (byte != 0 && byte != 0xFF && !stands_alone(byte)) {
            return GALEN_OK;
        }
        (void)reader_take(reader, byte == 0xFF ? 1 : 2);
    }
}

/* Each goes over the whole image, however little is coded for it. */
static enum galen_status count_scan(struct walk *walk, struct error *out_error)
{
    const uint64_t pixels = (uint64_t)walk->header.width * walk->header.height;
    if (++walk->scan_count > LIMIT_IMAGE_SCAN_COUNT_MAX) {
        return error_set(out_error, GALEN_TOO_LARGE, "has more than %d scans",
                         LIMIT_IMAGE_SCAN_COUNT_MAX);
    }
    if (walk->scan_count * pixels > LIMIT_IMAGE_SCANNED_PIXEL_COUNT_MAX) {
        return error_set(out_error, GALEN_TOO_LARGE,
                         "has more scans than an image of %u x %u pixels may have",
                         walk->header.width, walk->header.height);
    }
    return GALEN_OK;
}

static enum galen_status read_scan(struct walk *walk, struct error *out_error)
{
    if (!walk->has_frame) {
        return fail(walk, out_error);
    }
    if (walk->scan_count == 0) {
        walk->header.coded_offset = offset_of(walk);
    }
    TRY(count_scan(walk, out_error));
    return skip_coded(walk, out_error);
}

static enum galen_status read_segment(struct walk *walk, uint8_t marker,
                                      struct error *out_error)
{
    const uint32_t size = take_u16(&walk->reader);
    if (!walk->reader.failed && size < 2) {
        return fail(walk, out_error);
    }
    const struct bytes body = reader_take(&walk->reader, size - 2);
    if (walk->reader.failed) {
        return image_ends_early(walk->file, out_error);
    }
    if (is_frame(marker)) {
        return read_frame(walk, marker, body, out_error);
    }
    if (marker == START_OF_SCAN) {
        return read_scan(walk, out_error);
    }
    if (marker == APPLICATION_1) {
        read_exif(walk, body);
    }
    return GALEN_OK;
}

/* 0xFF, as often as one likes, and what it marks. */
static enum galen_status take_marker(struct walk *walk, uint8_t *out_marker,
                                     struct error *out_error)
{
    uint8_t byte = reader_u8(&walk->reader);
    if (!walk->reader.failed && byte != 0xFF) {
        return fail(walk, out_error);
    }
    while (byte == 0xFF) {
        byte = reader_u8(&walk->reader);
    }
    *out_marker = byte;
    return walk->reader.failed ? image_ends_early(walk->file, out_error) : GALEN_OK;
}

static enum galen_status step(struct walk *walk, struct error *out_error)
{
    uint8_t marker = 0;
    TRY(take_marker(walk, &marker, out_error));
    if (marker == 0 || marker == START_OF_IMAGE) {
        return fail(walk, out_error);
    }
    if (stands_alone(marker)) {
        return GALEN_OK;
    }
    if (marker != END_OF_IMAGE) {
        return read_segment(walk, marker, out_error);
    }
    walk->is_over = true;
    return walk->scan_count > 0 ? GALEN_OK : fail(walk, out_error);
}

enum galen_status jpeg_scan(struct bytes file, struct image_header *out_header,
                            struct error *out_error)
{
    struct walk walk = {
        .file = file,
        .reader = reader_of(bytes_from(file, 2)),
        .header = {.orientation = EXIF_UPRIGHT},
    };
    if (!bytes_starts_with(file, BYTES("\xFF\xD8\xFF"))) {
        return error_set(out_error, GALEN_UNSUPPORTED_TYPE, "is no JPEG");
    }
    while (!walk.is_over) {
        TRY(step(&walk, out_error));
    }
    walk.header.image = bytes_first(file, offset_of(&walk));
    TRY(image_check_ratio(&walk.header, out_error));
    *out_header = walk.header;
    return GALEN_OK;
}
