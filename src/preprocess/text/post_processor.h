/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `post_processor` of a tokenizer.json: the special tokens around a row, and whether
 * the white space that byte-level tokens hold counts as theirs. Pure.
 */
#pragma once

#include "codec/json.h"
#include "preprocess/text/words.h"

struct post_processor {
    struct tokenizer_frame frame; /* but for pad */
    bool trims;                   /* white space off spans */
    bool has_prefix_space;        /* the first token's space was added, not sent */
};

/* GALEN_NOT_IMPLEMENTED names what is not supported. */
MUST_USE enum galen_status post_processor_parse(const struct json *section,
                                                struct arena *arena,
                                                struct post_processor *out_processor,
                                                struct error *out_error);

/* White space at both ends of a token's text, in code points. */
struct token_margins {
    uint16_t before;
    uint16_t after;
};

struct token_margins token_margins_of(struct bytes text);

/* Takes the margins of the index-th token off its span, where `trims` says so. */
void post_processor_trim(const struct post_processor *processor,
                         struct token_margins margins, size_t index,
                         struct token_span *span);
