/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/verdict.h"

#include <math.h>
#include <stdio.h>

enum {
    TEST_COUNT = 3,
    UNIT_BITS = 14, /* durations count in 16 microseconds */
    LINEAR_COUNT = 4,
    FIRST_LOOK_COUNT = 8,
    QUANTILE_COUNT_MIN = 100, /* for one answer in twenty to be five */
    SMALL_FACTORIAL = 16,
};

static const double slow_share = 0.05;
static const double doubt = 0.05; /* what is as unlikely as this is not promoted yet */
static const double negligible = 1e-12;

/* Durations. */

size_t verdict_bucket(uint64_t duration_ns)
{
    const uint64_t units = duration_ns >> UNIT_BITS;
    if (units < LINEAR_COUNT) {
        return (size_t)units;
    }
    const unsigned octave = 63u - (unsigned)__builtin_clzll(units);
    const size_t bucket =
        (size_t)(octave - 1) * LINEAR_COUNT + ((units >> (octave - 2)) & 3u);
    return bucket < VERDICT_BUCKET_COUNT ? bucket : VERDICT_BUCKET_COUNT - 1;
}

uint64_t verdict_bucket_end_ns(size_t bucket)
{
    const uint64_t units = bucket < LINEAR_COUNT
                               ? (uint64_t)bucket + 1
                               : (uint64_t)(LINEAR_COUNT + bucket % LINEAR_COUNT + 1)
                                     << (bucket / LINEAR_COUNT - 1);
    return (units << UNIT_BITS) - 1;
}

static uint64_t count_above(const struct verdict_arm *arm, size_t bucket)
{
    uint64_t count = 0;
    for (size_t i = bucket; i < VERDICT_BUCKET_COUNT; i++) {
        count += arm->durations[i];
    }
    return count;
}

/* The end of the bucket that 95 % of the durations stay below. */
static uint64_t quantile_ns(const struct verdict_arm *arm)
{
    const double allowed = slow_share * (double)count_above(arm, 0);
    size_t bucket = VERDICT_BUCKET_COUNT;
    uint64_t above = 0;
    while (bucket > 0 && (double)(above + arm->durations[bucket - 1]) <= allowed) {
        above += arm->durations[--bucket];
    }
    return bucket == 0 ? 0 : verdict_bucket_end_ns(bucket - 1);
}

static uint64_t bound_ns(const struct verdict_counts *counts,
                         const struct verdict_limits *limits)
{
    const uint64_t quantile = quantile_ns(&counts->stable);
    const uint64_t scaled = (uint64_t)((double)quantile * limits->latency_ratio);
    const uint64_t shifted = quantile + limits->latency_ns;
    return scaled > shifted ? scaled : shifted;
}

/* Of the canary's, those that are certainly longer. */
static uint64_t count_slow(const struct verdict_counts *counts,
                           const struct verdict_limits *limits)
{
    return count_above(&counts->canary, verdict_bucket(bound_ns(counts, limits)) + 1);
}

/* Probabilities. */

static double log_factorial(uint64_t n)
{
    const double x = (double)n;
    double product = 1;
    if (n >= SMALL_FACTORIAL) { /* Stirling's series */
        return x * log(x) - x + 0.5 * log(6.283185307179586 * x) + 1 / (12 * x) -
               1 / (360 * x * x * x);
    }
    for (uint64_t i = 2; i <= n; i++) {
        product *= (double)i;
    }
    return log(product);
}

static double log_choose(uint64_t n, uint64_t k)
{
    return log_factorial(n) - log_factorial(k) - log_factorial(n - k);
}

double verdict_binomial_tail(uint64_t trial_count, double share, uint64_t count)
{
    const double n = (double)trial_count;
    double k = (double)count;
    if (k <= n * share || share >= 1) {
        return 1;
    }
    if (share <= 0) {
        return 0;
    }
    double term =
        exp(log_choose(trial_count, count) + k * log(share) + (n - k) * log(1 - share));
    double sum = term;
    while (k < n && term > sum * negligible) {
        term *= (n - k) / (k + 1) * share / (1 - share);
        sum += term;
        k++;
    }
    return sum < 1 ? sum : 1;
}

double verdict_fisher_tail(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    const uint64_t errors = a + c;
    const uint64_t all = b + d;
    double x = (double)a;
    if (all == 0 || x * (double)all <= (double)errors * (double)b) {
        return 1;
    }
    const double last = (double)(errors < b ? errors : b);
    double term = exp(log_choose(b, a) + log_choose(d, c) - log_choose(all, errors));
    double sum = term;
    while (x < last && term > sum * negligible) {
        term *= ((double)errors - x) * ((double)b - x) /
                ((x + 1) * ((double)d - (double)errors + x + 1));
        sum += term;
        x++;
    }
    return sum < 1 ? sum : 1;
}

/* The tests. Each is how likely it is that one no worse looks like this. */

static uint64_t errors_of(const struct verdict_arm *arm)
{
    return arm->failure_count + arm->refusal_count;
}

static uint64_t requests_of(const struct verdict_arm *arm)
{
    return arm->answer_count + errors_of(arm);
}

static double rate_of(const struct verdict_arm *arm)
{
    const uint64_t count = requests_of(arm);
    return count == 0 ? 0 : (double)errors_of(arm) / (double)count;
}

