/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/respond.h"

#include "base/limits.h"
#include "codec/json_writer.h"
#include "gateway/policy_rules.h"
#include "gateway/routes.h"

static void put_error(struct json_writer *json, const struct error *error,
                      const char *keyword)
{
    json_begin_object(json);
    json_put_name(json, "pointer");
    json_put_cstring(json, error->pointer);
    if (keyword[0] != '\0') {
        json_put_name(json, "keyword");
        json_put_cstring(json, keyword);
    }
    json_put_name(json, "message");
    json_put_cstring(json, error->text);
    json_end_object(json);
}

static void put_errors(struct json_writer *json, const struct error *error,
                       const struct schema_errors *of_schema)
{
    json_put_name(json, "errors");
    json_begin_array(json);
    for (size_t i = 0; i < of_schema->count; i++) {
        put_error(json, &of_schema->items[i].detail, of_schema->items[i].keyword);
    }
    if (of_schema->count == 0) {
        put_error(json, error, "");
    }
    json_end_array(json);
}

static void put_type(struct json_writer *json, enum galen_status status)
{
    char type[64] = "/problems/";
    const char *slug = galen_status_slug(status);
    memcpy(type + sizeof("/problems/") - 1, slug, strlen(slug) + 1);
    json_put_name(json, "type");
    json_put_cstring(json, type);
    json_put_name(json, "title");
    json_put_cstring(json, galen_status_text(status));
}

static void put_problem(int http_status, enum galen_status status,
                        const struct error *error, const struct schema_errors *of_schema,
                        const char *request_id, struct writer *out)
{
    struct json_writer json = json_writer_on(out);
    json_begin_object(&json);
    put_type(&json, status);
    json_put_name(&json, "status");
    json_put_i64(&json, http_status);
    if (error->text[0] != '\0') {
        json_put_name(&json, "detail");
        json_put_cstring(&json, error->text);
    }
    if (request_id[0] != '\0') {
        json_put_name(&json, "request_id");
        json_put_cstring(&json, request_id);
    }
    if (error->pointer[0] != '\0' || of_schema->count > 0) {
        put_errors(&json, error, of_schema);
    }
    json_end_object(&json);
}

void respond_problem(int http_status, enum galen_status status, const struct error *error,
                     const char *request_id, struct writer *out)
{
    const struct schema_errors none = {.count = 0};
    put_problem(http_status, status, error, &none, request_id, out);
}

static void respond_with_problem(struct request *request)
{
    struct writer body;
    const int http_status = galen_status_http(request->status);
    writer_init(&body, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX);
    put_problem(http_status, request->status, &request->error, &request->schema_errors,
                request->id, &body);
    reply_init(&request->reply, http_status, BYTES("application/problem+json"));
    if (request->status == GALEN_WRONG_METHOD) {
        reply_add_header(&request->reply, BYTES("Allow"), route_allow(request->head->path));
    }
    reply_take_body(&request->reply, &body);
}

/* "12", in the arena. */
static struct bytes seconds_text(struct request *request)
{
    struct writer text;
    writer_init(&text, 32);
    writer_put_u64(&text, request->retry_after_s == 0 ? 1 : request->retry_after_s);
    const struct bytes whole = writer_bytes(&text);
    const char *copy = arena_copy_string(&request->arena, whole);
    writer_deinit(&text);
    return copy == NULL ? BYTES("1") : bytes_of(copy, whole.size);
}

static void tell_when_to_retry(struct request *request)
{
    if (request->reply.status == 429 || request->reply.status == 503) {
        reply_set_header(&request->reply, BYTES("Retry-After"), seconds_text(request));
    }
}

static void put_failure(struct request *request)
{
    reply_clear(&request->reply);
    if (request->endpoint != NULL && request->endpoint->speaks_v2) {
        v2_reply_to_failure(request->status, &request->error, request->head->path,
                            &request->reply);
    } else {
        respond_with_problem(request);
    }
    tell_when_to_retry(request);
}

/* "breast-cancer/2", in the arena. */
static struct bytes model_header(struct request *request)
{
    struct writer text;
    writer_init(&text, LIMIT_MODEL_NAME_SIZE_BYTES_MAX + 32);
    writer_put_string(&text, request->model->name);
    writer_put_byte(&text, '/');
    writer_put_string(&text, request->version->number_text);
    const struct bytes whole = writer_bytes(&text);
    const char *copy = arena_copy_string(&request->arena, whole);
    writer_deinit(&text);
    return copy == NULL ? BYTES_NONE : bytes_of(copy, whole.size);
}

/* Pages have a tag of their own for each file. */
static void compress(struct request *request)
{
    struct bytes accepted;
    if (request->endpoint != NULL && request->endpoint->leaves_record &&
        request_header(request, "Accept-Encoding", &accepted)) {
        reply_compress(&request->reply, accepted, &request->arena);
    }
}

/* RFC 6750 section 3; none where it is not the caller's doing. */
static void put_challenge(struct request *request)
{
    const struct bytes challenge = auth_visit_challenge(
        &request->visit, request->visit.refusal, request->lacking_scope);
    if (challenge.size > 0) {
        reply_add_header(&request->reply, BYTES("WWW-Authenticate"), challenge);
    }
}

void respond_render(struct request *request)
{
    if (request->status != GALEN_OK) {
        put_failure(request);
    }
    if (request->visit.refusal != REFUSAL_NOT) {
        put_challenge(request);
    }
    if (request->lacks_coding) {
        reply_add_header(&request->reply, BYTES("Accept-Encoding"), BYTES(CONTENT_CODINGS));
    }
    compress(request);
    reply_add_header(&request->reply, BYTES("X-Request-Id"),
                     bytes_from_string(request->id));
    if (request->gateway->is_demo) {
        reply_add_header(&request->reply, BYTES("Galen-Mode"), BYTES("demo"));
    }
    if (request->version != NULL && policy_tells_model(request)) {
        reply_add_header(&request->reply, BYTES("Galen-Model"), model_header(request));
    }
}
