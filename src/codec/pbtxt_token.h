/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the text format, as protobuf's io::Tokenizer cuts them. */
#pragma once

#include "base/arena.h"
#include "base/bytes.h"

enum pbtxt_kind {
    PBTXT_END,
    PBTXT_NAME,
    PBTXT_INTEGER, /* decimal, hexadecimal or octal, without a sign */
    PBTXT_REAL,
    PBTXT_STRING, /* with its quotes; its escapes are valid */
    PBTXT_SYMBOL,
};

struct pbtxt_token {
    enum pbtxt_kind kind;
    struct bytes text; /* borrowed */
    uint32_t line;     /* from 1 */
    uint32_t column;   /* likewise, in characters */
};

struct pbtxt_tokens {
    struct bytes text;
    size_t at;
    uint32_t line;
    uint32_t column;
};

struct pbtxt_tokens pbtxt_tokens_of(struct bytes text);

/* NULL: out_token is the next one. Otherwise why there is none, at tokens->line and column.
 */
const char *pbtxt_next(struct pbtxt_tokens *tokens, struct pbtxt_token *out_token);

/* The value of an INTEGER. False: beyond 64 bits. */
bool pbtxt_integer(struct bytes text, uint64_t *out_value);

/* Whether an INTEGER is written in tens. */
bool pbtxt_is_decimal(struct bytes text);

/* The value of a REAL, or of a decimal INTEGER, by a copy in the arena. Too large:
 * infinity. False: out of memory. */
bool pbtxt_real(struct bytes text, struct arena *arena, double *out_value);

/* Appends what a STRING says to out, which has room for its text. Returns the size. */
size_t pbtxt_unescape(struct bytes text, uint8_t *out);
