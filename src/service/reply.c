/* SPDX-License-Identifier: Apache-2.0 */
#include "service/reply.h"

#include "base/invariant.h"
#include "base/limits.h"

void reply_init(struct reply *reply, int status, struct bytes content_type)
{
    *reply = (struct reply){.status = status};
    if (content_type.size > 0) {
        reply_add_header(reply, BYTES("Content-Type"), content_type);
    }
}

void reply_add_header(struct reply *reply, struct bytes name, struct bytes value)
{
    INVARIANT(reply->header_count < REPLY_HEADER_COUNT_MAX);
    reply->headers[reply->header_count++] = (struct http_header){name, value};
}

void reply_set_header(struct reply *reply, struct bytes name, struct bytes value)
{
    for (size_t i = 0; i < reply->header_count; i++) {
        if (bytes_equal(reply->headers[i].name, name)) {
            reply->headers[i].value = value;
            return;
        }
    }
    reply_add_header(reply, name, value);
}

void reply_take_body(struct reply *reply, struct writer *writer)
{
    const enum galen_status status = writer_finish(writer, &reply->body);
    if (status != GALEN_OK) {
        reply->status = galen_status_http(status);
        writer_deinit(writer);
    }
}

void reply_compress(struct reply *reply, struct bytes accept_encoding, struct arena *arena)
{
    const enum content_coding coding = content_coding_choose(accept_encoding);
    const size_t size = reply->body == NULL ? 0 : blob_size(reply->body);
    struct blob *coded;
    if (coding == CONTENT_IDENTITY || size < LIMIT_CODED_SIZE_BYTES_MIN ||
        size > LIMIT_CODED_SIZE_BYTES_MAX ||
        !content_encode(coding, bytes_of(blob_data(reply->body), size), arena, &coded)) {
        return;
    }
    reply_clear(reply);
    reply->body = coded;
    reply_add_header(reply, BYTES("Content-Encoding"),
                     bytes_from_string(content_coding_name(coding)));
    reply_add_header(reply, BYTES("Vary"), BYTES("Accept-Encoding"));
}

void reply_clear(struct reply *reply)
{
    blob_unref(reply->body);
    reply->body = NULL;
}
