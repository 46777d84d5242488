/* SPDX-License-Identifier: Apache-2.0 */
/* A form (multipart/form-data) as POST /infer takes it: a part `input`, and perhaps
 * `model`, `version`, `content_type`, `subject` and `purpose`. Pure. */
#pragma once

#include "codec/multipart.h"

struct infer_form { /* NULL: not there; `input` is */
    const struct multipart_part *input;
    const struct multipart_part *model;
    const struct multipart_part *version;
    const struct multipart_part *content_type;
    const struct multipart_part *subject;
    const struct multipart_part *purpose;
    struct multipart parts;
};

/* type is the body's own, with its boundary. GALEN_INVALID: malformed; GALEN_TOO_LARGE;
 * GALEN_UNPROCESSABLE: a part is missing, is there twice or is not ours: the error tells
 * its place, since its name is the client's own word. The form points into itself. */
MUST_USE enum galen_status infer_form_read(struct bytes body, struct media_type type,
                                           struct infer_form *out_form,
                                           struct error *out_error);
