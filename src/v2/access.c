/* SPDX-License-Identifier: Apache-2.0 */
#include "v2/access.h"

#include "base/limits.h"
#include "infer/validate.h"

#define READ_MODELS BYTES("models:read")
#define ADMINISTER_MODELS BYTES("models:admin")
#define INFER_TENSORS "infer:tensor:"
#define INFER_ANY_TENSORS BYTES(INFER_TENSORS "*")

enum { SCOPE_SIZE_BYTES_MAX = LIMIT_MODEL_NAME_SIZE_BYTES_MAX + sizeof(INFER_TENSORS) };

enum need {
    NEED_ADMINISTRATION, /* also of an operation that the table forgot */
    NEED_READING,
    NEED_TENSORS,
    NEED_NOTHING,
};

static const enum need needs[V2_OPERATION_COUNT] = {
    [V2_SERVER] = NEED_READING,
    [V2_LIVE] = NEED_NOTHING,
    [V2_READY] = NEED_NOTHING,
    [V2_MODEL] = NEED_READING,
    [V2_MODEL_READY] = NEED_READING,
    [V2_INFER] = NEED_TENSORS,
    [V2_MODEL_STATISTICS] = NEED_READING,
    [V2_STATISTICS] = NEED_READING,
    [V2_CONFIG] = NEED_READING,
    [V2_INDEX] = NEED_READING,
    [V2_LOAD] = NEED_ADMINISTRATION,
    [V2_UNLOAD] = NEED_ADMINISTRATION,
    [V2_LOGGING] = NEED_READING,
    [V2_LOGGING_UPDATE] = NEED_ADMINISTRATION,
    [V2_TRACE] = NEED_READING,
    [V2_TRACE_UPDATE] = NEED_ADMINISTRATION,
};

bool v2_access_is_open(enum v2_operation operation)
{
    return needs[operation] == NEED_NOTHING;
}

const char *v2_access_scope(enum v2_operation operation)
{
    static const char *const scopes[] = {
        [NEED_ADMINISTRATION] = "`models:admin`",
        [NEED_READING] = "`models:read` or `models:admin`",
        [NEED_TENSORS] = "`infer:tensor:` and the model's name",
        [NEED_NOTHING] = NULL,
    };
    return scopes[needs[operation]];
}

static enum galen_status lack(struct bytes scope, struct bytes *out_lacking)
{
    *out_lacking = scope;
    return GALEN_FORBIDDEN;
}

/* The name is the client's word. */
static struct bytes tellable(const char *model, struct bytes scope)
{
    return strcmp(infer_quotable_name(model), model) == 0 ? scope : INFER_ANY_TENSORS;
}

static enum galen_status check_tensors(const char *model, const struct principal *principal,
                                       struct arena *arena, struct bytes *out_lacking)
{
    struct writer text;
    writer_init(&text, SCOPE_SIZE_BYTES_MAX);
    writer_put_string(&text, INFER_TENSORS);
    writer_put_string(&text, model);
    const char *copy =
        text.status == GALEN_OK ? arena_copy_string(arena, writer_bytes(&text)) : NULL;
    writer_deinit(&text);
    if (copy == NULL) {
        return GALEN_NO_MEMORY;
    }
    const struct bytes scope = bytes_from_string(copy);
    return principal_may(principal, scope) ? GALEN_OK
                                           : lack(tellable(model, scope), out_lacking);
}

enum galen_status v2_access_check(const struct v2_route *route,
                                  const struct principal *principal, struct arena *arena,
                                  struct bytes *out_lacking)
{
    const bool administers = principal->kind == PRINCIPAL_ANONYMOUS ||
                             principal_may(principal, ADMINISTER_MODELS);
    switch (needs[route->operation]) {
    case NEED_NOTHING:
        break;
    case NEED_TENSORS:
        return check_tensors(route->model, principal, arena, out_lacking);
    case NEED_READING:
        return administers || principal_may(principal, READ_MODELS)
                   ? GALEN_OK
                   : lack(READ_MODELS, out_lacking);
    case NEED_ADMINISTRATION:
        return administers ? GALEN_OK : lack(ADMINISTER_MODELS, out_lacking);
    }
    return GALEN_OK;
}
