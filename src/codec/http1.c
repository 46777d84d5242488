/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/http1.h"

/* llhttp's enumerators have the names of ours. */
#define HTTP_DELETE LLHTTP_DELETE
#define HTTP_GET LLHTTP_GET
#define HTTP_HEAD LLHTTP_HEAD
#define HTTP_OPTIONS LLHTTP_OPTIONS
#define HTTP_PATCH LLHTTP_PATCH
#define HTTP_POST LLHTTP_POST
#define HTTP_PUT LLHTTP_PUT
#include <llhttp.h>
#undef HTTP_DELETE
#undef HTTP_GET
#undef HTTP_HEAD
#undef HTTP_OPTIONS
#undef HTTP_PATCH
#undef HTTP_POST
#undef HTTP_PUT

#include "base/invariant.h"
#include "codec/http1_impl.h"

_Static_assert(sizeof(llhttp_t) <= HTTP1_MACHINE_SIZE, "the machine has room");

enum {
    TEXT_SIZE_FIRST = 1024,
    /* 16 digits and the line's end beside the extensions */
    CHUNK_LINE_SIZE_MAX = LIMIT_CHUNK_EXTENSION_SIZE_BYTES_MAX + 18,
};

enum phase {
    PHASE_HEAD,
    PHASE_FIXED, /* the body has a known length */
    PHASE_CHUNK_LINE,
    PHASE_CHUNK_DATA,
    PHASE_TRAILERS,
    PHASE_UNTIL_CLOSE,
    PHASE_DONE,
    PHASE_REFUSED,
};

static const struct http1_refusal no_memory = {503, "no memory for the head"};
static const struct http1_refusal too_many_headers = {431, "too many header lines"};

static llhttp_t *machine_of(struct http1_parser *parser)
{
    return (llhttp_t *)(void *)parser->machine;
}

static enum http1_event refuse(struct http1_parser *parser, struct http1_refusal refusal)
{
    parser->phase = PHASE_REFUSED;
    parser->refusal = refusal;
    return HTTP1_REFUSED;
}

/* For callbacks: what http1_parser_next returns when llhttp has come back. */
static int refuse_in_callback(struct http1_parser *parser, struct http1_refusal refusal)
{
    (void)refuse(parser, refusal);
    return HPE_USER;
}

/* The text of the head */

static void move_bytes(struct bytes *bytes, const uint8_t *from, const uint8_t *to)
{
    if (bytes->size > 0) {
        bytes->data = to + (bytes->data - from);
    }
}

static bool grow_text(struct http1_parser *parser, size_t wanted)
{
    size_t capacity = parser->text_capacity == 0 ? TEXT_SIZE_FIRST : parser->text_capacity;
    while (capacity < wanted) {
        capacity *= 2;
    }
    uint8_t *text = arena_alloc(parser->arena, capacity);
    if (text == NULL) {
        return false;
    }
    if (parser->text_size > 0) {
        memcpy(text, parser->text, parser->text_size);
    }
    struct http1_head *head = parser->head;
    move_bytes(&parser->target, parser->text, text);
    for (size_t i = 0; i <= head->header_count && i < LIMIT_HEADER_COUNT_MAX; i++) {
        move_bytes(&head->headers[i].name, parser->text, text);
        move_bytes(&head->headers[i].value, parser->text, text);
    }
    parser->text = text;
    parser->text_capacity = capacity;
    return true;
}

/* Adds to the newest field: its bytes are the last of the text. */
static int append(struct http1_parser *parser, struct bytes *field, const char *at,
                  size_t size)
{
    if (size == 0) {
        return 0;
    }
    const size_t wanted = parser->text_size + size;
    if (wanted > parser->text_capacity && !grow_text(parser, wanted)) {
        return refuse_in_callback(parser, no_memory);
    }
    uint8_t *end = parser->text + parser->text_size;
    memcpy(end, at, size);
    parser->text_size = wanted;
    *field = bytes_of(field->size == 0 ? end : field->data, field->size + size);
    return 0;
}

/* llhttp's callbacks */

