/* SPDX-License-Identifier: Apache-2.0 */
/* Requests read the same however they are cut, and those that are let through keep the
 * promises of http1.h. */
#include "http1_cuts.h"

static size_t count_of(const struct http1_head *head, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < head->header_count; i++) {
        count += bytes_equal_ignoring_case(head->headers[i].name, bytes_from_string(name));
    }
    return count;
}

static void check_target(const struct http1_head *head)
{
    const bool is_asterisk = bytes_equal_string(head->path, "*");
    INVARIANT(bytes_starts_with(head->path, BYTES("/")) ||
              (is_asterisk && head->method == HTTP_OPTIONS));
    INVARIANT(head->path.size + head->query.size <= LIMIT_URL_SIZE_BYTES_MAX);
    for (size_t i = 0; i < head->path.size; i++) {
        INVARIANT(head->path.data[i] > ' ' && head->path.data[i] <= '~');
        INVARIANT(head->path.data[i] != '#' && head->path.data[i] != '?');
    }
}

static void check_framing(const struct http1_head *head)
{
    const size_t coding_count = count_of(head, "Transfer-Encoding");
    const size_t length_count = count_of(head, "Content-Length");
    INVARIANT(coding_count + length_count <= 1);
    INVARIANT((head->content_length == HTTP_LENGTH_UNKNOWN) == (coding_count == 1));
    INVARIANT(coding_count == 0 || head->version_minor == 1);
    INVARIANT(length_count == 1 || coding_count == 1 || head->content_length == 0);
    INVARIANT(count_of(head, "Host") + (head->version_minor == 0) >= 1);
    INVARIANT(count_of(head, "Host") <= 1);
}

static void check_headers(const struct http1_head *head)
{
    INVARIANT(head->header_count <= LIMIT_HEADER_COUNT_MAX);
    for (size_t i = 0; i < head->header_count; i++) {
        const struct bytes value = head->headers[i].value;
        INVARIANT(head->headers[i].name.size > 0);
        INVARIANT(bytes_equal(bytes_trim(value), value));
        for (size_t j = 0; j < value.size; j++) {
            INVARIANT((value.data[j] >= ' ' && value.data[j] != 0x7f) ||
                      value.data[j] == '\t');
        }
    }
}

/* The first head of the input, if it is one. */
static void check_first_head(struct bytes bytes)
{
    static struct http1_parser parser;
    static struct http1_head head;
    struct arena arena;
    arena_init(&arena, 4 * (size_t)LIMIT_HEADER_SIZE_BYTES_MAX);
    http1_parser_init(&parser, HTTP1_REQUEST);
    http1_parser_begin(&parser, &head, &arena);
    if (http1_parser_next(&parser, &bytes) == HTTP1_HEAD) {
        check_target(&head);
        check_framing(&head);
        check_headers(&head);
    }
    arena_deinit(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http1_record whole;
    http1_cuts_change_nothing(&whole, HTTP1_REQUEST, bytes_of(data, size));
    http1_record_deinit(&whole);
    check_first_head(bytes_of(data, size));
    return 0;
}
