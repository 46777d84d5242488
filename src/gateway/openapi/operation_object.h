/* SPDX-License-Identifier: Apache-2.0 */
/* An operation object: parameters, what is sent, and each answer. Pure. */
#pragma once

#include "gateway/openapi/openapi.h"
#include "gateway/operation.h"

struct operation_place {
    const struct operation *operation;
    const char *path;
    bool has_model;   /* {model} is in the path */
    bool has_version; /* {version} is in the path */
    bool has_file;    /* {file} is in the path */
    bool is_narrower; /* the operation is that of another path too, which has no {model} */
};

void operation_object_put(const struct openapi *openapi,
                          const struct operation_place *place, struct json_writer *json);
