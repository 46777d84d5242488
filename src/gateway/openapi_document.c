/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/openapi_document.h"

#include <stdio.h>

#include "crypto/sha256.h"

enum { SIZE_BYTES_MAX = 64 << 20, ETAG_DIGITS = 32 };

enum galen_status openapi_document_make(const struct openapi *openapi,
                                        struct openapi_document *out_document)
{
    struct writer text;
    uint8_t digest[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    writer_init(&text, SIZE_BYTES_MAX);
    openapi_write(openapi, &text);
    enum galen_status status = sha256_of(writer_bytes(&text), digest);
    if (status == GALEN_OK) {
        status = writer_finish(&text, &out_document->body);
    }
    writer_deinit(&text);
    sha256_to_hex(digest, hex);
    (void)snprintf(out_document->etag, sizeof(out_document->etag), "\"%.*s\"", ETAG_DIGITS,
                   hex);
    return status;
}

void openapi_document_deinit(struct openapi_document *document)
{
    blob_unref(document->body);
    document->body = NULL;
}
