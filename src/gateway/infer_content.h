/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the bytes of an input are: what they are declared to be, where they look like it, or
 * what they look like where nothing is declared (application/octet-stream declares
 * nothing). Text is UTF-8. Pure; allocates in the request's arena.
 */
#pragma once

#include "codec/media_type.h"
#include "gateway/request.h"

/* The media type that undeclared bytes are taken for: media_type_sniff's, but what begins
 * with a bracket and does not end with one is a note. */
const char *infer_content_seen(struct bytes bytes);

/* Of bytes that came as they are: a raw body, or a part of a form. declared NULL: nothing
 * is. GALEN_UNSUPPORTED_TYPE: the bytes look like something else, or the text is not in
 * UTF-8; GALEN_NO_MEMORY. */
MUST_USE enum galen_status infer_content_of_bytes(struct request *request,
                                                  struct bytes bytes,
                                                  const struct media_type *declared,
                                                  struct request_input *out_input);

/* Of a JSON string. Without a declared type it is text/plain, unless it is a data: URI.
 * With one it is text of that type, or for other types base64 or a data: URI of that very
 * type. GALEN_UNPROCESSABLE: neither; and as above. */
MUST_USE enum galen_status infer_content_of_string(struct request *request,
                                                   struct bytes text,
                                                   const struct media_type *declared,
                                                   struct request_input *out_input);

/* Whether there is any content and text is UTF-8. GALEN_UNPROCESSABLE: there is none;
 * GALEN_INVALID: the error has the byte offset, in the content once decoded. */
MUST_USE enum galen_status infer_content_validate(struct phi content, bool is_text,
                                                  struct error *out_error);
