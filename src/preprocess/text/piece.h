/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A piece of the text on its way to tokens: UTF-8, and for each of its bytes the code
 * points of the text as sent that it came from. Pure; what is made lies in the arena.
 */
#pragma once

#include "base/arena.h"
#include "preprocess/text/tokenizer.h"

struct piece {
    const uint8_t *text;
    size_t size;
    const struct token_span *spans; /* one a byte; NULL: byte i is code point first + i */
    uint32_t first;
};

/* The whole text, which stays where it is. GALEN_TOO_LARGE: it has more code points than a
 * span can count, or the arena is full; GALEN_NO_MEMORY. */
MUST_USE enum galen_status piece_of(struct bytes text, struct arena *arena,
                                    struct piece *out_piece);

/* Bytes from start to end of it. */
struct piece piece_cut(struct piece piece, size_t start, size_t end);

/* What the bytes from start to end came from; start < end. */
struct token_span piece_span(const struct piece *piece, size_t start, size_t end);

/* Writes a piece in the place of another, code point by code point. */
struct piece_writer {
    const struct piece *source;
    size_t consumed; /* bytes of the source */
    uint8_t *text;
    struct token_span *spans;
    size_t size;
};

/* Room for size_max bytes. GALEN_TOO_LARGE: the arena is full. */
MUST_USE enum galen_status piece_writer_init(struct piece_writer *writer,
                                             const struct piece *source, size_t size_max,
                                             struct arena *arena);

/* Takes the place of the source's next code point. */
void piece_writer_replace(struct piece_writer *writer, uint32_t code_point);

/* Comes of the code point that was replaced last. */
void piece_writer_add(struct piece_writer *writer, uint32_t code_point);

/* Leaves out the source's next code point. */
void piece_writer_drop(struct piece_writer *writer);

struct piece piece_writer_piece(const struct piece_writer *writer);
