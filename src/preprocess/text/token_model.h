/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `model` of a tokenizer.json: how a word becomes tokens. To add one: its file and its
 * row in token_model.c. Pure; never changes once it is parsed.
 */
#pragma once

#include "preprocess/text/vocabulary.h"
#include "preprocess/text/words.h"

struct token_model {
    const struct token_model_ops *ops;
    struct vocabulary vocabulary;
};

struct token_model_ops {
    const char *type;   /* in the file */
    bool is_byte_level; /* words are bytes, which only the pre_tokenizer ByteLevel gives */

    /* The vocabulary is parsed. Gives what begins with a struct token_model. */
    enum galen_status (*parse)(const struct json *section,
                               const struct vocabulary *vocabulary, struct arena *arena,
                               struct token_model **out_model, struct error *out_error);

    /* Adds the tokens of bytes start to end of the piece, at least one byte. */
    void (*encode)(const struct token_model *model, const struct piece *piece,
                   struct word word, int32_t index, struct tokens *tokens);
};

/* GALEN_NOT_IMPLEMENTED names what is not supported. */
MUST_USE enum galen_status token_model_parse(const struct json *section,
                                             struct arena *arena,
                                             struct token_model **out_model,
                                             struct error *out_error);

extern const struct token_model_ops wordpiece_model_ops;
extern const struct token_model_ops bpe_model_ops;
