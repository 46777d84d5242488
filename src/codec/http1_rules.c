/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/http1_impl.h"

#include "codec/authority.h"

static const struct http1_refusal no_refusal = {0, NULL};

struct http1_framing http1_framing_of(struct http1_head *head)
{
    struct http1_framing framing = {.host_count = 0};
    for (size_t i = 0; i < head->header_count; i++) {
        const struct http_header *header = &head->headers[i];
        if (bytes_equal_ignoring_case(header->name, BYTES("Host"))) {
            framing.host_count++;
            framing.host = header->value;
        } else if (bytes_equal_ignoring_case(header->name, BYTES("Transfer-Encoding"))) {
            framing.coding_count++;
            framing.coding = header->value;
        } else if (bytes_equal_ignoring_case(header->name, BYTES("Expect"))) {
            const bool is_continue =
                bytes_equal_ignoring_case(header->value, BYTES("100-continue"));
            head->expects_continue = head->expects_continue || is_continue;
            framing.expects_other = framing.expects_other || !is_continue;
        }
    }
    return framing;
}

/* RFC 9112 section 3.2.2: of a URL only what comes after the authority names the resource.
 */
static bool strip_authority(struct bytes *target)
{
    struct bytes rest = bytes_from(*target, sizeof("http://") - 1);
    if (bytes_equal_ignoring_case(bytes_first(*target, sizeof("https://") - 1),
                                  BYTES("https://"))) {
        rest = bytes_from(*target, sizeof("https://") - 1);
    } else if (!bytes_equal_ignoring_case(bytes_first(*target, sizeof("http://") - 1),
                                          BYTES("http://"))) {
        return false;
    }
    size_t size = 0;
    while (size < rest.size && rest.data[size] != '/' && rest.data[size] != '?') {
        size++;
    }
    *target = bytes_from(rest, size);
    return size > 0 && rest.data[0] != ':' && authority_is_valid(bytes_first(rest, size));
}

static bool read_target(struct http1_head *head, struct bytes target)
{
    if (bytes_equal(target, BYTES("*"))) {
        head->path = target;
        return head->method == HTTP_OPTIONS;
    }
    if (target.data[0] != '/' && !strip_authority(&target)) {
        return false;
    }
    head->query = bytes_split(target, '?', &head->path);
    if (head->path.size == 0) {
        head->path = BYTES("/");
    }
    return true;
}

struct http1_refusal http1_check_framing(const struct http1_head *head,
                                         const struct http1_framing *framing,
                                         bool has_length)
{
    if (framing->coding_count == 0) {
        return no_refusal;
    }
    if (head->version_minor == 0) {
        return (struct http1_refusal){400, "Transfer-Encoding is not of HTTP/1.0"};
    }
    if (framing->coding_count > 1 || has_length) {
        return (struct http1_refusal){400, "the length of the body is stated twice"};
    }
    if (!bytes_equal_ignoring_case(framing->coding, BYTES("chunked"))) {
        return (struct http1_refusal){501, "the only transfer coding here is chunked"};
    }
    return no_refusal;
}

struct http1_refusal http1_check_request(struct http1_head *head,
                                         const struct http1_framing *framing,
                                         struct bytes target)
{
    if (framing->host_count > 1 || (framing->host_count == 0 && head->version_minor == 1)) {
        return (struct http1_refusal){400, "exactly one Host is required"};
    }
    if (!authority_is_valid(framing->host)) {
        return (struct http1_refusal){400, "Host is malformed"};
    }
    if (!read_target(head, target)) {
        return (struct http1_refusal){400, "the request target is malformed"};
    }
    if (head->version_minor == 0) {
        head->expects_continue = false; /* RFC 9110 section 10.1.1: ignored */
    } else if (framing->expects_other) {
        return (struct http1_refusal){417, "the only expectation here is 100-continue"};
    }
    return no_refusal;
}