static int on_url(llhttp_t *machine, const char *at, size_t size)
{
    struct http1_parser *parser = machine->data;
    return append(parser, &parser->target, at, size);
}

static struct http_header *newest_header(struct http1_parser *parser)
{
    struct http1_head *head = parser->head;
    const bool is_kept =
        parser->phase == PHASE_HEAD && head->header_count < LIMIT_HEADER_COUNT_MAX;
    return is_kept ? &head->headers[head->header_count] : NULL;
}

static int on_header_field(llhttp_t *machine, const char *at, size_t size)
{
    struct http1_parser *parser = machine->data;
    struct http_header *header = newest_header(parser);
    return header == NULL ? 0 : append(parser, &header->name, at, size);
}

static int on_header_value(llhttp_t *machine, const char *at, size_t size)
{
    struct http1_parser *parser = machine->data;
    struct http_header *header = newest_header(parser);
    return header == NULL ? 0 : append(parser, &header->value, at, size);
}

static int on_header_field_complete(llhttp_t *machine)
{
    struct http1_parser *parser = machine->data;
    const bool is_trailer = parser->phase != PHASE_HEAD;
    const size_t before = is_trailer ? parser->trailer_count++ : parser->head->header_count;
    return before < LIMIT_HEADER_COUNT_MAX ? 0
                                           : refuse_in_callback(parser, too_many_headers);
}

static int on_header_value_complete(llhttp_t *machine)
{
    struct http1_parser *parser = machine->data;
    struct http_header *header = newest_header(parser);
    if (header != NULL) {
        header->value = bytes_trim(header->value);
        if (++parser->head->header_count < LIMIT_HEADER_COUNT_MAX) {
            header[1] = (struct http_header){.name = BYTES_NONE};
        }
    }
    return 0;
}

static int on_headers_complete(llhttp_t *machine)
{
    struct http1_parser *parser = machine->data;
    machine->upgrade = 0; /* neither Upgrade nor CONNECT leads anywhere */
    parser->head_is_complete = true;
    return HPE_PAUSED;
}

static int on_body(llhttp_t *machine, const char *at, size_t size)
{
    struct http1_parser *parser = machine->data;
    parser->body = bytes_of(at, size);
    return 0;
}

static int on_chunk_header(llhttp_t *machine)
{
    struct http1_parser *parser = machine->data;
    parser->reached_milestone = true;
    if (machine->content_length > 0) {
        parser->phase = PHASE_CHUNK_DATA;
        return 0;
    }
    parser->phase = PHASE_TRAILERS;
    parser->overhead_left = LIMIT_HEADER_SIZE_BYTES_MAX;
    return HPE_PAUSED;
}

static int on_chunk_complete(llhttp_t *machine)
{
    struct http1_parser *parser = machine->data;
    if (parser->phase == PHASE_TRAILERS) {
        return 0;
    }
    parser->phase = PHASE_CHUNK_LINE;
    parser->reached_milestone = true;
    parser->overhead_left = CHUNK_LINE_SIZE_MAX;
    return HPE_PAUSED; /* so that there is one run of body at a time */
}

static int on_message_complete(llhttp_t *machine)
{
    struct http1_parser *parser = machine->data;
    parser->phase = PHASE_DONE;
    return HPE_PAUSED;
}

static const llhttp_settings_t callbacks = {
    .on_url = on_url,
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_header_field_complete = on_header_field_complete,
    .on_header_value_complete = on_header_value_complete,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_chunk_header = on_chunk_header,
    .on_chunk_complete = on_chunk_complete,
    .on_message_complete = on_message_complete,
};

/* Feeds llhttp and takes from *bytes what it used. False: refused. */
static bool feed(struct http1_parser *parser, struct bytes *bytes, size_t size)
{
    llhttp_t *machine = machine_of(parser);
    const char *data = (const char *)bytes->data;
    size_t used = size;
    const llhttp_errno_t status = size == 0 ? HPE_OK : llhttp_execute(machine, data, size);
    if (status == HPE_PAUSED) {
        used = (size_t)(llhttp_get_error_pos(machine) - data);
        llhttp_resume(machine);
    } else if (status != HPE_OK && parser->phase != PHASE_REFUSED) {
        const char *reason =
            llhttp_get_error_reason(machine); /* one of llhttp's literals */
        (void)refuse(parser, (struct http1_refusal){400, reason});
    }
    *bytes = bytes_from(*bytes, used);
    return parser->phase != PHASE_REFUSED;
}

