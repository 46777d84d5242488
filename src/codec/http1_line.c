/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/http1_line.h"

#include "base/limits.h"

enum { EMPTY_LINE_COUNT_MAX = 2 };

enum line_state {
    LINE_START,
    LINE_EMPTY, /* after the CR of an empty line */
    LINE_METHOD,
    LINE_TARGET,
    LINE_VERSION,
    LINE_DONE,
};

static const struct http1_refusal malformed_target = {400,
                                                      "the request target is malformed"};

static const struct http1_refusal *check_version_byte(struct http1_line *line, uint8_t byte)
{
    static const struct http1_refusal malformed = {400, "the request line is malformed"};
    static const struct http1_refusal unsupported = {505,
                                                     "only HTTP/1.1 and 1.0 are spoken"};
    static const char expected[] = "HTTP/1.1\r\n";
    enum { MAJOR = 5, MINOR = 7 };
    const uint8_t index = line->count++;
    if (expected[line->count] == '\0') {
        line->state = LINE_DONE;
    }
    if (byte == (uint8_t)expected[index] || (index == MINOR && byte == '0')) {
        return NULL;
    }
    const bool is_number = (index == MAJOR || index == MINOR) && byte >= '0' && byte <= '9';
    return is_number ? &unsupported : &malformed;
}

static const struct http1_refusal *check_target_byte(struct http1_line *line, uint8_t byte)
{
    static const struct http1_refusal too_long = {414, "the request target is too long"};
    if (byte == ' ' && line->target_size > 0) {
        line->state = LINE_VERSION;
        line->count = 0;
        return NULL;
    }
    if (byte <= ' ' || byte > '~' || byte == '#') {
        return &malformed_target;
    }
    return ++line->target_size > LIMIT_URL_SIZE_BYTES_MAX ? &too_long : NULL;
}

static const struct http1_refusal *check_start_byte(struct http1_line *line, uint8_t byte)
{
    static const struct http1_refusal empty = {400,
                                               "empty lines ahead of the request line"};
    if (line->state == LINE_EMPTY) {
        line->state = LINE_START;
        return byte == '\n' ? NULL : &empty;
    }
    if (byte != '\r') {
        line->state = LINE_METHOD;
        return byte == '\n' ? &empty : NULL;
    }
    line->state = LINE_EMPTY;
    return ++line->count > EMPTY_LINE_COUNT_MAX ? &empty : NULL;
}

static const struct http1_refusal *check_line_byte(struct http1_line *line, uint8_t byte)
{
    switch ((enum line_state)line->state) {
    case LINE_START:
    case LINE_EMPTY:
        return check_start_byte(line, byte);
    case LINE_METHOD: /* llhttp knows the methods */
        line->state = byte == ' ' ? LINE_TARGET : LINE_METHOD;
        return NULL;
    case LINE_TARGET:
        return check_target_byte(line, byte);
    case LINE_VERSION:
        return check_version_byte(line, byte);
    case LINE_DONE:
        break;
    }
    return NULL;
}

size_t http1_line_check(struct http1_line *line, struct bytes bytes,
                        const struct http1_refusal **out_refusal)
{
    for (size_t i = 0; i < bytes.size && line->state != LINE_DONE; i++) {
        const struct http1_refusal *refusal = check_line_byte(line, bytes.data[i]);
        if (refusal != NULL) {
            *out_refusal = refusal;
            return i;
        }
    }
    return bytes.size;
}

struct http1_refusal http1_target_check(struct bytes target)
{
    struct http1_line line = {.state = LINE_TARGET};
    const struct http1_refusal *refusal = NULL;
    for (size_t i = 0; i < target.size && refusal == NULL; i++) {
        refusal = target.data[i] == ' ' ? &malformed_target
                                        : check_target_byte(&line, target.data[i]);
    }
    if (target.size == 0) {
        refusal = &malformed_target;
    }
    return refusal == NULL ? (struct http1_refusal){.status = 0} : *refusal;
}
