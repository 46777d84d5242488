/* SPDX-License-Identifier: Apache-2.0 */
/* Which model answers a request to POST /infer: the one that it names, or that the
 * configuration names for its media type, or the only one that takes what it sends. Pure.
 */
#pragma once

#include "gateway/infer_body.h"

/* Sets request->model and request->version: a tag becomes a number here, once, and
 * preprocess and engine are asked for the same one. GALEN_NOT_FOUND: no such model, version
 * or tag; GALEN_UNAVAILABLE: it is broken; GALEN_NO_CONTRACT; GALEN_UNSUPPORTED_TYPE: it
 * (or unless one is named, every model) does not take this media type; GALEN_UNPROCESSABLE:
 * none is named, by request or route, and several take it. */
MUST_USE enum galen_status infer_model_find(struct request *request,
                                            const struct infer_body *body);

/* Whether the contract lists this media type. NULL: tensors, which have none and which
 * every model takes. */
bool infer_model_takes(const struct contract *contract, const char *media_type);

/* The model that the configuration names for this media type; NULL: none, as for tensors.
 * routes NULL: there are none. */
const char *infer_model_routed(const struct route_index *routes, const char *media_type);
