/* SPDX-License-Identifier: Apache-2.0 */
/* The map `policies` of the configuration: what of an answer a caller does not see. Pure.
 */
#pragma once

#include "codec/yaml.h"
#include "service/settings.h"

/* Reads the map that node, the member `policies`, holds. GALEN_INVALID: the error has the
 * place; a pointer that no answer has, that its redaction cannot be done to, or that meets
 * another of its policy is refused. GALEN_NO_MEMORY. */
MUST_USE enum galen_status settings_policies_read(struct settings *settings,
                                                  const struct yaml_document *document,
                                                  const struct yaml_node *node,
                                                  struct error *out_error);

/* NULL: there is none of that name. */
const struct settings_policy *settings_policy_find(const struct settings *settings,
                                                   const char *name);

/* Whether answers, or what decides about them, differ by it for those whom it is for. */
bool settings_policy_hides(const struct settings_policy *policy);

/* Whether any of them makes pseudonyms, which takes a key. */
bool settings_policies_need_key(const struct settings *settings);

const char *settings_redaction_name(enum settings_redaction redaction); /* "remove" */

/* What a policy says, whatever its name and the order in which it says it: compact JSON,
 * members and pointers sorted by their bytes, what is not said left out. */
void settings_policy_write(const struct settings_policy *policy, struct writer *out);

/* A line each, as settings_write. */
void settings_policies_write(const struct settings *settings, struct writer *out);

/* The part of docs/settings.md. */
void settings_policies_write_markdown(struct writer *out);
