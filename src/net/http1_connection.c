/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <sys/socket.h>

#include "base/invariant.h"
#include "net/http1_connection.h"
#include "net/http1_response.h"
#include "net/loop_impl.h"
#include "net/tls_source.h"

enum { HELD_SIZE_MAX = 65536 };

enum connection_state {
    STATE_HEAD,      /* waits for a request, or reads its head */
    STATE_DECIDING,  /* the handler has the head */
    STATE_BODY,      /* reads the body */
    STATE_ANSWERING, /* the handler has the body */
    STATE_WRITING,   /* the response is on its way */
    STATE_SKIPPING,  /* answered; the rest of the body is at hand and dropped */
    STATE_LINGERING, /* answered and closed for writing; the client may still be sending */
    STATE_CLOSING,
    STATE_SECURING, /* TLS: the handshake */
};

struct http1_connection {
    struct http_connection base;
    struct carrier carrier;
    struct http_exchange *exchange; /* NULL between requests */
    enum connection_state state;
    bool is_running;              /* events are being dealt with further up the stack */
    bool has_served;              /* a request, so that the client has seen it work */
    bool peer_has_ended;          /* no more bytes come */
    bool resume_is_posted;        /* the storage stays until it has run */
    bool is_closed;               /* libuv has let go */
    struct bytes input;           /* while running: bytes to deal with */
    struct body held;             /* bytes that came too early */
    size_t held_offset;           /* of the first that is still to be read */
    size_t linger_left;           /* bytes */
    size_t body_size_before;      /* of the body, when its deadline was armed */
    struct http1_refusal refusal; /* to be answered by the run; status 0: none */
    struct task resume;
    struct http1_parser parser;
};

/*
 * All progress is made in run(): bytes, a handler's answer or a resumed task start it, and
 * it goes on until bytes are missing or somebody else's answer is. What a handler calls
 * from inside run() only sets the state; what it calls later posts the resume task, so that
 * no callback ever runs inside a handler's call.
 */

static const char continue_text[] = "HTTP/1.1 100 Continue\r\n\r\n";

static struct http1_connection *connection_of(struct stream *stream)
{
    return LIST_ITEM(stream, struct http1_connection, base.stream);
}

static struct http1_connection *connection_from(struct http_connection *base)
{
    return LIST_ITEM(base, struct http1_connection, base);
}

static void free_when_unused(struct http1_connection *connection)
{
    if (connection->is_closed && !connection->resume_is_posted) {
        http1_connection_destroy(&connection->base);
    }
}

static void post_resume(struct http1_connection *connection)
{
    if (!connection->resume_is_posted) {
        connection->resume_is_posted = true;
        mailbox_post(loop_mailbox(connection->base.server->loop), &connection->resume);
    }
}

static void resume_unless_running(struct http1_connection *connection)
{
    if (!connection->is_running) {
        post_resume(connection);
    }
}

/* False: it is closing already. */
static bool begin_close(struct http1_connection *connection)
{
    if (connection->state == STATE_CLOSING) {
        return false;
    }
    connection->state = STATE_CLOSING;
    if (connection->exchange != NULL) {
        exchange_give_up(connection->exchange);
    }
    return true;
}

static void drop(struct http1_connection *connection)
{
    if (begin_close(connection)) {
        stream_close(&connection->base.stream);
    }
}

static void drop_reader(struct http1_connection *connection)
{
    if (begin_close(connection)) {
        stream_reset(&connection->base.stream);
    }
}

/* Bytes that came too early. They are read on up to a bound, so that the end of a client
 * shows while its request is dealt with. */

static struct bytes held_bytes(const struct http1_connection *connection)
{
    const struct body *held = &connection->held;
    return held->blob == NULL ? BYTES_NONE
                              : bytes_from(bytes_of(blob_data(held->blob), held->size),
                                           connection->held_offset);
}

static void release_held(struct http1_connection *connection)
{
    body_deinit(&connection->held);
    connection->held_offset = 0;
}

