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
                           struct json_writer *json)
{
    const struct prediction *item = &predictions->items[index];
    json_begin_object(json);
    json_put_name(json, "label");
    json_put_cstring(json, item->label);
    json_put_name(json, "score");
    if (predictions->are_f32) {
        json_put_f32(json, (float)item->score);
    } else {
        json_put_f64(json, item->score);
    }
    json_end_object(json);
}

void predictions_put(const struct predictions *predictions, struct json_writer *json)
{
    json_put_name(json, "predictions");
    json_begin_array(json);
    for (size_t i = 0; i < predictions->count; i++) {
        put_prediction(predictions, i, json);
    }
    json_end_array(json);
    json_put_name(json, "abstained");
    if (predictions->abstained) {
        json_put_cstring(json, warning_code(WARNING_low_confidence));
    } else {
        json_put_null(json);
    }
}
