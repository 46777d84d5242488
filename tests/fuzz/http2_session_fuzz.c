/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes into a session of the server's whose requests are answered: events come in their
 * order, heads keep the promises of http1.h, what comes out are whole frames, and none of
 * it depends on where the bytes were cut. */
#include <stdlib.h>

#include "base/list.h"
#include "fuzz.h"
#include "net/http2_session.h"

enum { STREAM_COUNT_MAX = 16, OUTPUT_SIZE_MAX = 1 << 20 };

struct request {
    struct http2_stream stream;
    struct list_link link;
    struct arena arena;
    struct http1_head message;
    bool is_announced;
    bool is_answered;
    bool has_ended;
    uint64_t
        body; /* a hash; told with its end: of one that breaks off, how much is chance */
};

struct run {
    struct http2_session *session;
    struct list requests;
    uint64_t events; /* a hash of what happened */
    size_t request_count;
};

static const struct http_part answer_parts[] = {{BYTES_INIT("hello "), NULL},
                                                {BYTES_INIT("world"), NULL}};

static uint64_t add_to(uint64_t hash, struct bytes bytes)
{
    const uint64_t prime = 1099511628211u;
    for (size_t i = 0; i < bytes.size; i++) {
        hash = (hash ^ bytes.data[i]) * prime;
    }
    return hash;
}

static void note(struct run *run, const char *event, int32_t id, struct bytes bytes)
{
    run->events = add_to(run->events, bytes_from_string(event));
    run->events = add_to(run->events, bytes_of(&id, sizeof(id)));
    run->events = add_to(run->events, bytes);
}

static struct request *request_of(struct http2_stream *stream)
{
    return LIST_ITEM(stream, struct request, stream);
}

static void answer(struct run *run, struct request *request, int status)
{
    const struct http_header headers[] = {{BYTES("X-Odd"), BYTES("a\nb")}};
    const struct http2_response response = {.status = status,
                                            .date = "now",
                                            .headers = headers,
                                            .header_count = 1,
                                            .parts = answer_parts,
                                            .part_count = 2,
                                            .has_length = true};
    INVARIANT(!request->is_answered);
    request->is_answered = true;
    http2_session_respond(run->session, &request->stream, &response);
}

static struct http2_stream *on_open(void *context)
{
    struct run *run = context;
    INVARIANT(run->requests.count < STREAM_COUNT_MAX);
    struct request *request = calloc(1, sizeof(*request));
    INVARIANT(request != NULL);
    arena_init(&request->arena, 8 * (size_t)LIMIT_HEADER_SIZE_BYTES_MAX);
    http2_head_begin(&request->stream.fields, &request->message, &request->arena);
    list_append(&run->requests, &request->link);
    return &request->stream;
}

static void check_head(const struct http1_head *head)
{
    struct bytes host;
    INVARIANT(head->header_count <= LIMIT_HEADER_COUNT_MAX);
    INVARIANT(bytes_starts_with(head->path, BYTES("/")) ||
              (bytes_equal_string(head->path, "*") && head->method == HTTP_OPTIONS));
    INVARIANT(head->path.size + head->query.size <= LIMIT_URL_SIZE_BYTES_MAX);
    INVARIANT(http_header_get(head->headers, head->header_count, "Host", &host));
    for (size_t i = 0; i < head->header_count; i++) {
        const struct http_header *header = &head->headers[i];
        INVARIANT(header->name.size > 0);
        INVARIANT(bytes_find(header->name, ':') == header->name.size);
        INVARIANT(bytes_find(header->value, '\n') == header->value.size);
        INVARIANT(bytes_find(header->value, '\r') == header->value.size);
        INVARIANT(bytes_find(header->value, '\0') == header->value.size);
        INVARIANT(!bytes_equal(header->name, BYTES("connection")));
        INVARIANT(!bytes_equal(header->name, BYTES("transfer-encoding")));
    }
}

static void on_request(void *context, struct http2_stream *stream)
{
    struct run *run = context;
    struct request *request = request_of(stream);
    INVARIANT(!request->is_announced);
    request->is_announced = true;
    run->request_count++;
    check_head(&request->message);
    note(run, "request", stream->id, request->message.path);
    if (request->message.query.size > 0) { /* before its body */
        answer(run, request, 403);
    }
}

