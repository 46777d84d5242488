/* SPDX-License-Identifier: Apache-2.0 */
/* The list `routes` of the configuration: which model answers where a caller names none.
 * Pure. */
#pragma once

#include "codec/media_type.h"
#include "codec/yaml.h"
#include "service/settings.h"

/* Reads the list that node, the member `routes`, holds. GALEN_INVALID: the error has the
 * place; GALEN_NO_MEMORY. */
MUST_USE enum galen_status settings_routes_read(struct settings *settings,
                                                const struct yaml_document *document,
                                                const struct yaml_node *node,
                                                struct error *out_error);

/* The first route that takes this media type; NULL: none does. */
const struct settings_route *settings_route_find(const struct settings_route *routes,
                                                 size_t route_count,
                                                 struct media_type type);

/* The same among those that lead to this model. */
const struct settings_route *settings_route_find_of(const struct settings_route *routes,
                                                    size_t route_count,
                                                    struct media_type type,
                                                    const char *model);

/* A line each, as settings_write. */
void settings_routes_write(const struct settings *settings, struct writer *out);

/* Whether each policy that a route names is there, once all of the document is read.
 * GALEN_INVALID: the error has the place. */
MUST_USE enum galen_status settings_routes_check(const struct settings *settings,
                                                 const struct yaml_document *document,
                                                 struct error *out_error);

/* What holds for the answers of one model. */
struct settings_demands {
    const char *policy; /* the route's; "": none */
    bool requires_subject;
    bool requires_purpose;
};

/* Those of the first route of this model that takes this media type, however the request
 * came to the model. Where none does, and of tensors (type NULL), what any route of the
 * model requires is required, and the first policy of them holds: naming a model, or
 * sending it something else, is no way around its policy. */
struct settings_demands settings_demands_of(const struct settings_route *routes,
                                            size_t route_count, const char *model,
                                            const struct media_type *type);

/* The part of docs/settings.md. */
void settings_routes_write_markdown(struct writer *out);