/* Makes room behind what is still to be read. */
static enum galen_status prepare_held(struct http1_connection *connection)
{
    struct body fresh;
    if (connection->held.blob != NULL && connection->held_offset == 0) {
        return GALEN_OK;
    }
    TRY(body_begin(&fresh, HTTP_LENGTH_UNKNOWN, HELD_SIZE_MAX + LOOP_READ_BUFFER_SIZE, 0));
    const enum galen_status status = body_put(&fresh, held_bytes(connection));
    release_held(connection);
    connection->held = fresh;
    return status;
}

static void hold(struct http1_connection *connection, struct bytes bytes)
{
    if (bytes.size > 0 && connection->state != STATE_CLOSING &&
        (prepare_held(connection) != GALEN_OK ||
         body_put(&connection->held, bytes) != GALEN_OK)) {
        drop(connection);
    }
}

/* The end of an exchange */

static void next_request(struct http1_connection *connection)
{
    exchange_detach(connection->exchange);
    connection->exchange = NULL;
    connection->state = STATE_HEAD;
    connection->has_served = true;
    stream_disarm(&connection->base.stream);
    const bool is_last = connection->base.server->is_draining &&
                         connection->held.blob == NULL && connection->input.size == 0;
    if (connection->peer_has_ended || is_last) {
        drop(connection);
    }
}

/* RFC 9112 section 9.6: closing with unread bytes would reset the connection and could take
 * the response with it. */
static void linger(struct http1_connection *connection)
{
    connection->state = STATE_LINGERING;
    connection->linger_left = LIMIT_LINGER_SIZE_BYTES_MAX;
    release_held(connection);
    connection->input = BYTES_NONE;
    stream_end_writing(&connection->base.stream);
    if (connection->peer_has_ended) {
        drop(connection);
    }
}

static bool request_is_read(const struct http1_connection *connection)
{
    const struct http_exchange *exchange = connection->exchange;
    const bool has_no_body =
        exchange->was_announced && exchange->message.content_length == 0;
    return (exchange->body_is_whole || has_no_body) && connection->input.size == 0 &&
           connection->held.blob == NULL;
}

static void response_is_written(struct http1_connection *connection)
{
    struct http_exchange *exchange = connection->exchange;
    if (!exchange->closes) {
        if (exchange->body_is_whole) {
            next_request(connection);
        } else {
            connection->state = STATE_SKIPPING;
            resume_unless_running(connection);
        }
    } else if (request_is_read(connection)) {
        drop(connection);
    } else {
        linger(connection);
    }
}

static void flush(struct http1_connection *connection)
{
    struct outgoing *outgoing = &connection->exchange->outgoing;
    if (connection->base.stream.is_writing) { /* 100 Continue goes first */
        return;
    }
    switch (
        stream_write(&connection->base.stream, outgoing->buffers, outgoing->buffer_count)) {
    case STREAM_DONE:
        response_is_written(connection);
        break;
    case STREAM_PENDING:
        outgoing->buffer_count = 0;
        break;
    case STREAM_FAILED:
        drop(connection);
        break;
    }
}

/* Reading and timeouts as the state asks for them */

static void arm_once(struct http1_connection *connection, enum server_deadline kind,
                     uint32_t timeout_ms)
{
    if (!timeout_is(&connection->base.stream.deadline, kind)) {
        stream_arm(&connection->base.stream, kind, timeout_ms);
    }
}

static void arm_for_body(struct http1_connection *connection)
{
    if (!timeout_is(&connection->base.stream.deadline, DEADLINE_BODY)) {
        connection->body_size_before = connection->exchange->body.size;
        stream_arm(&connection->base.stream, DEADLINE_BODY,
                   connection->base.server->options.body_timeout_ms);
    }
}

static bool body_made_progress(const struct http1_connection *connection)
{
    const size_t size = connection->exchange->body.size - connection->body_size_before;
    return connection->state == STATE_BODY &&
           size >= server_size_min_within(connection->base.server->options.body_timeout_ms);
}

