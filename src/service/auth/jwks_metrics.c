/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/jwks_metrics.h"

#include "service/metrics.h"

static const char *const results[] = {
    [JWKS_RESULT_FETCHED] = "fetched",
    [JWKS_RESULT_UNREACHABLE] = "unreachable",
    [JWKS_RESULT_REFUSED] = "refused",
    [JWKS_RESULT_UNUSABLE] = "unusable",
};

const char *jwks_result_name(enum jwks_result result)
{
    return results[result];
}

void jwks_metrics_put(struct writer *out, const struct jwks_counts *counts)
{
    metric_begin(out, METRIC_JWKS_FETCHES);
    for (size_t i = 0; i < JWKS_RESULT_COUNT; i++) {
        metric_put_u64(out, METRIC_JWKS_FETCHES, &results[i], counts->flights[i]);
    }
    metric_begin(out, METRIC_JWKS_WISHES_REFUSED);
    metric_put_u64(out, METRIC_JWKS_WISHES_REFUSED, NULL, counts->refused);
    metric_begin(out, METRIC_JWKS_KEYS);
    metric_put_u64(out, METRIC_JWKS_KEYS, NULL, counts->key_count);
    if (counts->has_keys) {
        metric_begin(out, METRIC_JWKS_AGE_SECONDS);
        metric_put_ns(out, METRIC_JWKS_AGE_SECONDS, NULL, counts->age_ns);
    }
}

void jwks_metrics_put_passed(struct writer *out, const struct key_set *keys)
{
    metric_begin(out, METRIC_JWKS_KEYS_PASSED_OVER);
    for (enum jwk_passed i = JWK_TAKEN + 1; i < JWK_PASSED_COUNT; i++) {
        const char *const word = jwk_passed_word(i);
        metric_put_u64(out, METRIC_JWKS_KEYS_PASSED_OVER, &word,
                       keys == NULL ? 0 : key_set_count_passed(keys, i));
    }
}
