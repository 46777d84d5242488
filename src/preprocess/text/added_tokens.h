/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `added_tokens` of a tokenizer.json, which are found in a text before anything else
 * happens to it, or once it is normalized: from the left, the longest. Pure.
 */
#pragma once

#include "preprocess/text/normalizer.h"
#include "preprocess/text/trie.h"
#include "preprocess/text/vocabulary.h"

struct added_token {
    struct bytes text; /* as the file has it */
    uint32_t id;
    bool is_single_word; /* no word character beside it */
    bool takes_left;     /* white space before it is part of it */
    bool takes_right;
    bool is_normalized; /* found in the normalized text */
};

struct added_tokens {
    struct added_token *items;
    size_t count;
    struct trie as_sent;    /* text to index of items */
    struct trie normalized; /* normalized text to index of items */
};

/* GALEN_INVALID; GALEN_NO_MEMORY. */
MUST_USE enum galen_status added_tokens_parse(const struct json *section,
                                              const struct normalizer *normalizer,
                                              struct arena *arena,
                                              struct added_tokens *out_tokens,
                                              struct error *out_error);

/* What a piece falls into: text between added tokens, and they themselves; never empty. */
struct added_part {
    uint32_t start; /* bytes of the piece */
    uint32_t end;
    const struct added_token *token; /* NULL: text */
};

struct added_parts {
    struct arena *arena;
    struct added_part *items;
    size_t count;
    size_t capacity;
    bool failed; /* the arena is full */
};

/* in_normalized: of the tokens that are found there, else of those found in what was sent.
 */
void added_tokens_split(const struct added_tokens *tokens, bool in_normalized,
                        struct bytes text, struct added_parts *parts);
