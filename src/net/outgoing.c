/* SPDX-License-Identifier: Apache-2.0 */
#include "net/outgoing.h"

#include "base/invariant.h"

enum {
    FRAMING_SIZE_MAX = 64,    /* Content-Length or Transfer-Encoding, and the empty line */
    CHUNK_LINE_SIZE_MAX = 20, /* CRLF, 16 digits, CRLF */
    DECIMAL_SIZE_MAX = 20,
};

void outgoing_take_parts(struct outgoing *outgoing, const struct http_part *parts,
                         size_t count)
{
    INVARIANT(count <= HTTP_PART_COUNT_MAX);
    for (size_t i = 0; i < count; i++) {
        outgoing->parts[i] = parts[i];
    }
    outgoing->part_count = count;
}

enum galen_status outgoing_open(struct outgoing *outgoing, struct arena *arena,
                                const struct http_header *headers, size_t header_count,
                                size_t line_size)
{
    size_t capacity = line_size + FRAMING_SIZE_MAX +
                      (HTTP_PART_COUNT_MAX + 1) * (size_t)CHUNK_LINE_SIZE_MAX;
    for (size_t i = 0; i < header_count; i++) {
        capacity += headers[i].name.size + headers[i].value.size + 4;
    }
    outgoing->head = arena_alloc(arena, capacity);
    outgoing->size = 0;
    outgoing->capacity = capacity;
    return outgoing->head == NULL ? GALEN_NO_MEMORY : GALEN_OK;
}

void outgoing_put(struct outgoing *outgoing, struct bytes bytes)
{
    INVARIANT(bytes.size <= outgoing->capacity - outgoing->size);
    if (bytes.size > 0) {
        memcpy(outgoing->head + outgoing->size, bytes.data, bytes.size);
        outgoing->size += bytes.size;
    }
}

void outgoing_put_string(struct outgoing *outgoing, const char *text)
{
    outgoing_put(outgoing, bytes_from_string(text));
}

static void put_in_base(struct outgoing *outgoing, uint64_t value, unsigned base)
{
    uint8_t digits[DECIMAL_SIZE_MAX];
    size_t index = sizeof(digits);
    do {
        digits[--index] = (uint8_t) "0123456789abcdef"[value % base];
        value /= base;
    } while (value > 0);
    outgoing_put(outgoing, bytes_of(digits + index, sizeof(digits) - index));
}

void outgoing_put_number(struct outgoing *outgoing, uint64_t value)
{
    put_in_base(outgoing, value, 10);
}

static void put_without_controls(struct outgoing *outgoing, struct bytes bytes)
{
    uint8_t *at = outgoing->head + outgoing->size;
    outgoing_put(outgoing, bytes);
    for (size_t i = 0; i < bytes.size; i++) {
        at[i] = (at[i] < ' ' && at[i] != '\t') || at[i] == 0x7f ? ' ' : at[i];
    }
}

void outgoing_put_headers(struct outgoing *outgoing, const struct http_header *headers,
                          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put_without_controls(outgoing, headers[i].name);
        outgoing_put(outgoing, BYTES(": "));
        put_without_controls(outgoing, headers[i].value);
        outgoing_put(outgoing, BYTES("\r\n"));
    }
}

size_t outgoing_body_size(const struct outgoing *outgoing)
{
    size_t size = 0;
    for (size_t i = 0; i < outgoing->part_count; i++) {
        size += outgoing->parts[i].bytes.size;
    }
    return size;
}

static void add_buffer(struct outgoing *outgoing, struct bytes bytes)
{
    if (bytes.size > 0) {
        uv_buf_t *buffer = &outgoing->buffers[outgoing->buffer_count++];
        buffer->base = (char *)(uintptr_t)bytes.data; /* libuv does not write to it */
        buffer->len = bytes.size;
    }
}

/* What was put since start. */
static void add_buffer_of_head(struct outgoing *outgoing, size_t start)
{
    add_buffer(outgoing, bytes_of(outgoing->head + start, outgoing->size - start));
}

static void add_chunks(struct outgoing *outgoing)
{
    size_t start = 0;
    for (size_t i = 0; i < outgoing->part_count; i++) {
        const struct bytes part = outgoing->parts[i].bytes;
        if (part.size > 0) { /* an empty chunk would be the last */
            put_in_base(outgoing, part.size, 16);
            outgoing_put(outgoing, BYTES("\r\n"));
            add_buffer_of_head(outgoing, start);
            start = outgoing->size;
            add_buffer(outgoing, part);
            outgoing_put(outgoing, BYTES("\r\n"));
        }
    }
    outgoing_put(outgoing, BYTES("0\r\n\r\n"));
    add_buffer_of_head(outgoing, start);
}

void outgoing_finish(struct outgoing *outgoing, enum outgoing_framing framing)
{
    outgoing->buffer_count = 0;
    if (framing == OUTGOING_CHUNKED) {
        outgoing_put(outgoing, BYTES("Transfer-Encoding: chunked\r\n\r\n"));
        add_chunks(outgoing);
        return;
    }
    if (framing != OUTGOING_NOTHING) {
        outgoing_put(outgoing, BYTES("Content-Length: "));
        outgoing_put_number(outgoing, outgoing_body_size(outgoing));
        outgoing_put(outgoing, BYTES("\r\n"));
    }
    outgoing_put(outgoing, BYTES("\r\n"));
    add_buffer_of_head(outgoing, 0);
    for (size_t i = 0; framing == OUTGOING_LENGTH && i < outgoing->part_count; i++) {
        add_buffer(outgoing, outgoing->parts[i].bytes);
    }
}

void outgoing_deinit(struct outgoing *outgoing)
{
    for (size_t i = 0; i < outgoing->part_count; i++) {
        blob_unref(outgoing->parts[i].blob);
    }
    outgoing->part_count = 0;
}
