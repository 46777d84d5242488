/* SPDX-License-Identifier: Apache-2.0 */
#include "service/trace_context.h"

enum {
    VERSION_KNOWN = 0,
    VERSION_FORBIDDEN = 0xff,
    VERSION_AT = 0,
    TRACE_ID_AT = 3,
    SPAN_ID_AT = 36,
    FLAGS_AT = 53,
    KEY_SIZE_MAX = 256,
    VALUE_SIZE_MAX = 256,
    LARGE_MEMBER_SIZE = 128, /* larger ones are the first to be left out */
};

/* Lower case only; -1: none. */
static int digit_of(uint8_t byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

static bool read_hex(struct bytes text, size_t at, uint8_t *out_bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        const int high = digit_of(text.data[at + 2 * i]);
        const int low = digit_of(text.data[at + 2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out_bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
    uint8_t any = 0;
    for (size_t i = 0; i < size; i++) {
        any |= bytes[i];
    }
    return any == 0;
}

static bool has_dashes(struct bytes text)
{
    return text.data[TRACE_ID_AT - 1] == '-' && text.data[SPAN_ID_AT - 1] == '-' &&
           text.data[FLAGS_AT - 1] == '-';
}

/* Later versions may go on behind another dash. */
static bool ends_as_its_version(struct bytes text, uint8_t version)
{
    return text.size == TRACE_PARENT_SIZE ||
           (version != VERSION_KNOWN && text.data[TRACE_PARENT_SIZE] == '-');
}

bool trace_context_parse(struct bytes text, struct trace_context *out_context)
{
    struct trace_context context;
    uint8_t version;
    if (text.size < TRACE_PARENT_SIZE || !has_dashes(text) ||
        !read_hex(text, VERSION_AT, &version, 1) || version == VERSION_FORBIDDEN ||
        !ends_as_its_version(text, version) ||
        !read_hex(text, TRACE_ID_AT, context.trace_id, TRACE_ID_SIZE) ||
        !read_hex(text, SPAN_ID_AT, context.span_id, TRACE_SPAN_ID_SIZE) ||
        !read_hex(text, FLAGS_AT, &context.flags, 1) ||
        is_zero(context.trace_id, TRACE_ID_SIZE) ||
        is_zero(context.span_id, TRACE_SPAN_ID_SIZE)) {
        return false;
    }
    context.flags &=
        version == VERSION_KNOWN ? TRACE_SAMPLED | TRACE_RANDOM : TRACE_SAMPLED;
    *out_context = context;
    return true;
}

char *trace_put_hex(char *at, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 15];
    }
    return at;
}

void trace_context_write(const struct trace_context *context,
                         char out_text[TRACE_PARENT_SIZE + 1])
{
    static const uint8_t version = VERSION_KNOWN;
    char *at = trace_put_hex(out_text, &version, 1);
    *at++ = '-';
    at = trace_put_hex(at, context->trace_id, TRACE_ID_SIZE);
    *at++ = '-';
    at = trace_put_hex(at, context->span_id, TRACE_SPAN_ID_SIZE);
    *at++ = '-';
    at = trace_put_hex(at, &context->flags, 1);
    *at = '\0';
}

static bool is_called(const struct http_header *header, struct bytes name)
{
    return header->name.size == name.size && bytes_equal_ignoring_case(header->name, name);
}

bool trace_context_read(const struct http_header *headers, size_t count,
                        struct trace_context *out_context)
{
    const struct bytes name = BYTES("traceparent");
    const struct http_header *found = NULL;
    for (size_t i = 0; i < count; i++) {
        if (is_called(&headers[i], name)) {
            if (found != NULL) {
                return false;
            }
            found = &headers[i];
        }
    }
    return found != NULL && trace_context_parse(found->value, out_context);
}

/* -- tracestate --------------------------------------------------------------------------
 */

struct members {
    struct bytes items[TRACE_STATE_MEMBER_COUNT_MAX];
    size_t count;
};

static bool begins_a_key(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
}

static bool continues_a_key(uint8_t byte)
{
    return begins_a_key(byte) || (byte != '\0' && strchr("_-*/@", byte) != NULL);
}

static bool is_key(struct bytes text)
{
    if (text.size == 0 || text.size > KEY_SIZE_MAX || !begins_a_key(text.data[0])) {
        return false;
    }
    for (size_t i = 1; i < text.size; i++) {
        if (!continues_a_key(text.data[i])) {
            return false;
        }
    }
    return true;
}

/* Spaces at its end went with those around the member. */
static bool is_value(struct bytes text)
{
    if (text.size == 0 || text.size > VALUE_SIZE_MAX) {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t byte = text.data[i];
        if (byte < ' ' || byte > '~' || byte == ',' || byte == '=') {
            return false;
        }
    }
    return true;
}

static bool is_member(struct bytes text)
{
    struct bytes key;
    const struct bytes value = bytes_split(text, '=', &key);
    return is_key(key) && is_value(value);
}

/* False: its form is wrong, or there are too many. */
static bool add_members(struct bytes list, struct members *members)
{
    while (list.size > 0) {
        struct bytes member;
        list = bytes_split(list, ',', &member);
        member = bytes_trim(member);
        if (member.size == 0) {
            continue;
        }
        if (members->count == TRACE_STATE_MEMBER_COUNT_MAX || !is_member(member)) {
            return false;
        }
        members->items[members->count++] = member;
    }
    return true;
}

/* With the commas between them. */
static size_t size_of(const struct members *members)
{
    size_t size = members->count == 0 ? 0 : members->count - 1;
    for (size_t i = 0; i < members->count; i++) {
        size += members->items[i].size;
    }
    return size;
}

static void leave_out_large_ones(struct members *members)
{
    size_t i = members->count;
    while (i-- > 0 && size_of(members) > TRACE_STATE_SIZE_BYTES_MAX) {
        if (members->items[i].size > LARGE_MEMBER_SIZE) {
            memmove(&members->items[i], &members->items[i + 1],
                    (members->count - i - 1) * sizeof(members->items[0]));
            members->count--;
        }
    }
}

static void leave_out_what_is_too_much(struct members *members)
{
    leave_out_large_ones(members);
    while (size_of(members) > TRACE_STATE_SIZE_BYTES_MAX) {
        members->count--;
    }
}

static struct bytes join(const struct members *members, struct arena *arena)
{
    const size_t size = size_of(members);
    char *text = size == 0 ? NULL : arena_alloc(arena, size);
    char *at = text;
    if (text == NULL) {
        return BYTES_NONE;
    }
    for (size_t i = 0; i < members->count; i++) {
        if (i > 0) {
            *at++ = ',';
        }
        memcpy(at, members->items[i].data, members->items[i].size);
        at += members->items[i].size;
    }
    return bytes_of(text, size);
}

struct bytes trace_state_read(const struct http_header *headers, size_t count,
                              struct arena *arena)
{
    const struct bytes name = BYTES("tracestate");
    struct members members = {.count = 0};
    for (size_t i = 0; i < count; i++) {
        if (is_called(&headers[i], name) && !add_members(headers[i].value, &members)) {
            return BYTES_NONE;
        }
    }
    leave_out_what_is_too_much(&members);
    return join(&members, arena);
}
