/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes one JSON text (RFC 8259) into a struct writer, compact, commas placed by itself
 * and no more escaped than must be, as in RFC 8785 section 3.2.2.2. Text that is no UTF-8
 * makes the writer fail with GALEN_INVALID, so that nothing malformed leaves; failure is
 * the writer's sticky one.
 *
 * Threads: one owner. Allocation: the writer's. A wrong order of calls (a value without its
 * name, an end without its begin, two roots) is a broken invariant.
 */
#pragma once

#include "base/writer.h"

#define JSON_WRITER_DEPTH_MAX 64u

struct json_writer {
    struct writer *out;
    uint64_t has_items; /* one bit a level */
    uint64_t is_object; /* the same; else an array */
    uint32_t depth;     /* at most JSON_WRITER_DEPTH_MAX */
    bool has_root;
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

/* The shortest text that reads back as the same value. Finite values only. */
void json_put_f32(struct json_writer *json, float value);
void json_put_f64(struct json_writer *json, double value);

/* One value that is JSON already. */
void json_put_raw(struct json_writer *json, struct bytes text);
