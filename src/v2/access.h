/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which scope an operation needs where models are managed (docs/auth.md):
 *
 *     infer                          infer:tensor:MODEL
 *     load, unload, changed settings models:admin
 *     what only tells something      models:read or models:admin
 *     health                         none: nobody is asked there
 *
 * Pure but for the arena.
 */
#pragma once

#include "service/auth/principal.h"
#include "v2/route.h"

/* Whether nobody has to say who they are. */
bool v2_access_is_open(enum v2_operation operation);

/* Which scope is enough, for people: "`models:admin`"; NULL: none is needed. */
const char *v2_access_scope(enum v2_operation operation);

/* Whoever is anonymous may do everything: there is neither issuer nor client.
 * GALEN_FORBIDDEN: out_lacking is a scope that would be enough, in the arena or for ever,
 * and with the model's name only where it looks like one; GALEN_NO_MEMORY. */
MUST_USE enum galen_status v2_access_check(const struct v2_route *route,
                                           const struct principal *principal,
                                           struct arena *arena, struct bytes *out_lacking);