/* Of a client that has sent no request yet. */
static uint32_t first_timeout_ms(const struct http1_connection *connection,
                                 uint32_t timeout_ms)
{
    const struct http_server *server = connection->base.server;
    return server->is_draining && timeout_ms > LIMIT_DRAIN_FIRST_REQUEST_MS
               ? LIMIT_DRAIN_FIRST_REQUEST_MS
               : timeout_ms;
}

static void set_deadline(struct http1_connection *connection)
{
    const struct http_server_options *options = &connection->base.server->options;
    switch (connection->state) {
    case STATE_SECURING:
        arm_once(connection, DEADLINE_HANDSHAKE,
                 first_timeout_ms(connection, options->tls.handshake_timeout_ms));
        break;
    case STATE_HEAD:
        if (connection->exchange == NULL) {
            arm_once(connection, DEADLINE_IDLE,
                     first_timeout_ms(connection, options->idle_timeout_ms));
        } else {
            arm_once(connection, DEADLINE_HEADER, options->header_timeout_ms);
        }
        break;
    case STATE_BODY:
    case STATE_SKIPPING:
        arm_for_body(connection);
        break;
    case STATE_WRITING:
        arm_once(connection, DEADLINE_WRITE, options->write_timeout_ms);
        break;
    case STATE_LINGERING:
        arm_once(connection, DEADLINE_LINGER, LIMIT_LINGER_MS);
        break;
    case STATE_DECIDING:
    case STATE_ANSWERING:
    case STATE_CLOSING:
        stream_disarm(&connection->base.stream);
        break;
    }
}

static bool can_go_on(const struct http1_connection *connection)
{
    const bool reads = connection->state == STATE_HEAD || connection->state == STATE_BODY ||
                       connection->state == STATE_SKIPPING;
    return reads && connection->held.blob != NULL;
}

/* After the state was changed from outside of run(). */
static void settle(struct http1_connection *connection)
{
    if (connection->is_running) {
        return;
    }
    if (can_go_on(connection)) {
        post_resume(connection);
    }
    if (held_bytes(connection).size >= HELD_SIZE_MAX) {
        stream_stop_reading(&connection->base.stream);
    } else if (!connection->peer_has_ended) {
        stream_start_reading(&connection->base.stream);
    }
    set_deadline(connection);
}

/* Events of the parser */

static void refuse(struct http1_connection *connection, struct http1_refusal refusal)
{
    connection->refusal.status = 0;
    connection->state = STATE_WRITING;
    connection->exchange->closes = true;
    exchange_refuse(connection->exchange, refusal);
}

static void add_to_body(struct http1_connection *connection)
{
    struct http_exchange *exchange = connection->exchange;
    if (connection->state == STATE_BODY) {
        const enum galen_status status =
            exchange_add_body(exchange, connection->parser.body);
        if (status != GALEN_OK) {
            refuse(connection, exchange_body_refusal(status));
        }
    }
}

static void end_request(struct http1_connection *connection)
{
    struct http_exchange *exchange = connection->exchange;
    const struct http_handler *handler = &connection->base.server->handler;
    exchange->body_is_whole = true;
    if (connection->state == STATE_SKIPPING) {
        next_request(connection);
        return;
    }
    exchange->body_blob = body_finish(&exchange->body);
    connection->state = STATE_ANSWERING;
    handler->body(handler->context, exchange);
}

static bool begin_request(struct http1_connection *connection)
{
    connection->exchange = exchange_create(&connection->base, &connection->carrier);
    if (connection->exchange == NULL) {
        drop(connection);
        return false;
    }
    http1_parser_begin(&connection->parser, &connection->exchange->message,
                       &connection->exchange->arena);
    return true;
}

/* False: bytes are missing. */
static bool read_event(struct http1_connection *connection)
{
    switch (http1_parser_next(&connection->parser, &connection->input)) {
    case HTTP1_MORE:
        return false;
    case HTTP1_HEAD:
        connection->state = STATE_DECIDING;
        exchange_announce(connection->exchange);
        return true;
    case HTTP1_BODY:
        add_to_body(connection);
        return true;
    case HTTP1_END:
        end_request(connection);
        return true;
    case HTTP1_REFUSED:
        if (connection->state == STATE_SKIPPING) { /* answered already */
            drop(connection);
        } else {
            refuse(connection, connection->parser.refusal);
        }
        return true;
    }
    return false;
}

