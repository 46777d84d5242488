/* SPDX-License-Identifier: Apache-2.0 */
/* A client of HTTP/2 for tests: nghttp2's own client session over a raw socket, on the
 * thread that also runs the loop. It sends what no honest client would, too: frames byte by
 * byte, and messages that are malformed. */
#pragma once

#include "expect.h"

#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <stdlib.h>

#include "raw_client.h"

enum { HTTP2_STREAM_MAX = 2048, HTTP2_TEXT_SIZE_MAX = 512 };

/* What became of a request. */
struct http2_result {
    int status;
    size_t interim_count;
    size_t header_count;
    char headers[HTTP2_TEXT_SIZE_MAX]; /* "name: value\n" of what fits */
    char body[HTTP2_TEXT_SIZE_MAX];    /* its beginning */
    size_t body_size;
    bool ended; /* by the server */
    bool closed;
    uint32_t error;

    const char *sent; /* the body that is still to be sent */
    size_t sent_left;
};

struct http2_client {
    struct raw_client raw;
    nghttp2_session *session;
    bool has_broken; /* the server said what no server may */
    size_t goaway_count;
    uint32_t goaway_error;
    int32_t goaway_id;
    size_t ping_count;   /* that came */
    size_t window_count; /* window updates of streams */
    size_t data_count;   /* frames that came */
    uint8_t frame[17];   /* the beginning of the one that comes */
    size_t frame_size;
    struct http2_result results[HTTP2_STREAM_MAX];
};

static inline struct http2_result *http2_result(struct http2_client *client, int32_t id)
{
    INVARIANT(id > 0 && id / 2 < HTTP2_STREAM_MAX);
    return &client->results[id / 2];
}

static inline void http2_append(char *text, const void *data, size_t size)
{
    const size_t at = strlen(text);
    if (at + size < HTTP2_TEXT_SIZE_MAX) {
        memcpy(text + at, data, size);
        text[at + size] = '\0';
    }
}

static inline int http2_on_header(nghttp2_session *session, const nghttp2_frame *frame,
                                  const uint8_t *name, size_t name_size,
                                  const uint8_t *value, size_t value_size, uint8_t flags,
                                  void *context)
{
    struct http2_result *result = http2_result(context, frame->hd.stream_id);
    (void)session, (void)flags;
    if (bytes_equal(bytes_of(name, name_size), BYTES(":status"))) {
        const int status = (int)strtol((const char *)value, NULL, 10);
        result->interim_count += status < 200;
        result->status = status < 200 ? 0 : status;
    } else {
        result->header_count++;
        http2_append(result->headers, name, name_size);
        http2_append(result->headers, ": ", 2);
        http2_append(result->headers, value, value_size);
        http2_append(result->headers, "\n", 1);
    }
    return 0;
}

static inline int http2_on_data(nghttp2_session *session, uint8_t flags, int32_t id,
                                const uint8_t *data, size_t size, void *context)
{
    struct http2_result *result = http2_result(context, id);
    (void)session, (void)flags;
    if (result->body_size + size < HTTP2_TEXT_SIZE_MAX) {
        memcpy(result->body + result->body_size, data, size);
    }
    result->body_size += size;
    return 0;
}

static inline int http2_on_frame(nghttp2_session *session, const nghttp2_frame *frame,
                                 void *context)
{
    struct http2_client *client = context;
    const int32_t id = frame->hd.stream_id;
    (void)session;
    client->ping_count += frame->hd.type == NGHTTP2_PING;
    client->window_count += frame->hd.type == NGHTTP2_WINDOW_UPDATE && id > 0;
    client->data_count += frame->hd.type == NGHTTP2_DATA;
    if (id > 0 && (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS) &&
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
        http2_result(client, id)->ended = true;
    }
    return 0;
}

static inline int http2_on_close(nghttp2_session *session, int32_t id, uint32_t error,
                                 void *context)
{
    struct http2_result *result = http2_result(context, id);
    (void)session;
    result->closed = true;
    result->error = error;
    return 0;
}

static inline ssize_t http2_on_source(nghttp2_session *session, int32_t id, uint8_t *buffer,
                                      size_t capacity, uint32_t *flags,
                                      nghttp2_data_source *source, void *context)
{
    struct http2_result *result = source->ptr;
    const size_t size = result->sent_left < capacity ? result->sent_left : capacity;
    (void)session, (void)id, (void)context;
    if (size > 0) {
        memcpy(buffer, result->sent, size);
        result->sent += size;
        result->sent_left -= size;
    }
    *flags |= result->sent_left == 0 ? NGHTTP2_DATA_FLAG_EOF : 0;
    return (ssize_t)size;
}

/* window: of each stream, for the server; 65535 is usual. */
static inline void http2_connect_narrow(struct http2_client *client, struct loop *loop,
                                        uint16_t port, uint32_t window)
{
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window}, {NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
    nghttp2_session_callbacks *callbacks;
    nghttp2_option *option;
    memset(client, 0, sizeof(*client));
    const int on = 1;
    raw_connect(&client->raw, loop, port);
    (void)setsockopt(client->raw.descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    INVARIANT(nghttp2_session_callbacks_new(&callbacks) == 0 &&
              nghttp2_option_new(&option) == 0);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, http2_on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, http2_on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, http2_on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, http2_on_close);
    nghttp2_option_set_no_http_messaging(option, 1); /* it may send what is malformed */
    nghttp2_option_set_peer_max_concurrent_streams(option, HTTP2_STREAM_MAX);
    INVARIANT(nghttp2_session_client_new2(&client->session, callbacks, client, option) ==
              0);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_option_del(option);
    INVARIANT(nghttp2_submit_settings(client->session, NGHTTP2_FLAG_NONE, settings, 2) ==
              0);
}

