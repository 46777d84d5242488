/* SPDX-License-Identifier: Apache-2.0 */
/* What describes the gateway: the document and the pages of web/, which are asked for again
 * each time and told unchanged by their ETag (RFC 9110 section 13.1.2). */
#include "gateway/asset.h"
#include "gateway/openapi_document.h"
#include "gateway/phases.h"
#include "gateway/routes.h"

/* A page runs its own scripts and asks its own server: nothing else, whatever a note says.
 */
static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' blob: data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

static bool has_it(const struct request *request, const char *etag)
{
    struct bytes given;
    return request_header(request, "If-None-Match", &given) &&
           bytes_equal_string(given, etag);
}

static void begin_reply(struct request *request, const char *media_type, const char *etag)
{
    struct reply *reply = &request->reply;
    if (has_it(request, etag)) {
        reply_init(reply, 304, BYTES_NONE);
    } else {
        reply_init(reply, 200, bytes_from_string(media_type));
    }
    reply_add_header(reply, BYTES("ETag"), bytes_from_string(etag));
    reply_add_header(reply, BYTES("Cache-Control"), BYTES("no-cache"));
    reply_add_header(reply, BYTES("X-Content-Type-Options"), BYTES("nosniff"));
}

static enum phase_result put_document(struct request *request)
{
    const struct openapi_document *document = &request->view->openapi;
    begin_reply(request, "application/json", document->etag);
    if (request->reply.status == 200) {
        request->reply.body = blob_ref(document->body);
    }
    return PHASE_CONTINUE;
}

static const struct asset *find_asset(struct request *request)
{
    const struct asset *asset = asset_find(request->head->path);
    return asset != NULL && asset->is_for_demo && !request->gateway->is_demo ? NULL : asset;
}

static enum phase_result put_page(struct request *request)
{
    const struct asset *asset = find_asset(request);
    struct writer body;
    if (asset == NULL) {
        return request_fail(request, error_set(&request->error, GALEN_NOT_FOUND,
                                               "there is no such page here"));
    }
    begin_reply(request, asset->media_type, asset->etag);
    reply_add_header(&request->reply, BYTES("Content-Security-Policy"),
                     bytes_from_string(policy));
    reply_add_header(&request->reply, BYTES("Referrer-Policy"), BYTES("no-referrer"));
    if (request->reply.status == 200) {
        writer_init(&body, asset->content.size);
        writer_put(&body, asset->content);
        reply_take_body(&request->reply, &body);
    }
    return PHASE_CONTINUE;
}

const struct endpoint openapi_endpoint = {.name = "openapi", .map = put_document};

const struct endpoint page_endpoint = {.name = "page", .map = put_page};
