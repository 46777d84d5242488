/* SPDX-License-Identifier: Apache-2.0 */
/* Why a caller is not let in. Pure. */
#pragma once

#include "base/status.h"
#include "base/writer.h"

enum refusal {
    REFUSAL_NOT, /* let in */
#define REFUSAL(name, word, error, told) REFUSAL_##name,
#include "service/auth/refusal.def"
    REFUSAL_COUNT,
};

const char *refusal_word(enum refusal refusal); /* "expired"; of REFUSAL_NOT "ok" */
const char *refusal_text(enum refusal refusal); /* a sentence without a dot; of it "" */

/* UNAUTHENTICATED, INVALID (400), FORBIDDEN, or UNAVAILABLE: it is not the caller's doing.
 */
enum galen_status refusal_status(enum refusal refusal);

/* The value of WWW-Authenticate (RFC 6750 section 3): Bearer realm="…", with error and
 * error_description where there was something to be wrong, and with the scope that was
 * wanted where it is that. Nothing is written where it is UNAVAILABLE. realm: without
 * quotes and backslashes; scope: one, or several with spaces between them. */
void refusal_put_challenge(enum refusal refusal, struct bytes realm, struct bytes scope,
                           struct writer *out);
