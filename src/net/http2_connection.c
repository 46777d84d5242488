/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/invariant.h"
#include "base/wipe.h"
#include "net/http2_connection_impl.h"

enum { OUTPUT_SIZE = 4 * HTTP2_WRITE_SIZE_MIN };

static struct http2_connection *connection_of(struct stream *stream)
{
    return LIST_ITEM(stream, struct http_connection, stream)->http2;
}

static struct http2_request *request_at(struct list_link *link)
{
    return LIST_ITEM(link, struct http2_request, link);
}

static void free_when_unused(struct http2_connection *connection)
{
    if (connection->is_closed && !connection->resume_is_posted) {
        free(connection);
    }
}

void http2_connection_wake(struct http2_connection *connection)
{
    if (!connection->is_running && !connection->resume_is_posted) {
        connection->resume_is_posted = true;
        mailbox_post(loop_mailbox(connection->base->server->loop), &connection->resume);
    }
}

static void give_up_requests(struct http2_connection *connection)
{
    for (struct list_link *link = list_first(&connection->requests); link != NULL;
         link = list_next(&connection->requests, link)) {
        http2_request_give_up(request_at(link));
    }
}

/* False: it is closing already. */
static bool begin_close(struct http2_connection *connection)
{
    if (connection->is_closing) {
        return false;
    }
    connection->is_closing = true;
    give_up_requests(connection);
    return true;
}

static void drop(struct http2_connection *connection)
{
    if (begin_close(connection)) {
        stream_close(&connection->base->stream);
    }
}

static void drop_reader(struct http2_connection *connection)
{
    if (begin_close(connection)) {
        stream_reset(&connection->base->stream);
    }
}

/* The buffer for writing. Nobody keeps one that does not write; the server has one to be
 * used again. */

static bool take_output(struct http2_connection *connection)
{
    struct http_server *server = connection->base->server;
    if (connection->output == NULL) {
        connection->output = server->spare_output != NULL ? take(&server->spare_output)
                                                          : malloc(OUTPUT_SIZE);
    }
    return connection->output != NULL;
}

static void give_output_back(struct http2_connection *connection)
{
    struct http_server *server = connection->base->server;
    if (connection->output == NULL) {
        return;
    }
    wipe(connection->output, connection->output_size);
    connection->output_size = 0;
    if (server->spare_output == NULL && !server->is_closing) {
        server->spare_output = take(&connection->output);
    } else {
        free(take(&connection->output));
    }
}

/* False: nothing was to be written, or it is on its way. */
static bool write_some(struct http2_connection *connection)
{
    if (!take_output(connection) ||
        http2_session_write(connection->session, connection->output, OUTPUT_SIZE,
                            &connection->output_size) != GALEN_OK) {
        drop(connection);
        return false;
    }
    if (connection->output_size == 0) {
        return false;
    }
    uv_buf_t buffer =
        uv_buf_init((char *)connection->output, (unsigned)connection->output_size);
    switch (stream_write(&connection->base->stream, &buffer, 1)) {
    case STREAM_DONE:
        wipe(connection->output, connection->output_size);
        return true;
    case STREAM_PENDING:
        return false;
    case STREAM_FAILED:
        drop(connection);
        break;
    }
    return false;
}

/* RFC 9112 section 9.6 holds here too: a reset could take the last word with it. */
static void linger(struct http2_connection *connection)
{
    give_up_requests(connection);
    connection->is_lingering = true;
    connection->linger_left = LIMIT_LINGER_SIZE_BYTES_MAX;
    stream_end_writing(&connection->base->stream);
}

static void flush(struct http2_connection *connection)
{
    const struct stream *stream = &connection->base->stream;
    if (connection->is_closing || connection->is_lingering || stream->is_writing) {
        return;
    }
    while (write_some(connection)) {
    }
    if (stream->is_writing) {
        return;
    }
    give_output_back(connection);
    if (connection->is_closing) {
        return;
    }
    const bool is_done = http2_session_is_done(connection->session);
    if (connection->peer_has_ended && (is_done || list_is_empty(&connection->requests))) {
        drop(connection);
    } else if (is_done) {
        linger(connection);
    }
}

/* Reading and timeouts as things stand */

static void arm_once(struct http2_connection *connection, enum server_deadline kind,
                     uint32_t timeout_ms)
{
    if (!timeout_is(&connection->base->stream.deadline, kind)) {
        stream_arm(&connection->base->stream, kind, timeout_ms);
    }
}

static bool waits_to_close_door(const struct http2_connection *connection)
{
    return connection->base->server->is_draining &&
           !http2_session_door_is_closed(connection->session);
}

static void set_deadline(struct http2_connection *connection)
{
    const struct http_server_options *options = &connection->base->server->options;
    if (connection->is_lingering) {
        arm_once(connection, DEADLINE_LINGER, LIMIT_LINGER_MS);
    } else if (connection->base->stream.is_writing) {
        arm_once(connection, DEADLINE_WRITE, options->write_timeout_ms);
    } else if (waits_to_close_door(connection)) {
        arm_once(connection, DEADLINE_HEADER, LIMIT_DRAIN_FIRST_REQUEST_MS);
    } else if (list_is_empty(&connection->requests)) {
        arm_once(connection, DEADLINE_IDLE, options->idle_timeout_ms);
    } else {
        stream_disarm(&connection->base->stream);
    }
}

static void advance_requests(struct http2_connection *connection)
{
    while (connection->has_work && !connection->is_closing && !connection->is_lingering) {
        connection->has_work = false;
        struct list_link *link = list_first(&connection->requests);
        while (link != NULL && !connection->is_closing) {
            http2_request_advance(request_at(link));
            link = list_next(&connection->requests, link);
        }
    }
}

