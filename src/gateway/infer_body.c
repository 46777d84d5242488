/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/infer_body.h"

#include "base/limits.h"
#include "codec/json.h"
#include "codec/media_type.h"
#include "codec/url.h"
#include "gateway/infer_content.h"

static const char json_name[] = "application/json";

/* Members that a JSON body may have: with `input`, and with `inputs` (the v2 request). */
static const char *const input_members[] = {"input", "content_type", "model", "version"};
static const char *const tensor_members[] = {"inputs",     "outputs", "id",
                                             "parameters", "model",   "version"};

static bool is_listed(struct bytes name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes_equal_string(name, names[i])) {
            return true;
        }
    }
    return false;
}

/* A member that is not ours is the client's own word: the error tells its place. */
static enum galen_status check_members(const struct json *object, bool is_tensors,
                                       struct error *out_error)
{
    const char *const *names = is_tensors ? tensor_members : input_members;
    const size_t count = is_tensors ? sizeof(tensor_members) / sizeof(tensor_members[0])
                                    : sizeof(input_members) / sizeof(input_members[0]);
    struct json_cursor at = json_walk(object);
    while (json_next(&at)) {
        if (!is_listed(at.name, names, count)) {
            return error_set(out_error, GALEN_UNPROCESSABLE,
                             "member %zu is not one that /infer takes", at.index);
        }
    }
    return GALEN_OK;
}

static enum galen_status refuse_member(struct error *out_error, enum galen_status status,
                                       const char *name, const char *why)
{
    error_write(out_error, "%s", why);
    error_prefix_name(out_error, bytes_from_string(name));
    return status;
}

static bool is_name(struct bytes text)
{
    return text.size > 0 && text.size <= LIMIT_MODEL_NAME_SIZE_BYTES_MAX &&
           bytes_find(text, '\0') == text.size;
}

/* A name that the body or the query may give, but not both differently; NULL: neither does.
 */
static enum galen_status read_name(struct request *request, const struct json *object,
                                   const char *name, const char **out_name)
{
    const struct json *member = object == NULL ? NULL : json_member(object, name);
    struct bytes queried = BYTES_NONE;
    const enum galen_status status =
        url_query_get(request->head->query, name, &request->arena, &queried);
    if (status != GALEN_OK && status != GALEN_NOT_FOUND) {
        return error_set(&request->error, status, "query parameter '%s' is malformed",
                         name);
    }
    if (member != NULL && json_type(member) != JSON_STRING) {
        return refuse_member(&request->error, GALEN_UNPROCESSABLE, name, "is not a string");
    }
    const struct bytes text = member == NULL ? queried : json_string(member);
    if (member != NULL && status == GALEN_OK && !bytes_equal(text, queried)) {
        return refuse_member(&request->error, GALEN_UNPROCESSABLE, name,
                             "differs from the query parameter");
    }
    if (member == NULL && status == GALEN_NOT_FOUND) {
        *out_name = NULL;
        return GALEN_OK;
    }
    if (!is_name(text)) {
        return refuse_member(&request->error, GALEN_UNPROCESSABLE, name, "is not a name");
    }
    *out_name = arena_copy_string(&request->arena, text);
    return *out_name == NULL ? GALEN_NO_MEMORY : GALEN_OK;
}

static enum galen_status read_names(struct request *request, const struct json *object,
                                    struct infer_body *body)
{
    TRY(read_name(request, object, "model", &body->model));
    TRY(read_name(request, object, "version", &body->version));
    body->version = body->version == NULL ? "" : body->version;
    return GALEN_OK;
}

/* The member content_type; *out_declared NULL: there is none. */
static enum galen_status read_content_type(const struct json *object,
                                           struct media_type *storage,
                                           const struct media_type **out_declared,
                                           struct error *out_error)
{
    const struct json *type = json_member(object, "content_type");
    *out_declared = NULL;
    if (type == NULL) {
        return GALEN_OK;
    }
    if (json_type(type) != JSON_STRING ||
        media_type_parse(json_string(type), storage) != GALEN_OK) {
        return refuse_member(out_error, GALEN_UNPROCESSABLE, "content_type",
                             "is not a media type");
    }
    *out_declared = storage;
    return GALEN_OK;
}

static enum galen_status take_features(struct request *request, const struct json *object,
                                       const struct media_type *declared,
                                       struct infer_body *body)
{
    if (declared != NULL && !media_type_is(*declared, json_name)) {
        return refuse_member(&request->error, GALEN_UNSUPPORTED_TYPE, "content_type",
                             "an object of features is application/json");
    }
    body->features = object;
    body->input.media_type = json_name;
    return GALEN_OK;
}

static enum galen_status read_input(struct request *request, const struct json *object,
                                    struct infer_body *body)
{
    const struct json *input = json_member(object, "input");
    struct media_type storage;
    const struct media_type *declared;
    TRY(read_content_type(object, &storage, &declared, &request->error));
    if (json_type(input) == JSON_OBJECT) {
        return take_features(request, input, declared, body);
    }
    if (json_type(input) == JSON_STRING) {
        return infer_content_of_string(request, json_string(input), declared, &body->input);
    }
    return refuse_member(&request->error, GALEN_UNPROCESSABLE, "input",
                         "is neither text nor an object of features");
}

static enum galen_status read_json(struct request *request, struct infer_body *body)
{
    const struct json *object;
    TRY(json_parse(request->body, &request->arena, &object, &request->error));
    if (json_type(object) != JSON_OBJECT) {
        return error_set(&request->error, GALEN_UNPROCESSABLE,
                         "the body is not an object with \"input\" or \"inputs\"");
    }
    body->is_tensors = json_member(object, "inputs") != NULL;
    if ((json_member(object, "input") != NULL) == body->is_tensors) {
        return error_set(&request->error, GALEN_UNPROCESSABLE,
                         "the body needs either \"input\" or \"inputs\"");
    }
    TRY(check_members(object, body->is_tensors, &request->error));
    TRY(read_names(request, object, body));
    return body->is_tensors ? GALEN_OK : read_input(request, object, body);
}

/* A body without a Content-Type is what it looks like. */
static enum galen_status declared_type(struct request *request, struct media_type *out_type)
{
    struct bytes text;
    if (!request_header(request, "Content-Type", &text)) {
        text = bytes_from_string(media_type_sniff(request->body));
    }
    return media_type_parse(text, out_type) == GALEN_OK
               ? GALEN_OK
               : error_set(&request->error, GALEN_INVALID, "Content-Type is no media type");
}

enum galen_status infer_body_read(struct request *request, struct infer_body *out_body)
{
    struct media_type type;
    struct bytes json_size;
    TRY(declared_type(request, &type));
    *out_body = (struct infer_body){.version = ""};
    if (media_type_is(type, json_name)) {
        return read_json(request, out_body);
    }
    TRY(read_names(request, NULL, out_body));
    if (media_type_is(type, "application/octet-stream") &&
        request_header(request, "Inference-Header-Content-Length", &json_size)) {
        out_body->is_tensors = true;
        return GALEN_OK;
    }
    if (media_type_is(type, "application/x-www-form-urlencoded")) {
        return error_set(&request->error, GALEN_UNSUPPORTED_TYPE,
                         "a form of this kind is not taken: send Content-Type: text/plain, "
                         "application/json or multipart/form-data");
    }
    return infer_content_of_bytes(request, request->body, &type, &out_body->input);
}
