/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json_value.h"

/* Recursion is bounded: json_parse refuses what is deeper than LIMIT_JSON_DEPTH_MAX. */
static void put_container(struct json_writer *json, const struct json *container)
{
    const bool is_object = json_type(container) == JSON_OBJECT;
    struct json_cursor at = json_walk(container);
    while (json_next(&at)) {
        if (is_object) {
            json_put_name_bytes(json, at.name);
        }
        json_put_value(json, at.value);
    }
}

void json_put_value(struct json_writer *json, const struct json *value)
{
    switch (json_type(value)) {
    case JSON_NULL:
        json_put_null(json);
        break;
    case JSON_BOOL:
        json_put_bool(json, json_bool(value));
        break;
    case JSON_NUMBER:
        json_put_raw(json, json_number(value));
        break;
    case JSON_STRING:
        json_put_string(json, json_string(value));
        break;
    case JSON_ARRAY:
        json_begin_array(json);
        put_container(json, value);
        json_end_array(json);
        break;
    case JSON_OBJECT:
        json_begin_object(json);
        put_container(json, value);
        json_end_object(json);
        break;
    }
}
