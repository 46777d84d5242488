/* SPDX-License-Identifier: Apache-2.0 */
#include "net/stream_tls.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "base/invariant.h"
#include "base/limits.h"
#include "base/wipe.h"
#include "net/loop_impl.h"

enum {
    /* With what a part of a record may have left in the session, no more plain bytes than a
     * read of a plain socket brings. */
    READ_SIZE_MAX = LOOP_READ_BUFFER_SIZE - TLS_RECORD_SIZE_MAX,
    WAITING_SIZE_MAX = 4096,
};

/* Records that the socket did not take. */
struct records {
    size_t size;
    uint8_t bytes[];
};

enum tls_phase {
    PHASE_HANDSHAKE,
    PHASE_OPEN,
    PHASE_DISCARDING, /* refused; reads on until the peer has read why */
    PHASE_ENDED,      /* nothing is read any more */
};

struct stream_tls {
    struct tls_session *session;
    enum tls_phase phase;
    bool ends_writing;       /* once what waits has left */
    bool has_ended_writing;  /* we said so */
    struct records *leaving; /* libuv has them */
    struct records *waiting; /* for those: what TLS itself has to answer */
    size_t discarded_size;
    unsigned buffer_index;
    unsigned buffer_count;
    uv_buf_t buffers[STREAM_BUFFER_COUNT_MAX]; /* plain bytes to be written, borrowed */
};

/* Records on their way out */

static void on_left(uv_write_t *write, int status);

static uv_stream_t *socket_of(struct stream *stream)
{
    return (uv_stream_t *)&stream->tcp;
}

static struct records *copy_records(struct bytes before, struct bytes more)
{
    struct records *records = malloc(sizeof(*records) + before.size + more.size);
    if (records != NULL) {
        records->size = before.size + more.size;
        if (before.size > 0) {
            memcpy(records->bytes, before.data, before.size);
        }
        memcpy(records->bytes + before.size, more.data, more.size);
    }
    return records;
}

static bool start_leaving(struct stream *stream, struct records *records)
{
    uv_buf_t buffer = uv_buf_init((char *)records->bytes, (unsigned)records->size);
    stream->write.data = stream;
    stream->tls->leaving = records;
    if (uv_write(&stream->write, socket_of(stream), &buffer, 1, on_left) != 0) {
        free(take(&stream->tls->leaving));
        return false;
    }
    return true;
}

static bool append_waiting(struct stream_tls *tls, struct bytes more)
{
    const struct bytes before = tls->waiting == NULL
                                    ? BYTES_NONE
                                    : bytes_of(tls->waiting->bytes, tls->waiting->size);
    if (before.size + more.size > WAITING_SIZE_MAX) {
        return false;
    }
    struct records *longer = copy_records(before, more);
    if (longer == NULL) {
        return false;
    }
    free(tls->waiting);
    tls->waiting = longer;
    return true;
}

/* Sends what the session has put out. False: the connection is of no use any more. */
static bool flush(struct stream *stream)
{
    struct stream_tls *tls = stream->tls;
    struct bytes records = tls_session_output(tls->session);
    if (records.size == 0) {
        return true;
    }
    if (tls->leaving != NULL) {
        return append_waiting(tls, records);
    }
    uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)records.data, (unsigned)records.size);
    const int size = uv_try_write(socket_of(stream), &buffer, 1);
    if (size < 0 && size != UV_EAGAIN) {
        return false;
    }
    records = bytes_from(records, size < 0 ? 0 : (size_t)size);
    if (records.size == 0) {
        return true;
    }
    struct records *rest = copy_records(BYTES_NONE, records);
    return rest != NULL && start_leaving(stream, rest);
}

static void lend_output(struct stream *stream)
{
    struct loop_scratch *scratch = loop_scratch(stream->loop);
    tls_session_lend_output(stream->tls->session, scratch->records,
                            sizeof(scratch->records));
}

static void end_socket(struct stream *stream)
{
    uv_os_fd_t descriptor;
    if (uv_fileno((uv_handle_t *)&stream->tcp, &descriptor) == 0) {
        (void)shutdown(descriptor, SHUT_WR);
    }
}

/* Plain bytes on their way out */

size_t stream_tls_plain_size(const struct stream *stream)
{
    const struct stream_tls *tls = stream->tls;
    size_t size = 0;
    for (unsigned i = tls->buffer_index; i < tls->buffer_count; i++) {
        size += tls->buffers[i].len;
    }
    return size;
}

static bool has_plain(const struct stream_tls *tls)
{
    return tls->buffer_index < tls->buffer_count;
}

