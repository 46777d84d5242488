/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/image/png_chunks.h"

#include "preprocess/image/exif.h"

#define SIGNATURE BYTES("\x89PNG\r\n\x1A\n")

#define CHUNK_TYPE(a, b, c, d) \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))
#define IHDR CHUNK_TYPE('I', 'H', 'D', 'R')
#define PLTE CHUNK_TYPE('P', 'L', 'T', 'E')
#define IDAT CHUNK_TYPE('I', 'D', 'A', 'T')
#define IEND CHUNK_TYPE('I', 'E', 'N', 'D')
#define EXIF CHUNK_TYPE('e', 'X', 'I', 'f')
#define ANCILLARY CHUNK_TYPE(0x20, 0, 0, 0) /* a bit of the type */

enum { HEADER_SIZE = 13 };

struct chunk {
    uint32_t type;
    struct bytes body;
    struct bytes all; /* size, type, body, checksum */
};

struct walk {
    struct bytes file;
    struct reader reader;
    struct image_header header;
    size_t chunk_offset; /* of the chunk under way */
    uint32_t last_type;
    bool has_data;
    bool has_exif;
};

static uint32_t take_u32(struct reader *reader)
{
    return __builtin_bswap32(reader_u32_le(reader));
}

static struct chunk take_chunk(struct reader *reader)
{
    const struct bytes before = reader->left;
    const uint32_t size = take_u32(reader);
    struct chunk chunk = {.type = take_u32(reader)};
    chunk.body = reader_take(reader, size);
    (void)reader_take(reader, 4);
    chunk.all = bytes_first(before, before.size - reader->left.size);
    return chunk;
}

static enum galen_status fail(const struct walk *walk, struct error *out_error)
{
    return error_set(out_error, GALEN_INVALID, "has a broken chunk at byte offset %zu",
                     walk->chunk_offset);
}

static uint32_t checksum_of(struct bytes bytes)
{
    static const uint32_t by_nibble[16] = {
        0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4,
        0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
        0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
    };
    uint32_t sum = UINT32_MAX;
    for (size_t i = 0; i < bytes.size; i++) {
        sum ^= bytes.data[i];
        sum = sum >> 4 ^ by_nibble[sum & 15];
        sum = sum >> 4 ^ by_nibble[sum & 15];
    }
    return ~sum;
}

static bool is_intact(const struct chunk *chunk)
{
    struct reader sum = reader_of(bytes_from(chunk->all, chunk->all.size - 4));
    const struct bytes summed =
        bytes_first(bytes_from(chunk->all, 4), chunk->body.size + 4);
    return take_u32(&sum) == checksum_of(summed);
}

/* 0: no such type of colour. */
static uint32_t samples_of(uint8_t colour)
{
    static const uint8_t samples[] = {
        [PNG_GRAY] = 1,       [PNG_RGB] = 3,       [PNG_PALETTE] = 1,
        [PNG_GRAY_ALPHA] = 2, [PNG_RGB_ALPHA] = 4,
    };
    return colour < sizeof(samples) ? samples[colour] : 0;
}

static bool depth_is_valid(uint8_t colour, uint32_t depth)
{
    const bool is_small = depth == 1 || depth == 2 || depth == 4;
    return depth == 8 || (depth == 16 && colour != PNG_PALETTE) ||
           (is_small && (colour == PNG_GRAY || colour == PNG_PALETTE));
}

static enum galen_status read_header(struct walk *walk, const struct chunk *chunk,
                                     struct error *out_error)
{
    struct reader reader = reader_of(chunk->body);
    struct image_header *header = &walk->header;
    header->width = take_u32(&reader);
    header->height = take_u32(&reader);
    header->size_of_sample = reader_u8(&reader);
    const uint8_t colour = reader_u8(&reader);
    header->samples = samples_of(colour);
    header->channels = colour == PNG_GRAY || colour == PNG_GRAY_ALPHA ? 1 : 3;
    if (chunk->type != IHDR || chunk->body.size != HEADER_SIZE || header->samples == 0 ||
        !depth_is_valid(colour, header->size_of_sample)) {
        return fail(walk, out_error);
    }
    return image_check_sides(header->width, header->height, walk->chunk_offset, out_error);
}