static inline void http2_connect(struct http2_client *client, struct loop *loop,
                                 uint16_t port)
{
    http2_connect_narrow(client, loop, port, 65535);
}

static inline void http2_close(struct http2_client *client)
{
    nghttp2_session_del(client->session);
    client->session = NULL;
    raw_close(&client->raw);
}

/* Sends what nghttp2 has to say. */
static inline void http2_flush(struct http2_client *client)
{
    const uint8_t *data;
    ssize_t size;
    while ((size = nghttp2_session_mem_send(client->session, &data)) > 0) {
        raw_send_bytes(&client->raw, bytes_of(data, (size_t)size));
    }
}

/* GOAWAY is looked for here: nghttp2 reads no more behind the first. */
static inline void http2_scan(struct http2_client *client, uint8_t byte)
{
    uint8_t *frame = client->frame;
    if (client->frame_size < sizeof(client->frame)) {
        frame[client->frame_size] = byte;
    }
    client->frame_size++;
    const size_t size = (size_t)frame[0] << 16 | (size_t)frame[1] << 8 | (size_t)frame[2];
    if (client->frame_size < 9 || client->frame_size < size + 9) {
        return;
    }
    if (frame[3] == NGHTTP2_GOAWAY) {
        client->goaway_count++;
        client->goaway_id = (int32_t)((uint32_t)frame[9] << 24 | (uint32_t)frame[10] << 16 |
                                      (uint32_t)frame[11] << 8 | frame[12]);
        client->goaway_error = frame[16];
    }
    client->frame_size = 0;
}

static inline void http2_receive(struct http2_client *client)
{
    static uint8_t buffer[65536];
    const ssize_t size = recv(client->raw.descriptor, buffer, sizeof(buffer), MSG_DONTWAIT);
    client->raw.has_ended = client->raw.has_ended || size == 0;
    client->raw.was_reset = client->raw.was_reset || (size < 0 && errno != EAGAIN);
    for (ssize_t i = 0; i < size; i++) {
        http2_scan(client, buffer[i]);
    }
    if (size > 0 && nghttp2_session_mem_recv(client->session, buffer, (size_t)size) < 0) {
        client->has_broken = true;
    }
}

static inline bool http2_pump(struct http2_client *client)
{
    loop_poll(client->raw.loop);
    http2_receive(client);
    http2_flush(client);
    return !client->has_broken;
}

#define HTTP2_AWAIT(client, condition) \
    AWAIT_ON((client)->raw.loop, (http2_pump(client), (condition)))

static inline nghttp2_nv http2_field(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value,
                        strlen(name), strlen(value), NGHTTP2_NV_FLAG_NONE};
}

/* Fields as they are; body: NULL for none. The id. */
static inline int32_t http2_submit(struct http2_client *client, const nghttp2_nv *fields,
                                   size_t count, const char *body, size_t body_size)
{
    const int32_t next = (int32_t)nghttp2_session_get_next_stream_id(client->session);
    struct http2_result *result = http2_result(client, next);
    nghttp2_data_provider provider = {.source.ptr = result,
                                      .read_callback = http2_on_source};
    result->sent = body;
    result->sent_left = body_size;
    const int32_t id = nghttp2_submit_request(client->session, NULL, fields, count,
                                              body == NULL ? NULL : &provider, NULL);
    INVARIANT(id == next);
    return id;
}

static inline int32_t http2_request(struct http2_client *client, const char *method,
                                    const char *path, const char *body)
{
    const nghttp2_nv fields[] = {
        http2_field(":method", method), http2_field(":scheme", "http"),
        http2_field(":authority", "h"), http2_field(":path", path)};
    return http2_submit(client, fields, 4, body, body == NULL ? 0 : strlen(body));
}

/* A request's head alone, with one more field where its name is not NULL; the body is for
 * http2_frame to send, behind http2_flush. */
static inline int32_t http2_open(struct http2_client *client, const char *path,
                                 const char *name, const char *value)
{
    const nghttp2_nv fields[] = {
        http2_field(":method", "POST"), http2_field(":scheme", "http"),
        http2_field(":authority", "h"), http2_field(":path", path),
        http2_field(name == NULL ? "x" : name, name == NULL ? "" : value)};
    const int32_t id = nghttp2_submit_headers(client->session, NGHTTP2_FLAG_NONE, -1, NULL,
                                              fields, name == NULL ? 4 : 5, NULL);
    INVARIANT(id > 0);
    http2_flush(client);
    return id;
}

/* Writes a frame to buffer; its size. */
static inline size_t http2_put_frame(uint8_t *buffer, uint8_t type, uint8_t flags,
                                     int32_t id, const void *payload, size_t size)
{
    const uint8_t header[] = {(uint8_t)(size >> 16),
                              (uint8_t)(size >> 8),
                              (uint8_t)size,
                              type,
                              flags,
                              (uint8_t)((uint32_t)id >> 24),
                              (uint8_t)((uint32_t)id >> 16),
                              (uint8_t)((uint32_t)id >> 8),
                              (uint8_t)id};
    memcpy(buffer, header, sizeof(header));
    if (size > 0) {
        memcpy(buffer + sizeof(header), payload, size);
    }
    return sizeof(header) + size;
}

/* A frame as it is told, past nghttp2. */
static inline void http2_frame(struct http2_client *client, uint8_t type, uint8_t flags,
                               int32_t id, const void *payload, size_t size)
{
    static uint8_t frame[9 + 65536];
    INVARIANT(size <= 65536);
    raw_send_bytes(&client->raw,
                   bytes_of(frame, http2_put_frame(frame, type, flags, id, payload, size)));
}

static inline bool http2_is_over(struct http2_client *client)
{
    return client->raw.has_ended || client->raw.was_reset;
}
