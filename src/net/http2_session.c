/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http2_session.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/invariant.h"
#include "net/http2_memory.h"

enum {
    OWN_FIELD_COUNT = 3, /* :status, date, content-length */
    NUMBER_SIZE = 24,
    PREFACE_SIZE = sizeof(HTTP2_PREFACE) - 1,
};

/* Of the ping behind the first step of the end. */
static const uint8_t last_ping[8] = {'t', 'h', 'e', ' ', 'e', 'n', 'd', '.'};

struct http2_session {
    nghttp2_session *machine;
    const struct http2_session_ops *ops;
    void *context;
    uint64_t now_ns;
    struct http2_guard guard;
    size_t preface_left;
    uint8_t header[HTTP2_FRAME_HEADER_SIZE]; /* of the frame that is being read */
    size_t header_size;
    size_t payload_left;
    int32_t reset_by_peer; /* the stream of the newest RST_STREAM that came */
    bool lacks_memory;     /* for something that has to be said */
    bool is_terminated;
    bool is_shutting_down;
    bool door_is_closed;
    uint8_t *out; /* while writing */
    size_t out_size;
    size_t out_capacity;
    struct http2_memory memory;
};

/* What cannot be left out: without memory for it, the session is of no use any more. */
static void insist(struct http2_session *session, int status)
{
    session->lacks_memory = session->lacks_memory || status == NGHTTP2_ERR_NOMEM;
}

static void obey(struct http2_session *session, enum http2_error error)
{
    if (error != HTTP2_NO_ERROR) {
        http2_session_terminate(session, error);
    }
}

/* Reading */

static struct http2_stream *stream_of(nghttp2_session *machine, int32_t id)
{
    return nghttp2_session_get_stream_user_data(machine, id);
}

static int on_begin_headers(nghttp2_session *machine, const nghttp2_frame *frame,
                            void *context)
{
    struct http2_session *session = context;
    const int32_t id = frame->hd.stream_id;
    struct http2_stream *stream = stream_of(machine, id);
    if (stream != NULL) {
        http2_head_begin_trailers(&stream->fields);
        return 0;
    }
    stream = session->is_terminated ? NULL : session->ops->open(session->context);
    if (stream == NULL) {
        insist(session, nghttp2_submit_rst_stream(machine, NGHTTP2_FLAG_NONE, id,
                                                  HTTP2_REFUSED_STREAM));
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    stream->id = id;
    http2_guard_earn(&session->guard);
    (void)nghttp2_session_set_stream_user_data(machine, id, stream);
    return 0;
}

static int on_header(nghttp2_session *machine, const nghttp2_frame *frame,
                     const uint8_t *name, size_t name_size, const uint8_t *value,
                     size_t value_size, uint8_t flags, void *context)
{
    struct http2_session *session = context;
    struct http2_stream *stream = stream_of(machine, frame->hd.stream_id);
    (void)flags;
    if (stream == NULL || session->is_terminated) {
        return 0;
    }
    http2_head_add(&stream->fields, bytes_of(name, name_size), bytes_of(value, value_size));
    if (stream->fields.size / LIMIT_HTTP2_HEAD_RATIO_MAX > LIMIT_HEADER_SIZE_BYTES_MAX) {
        http2_session_terminate(session, HTTP2_ENHANCE_YOUR_CALM);
    }
    return 0;
}

static int on_invalid_header(nghttp2_session *machine, const nghttp2_frame *frame,
                             const uint8_t *name, size_t name_size, const uint8_t *value,
                             size_t value_size, uint8_t flags, void *context)
{
    (void)machine, (void)frame, (void)name, (void)name_size;
    (void)value, (void)value_size, (void)flags, (void)context;
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* PROTOCOL_ERROR */
}

static void on_head(struct http2_session *session, struct http2_stream *stream,
                    bool is_whole)
{
    struct http1_refusal refusal = stream->fields.refusal;
    if (!stream->is_read) {
        stream->is_read = true;
        refusal = http2_head_finish(&stream->fields, is_whole);
    }
    if (refusal.status != 0) {
        session->ops->refused(session->context, stream, refusal);
    } else if (stream->fields.head != NULL) {
        session->ops->request(session->context, stream);
    }
}

static int on_frame(nghttp2_session *machine, const nghttp2_frame *frame, void *context)
{
    struct http2_session *session = context;
    const int32_t id = frame->hd.stream_id;
    const bool is_whole = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    const bool is_message =
        frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (frame->hd.type == NGHTTP2_HEADERS && stream_of(machine, id) != NULL) {
        on_head(session, stream_of(machine, id), is_whole);
    }
    if (is_message && is_whole && stream_of(machine, id) != NULL) {
        session->ops->end(session->context, stream_of(machine, id));
    }
    if (frame->hd.type == NGHTTP2_RST_STREAM) {
        session->reset_by_peer = id;
    }
    if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0 &&
        memcmp(frame->ping.opaque_data, last_ping, sizeof(last_ping)) == 0 &&
        session->is_shutting_down) {
        http2_session_close_door(session);
    }
    return 0;
}

