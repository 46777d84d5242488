/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tokenizer.json as Hugging Face's `tokenizers` writes it: text to the ids that a network
 * was trained on, each with where it stands in the text as it was sent.
 *
 * The stages are those of the file: added tokens are cut out, the rest is normalized, split
 * into words and each word into tokens by the model. Ids, offsets and words equal those of
 * `tokenizers` 0.23 for the same file and text.
 *
 * I/O-free. A tokenizer never changes: any thread may use it.
 */
#pragma once

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/error.h"

struct tokenizer;

/* In code points of the text, which are the units of Python's strings. */
struct token_span {
    uint32_t start;
    uint32_t end; /* exclusive */
};

/* All arrays lie in the arena that encode was given. */
struct encoding {
    const uint32_t *ids;
    const struct token_span *spans;
    const int32_t *words; /* index of the token's word in the text; -1: of none */
    size_t count;
};

/* What stands around the tokens of one row, by the file's post_processor. */
struct tokenizer_frame {
    const uint32_t *before; /* ids, all special: [CLS] */
    size_t before_count;
    const uint32_t *after; /* [SEP] */
    size_t after_count;
    uint32_t type; /* the row's token type */
    uint32_t pad;  /* what fills a row up: the file's `padding`, else the token [PAD] or
                      <pad>, else the id 0 */
};

/* text is the file's and need not stay. GALEN_INVALID: not JSON, or not such a file;
 * GALEN_NOT_IMPLEMENTED: the error names what it asks for that is not supported;
 * GALEN_NO_MEMORY. Gives the tokenizer. */
MUST_USE enum galen_status tokenizer_parse(struct bytes text,
                                           struct tokenizer **out_tokenizer,
                                           struct error *out_error);
void tokenizer_destroy(struct tokenizer *tokenizer); /* NULL is allowed */
DEFINE_SCOPED(tokenizer, tokenizer_destroy)

/* Without the frame, without truncation. text is UTF-8, which the caller has checked;
 * linear in its size. GALEN_TOO_LARGE: the arena is full; GALEN_NO_MEMORY. */
MUST_USE enum galen_status tokenizer_encode(const struct tokenizer *tokenizer,
                                            struct bytes text, struct arena *arena,
                                            struct encoding *out_encoding);

/* Borrowed from the tokenizer. */
const struct tokenizer_frame *tokenizer_frame(const struct tokenizer *tokenizer);

/* Ids are less than this. */
size_t tokenizer_id_count(const struct tokenizer *tokenizer);
