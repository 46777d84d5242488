/* SPDX-License-Identifier: Apache-2.0 */
/* Writes down what the HTTP/1.1 parser says of some bytes, so that two ways of cutting them
 * can be compared. */
#pragma once

#include "base/invariant.h"
#include "base/writer.h"
#include "codec/http1.h"

/* The size of the next piece, from 1 to left. */
typedef size_t (*http1_cut_fn)(void *context, size_t left);

struct http1_record {
    struct writer events; /* the text of all that happened */
    struct writer body;   /* of the message under way */
    struct http1_head head;
    struct arena arena;
    struct http1_parser parser;
    enum http1_event last;
    size_t message_count;
};

static inline void http1_record_field(struct writer *events, const char *name,
                                      struct bytes value)
{
    writer_put_string(events, name);
    writer_put_byte(events, '[');
    writer_put(events, value);
    writer_put_string(events, "] ");
}

static inline void http1_record_number(struct writer *events, const char *name,
                                       uint64_t value)
{
    writer_put_string(events, name);
    writer_put_byte(events, '=');
    writer_put_u64(events, value);
    writer_put_byte(events, ' ');
}

static inline void http1_record_head(struct http1_record *record)
{
    const struct http1_head *head = &record->head;
    struct writer *events = &record->events;
    http1_record_number(events, "method", (uint64_t)head->method);
    http1_record_number(events, "status", (uint64_t)head->status);
    http1_record_number(events, "minor", head->version_minor);
    http1_record_number(events, "keep_alive", head->keep_alive);
    http1_record_number(events, "continue", head->expects_continue);
    http1_record_number(events, "length", head->content_length);
    http1_record_field(events, "path", head->path);
    http1_record_field(events, "query", head->query);
    for (size_t i = 0; i < head->header_count; i++) {
        http1_record_field(events, "name", head->headers[i].name);
        http1_record_field(events, "value", head->headers[i].value);
    }
}

static inline void http1_record_flush_body(struct http1_record *record)
{
    http1_record_field(&record->events, "body", writer_bytes(&record->body));
    writer_deinit(&record->body);
    writer_init(&record->body, SIZE_MAX);
}

static inline void http1_record_event(struct http1_record *record, enum http1_event event)
{
    record->last = event;
    switch (event) {
    case HTTP1_MORE:
        break;
    case HTTP1_HEAD:
        http1_record_head(record);
        break;
    case HTTP1_BODY:
        INVARIANT(record->parser.body.size > 0);
        writer_put(&record->body, record->parser.body);
        break;
    case HTTP1_END:
        http1_record_flush_body(record);
        record->message_count++;
        arena_clear(&record->arena);
        http1_parser_begin(&record->parser, &record->head, &record->arena);
        break;
    case HTTP1_REFUSED:
        http1_record_flush_body(record);
        http1_record_number(&record->events, "refused",
                            (uint64_t)record->parser.refusal.status);
        http1_record_field(&record->events, "why",
                           bytes_from_string(record->parser.refusal.text));
        break;
    }
}

/* All messages of the bytes, given in the pieces that cut says. */
static inline void http1_record_run(struct http1_record *record, enum http1_kind kind,
                                    struct bytes bytes, http1_cut_fn cut, void *context)
{
    writer_init(&record->events, SIZE_MAX);
    writer_init(&record->body, SIZE_MAX);
    arena_init(&record->arena, 4 * (size_t)LIMIT_HEADER_SIZE_BYTES_MAX);
    http1_parser_init(&record->parser, kind);
    http1_parser_begin(&record->parser, &record->head, &record->arena);
    record->message_count = 0;
    record->last = HTTP1_MORE;
    while (bytes.size > 0 && record->last != HTTP1_REFUSED) {
        const size_t piece_size = cut(context, bytes.size);
        /* a copy of its own size, so that a sanitizer sees a step beyond the piece */
        struct blob *copy = blob_create(piece_size, 0);
        INVARIANT(copy != NULL);
        memcpy(blob_data(copy), bytes.data, piece_size);
        struct bytes piece = bytes_of(blob_data(copy), piece_size);
        bytes = bytes_from(bytes, piece_size);
        do {
            http1_record_event(record, http1_parser_next(&record->parser, &piece));
        } while (record->last != HTTP1_MORE && record->last != HTTP1_REFUSED);
        INVARIANT(piece.size == 0 || record->last == HTTP1_REFUSED);
        blob_unref(copy);
    }
    if (record->last != HTTP1_REFUSED) {
        writer_put_string(&record->events, "finish ");
        const enum http1_event event = http1_parser_finish(&record->parser);
        http1_record_number(&record->events, "event", (uint64_t)event);
        http1_record_event(record, event);
    }
}

static inline void http1_record_deinit(struct http1_record *record)
{
    writer_deinit(&record->events);
    writer_deinit(&record->body);
    arena_deinit(&record->arena);
}

static inline size_t http1_cut_nowhere(void *context, size_t left)
{
    (void)context;
    return left;
}

static inline size_t http1_cut_everywhere(void *context, size_t left)
{
    (void)context;
    (void)left;
    return 1;
}

/* context: a uint64_t that seeds and goes on (xorshift). */
static inline size_t http1_cut_at_random(void *context, size_t left)
{
    uint64_t *state = context;
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    const size_t size = 1 + (size_t)(*state % 40);
    return size < left ? size : left;
}
