/* SPDX-License-Identifier: Apache-2.0 */
/* The `vocab` of a model: token to id and back. Pure; lies in the tokenizer's arena. */
#pragma once

#include "base/error.h"
#include "codec/json.h"
#include "preprocess/text/trie.h"

struct vocabulary {
    struct trie ids;
    struct bytes *texts; /* by id; empty where there is none */
    size_t id_count;     /* the greatest and 1 */
    size_t size_bytes;   /* of all texts */
};

/* GALEN_INVALID: not an object of ids; GALEN_TOO_LARGE: a token or the list is beyond its
 * limit; GALEN_NO_MEMORY. */
MUST_USE enum galen_status vocabulary_parse(const struct json *section, struct arena *arena,
                                            struct vocabulary *out_vocabulary,
                                            struct error *out_error);
