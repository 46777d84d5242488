/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/v2_impl.h"

static enum galen_status at_member(enum galen_status status, const char *name,
                                   struct error *error)
{
    error_prefix_name(error, bytes_from_string(name));
    return status;
}

enum galen_status v2_at_element(enum galen_status status, const char *list, size_t index,
                                struct error *error)
{
    error_prefix_index(error, index);
    return at_member(status, list, error);
}

enum galen_status v2_member(const struct json *object, const char *name,
                            enum json_type type, const struct json **out_value,
                            struct error *out_error)
{
    const struct json *value = json_member(object, name);
    if (value == NULL || json_type(value) == JSON_NULL) {
        *out_value = NULL;
        return GALEN_OK;
    }
    if (json_type(value) != type) {
        return at_member(error_set(out_error, GALEN_INVALID,
                                   "Unable to parse '%s': it is not of type %s", name,
                                   json_type_name(type)),
                         name, out_error);
    }
    *out_value = value;
    return GALEN_OK;
}

enum galen_status v2_required_member(const struct json *object, const char *name,
                                     enum json_type type, const struct json **out_value,
                                     struct error *out_error)
{
    const struct json *value;
    TRY(v2_member(object, name, type, &value, out_error));
    if (value == NULL) {
        return error_set(out_error, GALEN_INVALID, "Unable to parse '%s': it is missing",
                         name);
    }
    *out_value = value;
    return GALEN_OK;
}

static enum galen_status string_copy(const struct json *value, size_t size_max,
                                     struct arena *arena, const char **out_text,
                                     struct error *out_error)
{
    const struct bytes text = json_string(value);
    if (text.size > size_max || bytes_find(text, '\0') < text.size) {
        return error_set(out_error, GALEN_INVALID,
                         "a text of at most %zu bytes is wanted here, without NUL",
                         size_max);
    }
    const char *copy = arena_copy_string(arena, text);
    if (copy == NULL) {
        return error_set(out_error, GALEN_NO_MEMORY, "no memory for a name");
    }
    *out_text = copy;
    return GALEN_OK;
}

enum galen_status v2_member_string(const struct json *object, const char *name,
                                   size_t size_max, struct arena *arena,
                                   const char **out_text, struct error *out_error)
{
    const struct json *value;
    TRY(v2_member(object, name, JSON_STRING, &value, out_error));
    if (value == NULL) {
        *out_text = NULL;
        return GALEN_OK;
    }
    const enum galen_status status =
        string_copy(value, size_max, arena, out_text, out_error);
    return status == GALEN_OK ? GALEN_OK : at_member(status, name, out_error);
}

enum galen_status v2_required_string(const struct json *object, const char *name,
                                     size_t size_max, struct arena *arena,
                                     const char **out_text, struct error *out_error)
{
    const struct json *value;
    TRY(v2_required_member(object, name, JSON_STRING, &value, out_error));
    return v2_member_string(object, name, size_max, arena, out_text, out_error);
}