/* A complete head */

static enum http_method method_of(llhttp_method_t method)
{
    switch ((int)method) {
    case LLHTTP_GET:
        return HTTP_GET;
    case LLHTTP_HEAD:
        return HTTP_HEAD;
    case LLHTTP_POST:
        return HTTP_POST;
    case LLHTTP_PUT:
        return HTTP_PUT;
    case LLHTTP_DELETE:
        return HTTP_DELETE;
    case LLHTTP_OPTIONS:
        return HTTP_OPTIONS;
    case LLHTTP_PATCH:
        return HTTP_PATCH;
    default:
        return HTTP_OTHER;
    }
}

static bool response_has_no_body(const struct http1_parser *parser)
{
    const int status = parser->head->status;
    return parser->without_body || status == 204 || status == 304;
}

/* Which phase reads the body. */
static enum phase phase_of_body(struct http1_parser *parser, bool is_chunked,
                                bool has_length)
{
    struct http1_head *head = parser->head;
    const bool is_response = parser->kind == HTTP1_RESPONSE;
    if (is_response && response_has_no_body(parser)) {
        head->content_length = 0;
        return PHASE_FIXED;
    }
    if (is_chunked) {
        head->content_length = HTTP_LENGTH_UNKNOWN;
        parser->overhead_left = CHUNK_LINE_SIZE_MAX;
        return PHASE_CHUNK_LINE;
    }
    if (is_response && !has_length) {
        head->content_length = HTTP_LENGTH_UNKNOWN;
        head->keep_alive = false;
        return PHASE_UNTIL_CLOSE;
    }
    head->content_length = has_length ? machine_of(parser)->content_length : 0;
    return PHASE_FIXED;
}

static void start_head(struct http1_parser *parser)
{
    llhttp_t *machine = machine_of(parser);
    llhttp_init(machine, parser->kind == HTTP1_REQUEST ? HTTP_REQUEST : HTTP_RESPONSE,
                &callbacks);
    machine->data = parser;
    memset(parser->head, 0, offsetof(struct http1_head, headers));
    parser->head->headers[0] = (struct http_header){.name = BYTES_NONE};
    parser->phase = PHASE_HEAD;
    parser->line = (struct http1_line){.state = 0};
    parser->target = BYTES_NONE;
    parser->text_size = 0;
    parser->head_is_complete = false;
    parser->trailer_count = 0;
}

static bool is_interim(int status)
{
    return status >= 100 && status < 200 && status != 101; /* nobody asked for an upgrade */
}

static struct http1_refusal check_head(struct http1_parser *parser,
                                       const struct http1_framing *framing, bool has_length)
{
    llhttp_t *machine = machine_of(parser);
    struct http1_head *head = parser->head;
    if (machine->http_major != 1 || machine->http_minor > 1) {
        return (struct http1_refusal){505, "only HTTP/1.1 and 1.0 are spoken"};
    }
    if (has_length && machine->content_length == HTTP_LENGTH_UNKNOWN) {
        return (struct http1_refusal){413, "no body is that large"};
    }
    const struct http1_refusal refusal = http1_check_framing(head, framing, has_length);
    if (refusal.status != 0) {
        return refusal;
    }
    if (framing->coding_count > 0 && (machine->flags & F_CHUNKED) == 0) {
        /* a tab behind it: llhttp takes that for another coding */
        return (struct http1_refusal){400, "Transfer-Encoding is malformed"};
    }
    if (parser->kind == HTTP1_RESPONSE) {
        const bool is_final = head->status >= 200 && head->status <= 599;
        return is_final ? refusal
                        : (struct http1_refusal){400, "the status is no final one"};
    }
    if (llhttp_get_method(machine) == HTTP_CONNECT) {
        return (struct http1_refusal){400, "CONNECT: this is no proxy"};
    }
    return http1_check_request(head, framing, parser->target);
}