void http2_connection_enter(struct http2_connection *connection)
{
    connection->is_running = true;
}

void http2_connection_leave(struct http2_connection *connection)
{
    struct stream *stream = &connection->base->stream;
    advance_requests(connection);
    flush(connection);
    connection->is_running = false;
    if (connection->is_closing) {
        return;
    }
    if (connection->has_work) {
        http2_connection_wake(connection);
    }
    if (stream->is_writing && http2_session_is_backed_up(connection->session)) {
        stream_stop_reading(stream);
    } else if (!connection->peer_has_ended) {
        stream_start_reading(stream);
    }
    set_deadline(connection);
}

static void on_resume(struct task *task)
{
    struct http2_connection *connection = LIST_ITEM(task, struct http2_connection, resume);
    connection->resume_is_posted = false;
    if (connection->is_closing) {
        free_when_unused(connection);
        return;
    }
    http2_connection_enter(connection);
    http2_connection_leave(connection);
}

/* Events of the stream */

static void on_read(struct stream *stream, struct bytes bytes)
{
    struct http2_connection *connection = connection_of(stream);
    if (connection->is_lingering) {
        if (bytes.size > connection->linger_left) {
            drop(connection);
        } else {
            connection->linger_left -= bytes.size;
        }
        return;
    }
    http2_connection_enter(connection);
    if (http2_session_read(connection->session, bytes,
                           loop_now_ns(connection->base->server->loop)) != GALEN_OK) {
        drop(connection);
    }
    http2_connection_leave(connection);
}

/* Who is not being answered yet has gone; the others may still be reading. */
static void on_ended(struct stream *stream, int status)
{
    struct http2_connection *connection = connection_of(stream);
    bool may_be_reading = false;
    connection->peer_has_ended = true;
    for (struct list_link *link = list_first(&connection->requests); link != NULL;
         link = list_next(&connection->requests, link)) {
        may_be_reading = may_be_reading || request_at(link)->state == REQUEST_WRITING;
    }
    if (status != 0 || connection->is_lingering || !may_be_reading) {
        drop(connection);
        return;
    }
    http2_connection_enter(connection);
    for (struct list_link *link = list_first(&connection->requests); link != NULL;
         link = list_next(&connection->requests, link)) {
        if (request_at(link)->state != REQUEST_WRITING) {
            http2_session_reset(connection->session, &request_at(link)->stream,
                                HTTP2_CANCEL);
        }
    }
    http2_connection_leave(connection);
}

static void on_written(struct stream *stream, int status)
{
    struct http2_connection *connection = connection_of(stream);
    if (status != 0) {
        drop(connection);
        return;
    }
    wipe(connection->output, connection->output_size);
    http2_connection_enter(connection);
    http2_connection_leave(connection);
}

static void on_closed(struct stream *stream)
{
    struct http2_connection *connection = connection_of(stream);
    struct http_connection *base = connection->base;
    struct http_server *server = base->server;
    while (!list_is_empty(&connection->requests)) {
        http2_request_destroy(request_at(list_first(&connection->requests)));
    }
    give_output_back(connection);
    http2_session_destroy(connection->session);
    connection->is_closed = true;
    free_when_unused(connection);
    connection_free(base);
    server_connection_is_gone(server);
}

static const struct stream_ops stream_ops = {
    .read = on_read,
    .ended = on_ended,
    .written = on_written,
    .closed = on_closed,
};

/* The server's wishes */

static void start(struct http_connection *base)
{
    http2_connection_enter(base->http2);
    http2_connection_leave(base->http2);
}

static void drain(struct http_connection *base)
{
    http2_session_shut_down(base->http2->session);
    http2_connection_wake(base->http2);
}

static void drop_base(struct http_connection *base)
{
    drop(base->http2);
}

static void expired(struct http_connection *base, enum server_deadline kind)
{
    struct http2_connection *connection = base->http2;
    if (kind == DEADLINE_LINGER) {
        drop(connection);
        return;
    }
    if (kind == DEADLINE_WRITE &&
        !stream_made_progress(&base->stream, server_size_min_within(
                                                 base->server->options.write_timeout_ms))) {
        drop_reader(connection);
        return;
    }
    http2_connection_enter(connection);
    if (kind == DEADLINE_IDLE) {
        http2_session_terminate(connection->session, HTTP2_NO_ERROR);
    } else if (kind == DEADLINE_HEADER) {
        http2_session_close_door(connection->session);
    }
    http2_connection_leave(connection);
}

static const struct connection_ops connection_ops = {
    .start = start,
    .drain = drain,
    .drop = drop_base,
    .expired = expired,
};

static struct http2_connection *create(struct http_connection *base)
{
    struct http2_connection *connection = malloc(sizeof(*connection));
    if (connection == NULL) {
        return NULL;
    }
    *connection = (struct http2_connection){.base = base, .resume.run = on_resume};
    list_init(&connection->requests);
    if (http2_session_create(&http2_request_ops, connection,
                             base->server->options.http2_stream_count_max,
                             &connection->session) != GALEN_OK) {
        free(connection);
        return NULL;
    }
    return connection;
}

void http2_connection_begin(struct http_connection *base, struct bytes bytes)
{
    struct http2_connection *connection = create(base);
    if (connection == NULL) {
        connection_drop(base);
        return;
    }
    base->http2 = connection;
    base->ops = &connection_ops;
    base->stream.ops = &stream_ops;
    if (base->server->is_draining) {
        http2_session_shut_down(connection->session);
    }
    on_read(&base->stream, BYTES(HTTP2_PREFACE));
    if (!connection->is_closing && bytes.size > 0) {
        on_read(&base->stream, bytes);
    }
}
