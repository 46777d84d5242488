/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/content_coding.h"

#include <limits.h>

#include <zlib.h>

#include "base/invariant.h"
#include "codec/parameters.h"

enum {
    WINDOW_BITS = 15,
    GZIP_FORMAT = 16, /* added to them, instead of the zlib format */
    MEMORY_LEVEL = 8,
    FIRST_RATIO = 4, /* what is expected of most bodies */
    FIRST_SIZE_MIN = 4096,
    WEIGHT_ONE = 1000,
};

static const char *const names[] = {[CONTENT_IDENTITY] = "identity",
                                    [CONTENT_GZIP] = "gzip",
                                    [CONTENT_DEFLATE] = "deflate"};

const char *content_coding_name(enum content_coding coding)
{
    return names[coding];
}

static bool find_coding(struct bytes name, enum content_coding *out_coding)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (bytes_equal_ignoring_case(name, bytes_from_string(names[i]))) {
            *out_coding = (enum content_coding)i;
            return true;
        }
    }
    if (bytes_equal_ignoring_case(name, BYTES("x-gzip"))) {
        *out_coding = CONTENT_GZIP;
        return true;
    }
    return false;
}

enum galen_status content_coding_parse(struct bytes value, enum content_coding *out_coding,
                                       struct error *out_error)
{
    return find_coding(bytes_trim(value), out_coding)
               ? GALEN_OK
               : error_set(out_error, GALEN_NOT_IMPLEMENTED,
                           "this Content-Encoding is not supported, one of " CONTENT_CODINGS
                           " is");
}

/* -- Accept-Encoding ---------------------------------------------------------------------
 */

/* "0.75", "1", and ".5" as well, in thousandths. false: it is none. */
static bool read_weight(struct bytes text, unsigned *out_weight)
{
    struct bytes whole;
    const struct bytes fraction = bytes_split(text, '.', &whole);
    unsigned weight = bytes_equal_string(whole, "1") ? WEIGHT_ONE : 0;
    unsigned unit = WEIGHT_ONE / 10;
    if (weight == 0 && whole.size > 0 && !bytes_equal_string(whole, "0")) {
        return false;
    }
    if (fraction.size > 3 || whole.size + fraction.size == 0) {
        return false;
    }
    for (size_t i = 0; i < fraction.size; i++) {
        if (fraction.data[i] < '0' || fraction.data[i] > '9') {
            return false;
        }
        weight += unit * (unsigned)(fraction.data[i] - '0');
        unit /= 10;
    }
    *out_weight = weight;
    return weight <= WEIGHT_ONE;
}

/* One member of the list: "gzip;q=0.5". false: it says nothing about our codings. */
static bool read_member(struct bytes member, enum content_coding *out_coding,
                        unsigned *out_weight)
{
    struct bytes name;
    struct bytes rest = bytes_trim(bytes_split(member, ';', &name));
    struct parameter parameter;
    *out_weight = WEIGHT_ONE;
    while (rest.size > 0) {
        if (!parameters_take(&rest, &parameter)) {
            return false;
        }
        if (bytes_equal_ignoring_case(parameter.name, BYTES("q")) &&
            !read_weight(parameter.value, out_weight)) {
            return false;
        }
    }
    return find_coding(bytes_trim(name), out_coding);
}

enum content_coding content_coding_choose(struct bytes accept_encoding)
{
    enum content_coding best = CONTENT_IDENTITY;
    unsigned best_weight = 0;
    struct bytes left = accept_encoding;
    while (left.size > 0) {
        struct bytes member;
        enum content_coding coding;
        unsigned weight;
        left = bytes_split(left, ',', &member);
        if (read_member(member, &coding, &weight) && weight > best_weight) {
            best = coding;
            best_weight = weight;
        }
    }
    return best;
}

/* -- zlib --------------------------------------------------------------------------------
 */

static void *allocate(void *arena, unsigned count, unsigned size)
{
    return arena_alloc_array(arena, count, size);
}

static void release(void *arena, void *memory)
{
    (void)arena, (void)memory; /* goes with the arena */
}

static z_stream stream_of(struct bytes input, struct arena *arena)
{
    INVARIANT(input.size <= UINT_MAX);
    return (z_stream){
        .next_in = (Bytef *)(uintptr_t)input.data, /* zlib does not write there */
        .avail_in = (uInt)input.size,
        .zalloc = allocate,
        .zfree = release,
        .opaque = arena,
    };
}

static int window_bits(enum content_coding coding)
{
    return coding == CONTENT_GZIP ? WINDOW_BITS + GZIP_FORMAT : WINDOW_BITS;
}

/* -- decode ------------------------------------------------------------------------------
 */

struct decoder {
    const struct content_source *source;
    z_stream stream;
    struct blob *body;
    size_t size; /* of what is decoded */
    struct error *out_error;
};

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* One byte more than may come shows whether more would. */
static size_t capacity_max(const struct content_source *source)
{
    return smaller(source->size_bytes_max, UINT_MAX - 1) + 1;
}

static size_t first_capacity(const struct content_source *source)
{
    const size_t guess = source->coded.size > SIZE_MAX / FIRST_RATIO
                             ? SIZE_MAX
                             : source->coded.size * FIRST_RATIO + FIRST_SIZE_MIN;
    const size_t capacity = smaller(guess, capacity_max(source));
    return capacity < source->lead ? smaller(source->lead, capacity_max(source)) : capacity;
}