/* The next record's worth: where it lies, if that is in one piece, else gathered. */
static struct bytes next_plain(struct stream *stream)
{
    struct stream_tls *tls = stream->tls;
    uint8_t *gathered = loop_scratch(stream->loop)->gathered;
    size_t size = 0;
    const uv_buf_t *first = &tls->buffers[tls->buffer_index];
    if (first->len >= TLS_RECORD_SIZE_MAX || tls->buffer_index + 1 == tls->buffer_count) {
        return bytes_first(bytes_of(first->base, first->len), TLS_RECORD_SIZE_MAX);
    }
    for (unsigned i = tls->buffer_index;
         i < tls->buffer_count && size < TLS_RECORD_SIZE_MAX; i++) {
        const struct bytes piece =
            bytes_first(bytes_of(tls->buffers[i].base, tls->buffers[i].len),
                        TLS_RECORD_SIZE_MAX - size);
        if (piece.size > 0) {
            memcpy(gathered + size, piece.data, piece.size);
        }
        size += piece.size;
    }
    return bytes_of(gathered, size);
}

static void advance(struct stream_tls *tls, size_t size)
{
    while (has_plain(tls) && size >= tls->buffers[tls->buffer_index].len) {
        size -= tls->buffers[tls->buffer_index].len;
        tls->buffer_index++;
    }
    if (has_plain(tls)) {
        tls->buffers[tls->buffer_index].base += size;
        tls->buffers[tls->buffer_index].len -= size;
    }
}

static bool write_record(struct stream *stream)
{
    struct stream_tls *tls = stream->tls;
    const struct bytes plain = next_plain(stream);
    uint8_t *gathered = loop_scratch(stream->loop)->gathered;
    lend_output(stream);
    const bool is_made =
        plain.size == 0 || tls_session_write(tls->session, plain) == TLS_DONE;
    if (plain.data == gathered) {
        wipe(gathered, plain.size);
    }
    advance(tls, plain.size);
    return is_made && flush(stream);
}

/* As many records as the socket takes. */
static bool write_records(struct stream *stream)
{
    while (has_plain(stream->tls) && stream->tls->leaving == NULL) {
        if (!write_record(stream)) {
            stream->tls->buffer_count = 0;
            return false;
        }
    }
    return true;
}

enum stream_result stream_tls_write(struct stream *stream, uv_buf_t *buffers,
                                    unsigned count)
{
    struct stream_tls *tls = stream->tls;
    INVARIANT(tls->phase != PHASE_HANDSHAKE && !tls->has_ended_writing);
    tls->buffer_index = 0;
    tls->buffer_count = count;
    memcpy(tls->buffers, buffers, count * sizeof(*buffers));
    if (!write_records(stream)) {
        return STREAM_FAILED;
    }
    if (!has_plain(tls) && tls->leaving == NULL) {
        return STREAM_DONE;
    }
    stream->is_writing = true;
    stream->unsent_size = 0;
    (void)stream_made_progress(stream, 0);
    return STREAM_PENDING;
}

static bool goes_on(struct stream *stream)
{
    struct stream_tls *tls = stream->tls;
    return tls->waiting == NULL ? write_records(stream)
                                : start_leaving(stream, take(&tls->waiting));
}

static void on_left(uv_write_t *write, int status)
{
    struct stream *stream = write->data;
    struct stream_tls *tls = stream->tls;
    free(take(&tls->leaving));
    if (stream->is_closing) {
        return;
    }
    if (status == 0 && !goes_on(stream)) {
        status = UV_EPIPE;
    }
    const bool is_over = status != 0 || (tls->leaving == NULL && !has_plain(tls));
    if (is_over && stream->is_writing) {
        stream->is_writing = false;
        stream->ops->written(stream, status);
    } else if (is_over && tls->ends_writing) {
        end_socket(stream);
    }
}

bool stream_tls_end(struct stream *stream)
{
    struct stream_tls *tls = stream->tls;
    if (!stream->is_writing && !tls->has_ended_writing) {
        tls->has_ended_writing = true;
        lend_output(stream);
        tls_session_end(tls->session);
        (void)flush(stream);
    }
    tls->ends_writing = tls->leaving != NULL;
    return !tls->ends_writing;
}

/* What came */

void stream_tls_place(struct stream *stream, uv_buf_t *out_buffer)
{
    const bool waits =
        stream->tls->phase == PHASE_HANDSHAKE && !loop_may_shake_hands(stream->loop);
    *out_buffer =
        uv_buf_init((char *)loop_read_buffer(stream->loop), waits ? 0 : READ_SIZE_MAX);
}

static void end(struct stream *stream, int status)
{
    stream->tls->phase = PHASE_ENDED;
    stream_stop_reading(stream);
    stream->ops->ended(stream, status);
}

/* A server that closes with bytes unread resets the connection, and its alert is lost. */
static void refuse(struct stream *stream)
{
    struct stream_tls *tls = stream->tls;
    if (!tls_session_is_server(tls->session)) {
        end(stream, UV_EPROTO);
        return;
    }
    tls->phase = PHASE_DISCARDING;
    tls->ends_writing = tls->leaving != NULL;
    if (!tls->ends_writing) {
        end_socket(stream);
    }
}

static void discard(struct stream *stream, size_t size)
{
    stream->tls->discarded_size += size;
    if (stream->tls->discarded_size > LIMIT_TLS_DISCARD_SIZE_BYTES_MAX) {
        end(stream, UV_EPROTO);
    }
}

