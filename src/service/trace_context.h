/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which trace a request belongs to: `traceparent` and `tracestate` (W3C Trace Context,
 * levels 1 and 2, sections 3.2 and 3.3). What is malformed is as if it had not been sent,
 * and never a reason to refuse a request.
 *
 * Pure.
 */
#pragma once

#include "base/arena.h"
#include "base/status.h"
#include "codec/http.h"

#define TRACE_ID_SIZE 16u
#define TRACE_SPAN_ID_SIZE 8u
#define TRACE_PARENT_SIZE 55u /* of version 00, the one that is written */
#define TRACE_STATE_SIZE_BYTES_MAX 512u
#define TRACE_STATE_MEMBER_COUNT_MAX 32u

enum trace_flag {
    TRACE_SAMPLED = 1, /* whoever asks records this trace */
    TRACE_RANDOM = 2,  /* the last 7 bytes of the trace's id are random (level 2) */
};

struct trace_context {
    uint8_t trace_id[TRACE_ID_SIZE]; /* never all zeros */
    uint8_t span_id[TRACE_SPAN_ID_SIZE];
    uint8_t flags; /* of trace_flag, no other */
};

/* A value of `traceparent`: exactly as version 00 has it, or of a later version as far as
 * that is known here. False: it is malformed, or of version ff. */
bool trace_context_parse(struct bytes text, struct trace_context *out_context);

/* As version 00, with a NUL behind it. */
void trace_context_write(const struct trace_context *context,
                         char out_text[TRACE_PARENT_SIZE + 1]);

/* Two digits each, without a NUL. Returns where they end. */
char *trace_put_hex(char *at, const uint8_t *bytes, size_t size);

/* What the headers say. False: there is no traceparent, or a malformed one, or several. */
bool trace_context_read(const struct http_header *headers, size_t count,
                        struct trace_context *out_context);

/* All tracestate headers as one list, to be passed on; in the arena. Beyond
 * TRACE_STATE_SIZE_BYTES_MAX members are left out: first those of more than 128 bytes, then
 * the last ones. BYTES_NONE: there is none, or its form is wrong, or it has too many
 * members, or there is no memory. */
struct bytes trace_state_read(const struct http_header *headers, size_t count,
                              struct arena *arena);
