/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/infer_body.h"

#include "codec/json.h"
#include "codec/media_type.h"
#include "gateway/infer_content.h"
#include "gateway/infer_form.h"
#include "gateway/infer_name.h"
#include "gateway/infer_options.h"
#include "gateway/subject.h"

static const char json_name[] = "application/json";

/* Members that a JSON body may have: with `input`, and with `inputs` (the v2 request). */
static const char *const input_members[] = {"input",   "content_type", "model",  "version",
                                            "subject", "purpose",      "options"};
static const char *const tensor_members[] = {"inputs",     "outputs", "id",
                                             "parameters", "model",   "version",
                                             "subject",    "purpose", "options"};

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

/* The names of a model and a version; NULL: the body does not give them. */
static enum galen_status read_names(struct request *request, const struct bytes *model,
                                    const struct bytes *version, struct infer_body *body)
{
    TRY(infer_name_read(request, "model", model, &body->model));
    TRY(infer_name_read(request, "version", version, &body->version));
    body->version = body->version == NULL ? "" : body->version;
    return GALEN_OK;
}

static enum galen_status read_type(struct request *request, struct bytes text,
                                   struct media_type *out_type)
{
    return media_type_parse(text, out_type) == GALEN_OK
               ? GALEN_OK
               : refuse_member(&request->error, GALEN_UNPROCESSABLE, "content_type",
                               "is not a media type");
}

/* JSON. */

/* The text of a member; *out_text NULL: it is not there. */
static enum galen_status read_string(struct request *request, const struct json *object,
                                     const char *name, struct bytes *storage,
                                     const struct bytes **out_text)
{
    const struct json *member = json_member(object, name);
    *out_text = NULL;
    if (member == NULL) {
        return GALEN_OK;
    }
    if (json_type(member) != JSON_STRING) {
        return refuse_member(&request->error, GALEN_UNPROCESSABLE, name, "is not a string");
    }
    *storage = json_string(member);
    *out_text = storage;
    return GALEN_OK;
}

static enum galen_status read_member_names(struct request *request,
                                           const struct json *object,
                                           struct infer_body *body)
{
    struct bytes texts[2];
    const struct bytes *model;
    const struct bytes *version;
    TRY(read_string(request, object, "model", &texts[0], &model));
    TRY(read_string(request, object, "version", &texts[1], &version));
    return read_names(request, model, version, body);
}

/* What names a patient does not lie around until the request is over. */
static enum galen_status read_subject(struct request *request, const struct json *object)
{
    struct bytes texts[2];
    const struct bytes *subject;
    const struct bytes *purpose;
    TRY(read_string(request, object, "subject", &texts[0], &subject));
    TRY(read_string(request, object, "purpose", &texts[1], &purpose));
    const enum galen_status status = subject_take_subject(request, subject);
    if (subject != NULL) {
        json_wipe_string(json_member(object, "subject"));
    }
    TRY(status);
    return subject_take_purpose(request, purpose);
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
    struct bytes text;
    const struct bytes *content_type;
    struct media_type type;
    const struct media_type *declared = NULL;
    TRY(read_string(request, object, "content_type", &text, &content_type));
    if (content_type != NULL) {
        TRY(read_type(request, *content_type, &type));
        declared = &type;
    }
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
    TRY(read_subject(request, object));
    TRY(infer_options_read(json_member(object, "options"), &request->options,
                           &request->error));
    TRY(read_member_names(request, object, body));
    body->document = body->is_tensors ? NULL : object;
    return body->is_tensors ? GALEN_OK : read_input(request, object, body);
}

/* Forms. */

static const struct bytes *content_of(const struct multipart_part *part)
{
    return part == NULL ? NULL : &part->content;
}

/* What the part content_type says, or the Content-Type of the part input. curl and browsers
 * give a file that they do not know application/octet-stream, which says nothing. */
static enum galen_status read_form_type(struct request *request,
                                        const struct infer_form *form,
                                        struct media_type *storage,
                                        const struct media_type **out_declared)
{
    const bool input_says = form->input->has_type &&
                            !media_type_is(form->input->type, "application/octet-stream");
    *out_declared = input_says ? &form->input->type : NULL;
    if (form->content_type == NULL) {
        return GALEN_OK;
    }
    TRY(read_type(request, form->content_type->content, storage));
    if (input_says && !media_type_is_same(*storage, form->input->type)) {
        return refuse_member(&request->error, GALEN_UNPROCESSABLE, "content_type",
                             "differs from the Content-Type of the part input");
    }
    *out_declared = storage;
    return GALEN_OK;
}

static enum galen_status read_form(struct request *request, struct media_type type,
                                   struct infer_body *body)
{
    struct infer_form form;
    struct media_type storage;
    const struct media_type *declared;
    TRY(infer_form_read(request->body, type, &form, &request->error));
    TRY(subject_take_subject(request, content_of(form.subject)));
    TRY(subject_take_purpose(request, content_of(form.purpose)));
    TRY(read_names(request, content_of(form.model), content_of(form.version), body));
    TRY(read_form_type(request, &form, &storage, &declared));
    return infer_content_of_bytes(request, form.input->content, declared, &body->input);
}

/* Bodies. */

static bool has_tensors(const struct request *request, struct media_type type)
{
    struct bytes json_size;
    return media_type_is(type, "application/octet-stream") &&
           request_header(request, "Inference-Header-Content-Length", &json_size);
}

/* What a body is read as: as it is declared or, where nothing is, as it looks. */
static enum galen_status body_type(struct request *request, struct media_type *out_type)
{
    struct bytes text = BYTES("application/octet-stream");
    (void)request_header(request, "Content-Type", &text);
    enum galen_status status = media_type_parse(text, out_type);
    if (status == GALEN_OK && media_type_is(*out_type, "application/octet-stream") &&
        !has_tensors(request, *out_type)) {
        text = bytes_from_string(infer_content_seen(request->body));
        status = media_type_parse(text, out_type);
    }
    return status == GALEN_OK
               ? GALEN_OK
               : error_set(&request->error, GALEN_INVALID, "Content-Type is no media type");
}

enum galen_status infer_body_read(struct request *request, struct infer_body *out_body)
{
    struct media_type type;
    TRY(body_type(request, &type));
    *out_body =
        (struct infer_body){.version = "", .is_tensors = has_tensors(request, type)};
    if (media_type_is(type, json_name)) {
        return read_json(request, out_body);
    }
    if (media_type_is(type, "multipart/form-data")) {
        return read_form(request, type, out_body);
    }
    if (media_type_is(type, "application/x-www-form-urlencoded")) {
        return error_set(&request->error, GALEN_UNSUPPORTED_TYPE,
                         "a form of this kind is not taken: send Content-Type: text/plain, "
                         "application/json or multipart/form-data");
    }
    TRY(read_names(request, NULL, NULL, out_body));
    return out_body->is_tensors
               ? GALEN_OK
               : infer_content_of_bytes(request, request->body, &type, &out_body->input);
}
