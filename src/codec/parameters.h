/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens and parameters as headers have them: `; name=token; name="quoted"` (RFC 9110
 * sections 5.6.2, 5.6.4 and 5.6.6). Pure; everything points into the text. */
#pragma once

#include "base/bytes.h"

struct parameter {
    struct bytes name;  /* a token; compare without case. Empty: there is none */
    struct bytes value; /* as sent: a token or a quoted string with both quotes */
};

/* Of the token that the text begins with; 0: with none. */
size_t parameters_token_size(struct bytes text);

/* Takes one parameter and the ';' behind it off the front. An empty one, which the grammar
 * allows, has no name. false: not a parameter, and text is as it was. */
bool parameters_take(struct bytes *text, struct parameter *out_parameter);

/* The value without its quotes, where no backslash is inside; else as sent. */
struct bytes parameters_plain_value(struct bytes value);
