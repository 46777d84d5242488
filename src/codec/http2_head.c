/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/http2_head.h"

#include "codec/http1_impl.h"

enum { FIELD_OVERHEAD = 32 };

static void refuse(struct http2_head *fields, int status, const char *text)
{
    if (fields->refusal.status == 0) {
        fields->refusal = (struct http1_refusal){status, text};
    }
}

void http2_head_begin(struct http2_head *fields, struct http1_head *head,
                      struct arena *arena)
{
    *fields = (struct http2_head){.head = head, .arena = arena};
    memset(head, 0, offsetof(struct http1_head, headers));
}

void http2_head_begin_trailers(struct http2_head *fields)
{
    fields->head = NULL;
    fields->count = 0;
    fields->size = 0;
}

static struct bytes keep(struct http2_head *fields, struct bytes text)
{
    char *copy = arena_copy_string(fields->arena, text);
    if (copy == NULL) {
        refuse(fields, 503, "no memory for the head");
        return BYTES_NONE;
    }
    return bytes_of(copy, text.size);
}

static void add_header(struct http2_head *fields, struct bytes name, struct bytes value)
{
    struct http1_head *head = fields->head;
    if (head->header_count == LIMIT_HEADER_COUNT_MAX) {
        refuse(fields, 431, "too many header lines");
        return;
    }
    head->headers[head->header_count++] = (struct http_header){name, value};
}

static struct bytes *pseudo_field(struct http2_head *fields, struct bytes name)
{
    if (bytes_equal(name, BYTES(":method"))) {
        return &fields->method;
    }
    if (bytes_equal(name, BYTES(":scheme"))) {
        return &fields->scheme;
    }
    if (bytes_equal(name, BYTES(":authority"))) {
        return &fields->authority;
    }
    return bytes_equal(name, BYTES(":path")) ? &fields->target : NULL;
}

void http2_head_add(struct http2_head *fields, struct bytes name, struct bytes value)
{
    fields->count++;
    fields->size += name.size + value.size + FIELD_OVERHEAD;
    if (fields->size > LIMIT_HEADER_SIZE_BYTES_MAX) {
        refuse(fields, 431, "the head is too large");
    }
    if (fields->head == NULL) { /* a trailer */
        if (fields->count > LIMIT_HEADER_COUNT_MAX) {
            refuse(fields, 431, "too many header lines");
        }
        return;
    }
    if (fields->refusal.status != 0) {
        return;
    }
    struct bytes *pseudo = pseudo_field(fields, name);
    if (pseudo != NULL) {
        *pseudo = keep(fields, value);
    } else {
        add_header(fields, keep(fields, name), keep(fields, value));
    }
}

/* Host as HTTP/1.1 would have it. */
static void settle_host(struct http2_head *fields)
{
    struct http1_head *head = fields->head;
    struct bytes host;
    if (fields->authority.size == 0) {
        return;
    }
    if (!http_header_get(head->headers, head->header_count, "host", &host)) {
        add_header(fields, BYTES("host"), fields->authority);
    } else if (!bytes_equal_ignoring_case(host, fields->authority)) {
        refuse(fields, 400, "Host is not what :authority says");
    }
}

static void settle_method(struct http2_head *fields)
{
    if (bytes_equal(fields->method, BYTES("CONNECT"))) {
        refuse(fields, 400, "CONNECT: this is no proxy");
    } else if (!http1_method_read(fields->method, &fields->head->method)) {
        refuse(fields, 400, "the method is none of HTTP");
    }
}

static void check_scheme(struct http2_head *fields)
{
    if (!bytes_equal_ignoring_case(fields->scheme, BYTES("http")) &&
        !bytes_equal_ignoring_case(fields->scheme, BYTES("https"))) {
        refuse(fields, 400, "the scheme is neither http nor https");
    }
}

/* Not a URL, as HTTP/1.1's may be. */
static void check_target(struct http2_head *fields)
{
    const struct bytes target = fields->target;
    const struct http1_refusal refusal = http1_target_check(target);
    if (refusal.status != 0) {
        refuse(fields, refusal.status, refusal.text);
    } else if (target.data[0] != '/' && !bytes_equal(target, BYTES("*"))) {
        refuse(fields, 400, "the request target is malformed");
    }
}

static void settle_length(struct http2_head *fields, bool is_whole)
{
    struct http1_head *head = fields->head;
    struct bytes length;
    head->content_length = is_whole ? 0 : HTTP_LENGTH_UNKNOWN;
    if (http_header_get(head->headers, head->header_count, "content-length", &length) &&
        !bytes_parse_u64(length, HTTP_LENGTH_UNKNOWN - 1, &head->content_length)) {
        refuse(fields, 400, "Content-Length is malformed");
    }
}

struct http1_refusal http2_head_finish(struct http2_head *fields, bool is_whole)
{
    struct http1_head *head = fields->head;
    head->version_minor = 1;
    head->keep_alive = true;
    settle_method(fields);
    check_scheme(fields);
    check_target(fields);
    settle_host(fields);
    settle_length(fields, is_whole);
    if (fields->refusal.status == 0) {
        const struct http1_framing framing = http1_framing_of(head);
        fields->refusal = http1_check_request(head, &framing, fields->target);
    }
    return fields->refusal;
}
