/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes one JSON text into a struct writer, compact, commas placed by itself. Strings must
 * be UTF-8 and leave escaped; failure is the writer's sticky one.
 */
#pragma once

#include "base/writer.h"

struct json_writer {
    struct writer *out;
    uint64_t has_items; /* one bit a level */
    uint32_t depth;     /* at most 64 */
    bool after_name;
};

struct json_writer json_writer_on(struct writer *out);

void json_begin_object(struct json_writer *json);
void json_end_object(struct json_writer *json);
void json_begin_array(struct json_writer *json);
void json_end_array(struct json_writer *json);

void json_put_name(struct json_writer *json, const char *name); /* then exactly one value */
void json_put_name_bytes(struct json_writer *json, struct bytes name);

void json_put_string(struct json_writer *json, struct bytes text);
void json_put_cstring(struct json_writer *json, const char *text);
void json_put_bool(struct json_writer *json, bool value);
void json_put_null(struct json_writer *json);
void json_put_u64(struct json_writer *json, uint64_t value);
void json_put_i64(struct json_writer *json, int64_t value);
void json_put_f32(struct json_writer *json,
                  float value); /* shortest text that reads back */
void json_put_f64(struct json_writer *json, double value);      /* the same; finite only */
void json_put_raw(struct json_writer *json, struct bytes text); /* is JSON already */