static enum galen_status read_exif(struct walk *walk, const struct chunk *chunk,
                                   struct error *out_error)
{
    if (walk->has_exif) {
        return GALEN_OK;
    }
    walk->has_exif = true;
    if (!is_intact(chunk)) {
        return fail(walk, out_error);
    }
    walk->header.orientation = exif_orientation(chunk->body);
    return GALEN_OK;
}

static enum galen_status read_data(struct walk *walk, struct error *out_error)
{
    if (walk->has_data && walk->last_type != IDAT) {
        return fail(walk, out_error);
    }
    if (!walk->has_data) {
        walk->header.coded_offset = walk->chunk_offset;
        walk->has_data = true;
    }
    return GALEN_OK;
}

static enum galen_status read_chunk(struct walk *walk, const struct chunk *chunk,
                                    struct error *out_error)
{
    if (walk->last_type == 0) {
        return read_header(walk, chunk, out_error);
    }
    if (chunk->type == IDAT) {
        return read_data(walk, out_error);
    }
    if (chunk->type == EXIF) {
        return read_exif(walk, chunk, out_error);
    }
    const bool is_known =
        chunk->type == PLTE || chunk->type == IEND || (chunk->type & ANCILLARY) != 0;
    const bool is_missed = chunk->type == IEND && !walk->has_data;
    return is_known && !is_missed ? GALEN_OK : fail(walk, out_error);
}

static enum galen_status step(struct walk *walk, struct error *out_error)
{
    walk->chunk_offset = walk->file.size - walk->reader.left.size;
    const struct chunk chunk = take_chunk(&walk->reader);
    if (walk->reader.failed) {
        return image_ends_early(walk->file, out_error);
    }
    TRY(read_chunk(walk, &chunk, out_error));
    walk->last_type = chunk.type;
    return GALEN_OK;
}

enum galen_status png_scan(struct bytes file, struct image_header *out_header,
                           struct error *out_error)
{
    struct walk walk = {
        .file = file,
        .reader = reader_of(bytes_from(file, SIGNATURE.size)),
        .header = {.orientation = EXIF_UPRIGHT},
    };
    if (!bytes_starts_with(file, SIGNATURE)) {
        return error_set(out_error, GALEN_UNSUPPORTED_TYPE, "is no PNG");
    }
    while (walk.last_type != IEND) {
        TRY(step(&walk, out_error));
    }
    walk.header.image = bytes_first(file, file.size - walk.reader.left.size);
    TRY(image_check_ratio(&walk.header, out_error));
    *out_header = walk.header;
    return GALEN_OK;
}

void png_stream_init(struct png_stream *stream, struct bytes image)
{
    *stream = (struct png_stream){
        .image = image,
        .reader = reader_of(bytes_from(image, SIGNATURE.size)),
        .pending = bytes_first(image, SIGNATURE.size),
    };
}

/* To the next chunk that says something of pixels; none is left at the end. */
static void advance(struct png_stream *stream)
{
    struct chunk chunk = take_chunk(&stream->reader);
    while (!stream->reader.failed && (chunk.type & ANCILLARY) != 0) {
        chunk = take_chunk(&stream->reader);
    }
    stream->pending = stream->reader.failed ? BYTES_NONE : chunk.all;
}

bool png_stream_read(struct png_stream *stream, uint8_t *out_bytes, size_t size)
{
    while (size > 0) {
        if (stream->pending.size == 0) {
            advance(stream);
        }
        const struct bytes part = bytes_first(stream->pending, size);
        if (part.size == 0) {
            return false;
        }
        memcpy(out_bytes, part.data, part.size);
        stream->pending = bytes_from(stream->pending, part.size);
        out_bytes += part.size;
        size -= part.size;
    }
    return true;
}

size_t png_stream_offset(const struct png_stream *stream)
{
    return stream->image.size - stream->reader.left.size - stream->pending.size;
}
