/* SPDX-License-Identifier: Apache-2.0 */
#include "base/status.h"
#include "codec/v2_impl.h"

void v2_error_encode(enum galen_status status, const struct error *error,
                     struct writer *out)
{
    const bool has_text = error != NULL && error->text[0] != '\0';
    struct json_writer json = json_writer_on(out);
    json_begin_object(&json);
    json_put_name(&json, "error");
    json_put_cstring(&json, has_text ? error->text : galen_status_text(status));
    json_put_name(&json, "code");
    json_put_cstring(&json, galen_status_slug(status));
    if (error != NULL && error->pointer[0] != '\0') {
        json_put_name(&json, "pointer");
        json_put_cstring(&json, error->pointer);
    }
    json_end_object(&json);
}

/* A member's text up to a NUL; empty where the body has none. */
static struct bytes text_of(const struct json *root, const char *name)
{
    const struct json *value = root == NULL ? NULL : json_member(root, name);
    if (value == NULL || json_type(value) != JSON_STRING) {
        return BYTES_NONE;
    }
    const struct bytes text = json_string(value);
    return bytes_first(text, bytes_find(text, '\0'));
}

/* The root object, NULL when the body is no JSON object. */
static const struct json *root_of(struct bytes body, struct arena *arena)
{
    const struct json *root;
    if (json_parse(body, arena, &root, NULL) != GALEN_OK ||
        json_type(root) != JSON_OBJECT) {
        return NULL;
    }
    return root;
}

/* A slug is believed where the HTTP status says the same: it may not make a failure a
 * success, or another's fault the client's. */
static enum galen_status status_of(int http, struct bytes slug)
{
    enum galen_status status;
    if (status_from_slug(slug, &status) && galen_status_http(status) == http) {
        return status;
    }
    return status_from_http(http);
}

/* A pointer too long to keep would point elsewhere when cut: none then. */
static void pointer_copy(struct bytes pointer, struct error *out_error)
{
    if (out_error == NULL || pointer.size == 0 || pointer.data[0] != '/' ||
        pointer.size >= sizeof(out_error->pointer)) {
        return;
    }
    memcpy(out_error->pointer, pointer.data, pointer.size);
    out_error->pointer[pointer.size] = '\0';
}

enum galen_status v2_error_decode(int http, struct bytes body, struct arena *arena,
                                  struct error *out_error)
{
    const struct json *root = root_of(body, arena);
    const struct bytes text = text_of(root, "error");
    const enum galen_status status = status_of(http, text_of(root, "code"));
    if (text.size == 0) {
        return error_set(out_error, status, "%s", galen_status_text(status));
    }
    (void)error_set(out_error, status, "%.*s", BYTES_PRINT(text));
    pointer_copy(text_of(root, "pointer"), out_error);
    return status;
}
