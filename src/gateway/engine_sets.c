/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/engine_sets.h"

#include "service/settings_engines.h"

const struct gateway_engine *engine_set_find(const struct gateway *gateway,
                                             const char *name)
{
    for (size_t i = 0; i < gateway->engine_count; i++) {
        if (strcmp(gateway->engines[i].name, name) == 0) {
            return &gateway->engines[i];
        }
    }
    return NULL;
}

/* That which the routes of a model name. */
static const char *configured_engine(const struct rules *rules, const char *model)
{
    for (size_t i = 0; i < rules->route_count; i++) {
        const struct settings_route *route = &rules->routes[i];
        if (strcmp(route->model, model) == 0 && route->engine[0] != '\0') {
            return route->engine;
        }
    }
    return SETTINGS_ENGINE_DEFAULT;
}

const struct gateway_engine *engine_set_of_model(const struct gateway *gateway,
                                                 const struct rules *rules,
                                                 const char *model, const char *engine)
{
    if (gateway->engine_count == 1) {
        return &gateway->engines[0];
    }
    const struct gateway_engine *named =
        engine[0] == '\0' ? NULL : engine_set_find(gateway, engine);
    const struct gateway_engine *configured =
        named != NULL ? named : engine_set_find(gateway, configured_engine(rules, model));
    return configured != NULL ? configured : &gateway->engines[0];
}
