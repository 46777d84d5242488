/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/respond.h"

#include "base/limits.h"
#include "gateway/policy_rules.h"
#include "gateway/routes.h"
#include "service/problem.h"

void respond_problem(int http_status, enum galen_status status, const struct error *error,
                     const char *request_id, struct writer *out)
{
    const struct problem problem = {.http_status = http_status,
                                    .status = status,
                                    .error = error,
                                    .request_id = request_id};
    problem_write(&problem, out);
}

static void respond_with_problem(struct request *request)
{
    struct writer body;
    const int http_status = galen_status_http(request->status);
    const struct problem problem = {.http_status = http_status,
                                    .status = request->status,
                                    .error = &request->error,
                                    .of_schema = &request->schema_errors,
                                    .request_id = request->id};
    writer_init(&body, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX);
    problem_write(&problem, &body);
    reply_init(&request->reply, http_status, BYTES(PROBLEM_MEDIA_TYPE));
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
