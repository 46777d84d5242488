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

/* A line each, as settings_write. */
void settings_routes_write(const struct settings *settings, struct writer *out);

/* Whether each policy and each set of engines that a route names is there, once all of the
 * document is read. GALEN_INVALID: the error has the place. */
MUST_USE enum galen_status settings_routes_check(const struct settings *settings,
                                                 const struct yaml_document *document,
                                                 struct error *out_error);

/* The part of docs/settings.md. */
void settings_routes_write_markdown(struct writer *out);
