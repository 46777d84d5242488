/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/refusal.h"

enum error_kind {
    ERROR_NONE,
    ERROR_INVALID_REQUEST,
    ERROR_INVALID_TOKEN,
    ERROR_INSUFFICIENT_SCOPE,
    ERROR_UNAVAILABLE,
};

static const struct {
    const char *word;
    const char *text;
    enum error_kind error;
} rows[] = {
    {"ok", "", ERROR_NONE},
#define REFUSAL(name, word, error, told) {word, told, ERROR_##error},
#include "service/auth/refusal.def"
};

static const struct {
    enum galen_status status;
    const char *code; /* of RFC 6750 */
} errors[] = {
    [ERROR_NONE] = {GALEN_UNAUTHENTICATED, NULL},
    [ERROR_INVALID_REQUEST] = {GALEN_INVALID, "invalid_request"},
    [ERROR_INVALID_TOKEN] = {GALEN_UNAUTHENTICATED, "invalid_token"},
    [ERROR_INSUFFICIENT_SCOPE] = {GALEN_FORBIDDEN, "insufficient_scope"},
    [ERROR_UNAVAILABLE] = {GALEN_UNAVAILABLE, NULL},
};

const char *refusal_word(enum refusal refusal)
{
    return rows[refusal].word;
}

const char *refusal_text(enum refusal refusal)
{
    return rows[refusal].text;
}

enum galen_status refusal_status(enum refusal refusal)
{
    return refusal == REFUSAL_NOT ? GALEN_OK : errors[rows[refusal].error].status;
}

static void put_parameter(const char *name, struct bytes value, struct writer *out)
{
    writer_put_string(out, name);
    writer_put_string(out, "=\"");
    writer_put(out, value);
    writer_put_string(out, "\"");
}

void refusal_put_challenge(enum refusal refusal, struct bytes realm, struct bytes scope,
                           struct writer *out)
{
    const enum error_kind error = rows[refusal].error;
    if (error == ERROR_UNAVAILABLE) {
        return;
    }
    put_parameter("Bearer realm", realm, out);
    if (errors[error].code == NULL) {
        return;
    }
    put_parameter(", error", bytes_from_string(errors[error].code), out);
    if (error == ERROR_INSUFFICIENT_SCOPE) {
        put_parameter(", scope", scope, out);
    } else {
        put_parameter(", error_description", bytes_from_string(rows[refusal].text), out);
    }
}
