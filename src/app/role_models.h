/* SPDX-License-Identifier: Apache-2.0 */
/* The models of a role and the services that work with them. */
#pragma once

#include "app/role.h"

/* Reads the repository, and says whether the role can start with it. */
MUST_USE enum galen_status role_read_models(struct role *role, struct error *out_error);

/* The same, and opens what the role runs in this process. */
MUST_USE enum galen_status role_open_models(struct role *role, struct error *out_error);
void role_close_models(struct role *role);

/* Whether the role may serve this. GALEN_INVALID: in demo mode, what is no demonstration.
 */
MUST_USE enum galen_status role_check_repository(const struct role *role,
                                                 const struct repository *repository,
                                                 struct error *out_error);

/* Only who answers clients has routes to follow. GALEN_INVALID: one leads to a model that
 * is not there. */
MUST_USE enum galen_status role_check_routes(const struct role_kind *kind,
                                             const struct settings *settings,
                                             const struct repository *repository,
                                             struct error *out_error);

/* Of who answers clients: what the configuration says of requests, with the schemas of its
 * routes, which are read from the disk. Gives a reference. Statuses of rules_create and
 * route_schemas_load. */
MUST_USE enum galen_status role_make_rules(const struct settings *settings,
                                           struct rules **out_rules,
                                           struct error *out_error);

/* Of who answers clients: what serves, with its document. Gives a reference. Statuses of
 * view_create. */
MUST_USE enum galen_status role_make_view(const struct role *role,
                                          struct repository *repository,
                                          struct view **out_view);

size_t role_count_or_cores(uint64_t count); /* 0: one a core */
