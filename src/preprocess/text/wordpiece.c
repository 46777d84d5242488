/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WordPiece: from the front, always the longest piece that the vocabulary has; a word that
 * cannot be made of pieces is unknown as a whole.
 */
#include "preprocess/text/part.h"
#include "preprocess/text/token_model.h"
#include "preprocess/text/unicode.h"

enum { WORD_LENGTH_MAX = 100 };

struct wordpiece {
    struct token_model base;
    struct trie further; /* pieces that go on in a word, without their prefix */
    uint32_t unknown;
    uint32_t length_max; /* code points of a word; beyond it is unknown */
};

static enum galen_status add_further(struct wordpiece *model, struct bytes prefix,
                                     struct arena *arena)
{
    const struct vocabulary *vocabulary = &model->base.vocabulary;
    TRY(trie_init(&model->further, vocabulary->size_bytes, arena));
    for (size_t id = 0; id < vocabulary->id_count; id++) {
        const struct bytes text = vocabulary->texts[id];
        if (text.size > prefix.size && bytes_starts_with(text, prefix)) {
            trie_add(&model->further, bytes_from(text, prefix.size), (uint32_t)id);
        }
    }
    return GALEN_OK;
}

static enum galen_status parse(const struct json *section,
                               const struct vocabulary *vocabulary, struct arena *arena,
                               struct token_model **out_model, struct error *out_error)
{
    struct bytes prefix, unknown;
    struct wordpiece *model = arena_alloc(arena, sizeof(*model));
    if (model == NULL) {
        return GALEN_NO_MEMORY;
    }
    model->base = (struct token_model){&wordpiece_model_ops, *vocabulary};
    TRY(part_string(section, "unk_token", BYTES("[UNK]"), &unknown, out_error));
    TRY(part_string(section, "continuing_subword_prefix", BYTES("##"), &prefix, out_error));
    TRY(part_count(section, "max_input_chars_per_word", WORD_LENGTH_MAX, &model->length_max,
                   out_error));
    model->unknown = trie_find(&vocabulary->ids, unknown);
    if (model->unknown == TRIE_NONE) {
        return error_set(out_error, GALEN_INVALID, "the unk_token is not in the vocab");
    }
    TRY(add_further(model, prefix, arena));
    *out_model = &model->base;
    return GALEN_OK;
}

static bool is_too_long(const struct wordpiece *model, struct bytes word)
{
    size_t length = 0;
    if (word.size <= model->length_max) {
        return false;
    }
    for (size_t i = 0; i < word.size; i++) {
        length += (word.data[i] & 0xC0) != 0x80;
    }
    return length > model->length_max;
}

static bool add_pieces(const struct wordpiece *model, const struct piece *piece,
                       struct word word, int32_t index, struct tokens *tokens)
{
    const struct trie *trie = &model->base.vocabulary.ids;
    for (size_t at = word.start; at < word.end; trie = &model->further) {
        uint32_t id = model->unknown;
        const size_t size =
            trie_longest(trie, bytes_of(piece->text + at, word.end - at), &id);
        if (size == 0) {
            return false;
        }
        tokens_add(tokens, id, piece_span(piece, at, at + size), index);
        at += size;
    }
    return true;
}

static void encode(const struct token_model *base, const struct piece *piece,
                   struct word word, int32_t index, struct tokens *tokens)
{
    const struct wordpiece *model = (const struct wordpiece *)base;
    const struct bytes text = bytes_of(piece->text + word.start, word.end - word.start);
    const size_t before = tokens->count;
    if (!is_too_long(model, text) && add_pieces(model, piece, word, index, tokens)) {
        return;
    }
    tokens->count = before;
    tokens_add(tokens, model->unknown, piece_span(piece, word.start, word.end), index);
}

const struct token_model_ops wordpiece_model_ops = {
    .type = "WordPiece",
    .is_byte_level = false,
    .parse = parse,
    .encode = encode,
};