static void point_at_room(struct decoder *decoder)
{
    decoder->stream.next_out = blob_data(decoder->body) + decoder->size;
    decoder->stream.avail_out = (uInt)(blob_size(decoder->body) - decoder->size);
}

static enum galen_status begin(struct decoder *decoder, size_t capacity)
{
    decoder->body = blob_create(capacity, smaller(decoder->source->lead, capacity));
    if (decoder->body == NULL) {
        return error_set(decoder->out_error, GALEN_NO_MEMORY, "no memory for the body");
    }
    point_at_room(decoder);
    return GALEN_OK;
}

static enum galen_status refuse_size(const struct decoder *decoder)
{
    return error_set(decoder->out_error, GALEN_TOO_LARGE,
                     "the body has more than %zu bytes without its Content-Encoding",
                     decoder->source->size_bytes_max);
}

static enum galen_status grow(struct decoder *decoder)
{
    const size_t max = capacity_max(decoder->source);
    struct blob *before = decoder->body;
    if (blob_size(before) == max) {
        return refuse_size(decoder);
    }
    const size_t capacity = blob_size(before) > max / 2 ? max : 2 * blob_size(before);
    const enum galen_status status = begin(decoder, capacity);
    if (status != GALEN_OK) {
        decoder->body = before;
        return status;
    }
    memcpy(blob_data(decoder->body), blob_data(before), decoder->size);
    blob_unref(before);
    return GALEN_OK;
}

static enum galen_status refuse_data(const struct decoder *decoder, const char *why)
{
    return error_set(decoder->out_error, GALEN_INVALID,
                     "the body is not %s, as Content-Encoding says: %s",
                     content_coding_name(decoder->source->coding), why);
}

static enum galen_status inflate_on(struct decoder *decoder, bool *out_ended)
{
    z_stream *stream = &decoder->stream;
    const int code = inflate(stream, Z_NO_FLUSH);
    decoder->size = blob_size(decoder->body) - stream->avail_out;
    switch (code) {
    case Z_STREAM_END:
        *out_ended = true;
        return GALEN_OK;
    case Z_OK:
    case Z_BUF_ERROR:
        if (stream->avail_out == 0) {
            return grow(decoder);
        }
        return stream->avail_in == 0 ? refuse_data(decoder, "it is cut short") : GALEN_OK;
    case Z_MEM_ERROR:
        return error_set(decoder->out_error, GALEN_NO_MEMORY, "no memory for the body");
    default:
        return refuse_data(decoder, "it is corrupt");
    }
}

static enum galen_status next_member(struct decoder *decoder)
{
    if (decoder->source->coding != CONTENT_GZIP) {
        return refuse_data(decoder, "something follows it");
    }
    return inflateReset(&decoder->stream) == Z_OK ? GALEN_OK
                                                  : refuse_data(decoder, "it is corrupt");
}

static enum galen_status inflate_all(struct decoder *decoder)
{
    bool ended = false;
    while (!ended) {
        TRY(inflate_on(decoder, &ended));
        if (ended && decoder->stream.avail_in > 0) {
            TRY(next_member(decoder));
            ended = false;
        }
    }
    return decoder->size > decoder->source->size_bytes_max ? refuse_size(decoder)
                                                           : GALEN_OK;
}

static enum galen_status decode(struct decoder *decoder)
{
    TRY(begin(decoder, first_capacity(decoder->source)));
    if (inflateInit2(&decoder->stream, window_bits(decoder->source->coding)) != Z_OK) {
        return error_set(decoder->out_error, GALEN_NO_MEMORY, "no memory for the body");
    }
    const enum galen_status status = inflate_all(decoder);
    (void)inflateEnd(&decoder->stream);
    return status;
}

enum galen_status content_decode(const struct content_source *source, struct arena *arena,
                                 struct blob **out_body, struct error *out_error)
{
    struct decoder decoder = {.source = source, .out_error = out_error};
    if (source->coded.size > UINT_MAX) {
        return refuse_size(&decoder);
    }
    decoder.stream = stream_of(source->coded, arena);
    const enum galen_status status = decode(&decoder);
    if (decoder.body != NULL) {
        blob_truncate_unwritten(decoder.body, decoder.size);
    }
    if (status != GALEN_OK) {
        blob_unref(decoder.body);
        return status;
    }
    *out_body = decoder.body;
    return GALEN_OK;
}

/* -- encode ------------------------------------------------------------------------------
 */

/* Into less room than the body takes. 0: it does not fit. */
static size_t deflate_into(enum content_coding coding, struct bytes body, struct blob *room,
                           struct arena *arena)
{
    z_stream stream = stream_of(body, arena);
    if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, window_bits(coding), MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        return 0;
    }
    stream.next_out = blob_data(room);
    stream.avail_out = (uInt)blob_size(room);
    const bool fits = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    (void)deflateEnd(&stream);
    return fits ? blob_size(room) - stream.avail_out : 0;
}

bool content_encode(enum content_coding coding, struct bytes body, struct arena *arena,
                    struct blob **out_coded)
{
    if (body.size == 0 || body.size > UINT_MAX) {
        return false;
    }
    struct blob *room = blob_create(body.size - 1, 0);
    const size_t size = room == NULL ? 0 : deflate_into(coding, body, room, arena);
    if (size == 0) {
        blob_unref(room);
        return false;
    }
    blob_truncate_unwritten(room, size);
    *out_coded = room;
    return true;
}
