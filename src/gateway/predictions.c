/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/predictions.h"

#include <math.h>
#include <stdlib.h>

#include "gateway/warnings.h"

/* Sums of FP32 probabilities drift by about one unit in the last place a term. */
#define PROBABILITY_SLACK 1e-6

static enum galen_status refuse(struct error *out_error, const struct galen_tensor *tensor,
                                const char *why)
{
    return error_set(out_error, GALEN_BAD_UPSTREAM, "output '%s' %s", tensor->name, why);
}

static enum galen_status check_tensor(const struct contract *contract,
                                      const struct galen_tensor *tensor,
                                      struct error *out_error)
{
    if (tensor->datatype != GALEN_FP32 && tensor->datatype != GALEN_FP64) {
        return refuse(out_error, tensor, "is neither FP32 nor FP64");
    }
    if (tensor->rank != 2 || tensor->shape[0] != 1 ||
        (uint64_t)tensor->shape[1] != contract->label_count) {
        return refuse(out_error, tensor, "is not one row with a score for each label");
    }
    return galen_tensor_check(tensor) == GALEN_OK
               ? GALEN_OK
               : refuse(out_error, tensor, "has not the size that its shape says");
}

static struct prediction read_item(const struct contract *contract,
                                   const struct galen_tensor *tensor, size_t index)
{
    struct prediction item = {.label = contract->labels[index]};
    if (tensor->datatype == GALEN_FP64) {
        memcpy(&item.score, (const uint8_t *)tensor->bytes + index * sizeof(double),
               sizeof(double));
        return item;
    }
    memcpy(&item.score_f32, (const uint8_t *)tensor->bytes + index * sizeof(float),
           sizeof(float));
    item.score = (double)item.score_f32;
    item.is_f32 = true;
    return item;
}

static void apply_softmax(struct predictions *predictions)
{
    double best = -INFINITY;
    double sum = 0;
    for (size_t i = 0; i < predictions->count; i++) {
        best = fmax(best, predictions->items[i].score);
    }
    for (size_t i = 0; i < predictions->count; i++) {
        struct prediction *item = &predictions->items[i];
        item->score = exp(item->score - best);
        item->is_f32 = false;
        sum += item->score;
    }
    for (size_t i = 0; i < predictions->count; i++) {
        predictions->items[i].score /= sum;
    }
}

static void apply_sigmoid(struct predictions *predictions)
{
    for (size_t i = 0; i < predictions->count; i++) {
        struct prediction *item = &predictions->items[i];
        item->score = 1 / (1 + exp(-item->score));
        item->is_f32 = false;
    }
}

static void activate(enum contract_activation activation, struct predictions *predictions)
{
    switch (activation) {
    case ACTIVATION_NONE:
        break;
    case ACTIVATION_SOFTMAX:
        apply_softmax(predictions);
        break;
    case ACTIVATION_SIGMOID:
        apply_sigmoid(predictions);
        break;
    }
}

static bool clamp_probability(struct prediction *item)
{
    if (!(item->score >= -PROBABILITY_SLACK && item->score <= 1 + PROBABILITY_SLACK)) {
        return false;
    }
    if (item->score < 0 || item->score > 1) {
        item->score = item->score < 0 ? 0 : 1;
        item->is_f32 = false;
    }
    return true;
}

static int by_score_descending(const void *left, const void *right)
{
    const struct prediction *a = left;
    const struct prediction *b = right;
    return (a->score < b->score) - (a->score > b->score);
}

enum galen_status predictions_from_tensor(const struct contract *contract,
                                          const struct galen_tensor *tensor,
                                          struct arena *arena,
                                          struct predictions *out_predictions,
                                          struct error *out_error)
{
    struct predictions predictions = {.count = contract->label_count};
    TRY(check_tensor(contract, tensor, out_error));
    predictions.items =
        arena_alloc_array(arena, predictions.count, sizeof(*predictions.items));
    if (predictions.items == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < predictions.count; i++) {
        predictions.items[i] = read_item(contract, tensor, i);
    }
    activate(contract->output.activation, &predictions);
    for (size_t i = 0; i < predictions.count; i++) {
        if (!clamp_probability(&predictions.items[i])) {
            return refuse(out_error, tensor, "holds a score that is no probability");
        }
    }
    qsort(predictions.items, predictions.count, sizeof(*predictions.items),
          by_score_descending);
    predictions.abstained = predictions.items[0].score < contract->threshold;
    *out_predictions = predictions;
    return GALEN_OK;
}

void predictions_put(const struct predictions *predictions, struct json_writer *json)
{
    json_put_name(json, "predictions");
    json_begin_array(json);
    for (size_t i = 0; i < predictions->count; i++) {
        const struct prediction *item = &predictions->items[i];
        json_begin_object(json);
        json_put_name(json, "label");
        json_put_cstring(json, item->label);
        json_put_name(json, "score");
        if (item->is_f32) {
            json_put_f32(json, item->score_f32);
        } else {
            json_put_f64(json, item->score);
        }
        json_end_object(json);
    }
    json_end_array(json);
    json_put_name(json, "abstained");
    if (predictions->abstained) {
        json_put_cstring(json, warning_code(WARNING_low_confidence));
    } else {
        json_put_null(json);
    }
}
