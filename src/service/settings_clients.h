/* SPDX-License-Identifier: Apache-2.0 */
/* The list `clients` of the configuration: who needs no token, since a TLS certificate says
 * who it is. Pure. */
#pragma once

#include "codec/yaml.h"
#include "service/settings.h"

/* Reads the list that node, the member `clients`, holds. GALEN_INVALID: the error has the
 * place; GALEN_NO_MEMORY. */
MUST_USE enum galen_status settings_clients_read(struct settings *settings,
                                                 const struct yaml_document *document,
                                                 const struct yaml_node *node,
                                                 struct error *out_error);

/* The part of settings_write. */
void settings_clients_write(const struct settings *settings, struct writer *out);

/* The part of docs/settings.md. */
void settings_clients_write_markdown(struct writer *out);
