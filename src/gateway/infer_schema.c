/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/infer_schema.h"

/* Naming a model that no row of this type has leads around no schema. NULL: no row. */
static const struct settings_route *route_for(const struct request *request,
                                              struct media_type type)
{
    const struct route_index *index = &request->view->rules->index;
    const struct settings_route *of_model =
        route_index_find_of(index, bytes_from_string(request->model->name), &type);
    return of_model != NULL ? of_model : route_index_find(index, type);
}

/* NULL: there is none. */
static const struct schema *schema_for(const struct request *request)
{
    const struct rules *rules = request->view->rules;
    struct media_type type;
    if (request->document == NULL ||
        media_type_parse(bytes_from_string(request->input.media_type), &type) != GALEN_OK) {
        return NULL;
    }
    const struct settings_route *route = route_for(request, type);
    return route == NULL ? NULL : rules->schemas[route - rules->routes];
}

enum galen_status infer_schema_check(struct request *request)
{
    const struct schema *schema = schema_for(request);
    if (schema == NULL) {
        return GALEN_OK;
    }
    const enum galen_status status = schema_validate(
        schema, request->document, &request->arena, &request->schema_errors);
    if (request->schema_errors.count > 0) {
        request->error = request->schema_errors.items[0].detail;
    }
    return status;
}
