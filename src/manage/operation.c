/* SPDX-License-Identifier: Apache-2.0 */
#include "manage/operation.h"

#include "base/invariant.h"
#include "codec/url.h"
#include "model/repository.h"

#define READ_MODELS BYTES("models:read")
#define ADMINISTER_MODELS BYTES("models:admin")
#define PROMOTE_MODELS BYTES("models:promote")

static const struct row {
    const char *word; /* the last segment of its path; "": it has none; NULL: it is no
                       * model's */
    enum http_method method;
    const char *id;
    enum audit_event_kind event;
} rows[MANAGE_OPERATION_COUNT] = {
    [MANAGE_LIST] = {"", HTTP_GET, "models_list", AUDIT_EVENT_COUNT},
    [MANAGE_HISTORY] = {"history", HTTP_GET, "models_history", AUDIT_EVENT_COUNT},
    [MANAGE_DOCUMENT] = {NULL, HTTP_GET, "openapi", AUDIT_EVENT_COUNT},
    [MANAGE_CANARY] = {"canary", HTTP_POST, "models_canary", AUDIT_EVENT_model_canary},
    [MANAGE_PROMOTE] = {"promote", HTTP_POST, "models_promote", AUDIT_EVENT_model_promote},
    [MANAGE_ROLLBACK] = {"rollback", HTTP_POST, "models_rollback",
                         AUDIT_EVENT_model_rollback},
    [MANAGE_DISABLE] = {"disable", HTTP_POST, "models_disable", AUDIT_EVENT_model_disable},
    [MANAGE_ENABLE] = {"enable", HTTP_POST, "models_enable", AUDIT_EVENT_model_enable},
};

#define A_MODEL MANAGE_PATH "/{model}"

const struct manage_form manage_forms[] = {
    {MANAGE_LIST, MANAGE_PATH},
    {MANAGE_LIST, A_MODEL},
    {MANAGE_HISTORY, A_MODEL "/history"},
    {MANAGE_CANARY, A_MODEL "/canary"},
    {MANAGE_PROMOTE, A_MODEL "/promote"},
    {MANAGE_ROLLBACK, A_MODEL "/rollback"},
    {MANAGE_DISABLE, A_MODEL "/disable"},
    {MANAGE_ENABLE, A_MODEL "/enable"},
    {MANAGE_DOCUMENT, MANAGE_DOCUMENT_PATH},
};

const size_t manage_form_count = sizeof(manage_forms) / sizeof(manage_forms[0]);

static bool is_of_models(struct bytes path)
{
    return bytes_equal(path, BYTES(MANAGE_PATH)) ||
           bytes_starts_with(path, BYTES(MANAGE_PATH "/"));
}

static bool is_of_document(struct bytes path)
{
    return bytes_equal(path, BYTES(MANAGE_DOCUMENT_PATH));
}

bool manage_path_is_ours(struct bytes path)
{
    return is_of_models(path) || is_of_document(path);
}

/* Of a path: "", "/MODEL" or "/MODEL/WORD" behind MANAGE_PATH. */
struct parts {
    bool has_model;
    struct bytes model;
    struct bytes word;
};

static bool split(struct bytes path, struct parts *out_parts)
{
    *out_parts = (struct parts){.has_model = false};
    if (!is_of_models(path) || path.size < sizeof(MANAGE_PATH)) {
        return bytes_equal(path, BYTES(MANAGE_PATH));
    }
    const struct bytes rest = bytes_from(path, sizeof(MANAGE_PATH));
    const bool has_word = bytes_find(rest, '/') < rest.size;
    out_parts->has_model = true;
    out_parts->word = bytes_split(rest, '/', &out_parts->model);
    return has_word == (out_parts->word.size > 0);
}

static bool has_word(enum manage_operation operation, struct bytes word)
{
    return rows[operation].word != NULL && bytes_equal_string(word, rows[operation].word);
}

/* MANAGE_OPERATION_COUNT: there is no such path. */
static enum manage_operation find(struct bytes path, struct parts *out_parts)
{
    enum manage_operation found = MANAGE_LIST;
    if (!split(path, out_parts)) {
        return is_of_document(path) ? MANAGE_DOCUMENT : MANAGE_OPERATION_COUNT;
    }
    while (found < MANAGE_OPERATION_COUNT && !has_word(found, out_parts->word)) {
        found++;
    }
    return found;
}

static enum galen_status read_model(struct bytes text, struct arena *arena,
                                    const char **out_model, struct error *out_error)
{
    struct bytes name;
    const enum galen_status status = url_decode(text, arena, &name);
    if (status == GALEN_NO_MEMORY) {
        return status;
    }
    if (status != GALEN_OK || !repository_name_is_valid(name)) {
        return error_set(out_error, GALEN_NOT_FOUND, "the path names no model");
    }
    *out_model = (const char *)name.data;
    return GALEN_OK;
}

enum galen_status manage_route_parse(enum http_method method, struct bytes path,
                                     struct arena *arena, struct manage_route *out_route,
                                     struct error *out_error)
{
    struct parts parts;
    struct manage_route route = {.operation = find(path, &parts), .model = ""};
    if (route.operation == MANAGE_OPERATION_COUNT) {
        return error_set(out_error, GALEN_NOT_FOUND, "there is no such path");
    }
    if (rows[route.operation].method != method) {
        return error_set(out_error, GALEN_WRONG_METHOD, "the path has another method");
    }
    if (parts.has_model) {
        TRY(read_model(parts.model, arena, &route.model, out_error));
    }
    *out_route = route;
    return GALEN_OK;
}

struct bytes manage_route_allow(struct bytes path)
{
    struct parts parts;
    const enum manage_operation operation = find(path, &parts);
    return operation < MANAGE_OPERATION_COUNT && rows[operation].method == HTTP_POST
               ? BYTES("POST")
               : BYTES("GET");
}

const char *manage_operation_id(enum manage_operation operation)
{
    return rows[operation].id;
}

enum http_method manage_operation_method(enum manage_operation operation)
{
    return rows[operation].method;
}

const char *manage_operation_scope(enum manage_operation operation)
{
    if (operation == MANAGE_DOCUMENT) {
        return NULL;
    }
    return manage_operation_changes(operation) ? "`models:promote`"
                                               : "`models:read` or `models:admin`";
}

bool manage_operation_changes(enum manage_operation operation)
{
    return rows[operation].method == HTTP_POST;
}

enum audit_event_kind manage_operation_event(enum manage_operation operation)
{
    INVARIANT(manage_operation_changes(operation));
    return rows[operation].event;
}

bool manage_may(enum manage_operation operation, const struct principal *principal,
                struct bytes *out_lacking)
{
    const bool changes = manage_operation_changes(operation);
    *out_lacking = changes ? PROMOTE_MODELS : READ_MODELS;
    return manage_operation_scope(operation) == NULL ||
           principal->kind == PRINCIPAL_ANONYMOUS ||
           principal_may(principal, *out_lacking) ||
           (!changes && principal_may(principal, ADMINISTER_MODELS));
}
