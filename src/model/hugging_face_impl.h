/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of a Hugging Face folder share. */
#pragma once

#include "codec/json.h"
#include "model/hugging_face.h"

struct hugging_face_reader {
    const struct hugging_face *files;
    const struct json *config;
    const struct json *tokenizer_config;    /* NULL: there is none */
    const struct json *preprocessor_config; /* NULL: there is none */
    struct contract *contract;
    struct arena *arena;
    struct error *error;
};

/* What the inputs of the network are made of. GALEN_INVALID, GALEN_NOT_IMPLEMENTED,
 * GALEN_NO_MEMORY. */
MUST_USE enum galen_status hugging_face_read_text(struct hugging_face_reader *reader);
MUST_USE enum galen_status hugging_face_read_image(struct hugging_face_reader *reader);

/* NULL: the object has no such member, or one of another type, or is NULL itself. */
const struct json *hugging_face_member(const struct json *object, const char *name,
                                       enum json_type type);

/* A whole number up to the maximum; false: there is none. */
bool hugging_face_count(const struct json *object, const char *name, uint64_t max,
                        uint64_t *out_count);

/* NULL: the network has no input of that name. */
const struct galen_tensor_spec *hugging_face_input(const struct hugging_face *files,
                                                   const char *name);
