/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the configuration says of requests: which model answers what, and the limits.
 * Immutable, shared and counted; the view that a request began with holds one, so that a
 * configuration that is read anew changes nothing for what is under way.
 */
#pragma once

#include "codec/schema.h"
#include "gateway/admission.h"
#include "gateway/policy.h"
#include "service/route_index.h"

struct rules {
    const struct settings_route *routes; /* the first that matches counts */
    size_t route_count;
    struct route_index index;                      /* of them */
    bool has_issuer;                               /* whose tokens callers bring */
    struct schema *schemas[LIMIT_ROUTE_COUNT_MAX]; /* one a route; NULL: it has none */
    struct policies policies;                      /* each that a route names is in it */
    size_t body_size_bytes_max;
    uint64_t timeout_ns; /* for a whole request */
    struct admission_limits limits;
    const struct admission_route *admissions; /* of each route, then of what has none */
    _Atomic size_t reference_count_;
};

/* Copies what it needs, and takes a reference to each schema: one a route, NULL where it
 * has none; schemas NULL: no route has one. GALEN_NO_MEMORY, GALEN_INTERNAL. */
MUST_USE enum galen_status rules_create(const struct settings *settings,
                                        struct schema *const *schemas,
                                        struct rules **out_rules);

/* Of its limits, for people and metrics: what it matches. Beyond the routes: "default". */
#define RULES_NAME_OF_NO_ROUTE "default"
static inline const char *rules_route_name(const struct rules *rules, size_t index)
{
    return index < rules->route_count ? rules->routes[index].content
                                      : RULES_NAME_OF_NO_ROUTE;
}

struct rules *rules_ref(struct rules *rules);
void rules_unref(struct rules *rules); /* NULL is allowed */
