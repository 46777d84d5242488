/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/predictions.h"

#include <stdlib.h>

#include "gateway/scores.h"
#include "gateway/warnings.h"

static enum score_rule rule_of(enum contract_merge merge)
{
    switch (merge) {
    case MERGE_CENTER: /* a whole text has none */
    case MERGE_MEAN:
        break;
    case MERGE_MAX:
        return SCORES_MAX;
    case MERGE_FIRST:
        return SCORES_FIRST;
    }
    return SCORES_MEAN;
}

static enum galen_status pool_rows(const struct contract *contract,
                                   const struct galen_tensor *tensor, size_t row_count,
                                   struct arena *arena, struct score_pool *out_pool,
                                   struct error *out_error)
{
    const size_t count = contract->label_count;
    double *scores = arena_alloc_array(arena, count, sizeof(*scores));
    if (scores == NULL) {
        return GALEN_NO_MEMORY;
    }
    TRY(score_pool_init(out_pool, rule_of(contract->text.merge), count, arena));
    for (size_t row = 0; row < row_count; row++) {
        TRY(scores_read(contract, tensor, row, scores, out_error));
        score_pool_add(out_pool, scores);
    }
    score_pool_end(out_pool);
    return GALEN_OK;
}

static int by_score_descending(const void *left, const void *right)
{
    const struct prediction *a = left;
    const struct prediction *b = right;
    return (a->score < b->score) - (a->score > b->score);
}

enum galen_status predictions_from_tensor(const struct contract *contract,
                                          const struct galen_tensor *tensor,
                                          size_t row_count, struct arena *arena,
                                          struct predictions *out_predictions,
                                          struct error *out_error)
{
    const size_t count = contract->label_count;
    struct score_pool pool;
    TRY(scores_check(contract, tensor, 2, out_error));
    if (row_count == 0 || (uint64_t)tensor->shape[0] != row_count) {
        return error_set(out_error, GALEN_BAD_UPSTREAM,
                         "output '%s' has not the %zu rows that were asked for",
                         tensor->name, row_count);
    }
    TRY(pool_rows(contract, tensor, row_count, arena, &pool, out_error));
    struct prediction *items = arena_alloc_array(arena, count, sizeof(*items));
    if (items == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        items[i] = (struct prediction){contract->labels[i], pool.scores[i]};
    }
    qsort(items, count, sizeof(*items), by_score_descending);
    *out_predictions = (struct predictions){
        .items = items,
        .count = count,
        .abstained = items[0].score < contract->threshold,
        .are_f32 = tensor->datatype == GALEN_FP32,
    };
    return GALEN_OK;
}

static void put_prediction(const struct predictions *predictions, size_t index,
                           struct answer_writer *answer)
{
    const struct prediction *item = &predictions->items[index];
    answer_begin_element(answer);
    answer_put_string(answer, ANSWER_PREDICTION_LABEL, item->label);
    answer_put_fraction(answer, ANSWER_PREDICTION_SCORE, item->score, predictions->are_f32);
    answer_end_element(answer);
}

void predictions_put(const struct predictions *predictions, struct answer_writer *answer)
{
    answer_begin(answer, ANSWER_PREDICTIONS);
    for (size_t i = 0; i < predictions->count; i++) {
        put_prediction(predictions, i, answer);
    }
    answer_end(answer);
    if (predictions->abstained) {
        answer_put_string(answer, ANSWER_ABSTAINED, warning_code(WARNING_low_confidence));
    } else {
        answer_put_null(answer, ANSWER_ABSTAINED);
    }
}
