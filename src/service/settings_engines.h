/* SPDX-License-Identifier: Apache-2.0 */
/* The mapping `engines` of the configuration: sets of engines, any of which can run a
 * model: `default`, and others by names of their own, for routes and releases to name.
 */
#pragma once

#include "codec/yaml.h"
#include "service/settings.h"

#define SETTINGS_ENGINE_DEFAULT "default"

/* Reads the mapping that node, the member `engines`, holds. GALEN_INVALID: the error has
 * the place. */
MUST_USE enum galen_status settings_engines_read(struct settings *settings,
                                                 const struct yaml_document *document,
                                                 const struct yaml_node *node,
                                                 struct error *out_error);

/* The set of this name, not `default`, is these URLs from now on; a new one where there is
 * none of it. GALEN_INVALID. */
MUST_USE enum galen_status settings_engines_set(struct settings *settings,
                                                struct bytes name, struct bytes urls,
                                                struct error *out_error);

/* NULL: there is no such set. */
const struct settings_peers *settings_engine_find(const struct settings *settings,
                                                  const char *name);

/* The sets beside `default` are read at the start only. GALEN_INVALID: they changed. */
MUST_USE enum galen_status settings_engines_check_live(const struct settings *before,
                                                       const struct settings *after,
                                                       struct error *out_error);

/* These, a line each, as settings_write. */
void settings_engines_write(const struct settings *settings, struct writer *out);

/* The part of docs/settings.md. */
void settings_engines_write_markdown(struct writer *out);
