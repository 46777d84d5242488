/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the messages of v2.h share: a body taken apart, parameters, tensors.
 *
 * A tensor's `data` array never becomes a document: half a million numbers would cost 50 MB
 * there. One scan over the JSON finds these arrays, the document is parsed without them,
 * and tensor_json.h reads each straight into its tensor.
 */
#pragma once

#include "base/limits.h"
#include "base/reader.h"
#include "codec/json.h"
#include "codec/json_writer.h"
#include "codec/v2.h"

struct v2_body {
    const struct json *root; /* an object, without the arrays below */
    const char *list;        /* the member that holds the tensors: "inputs" or "outputs" */
    bool special_numbers;
    struct reader raw; /* binary data that no tensor has taken yet */
    struct bytes data[LIMIT_TENSOR_COUNT_MAX]; /* of the list's elements: "[…]" or empty */
};

/* GALEN_INVALID, GALEN_TOO_LARGE, GALEN_NO_MEMORY as json_parse; GALEN_INVALID: json_size
 * is not within the body. The body must outlive *out_body. */
MUST_USE enum galen_status v2_body_parse(const struct v2_message *message, const char *list,
                                         struct arena *arena, struct v2_body *out_body,
                                         struct error *out_error);

/* An optional member, null being none. GALEN_INVALID: it has another type. */
MUST_USE enum galen_status v2_member(const struct json *object, const char *name,
                                     enum json_type type, const struct json **out_value,
                                     struct error *out_error);
MUST_USE enum galen_status v2_required_member(const struct json *object, const char *name,
                                              enum json_type type,
                                              const struct json **out_value,
                                              struct error *out_error);

/* A string without NUL, of at most size_max bytes; absent: NULL. */
MUST_USE enum galen_status v2_member_string(const struct json *object, const char *name,
                                            size_t size_max, struct arena *arena,
                                            const char **out_text, struct error *out_error);
MUST_USE enum galen_status v2_required_string(const struct json *object, const char *name,
                                              size_t size_max, struct arena *arena,
                                              const char **out_text,
                                              struct error *out_error);

/* Puts /list/index in front of an error's pointer and returns status. */
enum galen_status v2_at_element(enum galen_status status, const char *list, size_t index,
                                struct error *error);

/* Parameters that mean something, of a request or response, a tensor, or a wanted output.
 */
enum v2_place { V2_OF_MESSAGE = 1, V2_OF_TENSOR = 2, V2_OF_OUTPUT = 4 };
struct v2_parameters {
    uint64_t binary_data_size;
    uint64_t timeout;
    uint64_t priority;
    uint64_t classification;
    bool has_binary_data_size;
    bool has_binary_data;
    bool binary_data;
    bool binary_data_output;
};

/* Reads the member `parameters` of the object. GALEN_INVALID: a value of a type that the
 * protocol does not know, or a reserved name; GALEN_NOT_IMPLEMENTED: as v2.h says. */
MUST_USE enum galen_status v2_parameters_decode(const struct json *object,
                                                enum v2_place place,
                                                struct v2_parameters *out_parameters,
                                                struct error *out_error);

/* Name, datatype and shape of a tensor or of a spec; lowest is the least dimension allowed.
 */
MUST_USE enum galen_status v2_spec_decode(const struct json *element, int64_t lowest,
                                          struct arena *arena,
                                          struct galen_tensor_spec *out_spec,
                                          struct error *out_error);
void v2_put_spec(struct json_writer *json, const char *name, enum galen_datatype datatype,
                 uint32_t rank, const int64_t *shape);

/* All tensors of the body's list. Takes their raw bytes and refuses what is left of them.
 */
MUST_USE enum galen_status v2_tensors_decode(struct v2_body *body, struct arena *arena,
                                             struct galen_tensor **out_tensors,
                                             size_t *out_count, struct error *out_error);
void v2_put_binary_tensor(struct json_writer *json, const struct galen_tensor *tensor);
