/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/openapi/member.h"

#include <stdio.h>

enum { JOINED_SIZE = 256 };

void member_put_text(struct json_writer *json, const char *name, const char *text)
{
    json_put_name(json, name);
    json_put_cstring(json, text);
}

void member_put_u64(struct json_writer *json, const char *name, uint64_t value)
{
    json_put_name(json, name);
    json_put_u64(json, value);
}

void member_put_bool(struct json_writer *json, const char *name, bool value)
{
    json_put_name(json, name);
    json_put_bool(json, value);
}

void member_put_raw(struct json_writer *json, const char *name, struct bytes value)
{
    json_put_name(json, name);
    json_put_raw(json, value);
}

void member_begin_object(struct json_writer *json, const char *name)
{
    json_put_name(json, name);
    json_begin_object(json);
}

void member_begin_array(struct json_writer *json, const char *name)
{
    json_put_name(json, name);
    json_begin_array(json);
}

void reference_put(struct json_writer *json, const char *kind, const char *prefix,
                   const char *rest)
{
    char target[JOINED_SIZE];
    (void)snprintf(target, sizeof(target), "#/components/%s/%s%s", kind, prefix, rest);
    json_begin_object(json);
    member_put_text(json, "$ref", target);
    json_end_object(json);
}

void member_put_reference(struct json_writer *json, const char *name, const char *kind,
                          const char *target)
{
    json_put_name(json, name);
    reference_put(json, kind, target, "");
}

void name_put_joined(struct json_writer *json, const char *prefix, const char *rest)
{
    char name[JOINED_SIZE];
    (void)snprintf(name, sizeof(name), "%s%s", prefix, rest);
    json_put_name(json, name);
}