static enum http1_event finish_head(struct http1_parser *parser)
{
    llhttp_t *machine = machine_of(parser);
    struct http1_head *head = parser->head;
    const bool has_length = (machine->flags & F_CONTENT_LENGTH) != 0;
    const struct http1_framing framing = http1_framing_of(head);
    head->method =
        parser->kind == HTTP1_REQUEST ? method_of(llhttp_get_method(machine)) : HTTP_GET;
    head->status = llhttp_get_status_code(machine);
    head->version_minor = machine->http_minor;
    head->keep_alive = head->version_minor == 1
                           ? (machine->flags & F_CONNECTION_CLOSE) == 0
                           : (machine->flags & F_CONNECTION_KEEP_ALIVE) != 0;
    const struct http1_refusal refusal = check_head(parser, &framing, has_length);
    if (parser->kind == HTTP1_RESPONSE && is_interim(head->status)) {
        start_head(parser); /* all share one allowance of bytes */
        return HTTP1_MORE;
    }
    if (refusal.status != 0) {
        return refuse(parser, refusal);
    }
    parser->phase = (uint8_t)phase_of_body(parser, framing.coding_count > 0, has_length);
    parser->body_left = head->content_length;
    return HTTP1_HEAD;
}

static enum http1_event read_head(struct http1_parser *parser, struct bytes *bytes)
{
    const struct http1_refusal *refusal = NULL;
    const struct bytes allowed = bytes_first(*bytes, parser->overhead_left);
    const size_t good_size = parser->kind == HTTP1_REQUEST
                                 ? http1_line_check(&parser->line, allowed, &refusal)
                                 : allowed.size;
    const size_t size_before = bytes->size;
    if (!feed(parser, bytes, good_size)) {
        return HTTP1_REFUSED;
    }
    parser->overhead_left -= size_before - bytes->size;
    if (parser->head_is_complete) {
        return finish_head(parser);
    }
    if (refusal != NULL) {
        return refuse(parser, *refusal);
    }
    if (parser->overhead_left == 0) {
        return refuse(parser, (struct http1_refusal){431, "the head is too large"});
    }
    return HTTP1_MORE;
}

/* Bodies */

static enum http1_event read_plain(struct http1_parser *parser, struct bytes *bytes)
{
    parser->body = parser->phase == PHASE_FIXED && parser->body_left < bytes->size
                       ? bytes_first(*bytes, (size_t)parser->body_left)
                       : *bytes;
    *bytes = bytes_from(*bytes, parser->body.size);
    if (parser->phase == PHASE_FIXED) {
        parser->body_left -= parser->body.size;
    }
    return HTTP1_BODY;
}

/* How much llhttp may see: a line of a chunk or trailers only up to their limit. */
static size_t chunked_allowance(const struct http1_parser *parser, struct bytes bytes)
{
    const struct bytes allowed = bytes_first(bytes, parser->overhead_left);
    if (parser->phase == PHASE_CHUNK_DATA) {
        return bytes.size;
    }
    if (parser->phase == PHASE_CHUNK_LINE && bytes_find(allowed, '\n') < allowed.size) {
        return bytes.size;
    }
    return allowed.size;
}

/* One run of llhttp: up to a milestone, or all bytes. */
static void step_chunked(struct http1_parser *parser, struct bytes *bytes)
{
    const enum phase phase_before = (enum phase)parser->phase;
    const size_t size_before = bytes->size;
    parser->reached_milestone = phase_before == PHASE_CHUNK_DATA;
    if (!feed(parser, bytes, chunked_allowance(parser, *bytes)) ||
        parser->reached_milestone || parser->phase == PHASE_DONE) {
        return;
    }
    parser->overhead_left -= size_before - bytes->size;
    if (parser->overhead_left == 0) {
        (void)refuse(parser,
                     phase_before == PHASE_TRAILERS
                         ? (struct http1_refusal){431, "the trailers are too large"}
                         : (struct http1_refusal){400, "a chunk's line is too long"});
    }
}

