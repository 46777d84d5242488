/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/tagged_words.h"

#include "gateway/scores.h"
#include "gateway/token_grid.h"

struct tagger {
    const struct contract *contract;
    const struct galen_tensor *scores;
    struct token_grid grid;
    size_t text_size;
    double *row;             /* of one token in one window */
    struct score_pool token; /* its windows */
    struct score_pool word;  /* its tokens */
    struct tagged_words *words;
    struct error *error;
};

static enum score_rule rule_of_windows(enum contract_merge merge)
{
    return merge == MERGE_MEAN  ? SCORES_MEAN
           : merge == MERGE_MAX ? SCORES_MAX
                                : SCORES_FIRST;
}

static enum score_rule rule_of_words(enum contract_words words)
{
    return words == WORDS_MEAN  ? SCORES_MEAN
           : words == WORDS_MAX ? SCORES_MAX
                                : SCORES_FIRST;
}

/* Only the row in which the token is deepest counts, the first of equals. */
static struct token_rows deepest(const struct token_grid *grid, size_t token,
                                 struct token_rows rows)
{
    size_t best = rows.first;
    for (size_t row = rows.first + 1; row <= rows.last; row++) {
        if (token_grid_depth(grid, token, row) > token_grid_depth(grid, token, best)) {
            best = row;
        }
    }
    return (struct token_rows){best, best};
}

static enum galen_status add_token(struct tagger *tagger, size_t token)
{
    struct token_rows rows = token_grid_rows(&tagger->grid, token);
    if (tagger->contract->text.merge == MERGE_CENTER) {
        rows = deepest(&tagger->grid, token, rows);
    }
    score_pool_clear(&tagger->token);
    for (size_t row = rows.first;
         row <= rows.last && !score_pool_is_decided(&tagger->token); row++) {
        TRY(scores_read(tagger->contract, tagger->scores,
                        token_grid_cell(&tagger->grid, token, row), tagger->row,
                        tagger->error));
        score_pool_add(&tagger->token, tagger->row);
    }
    score_pool_end(&tagger->token);
    score_pool_add(&tagger->word, tagger->token.scores);
    return GALEN_OK;
}

/* Words may stand on one another, as those of a sign that became several, but neither their
 * starts nor their ends go backwards. */
static enum galen_status check_order(const struct tagger *tagger, struct token_place word)
{
    const struct tagged_words *words = tagger->words;
    const struct tagged_word *before =
        words->count == 0 ? NULL : &words->items[words->count - 1];
    return before == NULL || (word.start >= before->start && word.end >= before->end)
               ? GALEN_OK
               : error_set(tagger->error, GALEN_BAD_UPSTREAM,
                           "preprocess's answer has words that are out of order");
}

static enum galen_status end_word(struct tagger *tagger, struct token_place word)
{
    TRY(check_order(tagger, word));
    score_pool_end(&tagger->word);
    const size_t label = scores_best(tagger->word.scores, tagger->word.count);
    tagger->words->items[tagger->words->count++] = (struct tagged_word){
        .start = word.start,
        .end = word.end,
        .label = (uint32_t)label,
        .score = tagger->word.scores[label],
    };
    score_pool_clear(&tagger->word);
    return GALEN_OK;
}

static void widen(struct token_place *word, struct token_place place)
{
    word->start = place.start < word->start ? place.start : word->start;
    word->end = place.end > word->end ? place.end : word->end;
}

/* All words, of which the tokens stand side by side. */
static enum galen_status read_words(struct tagger *tagger)
{
    struct token_place word = {0};
    for (size_t token = 0; token < tagger->grid.token_count; token++) {
        struct token_place place;
        TRY(token_grid_place(&tagger->grid, token, tagger->text_size, &place,
                             tagger->error));
        if (token > 0 && place.word != word.word) {
            TRY(end_word(tagger, word));
        }
        if (token == 0 || place.word != word.word) {
            word = place;
        }
        widen(&word, place);
        if (!score_pool_is_decided(&tagger->word)) {
            TRY(add_token(tagger, token));
        }
    }
    return end_word(tagger, word);
}

static enum galen_status check_scores(const struct tagger *tagger)
{
    const struct galen_tensor *scores = tagger->scores;
    TRY(scores_check(tagger->contract, scores, 3, tagger->error));
    return (uint64_t)scores->shape[0] == tagger->grid.row_count &&
                   (uint64_t)scores->shape[1] == tagger->grid.row_length
               ? GALEN_OK
               : error_set(tagger->error, GALEN_BAD_UPSTREAM,
                           "output '%s' has not one row of scores for each token",
                           scores->name);
}

static enum galen_status prepare(struct tagger *tagger, struct arena *arena)
{
    const struct contract *contract = tagger->contract;
    const size_t count = contract->label_count;
    TRY(score_pool_init(&tagger->token, rule_of_windows(contract->text.merge), count,
                        arena));
    TRY(score_pool_init(&tagger->word, rule_of_words(contract->entities.words), count,
                        arena));
    tagger->row = arena_alloc_array(arena, count, sizeof(*tagger->row));
    tagger->words->items =
        arena_alloc_array(arena, tagger->grid.token_count, sizeof(*tagger->words->items));
    return tagger->row != NULL && tagger->words->items != NULL ? GALEN_OK : GALEN_NO_MEMORY;
}

enum galen_status tagged_words_read(const struct contract *contract,
                                    const struct tagged_tensors *tensors, size_t text_size,
                                    struct arena *arena, struct tagged_words *out_words,
                                    struct error *out_error)
{
    struct tagger tagger = {
        .contract = contract,
        .scores = tensors->scores,
        .text_size = text_size,
        .words = out_words,
        .error = out_error,
    };
    *out_words = (struct tagged_words){0};
    TRY(token_grid_init(&tagger.grid, contract, tensors->offsets, tensors->words,
                        tensors->special, out_error));
    TRY(check_scores(&tagger));
    TRY(prepare(&tagger, arena));
    return read_words(&tagger);
}
