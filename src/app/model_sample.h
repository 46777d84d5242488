/* SPDX-License-Identifier: Apache-2.0 */
/* One text or image through a model that is not served yet: preprocessed, run, mapped as
 * POST /infer would. */
#pragma once

#include "codec/json_writer.h"
#include "galen/backend.h"
#include "model/contract.h"

struct model_sample {
    const struct contract *contract; /* of a task that takes texts or images */
    struct bytes tokenizer;          /* the file's content; of texts */
    struct galen_backend *backend;   /* borrowed */
    struct bytes text;
    struct bytes image; /* PNG or JPEG; empty: one gray pixel */
};

/* Puts the answer's members into the object that is open. The status and error of whatever
 * refuses. */
MUST_USE enum galen_status model_sample_run(const struct model_sample *sample,
                                            struct json_writer *json,
                                            struct error *out_error);
