/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http1_response.h"

#include "base/invariant.h"

/* "HTTP/1.1 200 " and the longest reason, Date, Connection */
enum { FIRST_LINES_SIZE_MAX = 256 };

static enum outgoing_framing framing_of(const struct http_exchange *exchange,
                                        const struct http_response *response)
{
    if (response->status == 204 || response->status == 304) {
        return OUTGOING_NOTHING;
    }
    if (exchange->message.method == HTTP_HEAD) {
        return OUTGOING_LENGTH_ONLY;
    }
    return response->chunked && exchange->message.version_minor == 1 ? OUTGOING_CHUNKED
                                                                     : OUTGOING_LENGTH;
}

static void put_first_lines(struct http_exchange *exchange, int status)
{
    struct outgoing *outgoing = &exchange->outgoing;
    outgoing_put(outgoing, BYTES("HTTP/1.1 "));
    outgoing_put_number(outgoing, (uint64_t)status);
    outgoing_put(outgoing, BYTES(" "));
    outgoing_put_string(outgoing, http_reason(status));
    outgoing_put(outgoing, BYTES("\r\nDate: "));
    outgoing_put_string(outgoing, server_date(exchange->server));
    outgoing_put(outgoing, BYTES("\r\n"));
    if (exchange->closes) {
        outgoing_put(outgoing, BYTES("Connection: close\r\n"));
    } else if (exchange->message.version_minor == 0) {
        outgoing_put(outgoing, BYTES("Connection: keep-alive\r\n"));
    }
}

enum galen_status http1_response_put(struct http_exchange *exchange,
                                     const struct http_response *response)
{
    struct outgoing *outgoing = &exchange->outgoing;
    INVARIANT(response->status >= 200 && response->status <= 599);
    TRY(outgoing_open(outgoing, &exchange->arena, response->headers, response->header_count,
                      FIRST_LINES_SIZE_MAX));
    put_first_lines(exchange, response->status);
    outgoing_put_headers(outgoing, response->headers, response->header_count);
    outgoing_finish(outgoing, framing_of(exchange, response));
    return GALEN_OK;
}
