/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/rules.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/count.h"

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
    struct rules *rules = malloc(sizeof(*rules) + policies_size + routes_size);
    if (rules == NULL) {
        return GALEN_NO_MEMORY;
    }
    struct settings_policy *policies = (struct settings_policy *)(rules + 1);
    struct settings_route *routes =
        (struct settings_route *)(policies + settings->policy_count);
    memcpy(policies, settings->policies, policies_size);
    memcpy(routes, settings->routes, routes_size);
    *rules = (struct rules){
        .routes = routes,
        .route_count = settings->route_count,
        .has_issuer = settings->auth_issuer[0] != '\0',
        .body_size_bytes_max = settings->limits_body_size_bytes,
        .timeout_ns = settings->request_timeout_ms * NS_PER_MS,
    };
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
