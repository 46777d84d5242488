/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Byte-pair encoding over bytes, as GPT-2 and RoBERTa use it.
 *
 * Source: "Neural Machine Translation of Rare Words with Subword Units", Sennrich, Haddow
 * and Birch, 2016.
 */
#include "base/limits.h"
#include "preprocess/text/byte_level.h"
#include "preprocess/text/merges.h"
#include "preprocess/text/part.h"
#include "preprocess/text/token_model.h"

enum { BYTE_COUNT = 256, STACK_COUNT = 64 };

struct bpe {
    struct token_model base;
    struct merges merges;
    uint32_t byte_ids[BYTE_COUNT];
    struct trie whole; /* by bytes: the words whose token is known without merging */
    bool ignores_merges;
};

static enum galen_status refuse_members(const struct json *section, struct error *out_error)
{
    static const char *const unsupported[] = {"dropout", "continuing_subword_prefix",
                                              "end_of_word_suffix", "byte_fallback"};
    for (size_t i = 0; i < sizeof(unsupported) / sizeof(unsupported[0]); i++) {
        const struct json *value = json_member(section, unsupported[i]);
        const enum json_type type = value == NULL ? JSON_NULL : json_type(value);
        const bool is_off = type == JSON_NULL || (type == JSON_BOOL && !json_bool(value)) ||
                            (type == JSON_STRING && json_string(value).size == 0);
        if (!is_off) {
            return error_set(out_error, GALEN_NOT_IMPLEMENTED,
                             "BPE with %s is not supported", unsupported[i]);
        }
    }
    return GALEN_OK;
}

static enum galen_status find_bytes(struct bpe *model, struct error *out_error)
{
    const struct vocabulary *vocabulary = &model->base.vocabulary;
    for (size_t i = 0; i < BYTE_COUNT; i++) {
        model->byte_ids[i] = TRIE_NONE;
    }
    for (size_t id = 0; id < vocabulary->id_count; id++) {
        uint8_t byte[4];
        size_t size;
        if (vocabulary->texts[id].size > 0 && vocabulary->texts[id].size <= sizeof(byte) &&
            byte_level_decode(vocabulary->texts[id], byte, &size) && size == 1) {
            model->byte_ids[byte[0]] = (uint32_t)id;
        }
    }
    for (unsigned i = 0; i < BYTE_COUNT; i++) {
        if (model->byte_ids[i] == TRIE_NONE) {
            return error_set(out_error, GALEN_NOT_IMPLEMENTED,
                             "BPE without a token for byte %u is not supported", i);
        }
    }
    return GALEN_OK;
}

static bool next_string(struct json_cursor *at, struct bytes *out_string)
{
    if (!json_next(at) || json_type(at->value) != JSON_STRING) {
        return false;
    }
    *out_string = json_string(at->value);
    return true;
}

/* The two of a merge, which files write as "a b" or as ["a", "b"]. */
static bool split_merge(const struct json *value, struct bytes *out_left,
                        struct bytes *out_right)
{
    if (json_type(value) == JSON_STRING) {
        *out_right = bytes_split(json_string(value), ' ', out_left);
        return out_left->size > 0 && out_right->size > 0;
    }
    if (json_type(value) != JSON_ARRAY || json_count(value) != 2) {
        return false;
    }
    struct json_cursor at = json_walk(value);
    return next_string(&at, out_left) && next_string(&at, out_right);
}

static enum galen_status add_merge(struct bpe *model, const struct json *value,
                                   uint32_t rank, struct error *out_error)
{
    uint8_t joined[2 * LIMIT_VOCABULARY_TOKEN_SIZE_BYTES_MAX];
    const struct trie *ids = &model->base.vocabulary.ids;
    struct bytes left, right;
    if (!split_merge(value, &left, &right) || left.size + right.size > sizeof(joined)) {
        return error_set(out_error, GALEN_INVALID, "merge %u is malformed", (unsigned)rank);
    }
    memcpy(joined, left.data, left.size);
    memcpy(joined + left.size, right.data, right.size);
    const uint32_t left_id = trie_find(ids, left);
    const uint32_t right_id = trie_find(ids, right);
    const uint32_t id = trie_find(ids, bytes_of(joined, left.size + right.size));
    if (left_id == TRIE_NONE || right_id == TRIE_NONE || id == TRIE_NONE) {
        return error_set(out_error, GALEN_INVALID, "merge %u is not of the vocab",
                         (unsigned)rank);
    }
    merges_add(&model->merges, left_id, right_id, (struct merge){.rank = rank, .id = id});
    return GALEN_OK;
}

