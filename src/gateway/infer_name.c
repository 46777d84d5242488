/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/infer_name.h"

#include "base/limits.h"
#include "codec/url.h"

static enum galen_status refuse(struct request *request, const char *name, const char *why)
{
    error_write(&request->error, "%s", why);
    error_prefix_name(&request->error, bytes_from_string(name));
    return GALEN_UNPROCESSABLE;
}

static bool is_name(struct bytes text)
{
    return text.size > 0 && text.size <= LIMIT_MODEL_NAME_SIZE_BYTES_MAX &&
           bytes_find(text, '\0') == text.size;
}

enum galen_status infer_name_read(struct request *request, const char *name,
                                  const struct bytes *said, const char **out_text)
{
    struct bytes queried = BYTES_NONE;
    const enum galen_status status =
        url_query_get(request->head->query, name, &request->arena, &queried);
    if (status != GALEN_OK && status != GALEN_NOT_FOUND) {
        return error_set(&request->error, status, "query parameter '%s' is malformed",
                         name);
    }
    if (said == NULL && status == GALEN_NOT_FOUND) {
        *out_text = NULL;
        return GALEN_OK;
    }
    if (said != NULL && status == GALEN_OK && !bytes_equal(*said, queried)) {
        return refuse(request, name, "differs from the query parameter");
    }
    const struct bytes text = said == NULL ? queried : *said;
    if (!is_name(text)) {
        return refuse(request, name, "is not a name");
    }
    *out_text = arena_copy_string(&request->arena, text);
    return *out_text == NULL ? GALEN_NO_MEMORY : GALEN_OK;
}