static int on_data(nghttp2_session *machine, uint8_t flags, int32_t id, const uint8_t *data,
                   size_t size, void *context)
{
    struct http2_session *session = context;
    struct http2_stream *stream = stream_of(machine, id);
    (void)flags;
    if (stream != NULL && !session->is_terminated) {
        session->ops->data(session->context, stream, bytes_of(data, size));
    }
    return 0;
}

static int on_stream_close(nghttp2_session *machine, int32_t id, uint32_t error,
                           void *context)
{
    struct http2_session *session = context;
    struct http2_stream *stream = stream_of(machine, id);
    (void)error;
    http2_guard_closed(&session->guard, id,
                       session->reset_by_peer == id ||
                           nghttp2_session_get_stream_remote_close(machine, id) == 1);
    if (stream != NULL) {
        session->ops->closed(session->context, stream);
    }
    return 0;
}

/* What can be said after a failure of nghttp2's. */
static enum galen_status conclude(struct http2_session *session, int status)
{
    insist(session, status);
    if (session->lacks_memory) {
        return GALEN_NO_MEMORY;
    }
    if (status < 0) { /* a flood that nghttp2 itself has seen, or no preface */
        http2_session_terminate(session, HTTP2_ENHANCE_YOUR_CALM);
    }
    return GALEN_OK;
}

static enum galen_status feed(struct http2_session *session, struct bytes bytes)
{
    return conclude(
        session, (int)nghttp2_session_mem_recv(session->machine, bytes.data, bytes.size));
}

/* Whole, since nghttp2 would take pieces of a header for as many CONTINUATIONs. */
static enum galen_status read_header(struct http2_session *session, struct bytes *bytes)
{
    const struct bytes part =
        bytes_first(*bytes, HTTP2_FRAME_HEADER_SIZE - session->header_size);
    memcpy(session->header + session->header_size, part.data, part.size);
    session->header_size += part.size;
    *bytes = bytes_from(*bytes, part.size);
    if (session->header_size < HTTP2_FRAME_HEADER_SIZE) {
        return GALEN_OK;
    }
    const struct http2_frame_header header = http2_frame_header_read(session->header);
    const bool is_open =
        nghttp2_session_get_stream_remote_close(session->machine, header.id) >= 0;
    session->header_size = 0;
    session->payload_left = header.size;
    obey(session, http2_guard_frame(&session->guard, &header, is_open, session->now_ns));
    return feed(session, bytes_of(session->header, HTTP2_FRAME_HEADER_SIZE));
}

static enum galen_status read_some(struct http2_session *session, struct bytes *bytes)
{
    size_t *left =
        session->preface_left > 0 ? &session->preface_left : &session->payload_left;
    if (*left == 0) {
        return read_header(session, bytes);
    }
    const struct bytes part = bytes_first(*bytes, *left);
    *left -= part.size;
    *bytes = bytes_from(*bytes, part.size);
    return feed(session, part);
}

enum galen_status http2_session_read(struct http2_session *session, struct bytes bytes,
                                     uint64_t now_ns)
{
    session->now_ns = now_ns;
    while (bytes.size > 0 && !session->is_terminated) {
        TRY(read_some(session, &bytes));
    }
    return GALEN_OK;
}

