/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/scores.h"

#include <math.h>

/* Sums of FP32 probabilities drift by about one unit in the last place a term. */
#define PROBABILITY_SLACK 1e-6

static enum galen_status refuse(struct error *out_error, const struct galen_tensor *tensor,
                                const char *why)
{
    return error_set(out_error, GALEN_BAD_UPSTREAM, "output '%s' %s", tensor->name, why);
}

enum galen_status scores_check(const struct contract *contract,
                               const struct galen_tensor *tensor, size_t rank,
                               struct error *out_error)
{
    if (tensor->datatype != GALEN_FP32 && tensor->datatype != GALEN_FP64) {
        return refuse(out_error, tensor, "is neither FP32 nor FP64");
    }
    if (tensor->rank != rank ||
        (uint64_t)tensor->shape[rank - 1] != contract->label_count) {
        return refuse(out_error, tensor, "has not a score for each label");
    }
    return galen_tensor_check(tensor) == GALEN_OK
               ? GALEN_OK
               : refuse(out_error, tensor, "has not the size that its shape says");
}

static void load(const struct galen_tensor *tensor, size_t row, size_t count,
                 double *out_scores)
{
    const uint8_t *bytes = tensor->bytes;
    if (tensor->datatype == GALEN_FP64) {
        memcpy(out_scores, bytes + row * count * sizeof(double), count * sizeof(double));
        return;
    }
    bytes += row * count * sizeof(float);
    for (size_t i = 0; i < count; i++) {
        float score;
        memcpy(&score, bytes + i * sizeof(score), sizeof(score));
        out_scores[i] = (double)score;
    }
}

/* As exact as the scores are that came. */
static double power(enum galen_datatype datatype, double exponent)
{
    return datatype == GALEN_FP32 ? (double)expf((float)exponent) : exp(exponent);
}

/* Probabilities, unless one of the scores is no number. */
static bool apply_softmax(enum galen_datatype datatype, double *scores, size_t count)
{
    double best = -INFINITY;
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        best = scores[i] > best ? scores[i] : best;
    }
    for (size_t i = 0; i < count; i++) {
        scores[i] = power(datatype, scores[i] - best);
        sum += scores[i];
    }
    const double scale = 1 / sum;
    for (size_t i = 0; i < count; i++) {
        scores[i] *= scale;
    }
    return !isnan(sum);
}

static bool apply_sigmoid(enum galen_datatype datatype, double *scores, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (isnan(scores[i])) {
            return false;
        }
        scores[i] = 1 / (1 + power(datatype, -scores[i]));
    }
    return true;
}

static bool clamp_probabilities(double *scores, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const double score = scores[i];
        if (!(score >= -PROBABILITY_SLACK && score <= 1 + PROBABILITY_SLACK)) {
            return false;
        }
        scores[i] = score < 0 ? 0 : score > 1 ? 1 : score;
    }
    return true;
}

/* False: some score is no probability. */
static bool activate(enum contract_activation activation, enum galen_datatype datatype,
                     double *scores, size_t count)
{
    switch (activation) {
    case ACTIVATION_NONE:
        break;
    case ACTIVATION_SOFTMAX:
        return apply_softmax(datatype, scores, count);
    case ACTIVATION_SIGMOID:
        return apply_sigmoid(datatype, scores, count);
    }
    return clamp_probabilities(scores, count);
}

enum galen_status scores_read(const struct contract *contract,
                              const struct galen_tensor *tensor, size_t row,
                              double *out_scores, struct error *out_error)
{
    const size_t count = contract->label_count;
    load(tensor, row, count, out_scores);
    return activate(contract->output.activation, tensor->datatype, out_scores, count)
               ? GALEN_OK
               : refuse(out_error, tensor, "holds a score that is no probability");
}

size_t scores_best(const double *scores, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++) {
        best = scores[i] > scores[best] ? i : best;
    }
    return best;
}

enum galen_status score_pool_init(struct score_pool *pool, enum score_rule rule,
                                  size_t count, struct arena *arena)
{
    *pool = (struct score_pool){
        .scores = arena_alloc_array(arena, count, sizeof(double)),
        .count = count,
        .rule = rule,
    };
    return pool->scores != NULL ? GALEN_OK : GALEN_NO_MEMORY;
}

void score_pool_clear(struct score_pool *pool)
{
    pool->row_count = 0;
}

bool score_pool_is_decided(const struct score_pool *pool)
{
    return pool->rule == SCORES_FIRST && pool->row_count > 0;
}

static bool is_better(const struct score_pool *pool, const double *row)
{
    const double best = pool->scores[scores_best(pool->scores, pool->count)];
    return row[scores_best(row, pool->count)] > best;
}

void score_pool_add(struct score_pool *pool, const double *row)
{
    const bool is_first = pool->row_count++ == 0;
    if (is_first || (pool->rule == SCORES_MAX && is_better(pool, row))) {
        memcpy(pool->scores, row, pool->count * sizeof(*row));
    } else if (pool->rule == SCORES_MEAN) {
        for (size_t i = 0; i < pool->count; i++) {
            pool->scores[i] += row[i];
        }
    }
}

void score_pool_end(struct score_pool *pool)
{
    if (pool->rule == SCORES_MEAN) {
        for (size_t i = 0; i < pool->count; i++) {
            pool->scores[i] /= (double)pool->row_count;
        }
    }
}
