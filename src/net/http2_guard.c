/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http2_guard.h"

#include "base/clock.h"
#include "base/limits.h"

enum { EARNED_FRAME_COUNT = 4 };

/* RFC 9113 section 6 */
enum { FRAME_DATA = 0, FRAME_HEADERS = 1, FRAME_RST_STREAM = 3, FLAG_END_STREAM = 1 };

struct http2_frame_header
http2_frame_header_read(const uint8_t bytes[HTTP2_FRAME_HEADER_SIZE])
{
    const uint32_t id = (uint32_t)(bytes[5] & 0x7f) << 24 | (uint32_t)bytes[6] << 16 |
                        (uint32_t)bytes[7] << 8 | bytes[8];
    return (struct http2_frame_header){
        .size = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2],
        .type = bytes[3],
        .flags = bytes[4],
        .id = (int32_t)id,
    };
}

/* Budgets */

static void earn(struct http2_budget *budget, uint64_t amount)
{
    const uint64_t left = budget->left + amount;
    budget->left = left < budget->max ? left : budget->max;
}

static void fill(struct http2_budget *budget, uint64_t now_ns)
{
    const uint64_t step_ns = NS_PER_S / budget->per_s;
    const uint64_t steps =
        now_ns > budget->filled_ns ? (now_ns - budget->filled_ns) / step_ns : 0;
    budget->filled_ns += steps * step_ns;
    earn(budget, steps < budget->max ? steps : budget->max);
}

static enum http2_error spend(struct http2_budget *budget, uint64_t now_ns)
{
    fill(budget, now_ns);
    if (budget->left == 0) {
        return HTTP2_ENHANCE_YOUR_CALM;
    }
    budget->left--;
    return HTTP2_NO_ERROR;
}

static bool carries_something(const struct http2_frame_header *header)
{
    if (header->type == FRAME_DATA) {
        return header->size > 0 || (header->flags & FLAG_END_STREAM) != 0;
    }
    return header->type == FRAME_HEADERS;
}

/* RFC 9113 section 5.1, "closed": frames on a stream that the peer has ended, or on one
 * that was skipped, are errors; those that may have been under way when we ended it are
 * not. */

void http2_guard_closed(struct http2_guard *guard, int32_t id, bool ended_by_peer)
{
    const size_t index = guard->seen_count++ % HTTP2_SEEN_COUNT;
    guard->seen[index].id = id;
    guard->seen[index].ended_by_peer = ended_by_peer;
}

static enum http2_error judge_closed(const struct http2_guard *guard, int32_t id)
{
    for (size_t i = 1; i <= HTTP2_SEEN_COUNT && i <= guard->seen_count; i++) {
        const size_t index = (guard->seen_count - i) % HTTP2_SEEN_COUNT;
        if (guard->seen[index].id == id) {
            return guard->seen[index].ended_by_peer ? HTTP2_STREAM_CLOSED : HTTP2_NO_ERROR;
        }
    }
    return HTTP2_PROTOCOL_ERROR;
}

/* New streams are remembered at once: nghttp2 may refuse them without a word to us. */
static enum http2_error check_state(struct http2_guard *guard,
                                    const struct http2_frame_header *header, bool is_open)
{
    if (header->id > guard->last_id) {
        if (header->type == FRAME_HEADERS) {
            guard->last_id = header->id;
            http2_guard_closed(guard, header->id, false);
        }
        return HTTP2_NO_ERROR;
    }
    return header->id == 0 || is_open ? HTTP2_NO_ERROR : judge_closed(guard, header->id);
}

void http2_guard_init(struct http2_guard *guard)
{
    *guard = (struct http2_guard){
        .frames = {LIMIT_HTTP2_IDLE_FRAME_COUNT_MAX, 0, LIMIT_HTTP2_IDLE_FRAME_COUNT_MAX,
                   LIMIT_HTTP2_IDLE_FRAMES_PER_S},
        .resets = {LIMIT_HTTP2_RESET_COUNT_MAX, 0, LIMIT_HTTP2_RESET_COUNT_MAX,
                   LIMIT_HTTP2_RESETS_PER_S},
    };
}

enum http2_error http2_guard_frame(struct http2_guard *guard,
                                   const struct http2_frame_header *header, bool is_open,
                                   uint64_t now_ns)
{
    enum http2_error error = HTTP2_NO_ERROR;
    if (header->type == FRAME_HEADERS || header->type == FRAME_DATA) {
        error = check_state(guard, header, is_open);
    }
    if (error != HTTP2_NO_ERROR || carries_something(header)) {
        return error;
    }
    return spend(header->type == FRAME_RST_STREAM ? &guard->resets : &guard->frames,
                 now_ns);
}

enum http2_error http2_guard_reset(struct http2_guard *guard, uint64_t now_ns)
{
    return spend(&guard->resets, now_ns);
}

void http2_guard_earn(struct http2_guard *guard)
{
    earn(&guard->frames, EARNED_FRAME_COUNT);
}