/* Writing */

static void put(struct http2_session *session, const void *data, size_t size)
{
    memcpy(session->out + session->out_size, data, size);
    session->out_size += size;
}

static ssize_t on_send(nghttp2_session *machine, const uint8_t *data, size_t size,
                       int flags, void *context)
{
    struct http2_session *session = context;
    const size_t room = session->out_capacity - session->out_size;
    const size_t part = size < room ? size : room;
    (void)machine, (void)flags;
    if (part == 0) {
        return NGHTTP2_ERR_WOULDBLOCK;
    }
    put(session, data, part);
    return (ssize_t)part;
}

static size_t left_of(const struct http2_stream *stream)
{
    size_t size = 0;
    for (size_t i = stream->part_index; i < stream->part_count; i++) {
        size += stream->parts[i].bytes.size;
    }
    return size - stream->part_offset;
}

/* How much of the body the next frame has; it is copied once, by on_send_data. */
static ssize_t on_source(nghttp2_session *machine, int32_t id, uint8_t *buffer,
                         size_t capacity, uint32_t *flags, nghttp2_data_source *source,
                         void *context)
{
    const size_t left = left_of(source->ptr);
    (void)machine, (void)id, (void)buffer, (void)context;
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (left <= capacity) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return (ssize_t)(left < capacity ? left : capacity);
}

static void put_parts(struct http2_session *session, struct http2_stream *stream,
                      size_t size)
{
    while (size > 0) {
        const struct bytes rest =
            bytes_from(stream->parts[stream->part_index].bytes, stream->part_offset);
        const struct bytes piece = bytes_first(rest, size);
        if (piece.size > 0) {
            put(session, piece.data, piece.size);
        }
        size -= piece.size;
        stream->sent_size += piece.size;
        stream->part_offset += piece.size;
        if (piece.size == rest.size) {
            stream->part_index++;
            stream->part_offset = 0;
        }
    }
}

static int on_send_data(nghttp2_session *machine, nghttp2_frame *frame,
                        const uint8_t *frame_header, size_t size,
                        nghttp2_data_source *source, void *context)
{
    struct http2_session *session = context;
    (void)machine, (void)frame;
    if (session->out_capacity - session->out_size < HTTP2_FRAME_HEADER_SIZE + size) {
        return NGHTTP2_ERR_WOULDBLOCK;
    }
    put(session, frame_header, HTTP2_FRAME_HEADER_SIZE);
    put_parts(session, source->ptr, size);
    http2_guard_earn(&session->guard);
    return 0;
}

static int on_frame_sent(nghttp2_session *machine, const nghttp2_frame *frame,
                         void *context)
{
    struct http2_session *session = context;
    const bool is_message =
        frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    const int32_t id = frame->hd.stream_id;
    if (frame->hd.type == NGHTTP2_RST_STREAM &&
        frame->rst_stream.error_code != HTTP2_NO_ERROR) {
        obey(session, http2_guard_reset(&session->guard, session->now_ns));
    }
    if (is_message && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 &&
        nghttp2_session_get_stream_remote_close(machine, id) == 0) {
        session->ops->sent(session->context, stream_of(machine, id));
    }
    return 0;
}

enum galen_status http2_session_write(struct http2_session *session, uint8_t *buffer,
                                      size_t capacity, size_t *out_size)
{
    INVARIANT(capacity >= HTTP2_WRITE_SIZE_MIN);
    session->out = buffer;
    session->out_size = 0;
    session->out_capacity = capacity;
    const enum galen_status status =
        conclude(session, nghttp2_session_send(session->machine));
    session->out = NULL;
    *out_size = session->out_size;
    return status;
}

/* Life */

static enum galen_status make_callbacks(nghttp2_session_callbacks **out_callbacks)
{
    nghttp2_session_callbacks *callbacks;
    if (nghttp2_session_callbacks_new(&callbacks) != 0) {
        return GALEN_NO_MEMORY;
    }
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, on_invalid_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    nghttp2_session_callbacks_set_send_callback(callbacks, on_send);
    nghttp2_session_callbacks_set_send_data_callback(callbacks, on_send_data);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_sent);
    *out_callbacks = callbacks;
    return GALEN_OK;
}

