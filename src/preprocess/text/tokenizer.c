/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/text/tokenizer.h"

#include <stdlib.h>

#include "base/limits.h"
#include "codec/json.h"
#include "preprocess/text/added_tokens.h"
#include "preprocess/text/normalizer.h"
#include "preprocess/text/part.h"
#include "preprocess/text/post_processor.h"
#include "preprocess/text/pre_tokenizer.h"
#include "preprocess/text/token_model.h"

enum { BYTES_PER_TOKEN = 3, TOKEN_COUNT_MIN = 16 };

struct tokenizer {
    struct arena arena; /* everything below lies in it */
    struct normalizer normalizer;
    struct pre_tokenizer pre_tokenizer;
    struct token_model *model;
    struct added_tokens added;
    struct post_processor post_processor;
    struct token_margins *margins; /* by id */
    size_t id_count;
};

/* Loading. */

static const struct added_token *find_added(const struct tokenizer *tokenizer,
                                            const char *text)
{
    for (size_t i = 0; i < tokenizer->added.count; i++) {
        if (bytes_equal_string(tokenizer->added.items[i].text, text)) {
            return &tokenizer->added.items[i];
        }
    }
    return NULL;
}

static enum galen_status find_pad(struct tokenizer *tokenizer, const struct json *padding,
                                  struct error *out_error)
{
    static const char *const names[] = {"[PAD]", "<pad>"};
    uint32_t *pad = &tokenizer->post_processor.frame.pad;
    if (padding != NULL && json_type(padding) == JSON_OBJECT &&
        json_member(padding, "pad_id") != NULL) {
        return part_id(json_member(padding, "pad_id"), pad, out_error);
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct added_token *added = find_added(tokenizer, names[i]);
        const uint32_t id =
            trie_find(&tokenizer->model->vocabulary.ids, bytes_from_string(names[i]));
        if (added != NULL || id != TRIE_NONE) {
            *pad = added != NULL ? added->id : id;
            return GALEN_OK;
        }
    }
    return GALEN_OK;
}

static void count_id(struct tokenizer *tokenizer, uint32_t id)
{
    tokenizer->id_count = id >= tokenizer->id_count ? (size_t)id + 1 : tokenizer->id_count;
}

static void count_ids(struct tokenizer *tokenizer)
{
    const struct tokenizer_frame *frame = &tokenizer->post_processor.frame;
    tokenizer->id_count = tokenizer->model->vocabulary.id_count;
    for (size_t i = 0; i < tokenizer->added.count; i++) {
        count_id(tokenizer, tokenizer->added.items[i].id);
    }
    for (size_t i = 0; i < frame->before_count; i++) {
        count_id(tokenizer, frame->before[i]);
    }
    for (size_t i = 0; i < frame->after_count; i++) {
        count_id(tokenizer, frame->after[i]);
    }
    count_id(tokenizer, frame->pad);
}

static enum galen_status measure_tokens(struct tokenizer *tokenizer)
{
    const struct vocabulary *vocabulary = &tokenizer->model->vocabulary;
    count_ids(tokenizer);
    tokenizer->margins = arena_alloc_array(&tokenizer->arena, tokenizer->id_count,
                                           sizeof(*tokenizer->margins));
    if (tokenizer->margins == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t id = 0; id < vocabulary->id_count; id++) {
        tokenizer->margins[id] = token_margins_of(vocabulary->texts[id]);
    }
    return GALEN_OK;
}

/* `tokenizers` gives a token that the model knows the model's id, whatever the file says.
 */
static enum galen_status check_added(const struct tokenizer *tokenizer,
                                     struct error *out_error)
{
    for (size_t i = 0; i < tokenizer->added.count; i++) {
        const struct added_token *token = &tokenizer->added.items[i];
        const uint32_t id = trie_find(&tokenizer->model->vocabulary.ids, token->text);
        if (id != TRIE_NONE && id != token->id) {
            return error_set(out_error, GALEN_INVALID,
                             "added token %zu has the id %u, and the model's %u", i,
                             (unsigned)token->id, (unsigned)id);
        }
    }
    return GALEN_OK;
}

static enum galen_status check_byte_level(const struct tokenizer *tokenizer,
                                          struct error *out_error)
{
    if (tokenizer->model->ops->is_byte_level == tokenizer->pre_tokenizer.is_byte_level) {
        return GALEN_OK;
    }
    return error_set(out_error, GALEN_NOT_IMPLEMENTED,
                     tokenizer->pre_tokenizer.is_byte_level
                         ? "pre_tokenizer 'ByteLevel' with model '%s' is not supported"
                         : "model '%s' without pre_tokenizer 'ByteLevel' is not supported",
                     tokenizer->model->ops->type);
}

static enum galen_status read(struct tokenizer *tokenizer, const struct json *root,
                              struct error *out_error)
{
    struct arena *arena = &tokenizer->arena;
    if (json_type(root) != JSON_OBJECT) {
        return error_set(out_error, GALEN_INVALID, "a tokenizer.json is an object");
    }
    TRY(normalizer_parse(json_member(root, "normalizer"), &tokenizer->normalizer,
                         out_error));
    TRY(pre_tokenizer_parse(json_member(root, "pre_tokenizer"), &tokenizer->pre_tokenizer,
                            out_error));
    TRY(token_model_parse(json_member(root, "model"), arena, &tokenizer->model, out_error));
    TRY(check_byte_level(tokenizer, out_error));
    TRY(added_tokens_parse(json_member(root, "added_tokens"), &tokenizer->normalizer, arena,
                           &tokenizer->added, out_error));
    TRY(check_added(tokenizer, out_error));
    TRY(post_processor_parse(json_member(root, "post_processor"), arena,
                             &tokenizer->post_processor, out_error));
    TRY(find_pad(tokenizer, json_member(root, "padding"), out_error));
    return measure_tokens(tokenizer);
}