/* False: nothing can be done now. */
static bool step(struct http1_connection *connection)
{
    if (connection->refusal.status != 0 && connection->state != STATE_CLOSING) {
        refuse(connection, connection->refusal);
        return true;
    }
    switch (connection->state) {
    case STATE_HEAD:
        if (connection->input.size == 0 ||
            (connection->exchange == NULL && !begin_request(connection))) {
            return false;
        }
        return read_event(connection);
    case STATE_BODY:
    case STATE_SKIPPING:
        return read_event(connection);
    case STATE_SECURING:
    case STATE_DECIDING:
    case STATE_ANSWERING:
    case STATE_WRITING:
    case STATE_LINGERING:
    case STATE_CLOSING:
        break;
    }
    return false;
}

static void run(struct http1_connection *connection, struct bytes bytes)
{
    connection->is_running = true;
    connection->input = bytes;
    while (step(connection)) {
    }
    connection->is_running = false;
}

static void on_read(struct stream *stream, struct bytes bytes)
{
    struct http1_connection *connection = connection_of(stream);
    if (connection->state == STATE_LINGERING) {
        if (bytes.size > connection->linger_left) {
            drop(connection);
        } else {
            connection->linger_left -= bytes.size;
        }
        return;
    }
    if (connection->held.blob == NULL) {
        run(connection, bytes);
        bytes = connection->input;
        connection->input = BYTES_NONE;
    }
    hold(connection, bytes);
    settle(connection);
}

static void run_held(struct http1_connection *connection)
{
    struct body held = connection->held;
    const struct bytes bytes = held_bytes(connection);
    connection->held = (struct body){.blob = NULL};
    run(connection, bytes);
    if (connection->input.size > 0 && connection->state != STATE_CLOSING) {
        connection->held = held;
        connection->held_offset = held.size - connection->input.size;
    } else {
        body_deinit(&held);
        connection->held_offset = 0;
    }
    connection->input = BYTES_NONE;
}

static void on_resume(struct task *task)
{
    struct http1_connection *connection = LIST_ITEM(task, struct http1_connection, resume);
    connection->resume_is_posted = false;
    if (connection->state == STATE_CLOSING) {
        free_when_unused(connection);
        return;
    }
    run_held(connection);
    settle(connection);
}

static uint8_t *on_place(struct stream *stream, size_t *out_size)
{
    struct http1_connection *connection = connection_of(stream);
    const bool is_body = connection->state == STATE_BODY && connection->held.blob == NULL;
    return is_body ? body_place(&connection->exchange->body, out_size) : NULL;
}

/* TLS */

static void tell_refused(struct http1_connection *connection, int status)
{
    const struct http_server_tls *tls = &connection->base.server->options.tls;
    struct error why;
    if (tls->refused != NULL) {
        stream_explain(&connection->base.stream, status, &why);
        tls->refused(tls->context, &why);
    }
}

static void on_secured(struct stream *stream)
{
    struct http1_connection *connection = connection_of(stream);
    connection->state = STATE_HEAD;
    settle(connection);
}

/* Too many at once: the oldest has had its time. */
static void bound_handshakes(struct http_server *server)
{
    struct timeout *oldest = timeouts_first(&server->timeouts, DEADLINE_HANDSHAKE);
    if (oldest != NULL &&
        server->timeouts.lists[DEADLINE_HANDSHAKE].count > LIMIT_TLS_HANDSHAKE_COUNT_MAX) {
        drop(connection_of(LIST_ITEM(oldest, struct stream, deadline)));
    }
}

static enum galen_status secure(struct http1_connection *connection,
                                struct tls_context *context)
{
    struct tls_session *session;
    TRY(tls_session_create(context, NULL, &session));
    return stream_secure(&connection->base.stream, session);
}

