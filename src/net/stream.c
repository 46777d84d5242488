/* SPDX-License-Identifier: Apache-2.0 */
#include "net/stream.h"

#include <sys/socket.h>

#include "base/invariant.h"
#include "base/wipe.h"
#include "net/loop_impl.h"
#include "net/stream_tls.h"

void stream_init(struct stream *stream, struct loop *loop, struct timeouts *timeouts,
                 const struct stream_ops *ops)
{
    stream->ops = ops;
    stream->loop = loop;
    stream->timeouts = timeouts;
    stream->deadline = (struct timeout){.is_armed = false};
    stream->tls = NULL;
    stream->is_reading = false;
    stream->is_writing = false;
    stream->is_closing = false;
    INVARIANT(uv_tcp_init(loop_uv(loop), &stream->tcp) == 0); /* makes no socket yet */
    stream->tcp.data = stream;
}

static void on_place(uv_handle_t *handle, size_t suggested, uv_buf_t *out_buffer)
{
    (void)suggested;
    struct stream *stream = handle->data;
    if (stream->tls != NULL) {
        stream_tls_place(stream, out_buffer);
        return;
    }
    size_t size = 0;
    uint8_t *place = stream->ops->place == NULL ? NULL : stream->ops->place(stream, &size);
    if (place == NULL) {
        place = loop_read_buffer(stream->loop);
        size = LOOP_READ_BUFFER_SIZE;
    }
    out_buffer->base = (char *)place;
    out_buffer->len = size;
}

static void on_read(uv_stream_t *tcp, ssize_t status, const uv_buf_t *buffer)
{
    struct stream *stream = tcp->data;
    if (stream->tls != NULL) {
        stream_tls_read(stream, status, buffer);
    } else if (status < 0) {
        stream_stop_reading(stream);
        stream->ops->ended(stream, status == UV_EOF ? 0 : (int)status);
    } else if (status > 0) {
        const size_t size = (size_t)status;
        stream->ops->read(stream, bytes_of(buffer->base, size));
        if ((uint8_t *)buffer->base == loop_read_buffer(stream->loop)) {
            wipe(buffer->base, size);
        }
    }
}

void stream_start_reading(struct stream *stream)
{
    if (!stream->is_reading && !stream->is_closing) {
        stream->is_reading =
            uv_read_start((uv_stream_t *)&stream->tcp, on_place, on_read) == 0;
    }
}

void stream_stop_reading(struct stream *stream)
{
    if (stream->is_reading) {
        stream->is_reading = false;
        (void)uv_read_stop((uv_stream_t *)&stream->tcp);
    }
}

static void on_written(uv_write_t *write, int status)
{
    struct stream *stream = write->data;
    stream->is_writing = false;
    if (!stream->is_closing) {
        stream->ops->written(stream, status);
    }
}

/* Drops size bytes from the front. */
static void advance(uv_buf_t **buffers, unsigned *count, size_t size)
{
    while (*count > 0 && size >= (*buffers)->len) {
        size -= (*buffers)->len;
        (*buffers)++;
        (*count)--;
    }
    if (*count > 0) {
        (*buffers)->base += size;
        (*buffers)->len -= size;
    }
}

enum stream_result stream_write(struct stream *stream, uv_buf_t *buffers, unsigned count)
{
    INVARIANT(!stream->is_writing && count <= STREAM_BUFFER_COUNT_MAX);
    if (stream->tls != NULL) {
        return stream_tls_write(stream, buffers, count);
    }
    uv_stream_t *tcp = (uv_stream_t *)&stream->tcp;
    const int size = uv_try_write(tcp, buffers, count);
    if (size < 0 && size != UV_EAGAIN) {
        return STREAM_FAILED;
    }
    advance(&buffers, &count, size < 0 ? 0 : (size_t)size);
    if (count == 0) {
        return STREAM_DONE;
    }
    stream->write.data = stream;
    if (uv_write(&stream->write, tcp, buffers, count, on_written) != 0) {
        return STREAM_FAILED;
    }
    stream->is_writing = true;
    stream->unsent_size = uv_stream_get_write_queue_size(tcp);
    return STREAM_PENDING;
}

bool stream_made_progress(struct stream *stream, size_t size_min)
{
    const size_t before = stream->unsent_size;
    stream->unsent_size = uv_stream_get_write_queue_size((uv_stream_t *)&stream->tcp) +
                          (stream->tls == NULL ? 0 : stream_tls_plain_size(stream));
    return before >= stream->unsent_size && before - stream->unsent_size >= size_min;
}

void stream_end_writing(struct stream *stream)
{
    uv_os_fd_t descriptor;
    INVARIANT(!stream->is_writing);
    if (stream->tls != NULL && !stream_tls_end(stream)) {
        return; /* when what waits has left */
    }
    if (uv_fileno((uv_handle_t *)&stream->tcp, &descriptor) == 0) {
        (void)shutdown(descriptor, SHUT_WR);
    }
}

static void on_closed(uv_handle_t *handle)
{
    struct stream *stream = handle->data;
    stream_tls_destroy(stream);
    stream->ops->closed(stream);
}

/* False: it is closing already. */
static bool begin_close(struct stream *stream)
{
    const bool is_first = !stream->is_closing;
    if (is_first) {
        stream->is_closing = true;
        stream->is_reading = false;
        stream_disarm(stream);
    }
    return is_first;
}

void stream_close(struct stream *stream)
{
    if (!stream->is_closing && stream->tls != NULL) {
        (void)stream_tls_end(stream); /* which a reset does without */
    }
    if (begin_close(stream)) {
        uv_close((uv_handle_t *)&stream->tcp, on_closed);
    }
}

void stream_reset(struct stream *stream)
{
    if (begin_close(stream) && uv_tcp_close_reset(&stream->tcp, on_closed) != 0) {
        uv_close((uv_handle_t *)&stream->tcp, on_closed);
    }
}

void stream_arm(struct stream *stream, unsigned kind, uint32_t timeout_ms)
{
    const uint64_t due_ns = loop_now_ns(stream->loop) + timeout_ms * NS_PER_MS;
    timeout_arm(stream->timeouts, &stream->deadline, kind, due_ns);
}

void stream_disarm(struct stream *stream)
{
    timeout_disarm(stream->timeouts, &stream->deadline);
}