enum galen_status tokenizer_parse(struct bytes text, struct tokenizer **out_tokenizer,
                                  struct error *out_error)
{
    struct arena scratch;
    const struct json *root;
    scoped(tokenizer) tokenizer = calloc(1, sizeof(*tokenizer));
    if (tokenizer == NULL) {
        return GALEN_NO_MEMORY;
    }
    arena_init(&tokenizer->arena, LIMIT_TOKENIZER_SIZE_BYTES_MAX);
    arena_init(&scratch, LIMIT_TOKENIZER_SIZE_BYTES_MAX);
    enum galen_status status = json_parse(text, &scratch, &root, out_error);
    if (status == GALEN_OK) {
        status = read(tokenizer, root, out_error);
    }
    arena_deinit(&scratch);
    if (status == GALEN_OK) {
        *out_tokenizer = take(&tokenizer);
    }
    return status;
}

void tokenizer_destroy(struct tokenizer *tokenizer)
{
    if (tokenizer != NULL) {
        arena_deinit(&tokenizer->arena);
        free(tokenizer);
    }
}

/* Encoding. */

struct encoder {
    const struct tokenizer *tokenizer;
    struct arena *arena;
    struct tokens tokens;
    int32_t word_count;
};

/* Those of the model from the first on. */
static void trim_words(struct encoder *encoder, size_t first)
{
    const struct tokenizer *tokenizer = encoder->tokenizer;
    struct tokens *tokens = &encoder->tokens;
    for (size_t i = first; tokenizer->post_processor.trims && i < tokens->count; i++) {
        post_processor_trim(&tokenizer->post_processor, tokenizer->margins[tokens->ids[i]],
                            i, &tokens->spans[i]);
    }
}

static void encode_words(struct encoder *encoder, struct piece piece)
{
    const struct tokenizer *tokenizer = encoder->tokenizer;
    const struct token_model *model = tokenizer->model;
    struct words words = {.arena = encoder->arena};
    const size_t first = encoder->tokens.count;
    pre_tokenizer_run(&tokenizer->pre_tokenizer, &piece, &words);
    encoder->tokens.failed = encoder->tokens.failed || words.failed;
    for (size_t i = 0; i < words.count && !encoder->tokens.failed; i++) {
        model->ops->encode(model, &piece, words.items[i], encoder->word_count++,
                           &encoder->tokens);
    }
    trim_words(encoder, first);
}

/* Its text is what was found, white space that it takes along included. */
static void add_added(struct encoder *encoder, const struct piece *piece,
                      const struct added_part *part)
{
    const struct post_processor *post_processor = &encoder->tokenizer->post_processor;
    struct token_span span = piece_span(piece, part->start, part->end);
    if (post_processor->trims) {
        post_processor_trim(
            post_processor,
            token_margins_of(bytes_of(piece->text + part->start, part->end - part->start)),
            encoder->tokens.count, &span);
    }
    tokens_add(&encoder->tokens, part->token->id, span, encoder->word_count++);
}

typedef void encode_part_fn(struct encoder *encoder, struct piece piece);

static void encode_parts(struct encoder *encoder, const struct piece *piece,
                         bool in_normalized, encode_part_fn *encode_text)
{
    struct added_parts parts = {.arena = encoder->arena};
    added_tokens_split(&encoder->tokenizer->added, in_normalized,
                       bytes_of(piece->text, piece->size), &parts);
    encoder->tokens.failed = encoder->tokens.failed || parts.failed;
    for (size_t i = 0; i < parts.count && !encoder->tokens.failed; i++) {
        const struct added_part *part = &parts.items[i];
        if (part->token == NULL) {
            encode_text(encoder, piece_cut(*piece, part->start, part->end));
        } else {
            add_added(encoder, piece, part);
        }
    }
}

static void encode_as_sent(struct encoder *encoder, struct piece piece)
{
    struct piece normalized;
    if (normalizer_run(&encoder->tokenizer->normalizer, piece, encoder->arena,
                       &normalized) != GALEN_OK) {
        encoder->tokens.failed = true;
        return;
    }
    encode_parts(encoder, &normalized, true, encode_words);
}

enum galen_status tokenizer_encode(const struct tokenizer *tokenizer, struct bytes text,
                                   struct arena *arena, struct encoding *out_encoding)
{
    struct encoder encoder = {.tokenizer = tokenizer, .arena = arena};
    struct piece piece;
    TRY(piece_of(text, arena, &piece));
    tokens_init(&encoder.tokens, text.size / BYTES_PER_TOKEN + TOKEN_COUNT_MIN, arena);
    encode_parts(&encoder, &piece, false, encode_as_sent);
    if (encoder.tokens.failed) {
        return GALEN_TOO_LARGE;
    }
    *out_encoding = (struct encoding){
        .ids = encoder.tokens.ids,
        .spans = encoder.tokens.spans,
        .words = encoder.tokens.words,
        .count = encoder.tokens.count,
    };
    return GALEN_OK;
}

const struct tokenizer_frame *tokenizer_frame(const struct tokenizer *tokenizer)
{
    return &tokenizer->post_processor.frame;
}

size_t tokenizer_id_count(const struct tokenizer *tokenizer)
{
    return tokenizer->id_count;
}