/* False: it is plaintext. */
static bool begin_handshake(struct http1_connection *connection)
{
    struct http_server *server = connection->base.server;
    struct tls_source *source = server->options.tls.source;
    scoped(tls_context) context = source == NULL ? NULL : tls_source_ref(source);
    if (context == NULL) {
        return false;
    }
    connection->state = STATE_SECURING;
    if (secure(connection, context) != GALEN_OK) {
        drop(connection);
        return true;
    }
    set_deadline(connection);
    bound_handshakes(server);
    return true;
}

static void on_ended(struct stream *stream, int status)
{
    struct http1_connection *connection = connection_of(stream);
    connection->peer_has_ended = true;
    if (connection->state == STATE_SECURING) {
        tell_refused(connection, status);
    }
    if (connection->state == STATE_WRITING && status == 0) {
        return; /* it may still be reading */
    }
    drop(connection);
}

static void on_written(struct stream *stream, int status)
{
    struct http1_connection *connection = connection_of(stream);
    if (status != 0) {
        drop(connection);
    } else if (connection->state == STATE_WRITING) {
        if (connection->exchange->outgoing.buffer_count > 0) {
            flush(connection); /* that was 100 Continue */
        } else {
            response_is_written(connection);
        }
        settle(connection);
    }
}

static void on_closed(struct stream *stream)
{
    struct http1_connection *connection = connection_of(stream);
    struct http_server *server = connection->base.server;
    if (connection->exchange != NULL) {
        exchange_detach(connection->exchange);
    }
    release_held(connection);
    list_remove(&server->connections, &connection->base.link);
    if (server->options.counts != NULL) {
        tally_add(&server->options.counts->closed, 1);
    }
    connection->is_closed = true;
    free_when_unused(connection);
    server_connection_is_gone(server);
}

const struct stream_ops http1_stream_ops = {
    .secured = on_secured,
    .read = on_read,
    .ended = on_ended,
    .written = on_written,
    .place = on_place,
    .closed = on_closed,
};

/* The server's wishes */

static void start(struct http_connection *base)
{
    struct http1_connection *connection = connection_from(base);
    if (!begin_handshake(connection)) {
        settle(connection);
    }
}

static void drain(struct http_connection *base)
{
    struct http1_connection *connection = connection_from(base);
    if (connection->state == STATE_SECURING) {
        stream_disarm(&connection->base.stream);
        set_deadline(connection);
    }
    if (connection->state != STATE_HEAD || connection->exchange != NULL) {
        return; /* its response will close it */
    }
    uint8_t byte;
    uv_os_fd_t descriptor;
    const bool is_served =
        connection->has_served && connection->held.blob == NULL &&
        uv_fileno((uv_handle_t *)&connection->base.stream.tcp, &descriptor) == 0 &&
        recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
    if (is_served) {
        drop(connection);
    } else { /* a request is on its way, or may well be */
        stream_disarm(&connection->base.stream);
        set_deadline(connection);
    }
}

static void drop_base(struct http_connection *base)
{
    drop(connection_from(base));
}

static void expired(struct http_connection *base, enum server_deadline kind)
{
    static const struct http1_refusal slow_head = {
        408, "the request line and headers took too long"};
    static const struct http1_refusal slow_body = {408, "the body took too long"};
    struct http1_connection *connection = connection_from(base);
    switch (kind) {
    case DEADLINE_HANDSHAKE:
        tell_refused(connection, UV_ETIMEDOUT);
        drop(connection);
        return;
    case DEADLINE_IDLE:
    case DEADLINE_LINGER:
        drop(connection);
        return;
    case DEADLINE_WRITE:
        if (!stream_made_progress(&connection->base.stream,
                                  server_size_min_within(
                                      connection->base.server->options.write_timeout_ms))) {
            drop_reader(connection);
        }
        break;
    case DEADLINE_HEADER:
        if (connection->state == STATE_HEAD && connection->exchange != NULL) {
            refuse(connection, slow_head);
        }
        break;
    case DEADLINE_BODY:
        if (connection->state == STATE_SKIPPING) {
            drop(connection);
        } else if (!body_made_progress(connection)) {
            refuse(connection, slow_body);
        }
        break;
    case DEADLINE_STREAM_HEAD:
    case DEADLINE_STREAM_BODY:
    case DEADLINE_STREAM_WRITE:
        break;
    }
    settle(connection);
}

