/* SPDX-License-Identifier: Apache-2.0 */
#include "service/reply_http.h"

void reply_to_response(struct reply *reply, struct http_response *out_response)
{
    *out_response = (struct http_response){
        .status = reply->status,
        .headers = reply->headers,
        .header_count = reply->header_count,
    };
    if (reply->body != NULL) {
        const struct bytes bytes = bytes_of(blob_data(reply->body), blob_size(reply->body));
        out_response->parts[0] = (struct http_part){bytes, take(&reply->body)};
        out_response->part_count = 1;
    }
}

void reply_send(struct reply *reply, struct http_exchange *exchange)
{
    struct http_response response;
    reply_to_response(reply, &response);
    http_exchange_respond(exchange, &response);
}
