/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/text/piece.h"

#include "preprocess/text/unicode.h"

static bool is_ascii(struct bytes text)
{
    uint8_t all = 0;
    for (size_t i = 0; i < text.size; i++) {
        all |= text.data[i];
    }
    return all < 0x80;
}

enum galen_status piece_of(struct bytes text, struct arena *arena, struct piece *out_piece)
{
    if (text.size > INT32_MAX) {
        return GALEN_TOO_LARGE;
    }
    *out_piece = (struct piece){.text = text.data, .size = text.size};
    if (is_ascii(text)) {
        return GALEN_OK;
    }
    struct token_span *spans = arena_alloc_array(arena, text.size, sizeof(*spans));
    if (spans == NULL) {
        return GALEN_TOO_LARGE;
    }
    uint32_t index = 0;
    for (size_t i = 0; i < text.size; i++) {
        index += i > 0 && (text.data[i] & 0xC0) != 0x80;
        spans[i] = (struct token_span){index, index + 1};
    }
    out_piece->spans = spans;
    return GALEN_OK;
}

struct piece piece_cut(struct piece piece, size_t start, size_t end)
{
    return (struct piece){
        .text = piece.text + start,
        .size = end - start,
        .spans = piece.spans == NULL ? NULL : piece.spans + start,
        .first = piece.first + (uint32_t)start,
    };
}

struct token_span piece_span(const struct piece *piece, size_t start, size_t end)
{
    if (piece->spans == NULL) {
        return (struct token_span){piece->first + (uint32_t)start,
                                   piece->first + (uint32_t)end};
    }
    return (struct token_span){piece->spans[start].start, piece->spans[end - 1].end};
}

enum galen_status piece_writer_init(struct piece_writer *writer, const struct piece *source,
                                    size_t size_max, struct arena *arena)
{
    *writer = (struct piece_writer){
        .source = source,
        .text = arena_alloc_array(arena, size_max, 1),
        .spans = arena_alloc_array(arena, size_max, sizeof(*writer->spans)),
    };
    return writer->text != NULL && writer->spans != NULL ? GALEN_OK : GALEN_TOO_LARGE;
}

static void put(struct piece_writer *writer, uint32_t code_point, struct token_span span)
{
    const size_t size = unicode_encode(code_point, writer->text + writer->size);
    for (size_t i = 0; i < size; i++) {
        writer->spans[writer->size + i] = span;
    }
    writer->size += size;
}

static size_t next_size(const struct piece_writer *writer)
{
    uint32_t ignored;
    return unicode_decode(writer->source->text + writer->consumed, &ignored);
}

void piece_writer_replace(struct piece_writer *writer, uint32_t code_point)
{
    put(writer, code_point,
        piece_span(writer->source, writer->consumed, writer->consumed + 1));
    writer->consumed += next_size(writer);
}

void piece_writer_add(struct piece_writer *writer, uint32_t code_point)
{
    put(writer, code_point,
        piece_span(writer->source, writer->consumed - 1, writer->consumed));
}

void piece_writer_drop(struct piece_writer *writer)
{
    writer->consumed += next_size(writer);
}

struct piece piece_writer_piece(const struct piece_writer *writer)
{
    return (struct piece){
        .text = writer->text, .size = writer->size, .spans = writer->spans};
}