static enum http1_event read_chunked(struct http1_parser *parser, struct bytes *bytes)
{
    while (bytes->size > 0) {
        step_chunked(parser, bytes);
        if (parser->body.size > 0) {
            return HTTP1_BODY; /* also before the refusal of what came after it */
        }
        if (parser->phase == PHASE_REFUSED) {
            return HTTP1_REFUSED;
        }
        if (parser->phase == PHASE_DONE) {
            return HTTP1_END;
        }
    }
    return HTTP1_MORE;
}

static enum http1_event next_of_head(struct http1_parser *parser, struct bytes *bytes)
{
    enum http1_event event = HTTP1_MORE;
    while (event == HTTP1_MORE && bytes->size > 0) { /* again after an interim response */
        event = read_head(parser, bytes);
    }
    return event;
}

enum http1_event http1_parser_next(struct http1_parser *parser, struct bytes *bytes)
{
    parser->body = BYTES_NONE;
    switch ((enum phase)parser->phase) {
    case PHASE_HEAD:
        return next_of_head(parser, bytes);
    case PHASE_FIXED:
        if (parser->body_left == 0) {
            parser->phase = PHASE_DONE;
            return HTTP1_END;
        }
        return bytes->size == 0 ? HTTP1_MORE : read_plain(parser, bytes);
    case PHASE_UNTIL_CLOSE:
        return bytes->size == 0 ? HTTP1_MORE : read_plain(parser, bytes);
    case PHASE_CHUNK_LINE:
    case PHASE_CHUNK_DATA:
    case PHASE_TRAILERS:
        return read_chunked(parser, bytes);
    case PHASE_REFUSED:
        return HTTP1_REFUSED;
    case PHASE_DONE:
        break;
    }
    INVARIANT(parser->phase != PHASE_DONE); /* a message begins with http1_parser_begin */
    return HTTP1_REFUSED;
}

void http1_parser_init(struct http1_parser *parser, enum http1_kind kind)
{
    memset(parser, 0, sizeof(*parser));
    parser->kind = kind;
    parser->phase = PHASE_DONE;
}

void http1_parser_begin(struct http1_parser *parser, struct http1_head *head,
                        struct arena *arena)
{
    parser->head = head;
    parser->arena = arena;
    parser->text = NULL;
    parser->text_capacity = 0;
    parser->without_body = false;
    parser->overhead_left = LIMIT_HEADER_SIZE_BYTES_MAX;
    start_head(parser);
}

void http1_parser_expect_no_body(struct http1_parser *parser)
{
    parser->without_body = true;
}

enum http1_event http1_parser_finish(struct http1_parser *parser)
{
    if (parser->phase == PHASE_REFUSED) {
        return HTTP1_REFUSED;
    }
    if (parser->phase == PHASE_DONE || http1_parser_is_fresh(parser)) {
        return HTTP1_MORE;
    }
    if (parser->phase == PHASE_UNTIL_CLOSE ||
        (parser->phase == PHASE_FIXED && parser->body_left == 0)) {
        parser->phase = PHASE_DONE;
        return HTTP1_END;
    }
    return refuse(parser, (struct http1_refusal){400, "the message is cut off"});
}

bool http1_parser_is_fresh(const struct http1_parser *parser)
{
    return parser->phase == PHASE_HEAD &&
           parser->overhead_left == LIMIT_HEADER_SIZE_BYTES_MAX;
}

bool http1_method_read(struct bytes name, enum http_method *out_method)
{
    static const struct {
        const char *name;
        int number;
    } methods[] = {
#define METHOD(number, name, text) {#text, number},
        HTTP_METHOD_MAP(METHOD)
#undef METHOD
    };
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (bytes_equal_string(name, methods[i].name)) {
            *out_method = method_of((llhttp_method_t)methods[i].number);
            return true;
        }
    }
    return false;
}
