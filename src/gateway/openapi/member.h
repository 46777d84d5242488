/* SPDX-License-Identifier: Apache-2.0 */
/* A name and its value, in one call: what most of a description is made of. Pure. */
#pragma once

#include "codec/json_writer.h"

void member_put_text(struct json_writer *json, const char *name, const char *text);
void member_put_u64(struct json_writer *json, const char *name, uint64_t value);
void member_put_bool(struct json_writer *json, const char *name, bool value);
void member_put_raw(struct json_writer *json, const char *name, struct bytes value);
void member_begin_object(struct json_writer *json, const char *name);
void member_begin_array(struct json_writer *json, const char *name);

/* {"$ref": "#/components/KIND/TARGET"}, as a value and as a member. target: prefix and rest
 * together, so that "Vector." and a model's name need no storage; rest may be "". */
void reference_put(struct json_writer *json, const char *kind, const char *prefix,
                   const char *rest);
void member_put_reference(struct json_writer *json, const char *name, const char *kind,
                          const char *target);

/* The name that prefix and rest make together, before a value. */
void name_put_joined(struct json_writer *json, const char *prefix, const char *rest);
