/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a peer of HTTP/2 may do only so often, or not at all, beyond what nghttp2 looks
 * after. Frames are judged one by one before nghttp2 gets them: it tells of none that it is
 * going to ignore, and those are what floods are made of.
 *
 * Frames that carry nothing (pings, settings, priorities, window updates, empty data,
 * continuations, unknown ones) are paid from one budget, resets (the peer's own, and those
 * that it provokes) from another. Time fills both again; requests and pieces of responses
 * the first.
 *
 * Threads: one owner. Allocation: none. A core: time is an argument.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 9113 section 7 */
enum http2_error {
    HTTP2_NO_ERROR = 0x0,
    HTTP2_PROTOCOL_ERROR = 0x1,
    HTTP2_INTERNAL_ERROR = 0x2,
    HTTP2_STREAM_CLOSED = 0x5,
    HTTP2_REFUSED_STREAM = 0x7,
    HTTP2_CANCEL = 0x8,
    HTTP2_ENHANCE_YOUR_CALM = 0xb,
};

enum { HTTP2_FRAME_HEADER_SIZE = 9, HTTP2_SEEN_COUNT = 256 };

/* RFC 9113 section 4.1 */
struct http2_frame_header {
    uint32_t size; /* of the payload */
    uint8_t type;
    uint8_t flags;
    int32_t id;
};

struct http2_frame_header
http2_frame_header_read(const uint8_t bytes[HTTP2_FRAME_HEADER_SIZE]);

struct http2_budget {
    uint64_t left;
    uint64_t filled_ns;
    uint64_t max;
    uint64_t per_s;
};

struct http2_guard {
    struct http2_budget frames;
    struct http2_budget resets;
    int32_t last_id;   /* of the newest stream */
    size_t seen_count; /* of streams, ever */
    struct {
        int32_t id;
        bool ended_by_peer; /* which may send nothing more on it */
    } seen[HTTP2_SEEN_COUNT];
};

void http2_guard_init(struct http2_guard *guard);

/* HTTP2_NO_ERROR, or what the session is to end with. is_open: whether its stream is. */
enum http2_error http2_guard_frame(struct http2_guard *guard,
                                   const struct http2_frame_header *header, bool is_open,
                                   uint64_t now_ns);

/* We have reset a stream; likewise. */
enum http2_error http2_guard_reset(struct http2_guard *guard, uint64_t now_ns);

/* A request has come, or a piece of a response has left. */
void http2_guard_earn(struct http2_guard *guard);

/* A stream is over. Remembered for a while, for frames that come late. */
void http2_guard_closed(struct http2_guard *guard, int32_t id, bool ended_by_peer);
