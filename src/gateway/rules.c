/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/rules.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/count.h"

static struct rate_limit rate_of(const struct settings *settings,
                                 const struct settings_limits *limits)
{
    return limits->has_rate ? rate_limit_of(limits->requests_per_s, limits->burst)
                            : rate_limit_of((double)settings->limits_requests_per_s,
                                            settings->limits_burst);
}

static struct admission_route admission_of(const struct settings *settings,
                                           const struct settings_limits *limits,
                                           const char *name)
{
    return (struct admission_route){
        .name = admission_name(bytes_from_string(name)),
        .rate = rate_of(settings, limits),
        .concurrency = limits->concurrency,
        .class = limits->class == SETTINGS_CLASS_BATCH ? ADMISSION_BATCH : ADMISSION_CLINIC,
    };
}

static void fill_admissions(const struct settings *settings,
                            struct admission_route *out_admissions)
{
    static const struct settings_limits none = {.has_rate = false};
    for (size_t i = 0; i < settings->route_count; i++) {
        const struct settings_route *route = &settings->routes[i];
        out_admissions[i] = admission_of(settings, &route->limits, route->content);
    }
    out_admissions[settings->route_count] =
        admission_of(settings, &none, RULES_NAME_OF_NO_ROUTE);
}

static void take_schemas(struct rules *rules, struct schema *const *schemas)
{
    for (size_t i = 0; schemas != NULL && i < rules->route_count; i++) {
        rules->schemas[i] = schemas[i] == NULL ? NULL : schema_ref(schemas[i]);
    }
}

enum galen_status rules_create(const struct settings *settings,
                               struct schema *const *schemas, struct rules **out_rules)
{
    const size_t policies_size = settings->policy_count * sizeof(settings->policies[0]);
    const size_t routes_size = settings->route_count * sizeof(settings->routes[0]);
    const size_t admissions_size =
        (settings->route_count + 1) * sizeof(struct admission_route);
    struct rules *rules =
        malloc(sizeof(*rules) + admissions_size + policies_size + routes_size);
    if (rules == NULL) {
        return GALEN_NO_MEMORY;
    }
    struct admission_route *admissions = (struct admission_route *)(rules + 1);
    struct settings_policy *policies =
        (struct settings_policy *)(admissions + settings->route_count + 1);
    struct settings_route *routes =
        (struct settings_route *)(policies + settings->policy_count);
    memcpy(policies, settings->policies, policies_size);
    memcpy(routes, settings->routes, routes_size);
    fill_admissions(settings, admissions);
    *rules = (struct rules){
        .routes = routes,
        .route_count = settings->route_count,
        .has_issuer = settings->auth_issuer[0] != '\0',
        .body_size_bytes_max = settings->limits_body_size_bytes,
        .timeout_ns = settings->request_timeout_ms * NS_PER_MS,
        .limits = {.concurrency = settings->limits_concurrency,
                   .reserve = settings->limits_clinic_reserve,
                   .bodies_size_bytes = settings->limits_bodies_size_bytes,
                   .lag_ns = settings->limits_lag_ms * NS_PER_MS},
        .admissions = admissions,
    };
    route_index_init(&rules->index, routes, rules->route_count);
    const enum galen_status status =
        policies_init(&rules->policies, policies, settings->policy_count);
    if (status != GALEN_OK) {
        free(rules);
        return status;
    }
    take_schemas(rules, schemas);
    count_begin(&rules->reference_count_);
    *out_rules = rules;
    return GALEN_OK;
}

struct rules *rules_ref(struct rules *rules)
{
    count_more(&rules->reference_count_);
    return rules;
}

void rules_unref(struct rules *rules)
{
    if (rules != NULL && count_less(&rules->reference_count_)) {
        for (size_t i = 0; i < rules->route_count; i++) {
            schema_unref(rules->schemas[i]);
        }
        free(rules);
    }
}