static double test_errors(const struct verdict_counts *counts,
                          const struct verdict_limits *limits)
{
    const struct verdict_arm *canary = &counts->canary;
    const struct verdict_arm *stable = &counts->stable;
    return rate_of(canary) <= rate_of(stable) + limits->error_margin
               ? 1
               : verdict_fisher_tail(errors_of(canary), requests_of(canary),
                                     errors_of(stable), requests_of(stable));
}

static bool knows_durations(const struct verdict_counts *counts)
{
    return count_above(&counts->stable, 0) >= QUANTILE_COUNT_MIN;
}

static double test_durations(const struct verdict_counts *counts,
                             const struct verdict_limits *limits)
{
    return knows_durations(counts)
               ? verdict_binomial_tail(count_above(&counts->canary, 0), slow_share,
                                       count_slow(counts, limits))
               : 1;
}

static double test_comparisons(const struct verdict_counts *counts,
                               const struct verdict_limits *limits)
{
    return verdict_binomial_tail(counts->compared_count, limits->disagreement_max,
                                 counts->differing_count);
}

/* Looks. */

/* What this look may spend of each test; 0: it is not due. */
static double begin_look(struct verdict_looks *looks, uint64_t count, double alpha)
{
    if (count < FIRST_LOOK_COUNT || count < looks->next) {
        return 0;
    }
    looks->count++;
    looks->next = count + (count + 3) / 4;
    return alpha / TEST_COUNT / ((double)looks->count * (double)(looks->count + 1));
}

static bool is_old_enough(const struct verdict_counts *counts,
                          const struct verdict_limits *limits,
                          const struct verdict_trial *trial)
{
    const uint64_t min = limits->request_count_min;
    const bool is_seen = requests_of(&counts->canary) >= min &&
                         requests_of(&counts->stable) >= min && knows_durations(counts);
    return trial->elapsed_ns >= limits->bake_ns && (is_seen || !trial->has_traffic) &&
           (counts->compared_count >= min || !trial->is_compared) &&
           (trial->has_traffic || trial->is_compared);
}

static bool is_beyond_doubt(const struct verdict_counts *counts,
                            const struct verdict_limits *limits)
{
    return test_errors(counts, limits) > doubt && test_durations(counts, limits) > doubt &&
           test_comparisons(counts, limits) > doubt;
}

enum verdict_kind verdict_take(struct verdict *verdict, const struct verdict_counts *counts,
                               const struct verdict_limits *limits,
                               const struct verdict_trial *trial)
{
    const double answers =
        begin_look(&verdict->answers, requests_of(&counts->canary), limits->alpha);
    const double comparisons =
        begin_look(&verdict->comparisons, counts->compared_count, limits->alpha);
    if (answers > 0 && test_errors(counts, limits) <= answers) {
        return VERDICT_ERRS;
    }
    if (answers > 0 && test_durations(counts, limits) <= answers) {
        return VERDICT_SLOWS;
    }
    if (comparisons > 0 && test_comparisons(counts, limits) <= comparisons) {
        return VERDICT_DISAGREES;
    }
    return is_old_enough(counts, limits, trial) && is_beyond_doubt(counts, limits)
               ? VERDICT_GOOD
               : VERDICT_WAIT;
}

/* Words. */

const char *verdict_name(enum verdict_kind kind)
{
    static const char *const names[VERDICT_KIND_COUNT] = {
        [VERDICT_WAIT] = "wait",           [VERDICT_GOOD] = "good",
        [VERDICT_ERRS] = "errs",           [VERDICT_SLOWS] = "slows",
        [VERDICT_DISAGREES] = "disagrees",
    };
    return names[kind];
}

void verdict_tell(enum verdict_kind kind, const struct verdict_counts *counts,
                  const struct verdict_limits *limits, char *out_text)
{
    const unsigned long long canary = requests_of(&counts->canary);
    const unsigned long long stable = requests_of(&counts->stable);
    const char *name = verdict_name(kind);
    if (kind == VERDICT_SLOWS) {
        (void)snprintf(out_text, VERDICT_TEXT_SIZE,
                       "%s: %llu of %llu answers took longer than %.3f s, which 95 %% of "
                       "the stable version's stay well below",
                       name, (unsigned long long)count_slow(counts, limits),
                       (unsigned long long)count_above(&counts->canary, 0),
                       (double)bound_ns(counts, limits) / 1e9);
    } else if (kind == VERDICT_DISAGREES) {
        (void)snprintf(out_text, VERDICT_TEXT_SIZE,
                       "%s: %llu of %llu answers differ from the stable version's, and "
                       "%.2f %% may",
                       name, (unsigned long long)counts->differing_count,
                       (unsigned long long)counts->compared_count,
                       limits->disagreement_max * 100);
    } else {
        (void)snprintf(out_text, VERDICT_TEXT_SIZE,
                       "%s: %llu of %llu requests failed, of the stable version %llu of "
                       "%llu; %llu of %llu answers differ",
                       name, (unsigned long long)errors_of(&counts->canary), canary,
                       (unsigned long long)errors_of(&counts->stable), stable,
                       (unsigned long long)counts->differing_count,
                       (unsigned long long)counts->compared_count);
    }
}
