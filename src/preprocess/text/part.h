/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a tokenizer.json: objects with a `type`, or a `Sequence` of them. Each call
 * gives GALEN_INVALID for what is not such a file, and GALEN_NOT_IMPLEMENTED, with its
 * name, for what is not supported. `what` names the section: "normalizer". Pure.
 */
#pragma once

#include "base/error.h"
#include "codec/json.h"

/* One part, or those of a Sequence (not of a Sequence inside); NULL and null: none. */
struct part_list {
    const struct json *single; /* NULL: there is none, or no longer */
    struct json_cursor at;
    bool is_sequence;
};

/* members: where a Sequence keeps its parts: "normalizers". */
MUST_USE enum galen_status part_list(const struct json *section, const char *what,
                                     const char *members, struct part_list *out_list,
                                     struct error *out_error);
bool part_next(struct part_list *list, const struct json **out_part);

MUST_USE enum galen_status part_type(const struct json *part, const char *what,
                                     struct bytes *out_type, struct error *out_error);

/* GALEN_NOT_IMPLEMENTED: "normalizer 'Nmt' is not supported". */
enum galen_status part_refuse(const char *what, struct bytes type, struct error *out_error);

/* Members; otherwise: where there is none, or null. */
MUST_USE enum galen_status part_bool(const struct json *part, const char *name,
                                     bool otherwise, bool *out_value,
                                     struct error *out_error);
MUST_USE enum galen_status part_count(const struct json *part, const char *name,
                                      uint32_t otherwise, uint32_t *out_value,
                                      struct error *out_error);
MUST_USE enum galen_status part_string(const struct json *part, const char *name,
                                       struct bytes otherwise, struct bytes *out_value,
                                       struct error *out_error);

/* A number that is an id. */
MUST_USE enum galen_status part_id(const struct json *value, uint32_t *out_id,
                                   struct error *out_error);
