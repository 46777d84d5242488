/* SPDX-License-Identifier: Apache-2.0 */
/* Which set of engines a request, or a question about readiness, goes to. Pure. */
#pragma once

#include "gateway/gateway.h"

/* NULL: this gateway's configuration has none of that name. */
const struct gateway_engine *engine_set_find(const struct gateway *gateway,
                                             const char *name);

/* That of a model which a release wants on `engine`: "" as the rules say of it, and so it
 * is where this gateway has not what is named. */
const struct gateway_engine *engine_set_of_model(const struct gateway *gateway,
                                                 const struct rules *rules,
                                                 const char *model, const char *engine);
