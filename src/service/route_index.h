/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which row of `routes` holds for a model and a media type, in a time that does not grow
 * with the rows. The first row that matches counts. Immutable once it is made. Pure.
 */
#pragma once

#include "codec/media_type.h"
#include "service/settings.h"

enum { ROUTE_SLOT_COUNT = 2 * LIMIT_ROUTE_COUNT_MAX }; /* half of them empty */

_Static_assert((ROUTE_SLOT_COUNT & (ROUTE_SLOT_COUNT - 1)) == 0,
               "a hash is cut to a slot by a mask");

/* What holds for the answers of one model. */
struct settings_demands {
    const char *policy; /* the route's; "": none */
    bool requires_subject;
    bool requires_purpose;
};

/* Zeroed: of no rows. */
struct route_index {
    const struct settings_route *routes;
    size_t count;
    /* The first row of each pattern, of each model, of each model with its pattern, by
     * hashes: its number from 1. */
    uint16_t by_content[ROUTE_SLOT_COUNT];
    uint16_t by_model[ROUTE_SLOT_COUNT];
    uint16_t by_both[ROUTE_SLOT_COUNT];
    struct settings_demands of_model[LIMIT_ROUTE_COUNT_MAX]; /* by its first row */
};

/* Borrows the rows, LIMIT_ROUTE_COUNT_MAX at most. */
void route_index_init(struct route_index *out_index, const struct settings_route *routes,
                      size_t count);

/* The first route that takes this media type; NULL: none does. */
const struct settings_route *route_index_find(const struct route_index *index,
                                              struct media_type type);

/* The same among those that lead to this model; type NULL: the first of them. An empty
 * model is none. */
const struct settings_route *route_index_find_of(const struct route_index *index,
                                                 struct bytes model,
                                                 const struct media_type *type);

/* Those of the first route of this model that takes this media type, however the request
 * came to the model. Where none does, and of tensors (type NULL), what any route of the
 * model requires is required, and the first policy of them holds: naming a model, or
 * sending it something else, is no way around its policy. */
struct settings_demands route_index_demands(const struct route_index *index,
                                            struct bytes model,
                                            const struct media_type *type);
