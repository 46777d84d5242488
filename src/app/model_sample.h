/* SPDX-License-Identifier: Apache-2.0 */
/* One text through a model that is not served yet: preprocessed, run, mapped as POST /infer
 * would. */
#pragma once

#include "codec/json_writer.h"
#include "galen/backend.h"
#include "model/contract.h"

struct model_sample {
    const struct contract *contract; /* of a text task */
    struct bytes tokenizer;          /* the file's content */
    struct galen_backend *backend;   /* borrowed */
    struct bytes text;
};

/* Puts the answer's members into the object that is open. The status and error of whatever
 * refuses. */
MUST_USE enum galen_status model_sample_run(const struct model_sample *sample,
                                            struct json_writer *json,
                                            struct error *out_error);
