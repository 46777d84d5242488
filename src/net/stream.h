/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TCP connection as server and client both need it: reads to a buffer of the loop, writes
 * at once where the socket takes it, one deadline. It owns the uv_tcp_t and the write under
 * way and knows nothing of HTTP. Its ops see plain bytes only: where it is secured, TLS
 * goes between them and the socket (stream_tls.c), and everything below holds all the same.
 *
 * With TLS, what one read of the socket brought is delivered whole: LOOP_READ_BUFFER_SIZE
 * at most, also where reading is stopped amid it. A peer's end counts when it has said so
 * (close_notify); a bare end of its bytes is a connection that broke.
 *
 * Threads: the loop's. Allocation: none of its own; with TLS the session, and what the
 * socket did not take: a record, and answers to the peer's TLS of a bounded size.
 */
#pragma once

#include <uv.h>

#include "base/bytes.h"
#include "net/loop.h"
#include "net/timeouts.h"
#include "net/tls_session.h"

struct stream;
struct stream_tls;

struct stream_ops {
    /* Bytes have come; borrowed for the call and wiped after it. */
    void (*read)(struct stream *stream, struct bytes bytes);

    /* TLS: the handshake is done. NULL is allowed where it is never secured. */
    void (*secured)(struct stream *stream);

    /* The peer will send no more (status 0), or the connection broke (a UV_E… code).
     * Reading has stopped. */
    void (*ended)(struct stream *stream, int status);

    /* A write that was pending is done (0) or failed (a UV_E… code). Not after close. */
    void (*written)(struct stream *stream, int status);

    /* A place to read to instead of the loop's buffer; NULL when there is none. May be
     * NULL. */
    uint8_t *(*place)(struct stream *stream, size_t *out_size);

    /* The last call. */
    void (*closed)(struct stream *stream);
};

struct stream {
    const struct stream_ops *ops;
    struct loop *loop;
    struct timeouts *timeouts;
    struct timeout deadline;
    struct stream_tls *tls; /* NULL: plaintext */
    uv_tcp_t tcp;
    uv_write_t write;
    bool is_reading;
    bool is_writing;
    bool is_closing;
    size_t unsent_size; /* when the write deadline was armed */
};

enum stream_result { STREAM_DONE, STREAM_PENDING, STREAM_FAILED };

/* The tcp handle is made and open for uv_accept, uv_tcp_open or uv_tcp_connect. From then
 * on stream_close is the only way out. */
void stream_init(struct stream *stream, struct loop *loop, struct timeouts *timeouts,
                 const struct stream_ops *ops);

/* Before anything was read or written of a connection that is open: begins the handshake
 * and reads. Takes the session, also on failure. Writing may begin once it is `secured`;
 * before, `ended` says that it failed. GALEN_NO_MEMORY, GALEN_UNAVAILABLE: it cannot even
 * begin. */
MUST_USE enum galen_status stream_secure(struct stream *stream,
                                         struct tls_session *session);

/* Who that is; NULL: plaintext, or not secured yet. Lives as long as the connection. */
const struct tls_peer *stream_peer(const struct stream *stream);

/* What ALPN chose; empty: nothing, plaintext, or not secured yet. */
struct bytes stream_protocol(const struct stream *stream);

/* Why it `ended` with this status, in words. */
void stream_explain(const struct stream *stream, int status, struct error *out_error);

void stream_start_reading(struct stream *stream); /* no-ops where it is so already */
void stream_stop_reading(struct stream *stream);

#define STREAM_BUFFER_COUNT_MAX 16u

/* What the buffers point to is borrowed until written or closed; the array is used up. One
 * write at a time. */
enum stream_result stream_write(struct stream *stream, uv_buf_t *buffers, unsigned count);

/* Nothing more will be written; nothing may be pending. The peer may still send. */
void stream_end_writing(struct stream *stream);

void stream_close(struct stream *stream); /* again is harmless */

/* The same, and what the system still has to send is dropped too: a peer that does not read
 * would have it kept for minutes. */
void stream_reset(struct stream *stream);

void stream_arm(struct stream *stream, unsigned kind, uint32_t timeout_ms);
void stream_disarm(struct stream *stream);

/* Whether that many bytes have left since this was last asked, or since the write began. */
bool stream_made_progress(struct stream *stream, size_t size_min);