static void shake_hands(struct stream *stream)
{
    struct stream_tls *tls = stream->tls;
    enum tls_result result;
    bool is_sent;
    do {
        lend_output(stream);
        result = tls_session_handshake(tls->session);
        is_sent = flush(stream);
    } while (result == TLS_FULL && is_sent);
    if (!is_sent) {
        end(stream, UV_EPIPE);
    } else if (result == TLS_DONE) {
        tls->phase = PHASE_OPEN;
        stream->ops->secured(stream);
    } else if (result != TLS_MORE) {
        refuse(stream);
    }
}

/* Until the place is full, or no more is at hand. */
static enum tls_result fill(struct tls_session *session, uint8_t *place, size_t size,
                            size_t *out_filled)
{
    enum tls_result result = TLS_DONE;
    *out_filled = 0;
    while (result == TLS_DONE && *out_filled < size) {
        size_t more = 0;
        result = tls_session_read(session, place + *out_filled, size - *out_filled, &more);
        *out_filled += result == TLS_DONE ? more : 0;
    }
    return result;
}

static uint8_t *plain_place(struct stream *stream, size_t *out_size)
{
    uint8_t *place =
        stream->ops->place == NULL ? NULL : stream->ops->place(stream, out_size);
    if (place == NULL) {
        place = loop_scratch(stream->loop)->plain;
        *out_size = LOOP_READ_BUFFER_SIZE;
    }
    return place;
}

static enum tls_result deliver_some(struct stream *stream)
{
    size_t size = 0;
    size_t filled;
    uint8_t *place = plain_place(stream, &size);
    lend_output(stream);
    enum tls_result result = fill(stream->tls->session, place, size, &filled);
    if (!flush(stream) && result == TLS_MORE) {
        result = TLS_FULL; /* the peer asks for more than it reads */
    }
    if (filled > 0) {
        stream->ops->read(stream, bytes_of(place, filled));
    }
    if (place == loop_scratch(stream->loop)->plain) {
        wipe(place, filled);
    }
    return result;
}

static void deliver(struct stream *stream)
{
    enum tls_result result = TLS_DONE;
    while (result == TLS_DONE && !stream->is_closing) {
        result = deliver_some(stream);
    }
    if (stream->is_closing || result == TLS_MORE) {
        return;
    }
    end(stream, result == TLS_ENDED ? 0 : UV_EPROTO);
}

static void end_by_socket(struct stream *stream, int status)
{
    const bool was_refused = stream->tls->phase == PHASE_DISCARDING;
    end(stream, was_refused ? UV_EPROTO : status == UV_EOF ? UV_ECONNABORTED : status);
}

void stream_tls_read(struct stream *stream, ssize_t status, const uv_buf_t *buffer)
{
    struct stream_tls *tls = stream->tls;
    if (status == 0 || status == UV_ENOBUFS || tls->phase == PHASE_ENDED) { /* later */
        return;
    }
    if (status < 0) {
        end_by_socket(stream, (int)status);
        return;
    }
    if (tls->phase == PHASE_DISCARDING) {
        discard(stream, (size_t)status);
        return;
    }
    tls_session_lend_input(tls->session, bytes_of(buffer->base, (size_t)status));
    if (tls->phase == PHASE_HANDSHAKE) {
        shake_hands(stream);
    }
    if (tls->phase == PHASE_OPEN && !stream->is_closing) {
        deliver(stream);
    }
}

/* Life */

enum galen_status stream_secure(struct stream *stream, struct tls_session *session)
{
    struct stream_tls *tls = malloc(sizeof(*tls));
    if (tls == NULL) {
        tls_session_destroy(session);
        return GALEN_NO_MEMORY;
    }
    *tls = (struct stream_tls){.session = session};
    stream->tls = tls;
    stream_start_reading(stream);
    if (tls_session_is_server(session)) {
        return GALEN_OK;
    }
    lend_output(stream);
    const enum tls_result result = tls_session_handshake(session);
    return result == TLS_MORE && flush(stream) ? GALEN_OK : GALEN_UNAVAILABLE;
}

void stream_tls_destroy(struct stream *stream)
{
    struct stream_tls *tls = take(&stream->tls);
    if (tls != NULL) {
        tls_session_destroy(tls->session);
        free(tls->waiting);
        free(tls);
    }
}

const struct tls_peer *stream_peer(const struct stream *stream)
{
    const struct stream_tls *tls = stream->tls;
    return tls == NULL || tls_session_peer(tls->session)->protocol == NULL
               ? NULL
               : tls_session_peer(tls->session);
}

struct bytes stream_protocol(const struct stream *stream)
{
    return stream_peer(stream) == NULL ? BYTES_NONE
                                       : tls_session_protocol(stream->tls->session);
}

void stream_explain(const struct stream *stream, int status, struct error *out_error)
{
    const struct stream_tls *tls = stream->tls;
    if (tls != NULL && status == UV_EPROTO) {
        tls_session_explain(tls->session, out_error);
    } else if (tls != NULL && status == UV_ECONNABORTED) {
        error_write(out_error, "closed without saying so by TLS");
    } else {
        error_write(out_error, "%s", status == 0 ? "closed" : uv_strerror(status));
    }
}