static enum galen_status make_option(nghttp2_option **out_option)
{
    nghttp2_option *option;
    if (nghttp2_option_new(&option) != 0) {
        return GALEN_NO_MEMORY;
    }
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_no_closed_streams(option, 1); /* nor their priorities */
    nghttp2_option_set_max_continuations(option, LIMIT_HTTP2_CONTINUATION_COUNT_MAX);
    nghttp2_option_set_stream_reset_rate_limit(
        option, 2 * (uint64_t)LIMIT_HTTP2_RESET_COUNT_MAX,
        2 * (uint64_t)LIMIT_HTTP2_RESETS_PER_S); /* a second wall behind our own */
    *out_option = option;
    return GALEN_OK;
}

static enum galen_status make_machine(struct http2_session *session)
{
    nghttp2_session_callbacks *callbacks = NULL;
    nghttp2_option *option = NULL;
    enum galen_status status = make_callbacks(&callbacks);
    if (status == GALEN_OK) {
        status = make_option(&option);
    }
    if (status == GALEN_OK &&
        nghttp2_session_server_new3(&session->machine, callbacks, session, option,
                                    &session->memory.mem) != 0) {
        status = GALEN_NO_MEMORY;
    }
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_option_del(option);
    return status;
}

static bool greet(struct http2_session *session, uint32_t stream_count_max)
{
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, stream_count_max},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, LIMIT_HEADER_SIZE_BYTES_MAX},
    };
    return nghttp2_submit_settings(session->machine, NGHTTP2_FLAG_NONE, settings,
                                   sizeof(settings) / sizeof(settings[0])) == 0 &&
           nghttp2_session_set_local_window_size(session->machine, NGHTTP2_FLAG_NONE, 0,
                                                 LIMIT_HTTP2_WINDOW_SIZE_BYTES) == 0;
}

enum galen_status http2_session_create(const struct http2_session_ops *ops, void *context,
                                       uint32_t stream_count_max,
                                       struct http2_session **out_session)
{
    struct http2_session *session = malloc(sizeof(*session));
    if (session == NULL) {
        return GALEN_NO_MEMORY;
    }
    *session = (struct http2_session){
        .ops = ops,
        .context = context,
        .preface_left = PREFACE_SIZE,
    };
    http2_guard_init(&session->guard);
    http2_memory_init(&session->memory, LIMIT_HTTP2_SESSION_SIZE_BYTES_MAX);
    if (make_machine(session) != GALEN_OK || !greet(session, stream_count_max)) {
        http2_session_destroy(session);
        return GALEN_NO_MEMORY;
    }
    *out_session = session;
    return GALEN_OK;
}

void http2_session_destroy(struct http2_session *session)
{
    if (session != NULL) {
        nghttp2_session_del(session->machine);
        free(session);
    }
}

/* Answers */

static struct bytes without_controls(struct arena *arena, struct bytes text)
{
    char *copy = NULL;
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t byte = text.data[i];
        if ((byte >= ' ' && byte != 0x7f) || byte == '\t') {
            continue;
        }
        if (copy == NULL) {
            copy = arena_copy_string(arena, text);
            if (copy == NULL) {
                return BYTES_NONE;
            }
        }
        copy[i] = ' ';
    }
    return copy == NULL ? text : bytes_of(copy, text.size);
}

static nghttp2_nv field(struct bytes name, struct bytes value)
{
    return (nghttp2_nv){.name = (uint8_t *)(uintptr_t)name.data,
                        .value = (uint8_t *)(uintptr_t)value.data,
                        .namelen = name.size,
                        .valuelen = value.size};
}

static struct bytes number(char text[NUMBER_SIZE], size_t value)
{
    return bytes_of(text, (size_t)snprintf(text, NUMBER_SIZE, "%zu", value));
}