static enum galen_status add_merges(struct bpe *model, const struct json *section,
                                    struct arena *arena, struct error *out_error)
{
    const struct json *merges = json_member(section, "merges");
    if (merges == NULL || json_type(merges) != JSON_ARRAY) {
        return error_set(out_error, GALEN_INVALID, "BPE has no merges");
    }
    TRY(merges_init(&model->merges, json_count(merges), arena));
    struct json_cursor at = json_walk(merges);
    while (json_next(&at)) {
        TRY(add_merge(model, at.value, (uint32_t)at.index, out_error));
    }
    return GALEN_OK;
}

/* The symbols of some bytes, each a token of its own. */
static void spell(const struct bpe *model, struct bytes text, struct symbol *out_symbols)
{
    for (size_t i = 0; i < text.size; i++) {
        out_symbols[i] = (struct symbol){model->byte_ids[text.data[i]], (uint32_t)(i + 1)};
    }
}

/* Whether merging the bytes of a token makes that token again; not every one's does. */
static bool is_reached(const struct bpe *model, struct bytes text, uint32_t id,
                       struct arena *scratch)
{
    struct symbol symbols[LIMIT_VOCABULARY_TOKEN_SIZE_BYTES_MAX];
    size_t count;
    spell(model, text, symbols);
    return merges_run(&model->merges, symbols, text.size, scratch, &count) == GALEN_OK &&
           count == 1 && symbols[0].id == id;
}

static enum galen_status add_whole_words(struct bpe *model, struct arena *arena)
{
    const struct vocabulary *vocabulary = &model->base.vocabulary;
    uint8_t decoded[LIMIT_VOCABULARY_TOKEN_SIZE_BYTES_MAX];
    struct arena scratch;
    TRY(trie_init(&model->whole, vocabulary->size_bytes, arena));
    arena_init(&scratch, LIMIT_ARENA_SIZE_BYTES_MAX);
    for (uint32_t id = 0; id < vocabulary->id_count; id++) {
        size_t size;
        if (vocabulary->texts[id].size == 0 ||
            !byte_level_decode(vocabulary->texts[id], decoded, &size)) {
            continue;
        }
        const struct bytes text = bytes_of(decoded, size);
        if (model->ignores_merges || is_reached(model, text, id, &scratch)) {
            trie_add(&model->whole, text, id);
        }
    }
    arena_deinit(&scratch);
    return GALEN_OK;
}

static enum galen_status parse(const struct json *section,
                               const struct vocabulary *vocabulary, struct arena *arena,
                               struct token_model **out_model, struct error *out_error)
{
    struct bpe *model = arena_alloc(arena, sizeof(*model));
    if (model == NULL) {
        return GALEN_NO_MEMORY;
    }
    model->base = (struct token_model){&bpe_model_ops, *vocabulary};
    TRY(refuse_members(section, out_error));
    TRY(part_bool(section, "ignore_merges", false, &model->ignores_merges, out_error));
    TRY(find_bytes(model, out_error));
    TRY(add_merges(model, section, arena, out_error));
    TRY(add_whole_words(model, arena));
    *out_model = &model->base;
    return GALEN_OK;
}

static void add_symbols(const struct piece *piece, struct word word,
                        const struct symbol *symbols, size_t count, int32_t index,
                        struct tokens *tokens)
{
    size_t start = 0;
    for (size_t i = 0; i < count; i++) {
        tokens_add(tokens, symbols[i].id,
                   piece_span(piece, word.start + start, word.start + symbols[i].end),
                   index);
        start = symbols[i].end;
    }
}

static void merge_word(const struct bpe *model, const struct piece *piece, struct word word,
                       int32_t index, struct tokens *tokens)
{
    struct symbol few[STACK_COUNT];
    const size_t size = word.end - word.start;
    struct symbol *symbols =
        size <= STACK_COUNT ? few : arena_alloc_array(tokens->arena, size, sizeof(*few));
    size_t count = 0;
    if (symbols == NULL) {
        tokens->failed = true;
        return;
    }
    spell(model, bytes_of(piece->text + word.start, size), symbols);
    if (merges_run(&model->merges, symbols, size, tokens->arena, &count) != GALEN_OK) {
        tokens->failed = true;
        return;
    }
    add_symbols(piece, word, symbols, count, index, tokens);
}

static void encode(const struct token_model *base, const struct piece *piece,
                   struct word word, int32_t index, struct tokens *tokens)
{
    const struct bpe *model = (const struct bpe *)base;
    const uint32_t id =
        trie_find(&model->whole, bytes_of(piece->text + word.start, word.end - word.start));
    if (id != TRIE_NONE) {
        tokens_add(tokens, id, piece_span(piece, word.start, word.end), index);
    } else {
        merge_word(model, piece, word, index, tokens);
    }
}

const struct token_model_ops bpe_model_ops = {
    .type = "BPE",
    .is_byte_level = true,
    .parse = parse,
    .encode = encode,
};