static const struct connection_ops connection_ops = {
    .start = start,
    .drain = drain,
    .drop = drop_base,
    .expired = expired,
};

/* The exchange's wishes */

static void send_continue(struct http1_connection *connection)
{
    uv_buf_t buffer =
        uv_buf_init((char *)(uintptr_t)continue_text, sizeof(continue_text) - 1);
    /* Where this fails, reading will say so: it is not for the handler's call to hear it.
     */
    (void)stream_write(&connection->base.stream, &buffer, 1);
}

static void read_body(struct carrier *carrier, const struct http_body_options *options)
{
    struct http1_connection *connection =
        LIST_ITEM(carrier, struct http1_connection, carrier);
    struct http_exchange *exchange = connection->exchange;
    const struct http1_head *message = &exchange->message;
    const bool nothing_came = connection->input.size == 0 && connection->held.blob == NULL;
    INVARIANT(connection->state == STATE_DECIDING);
    const enum galen_status status = body_begin(&exchange->body, message->content_length,
                                                options->size_bytes_max, options->lead);
    if (status != GALEN_OK) {
        connection->refusal = exchange_body_refusal(status);
    } else {
        connection->state = STATE_BODY;
        if (message->expects_continue && nothing_came && message->content_length > 0) {
            send_continue(connection);
        }
    }
    resume_unless_running(connection);
    settle(connection);
}

/* A client that asked whether to send its body, and is told no: what it sends next may be
 * that body or another request, and only the client knows (RFC 9110 section 10.1.1). */
static bool body_is_in_doubt(const struct http1_head *message)
{
    return message->expects_continue && message->content_length > 0;
}

/* Whether the request can be read to its end without waiting, so that the connection can
 * serve another. */
static bool may_stay(const struct http1_connection *connection)
{
    const struct http_exchange *exchange = connection->exchange;
    const size_t at_hand =
        connection->is_running ? connection->input.size : held_bytes(connection).size;
    return exchange->body_is_whole ||
           (connection->state == STATE_DECIDING && !body_is_in_doubt(&exchange->message) &&
            exchange->message.content_length <= at_hand);
}

static bool is_leaving(const struct http_server *server)
{
    return server->is_draining ||
           (server->options.leaves != NULL &&
            atomic_load_explicit(server->options.leaves, memory_order_relaxed));
}

static void respond(struct carrier *carrier, const struct http_response *response)
{
    struct http1_connection *connection =
        LIST_ITEM(carrier, struct http1_connection, carrier);
    struct http_exchange *exchange = connection->exchange;
    exchange->closes = exchange->closes || response->close ||
                       !exchange->message.keep_alive ||
                       is_leaving(connection->base.server) || !may_stay(connection);
    if (http1_response_put(exchange, response) != GALEN_OK) {
        drop(connection);
        return;
    }
    connection->state = STATE_WRITING;
    connection->refusal.status = 0; /* the handler was quicker than our own refusal */
    flush(connection);
    settle(connection);
}

static const struct carrier_ops carrier_ops = {.read_body = read_body, .respond = respond};

struct http_connection *http1_connection_create(struct http_server *server)
{
    struct http1_connection *connection = malloc(sizeof(*connection));
    if (connection == NULL) {
        return NULL;
    }
    *connection = (struct http1_connection){
        .base = {.server = server, .ops = &connection_ops},
        .carrier.ops = &carrier_ops,
        .resume.run = on_resume,
    };
    http1_parser_init(&connection->parser, HTTP1_REQUEST);
    return &connection->base;
}

void http1_connection_destroy(struct http_connection *base)
{
    free(connection_from(base));
}