static bool submit(struct http2_session *session, struct http2_stream *stream,
                   const struct http2_response *response)
{
    struct arena *arena = stream->fields.arena;
    char status[NUMBER_SIZE];
    char length[NUMBER_SIZE];
    size_t count = 0;
    nghttp2_nv *fields = arena_alloc_array(arena, response->header_count + OWN_FIELD_COUNT,
                                           sizeof(fields[0]));
    if (fields == NULL) {
        return false;
    }
    fields[count++] = field(BYTES(":status"), number(status, (size_t)response->status));
    fields[count++] = field(BYTES("date"), bytes_from_string(response->date));
    for (size_t i = 0; i < response->header_count; i++) {
        fields[count++] = field(without_controls(arena, response->headers[i].name),
                                without_controls(arena, response->headers[i].value));
    }
    if (response->has_length) {
        fields[count++] = field(BYTES("content-length"), number(length, left_of(stream)));
    }
    nghttp2_data_provider provider = {.source.ptr = stream, .read_callback = on_source};
    return nghttp2_submit_response(
               session->machine, stream->id, fields, count,
               response->without_body || left_of(stream) == 0 ? NULL : &provider) == 0;
}

void http2_session_respond(struct http2_session *session, struct http2_stream *stream,
                           const struct http2_response *response)
{
    stream->parts = response->parts;
    stream->part_count = response->part_count;
    if (!submit(session, stream, response)) {
        http2_session_reset(session, stream, HTTP2_INTERNAL_ERROR);
    }
}

void http2_session_continue(struct http2_session *session, struct http2_stream *stream)
{
    const nghttp2_nv status = field(BYTES(":status"), BYTES("100"));
    /* Where this fails, the client sends the body all the same, a little later. */
    (void)nghttp2_submit_headers(session->machine, NGHTTP2_FLAG_NONE, stream->id, NULL,
                                 &status, 1, NULL);
}

void http2_session_reset(struct http2_session *session, struct http2_stream *stream,
                         enum http2_error error)
{
    insist(session, nghttp2_submit_rst_stream(session->machine, NGHTTP2_FLAG_NONE,
                                              stream->id, (uint32_t)error));
}

/* Windows */

void http2_session_consume_connection(struct http2_session *session, size_t size)
{
    insist(session, nghttp2_session_consume_connection(session->machine, size));
}

void http2_session_consume_stream(struct http2_session *session,
                                  const struct http2_stream *stream, size_t size)
{
    insist(session, nghttp2_session_consume_stream(session->machine, stream->id, size));
}

void http2_session_widen(struct http2_session *session, const struct http2_stream *stream)
{
    insist(session, nghttp2_session_set_local_window_size(session->machine,
                                                          NGHTTP2_FLAG_NONE, stream->id,
                                                          LIMIT_HTTP2_WINDOW_SIZE_BYTES));
}

/* Ends */

void http2_session_shut_down(struct http2_session *session)
{
    if (!session->is_shutting_down && !session->is_terminated) {
        session->is_shutting_down = true;
        insist(session, nghttp2_submit_shutdown_notice(session->machine));
        insist(session,
               nghttp2_submit_ping(session->machine, NGHTTP2_FLAG_NONE, last_ping));
    }
}

void http2_session_close_door(struct http2_session *session)
{
    if (!session->door_is_closed && !session->is_terminated) {
        session->door_is_closed = true;
        insist(session, nghttp2_submit_goaway(
                            session->machine, NGHTTP2_FLAG_NONE,
                            nghttp2_session_get_last_proc_stream_id(session->machine),
                            HTTP2_NO_ERROR, NULL, 0));
    }
}

bool http2_session_door_is_closed(const struct http2_session *session)
{
    return session->door_is_closed || session->is_terminated;
}

void http2_session_terminate(struct http2_session *session, enum http2_error error)
{
    if (!session->is_terminated) {
        session->is_terminated = true;
        insist(session,
               nghttp2_session_terminate_session(session->machine, (uint32_t)error));
    }
}

bool http2_session_is_done(const struct http2_session *session)
{
    return nghttp2_session_want_read(session->machine) == 0 &&
           nghttp2_session_want_write(session->machine) == 0;
}

bool http2_session_is_backed_up(const struct http2_session *session)
{
    return nghttp2_session_get_outbound_queue_size(session->machine) >=
           LIMIT_HTTP2_OUTBOUND_COUNT_MAX;
}

size_t http2_session_memory(const struct http2_session *session)
{
    return session->memory.size;
}
