/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a request to POST /infer says: what it holds and which model it names. Pure.
 *
 * A body is a JSON object with `input` (text, or an object of features) or `inputs` (a v2
 * request), a v2 request with raw tensors, a form with a part `input`, or the input itself:
 * a note.
 */
#pragma once

#include "gateway/phases.h"

struct infer_body {
    bool is_tensors;             /* a v2 body: normalised already */
    const struct json *features; /* an object of features; NULL: there is none */
    const struct json *document; /* the JSON body around `input`; NULL: another body */
    struct request_input input;
    const char *model;   /* NULL: not named */
    const char *version; /* "" : not named */
};

/* Reads media type, query and body. GALEN_UNSUPPORTED_TYPE, GALEN_INVALID (not JSON, not a
 * form, no media type), GALEN_UNPROCESSABLE (one that /infer does not take),
 * GALEN_TOO_LARGE, GALEN_NO_MEMORY. What is wrong with the input is told at /input,
 * whatever form the body has: a body that is the input stands for that member. */
MUST_USE enum galen_status infer_body_read(struct request *request,
                                           struct infer_body *out_body);
