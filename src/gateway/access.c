/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/access.h"

#include "base/limits.h"
#include "gateway/phases.h"

enum { SCOPE_SIZE_BYTES_MAX = LIMIT_MODEL_NAME_SIZE_BYTES_MAX + 32 };

#define ANY_INFER BYTES("infer:*")
#define ANY_TENSOR BYTES("infer:tensor:*")
#define READ_MODELS BYTES("models:read")

static bool may(const struct request *request, struct bytes scope)
{
    return request->visit.principal == NULL ||
           principal_may(request->visit.principal, scope);
}

static enum galen_status lack(struct request *request, struct bytes scope)
{
    request->lacking_scope = scope;
    return error_set(&request->error, auth_visit_lack(&request->visit), "%s",
                     refusal_text(REFUSAL_SCOPE));
}

/* "infer:tensor:ecg", in the arena. */
static enum galen_status scope_of(struct request *request, const char *kind,
                                  const char *model, struct bytes *out_scope)
{
    struct writer text;
    writer_init(&text, SCOPE_SIZE_BYTES_MAX);
    writer_put_string(&text, kind);
    writer_put_string(&text, model);
    const struct bytes whole = writer_bytes(&text);
    const char *copy =
        text.status == GALEN_OK ? arena_copy_string(&request->arena, whole) : NULL;
    writer_deinit(&text);
    if (copy == NULL) {
        return GALEN_NO_MEMORY;
    }
    *out_scope = bytes_from_string(copy);
    return GALEN_OK;
}

/* --- /v2 --- */

/* What to tell that is missing: the name of a model that is none here is the client's word.
 */
static struct bytes tellable(const struct request *request, struct bytes scope)
{
    const struct bytes model = bytes_from_string(request->v2.route.model);
    return repository_find(request->view->repository, model) != NULL ? scope : ANY_TENSOR;
}

static enum galen_status check_v2(struct request *request)
{
    const struct v2_route *route = &request->v2.route;
    struct bytes scope;
    if (route->operation != V2_INFER && may(request, READ_MODELS)) {
        return GALEN_OK;
    }
    if (route->model[0] == '\0') {
        return lack(request, READ_MODELS);
    }
    if (strlen(route->model) > LIMIT_MODEL_NAME_SIZE_BYTES_MAX) {
        return may(request, ANY_TENSOR) ? GALEN_OK : lack(request, ANY_TENSOR);
    }
    TRY(scope_of(request, "infer:tensor:", route->model, &scope));
    return may(request, scope) ? GALEN_OK : lack(request, tellable(request, scope));
}

/* --- /infer --- */

static bool holds_prefix(const struct principal *principal, struct bytes prefix)
{
    for (size_t i = 0; i < principal->scope_count; i++) {
        if (bytes_starts_with(principal->scopes[i], prefix)) {
            return true;
        }
    }
    return false;
}

static bool may_on_some_route(const struct request *request)
{
    const struct rules *rules = request->view->rules;
    for (size_t i = 0; i < rules->route_count; i++) {
        const char *scope = rules->routes[i].scope;
        if (scope[0] != '\0' && may(request, bytes_from_string(scope))) {
            return true;
        }
    }
    return false;
}

static enum galen_status check_infer_head(struct request *request)
{
    const struct principal *principal = request->visit.principal;
    return principal == NULL || principal->kind == PRINCIPAL_ANONYMOUS ||
                   holds_prefix(principal, BYTES("infer:")) || may_on_some_route(request)
               ? GALEN_OK
               : lack(request, ANY_INFER);
}

static enum galen_status check_infer(struct request *request)
{
    const struct settings_route *rule = request->rule;
    const char *model = request->model->name;
    struct bytes scope;
    if (rule != NULL && rule->scope[0] != '\0') {
        scope = bytes_from_string(rule->scope);
    } else {
        TRY(scope_of(request, "infer:", model, &scope));
    }
    if (!may(request, scope)) {
        return lack(request, scope);
    }
    if (!request->is_normalised) {
        return GALEN_OK;
    }
    TRY(scope_of(request, "infer:tensor:", model, &scope));
    return may(request, scope) ? GALEN_OK : lack(request, scope);
}

/* --- */

bool access_is_open(const struct request *request)
{
    const enum v2_operation operation = request->v2.route.operation;
    switch (request->endpoint->access) {
    case ACCESS_V2:
        return operation == V2_LIVE || operation == V2_READY;
    case ACCESS_INFER:
        return false;
    case ACCESS_OPEN:
        break;
    }
    return true;
}

enum galen_status access_check_head(struct request *request)
{
    if (access_is_open(request)) {
        return GALEN_OK;
    }
    return request->endpoint->access == ACCESS_V2 ? check_v2(request)
                                                  : check_infer_head(request);
}

enum galen_status access_check(struct request *request)
{
    return request->endpoint->access == ACCESS_INFER ? check_infer(request) : GALEN_OK;
}