static void on_refused(void *context, struct http2_stream *stream,
                       struct http1_refusal refusal)
{
    struct request *request = request_of(stream);
    INVARIANT(refusal.status >= 400 && refusal.text != NULL);
    note(context, "refused", stream->id, bytes_from_string(refusal.text));
    if (!request->is_answered) {
        answer(context, request, refusal.status);
    }
}

static void on_data(void *context, struct http2_stream *stream, struct bytes bytes)
{
    struct run *run = context;
    INVARIANT(bytes.size > 0 && !request_of(stream)->has_ended);
    request_of(stream)->body = add_to(request_of(stream)->body, bytes);
    http2_session_consume_connection(run->session, bytes.size);
    http2_session_consume_stream(run->session, stream, bytes.size);
}

static void on_end(void *context, struct http2_stream *stream)
{
    struct request *request = request_of(stream);
    INVARIANT(!request->has_ended);
    request->has_ended = true;
    note(context, "end", stream->id, bytes_of(&request->body, sizeof(request->body)));
    if (!request->is_answered) {
        answer(context, request, 200);
    }
}

static void on_sent(void *context, struct http2_stream *stream)
{
    struct run *run = context;
    INVARIANT(request_of(stream)->is_answered && !request_of(stream)->has_ended);
    http2_session_reset(run->session, stream, HTTP2_NO_ERROR);
}

static void destroy(struct run *run, struct request *request)
{
    list_remove(&run->requests, &request->link);
    arena_deinit(&request->arena);
    free(request);
}

static void on_closed(void *context, struct http2_stream *stream)
{
    note(context, "closed", stream->id, BYTES_NONE);
    destroy(context, request_of(stream));
}

static const struct http2_session_ops ops = {
    .open = on_open,
    .request = on_request,
    .refused = on_refused,
    .data = on_data,
    .end = on_end,
    .sent = on_sent,
    .closed = on_closed,
};

static void check_frames(struct bytes output)
{
    while (output.size > 0) {
        INVARIANT(output.size >= HTTP2_FRAME_HEADER_SIZE);
        const struct http2_frame_header header = http2_frame_header_read(output.data);
        INVARIANT(header.size <= 16384);
        INVARIANT(output.size - HTTP2_FRAME_HEADER_SIZE >= header.size);
        output = bytes_from(output, HTTP2_FRAME_HEADER_SIZE + header.size);
    }
}

static void write_all(struct run *run)
{
    static uint8_t output[OUTPUT_SIZE_MAX];
    size_t size;
    do {
        if (http2_session_write(run->session, output, sizeof(output), &size) != GALEN_OK) {
            return;
        }
        check_frames(bytes_of(output, size));
    } while (size > 0);
}

/* The session's events, from bytes that come in pieces of step. Written at the end only, so
 * that the moment of an answer is the same. */
static uint64_t events_of(struct bytes input, size_t step)
{
    struct run run = {.events = 14695981039346656037u};
    bool is_good = true;
    list_init(&run.requests);
    INVARIANT(http2_session_create(&ops, &run, STREAM_COUNT_MAX, &run.session) == GALEN_OK);
    write_all(&run);
    while (input.size > 0 && is_good) {
        is_good = http2_session_read(run.session, bytes_first(input, step), 0) == GALEN_OK;
        input = bytes_from(input, step);
    }
    if (is_good) {
        http2_session_shut_down(run.session);
        write_all(&run);
        http2_session_close_door(run.session);
        write_all(&run);
    }
    INVARIANT(http2_session_memory(run.session) <= LIMIT_HTTP2_SESSION_SIZE_BYTES_MAX);
    http2_session_destroy(run.session);
    while (!list_is_empty(&run.requests)) {
        destroy(&run, LIST_ITEM(list_first(&run.requests), struct request, link));
    }
    return run.events;
}

/* The first byte says how it is cut; the preface goes ahead of the rest unless it is 255.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const size_t preface_size = sizeof(HTTP2_PREFACE) - 1;
    if (size == 0) {
        return 0;
    }
    const size_t step = data[0] % 64 + 1;
    const size_t skipped = data[0] == 255 ? 0 : preface_size;
    uint8_t *input = malloc(skipped + size);
    INVARIANT(input != NULL);
    memcpy(input, HTTP2_PREFACE, skipped);
    memcpy(input + skipped, data + 1, size - 1);
    const struct bytes bytes = bytes_of(input, skipped + size - 1);
    INVARIANT(events_of(bytes, bytes.size + 1) == events_of(bytes, step));
    free(input);
    return 0;
}
