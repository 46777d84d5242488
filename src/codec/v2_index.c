/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/v2_management.h"

#include "codec/v2_impl.h"

static const char *const state_names[] = {
    [V2_STATE_READY] = "READY",
    [V2_STATE_LOADING] = "LOADING",
    [V2_STATE_UNLOADING] = "UNLOADING",
    [V2_STATE_UNAVAILABLE] = "UNAVAILABLE",
};

enum { STATE_COUNT = sizeof(state_names) / sizeof(state_names[0]) };

/* -- write -------------------------------------------------------------------------------
 */

static void put_text(struct json_writer *json, const char *name, const char *text)
{
    if (text[0] != '\0') {
        json_put_name(json, name);
        json_put_cstring(json, text);
    }
}

void v2_index_encode(const struct v2_index *index, struct writer *out)
{
    struct json_writer json = json_writer_on(out);
    json_begin_array(&json);
    for (size_t i = 0; i < index->count; i++) {
        const struct v2_index_entry *entry = &index->entries[i];
        json_begin_object(&json);
        json_put_name(&json, "name");
        json_put_cstring(&json, entry->name);
        put_text(&json, "version", entry->version);
        put_text(&json, "state", state_names[entry->state]);
        put_text(&json, "reason", entry->reason);
        json_end_object(&json);
    }
    json_end_array(&json);
}

/* -- read --------------------------------------------------------------------------------
 */

/* Triton leaves it out of a model that was never loaded. */
static enum galen_status state_decode(const struct json *element,
                                      enum v2_model_state *out_state,
                                      struct error *out_error)
{
    const struct json *value;
    TRY(v2_member(element, "state", JSON_STRING, &value, out_error));
    *out_state = V2_STATE_UNAVAILABLE;
    if (value == NULL) {
        return GALEN_OK;
    }
    for (size_t i = 0; i < STATE_COUNT; i++) {
        if (bytes_equal_string(json_string(value), state_names[i])) {
            *out_state = (enum v2_model_state)i;
            return GALEN_OK;
        }
    }
    const enum galen_status status =
        error_set(out_error, GALEN_INVALID, "there is no such state");
    error_prefix_name(out_error, BYTES("state"));
    return status;
}

/* "" where it is absent. */
static enum galen_status text_decode(const struct json *element, const char *name,
                                     size_t size_max, struct arena *arena,
                                     const char **out_text, struct error *out_error)
{
    const char *text;
    TRY(v2_member_string(element, name, size_max, arena, &text, out_error));
    *out_text = text == NULL ? "" : text;
    return GALEN_OK;
}

static enum galen_status entry_decode(const struct json *element, struct arena *arena,
                                      struct v2_index_entry *out_entry,
                                      struct error *out_error)
{
    if (json_type(element) != JSON_OBJECT) {
        return error_set(out_error, GALEN_INVALID, "an entry is an object");
    }
    TRY(v2_required_string(element, "name", LIMIT_MODEL_NAME_SIZE_BYTES_MAX, arena,
                           &out_entry->name, out_error));
    TRY(text_decode(element, "version", LIMIT_MODEL_NAME_SIZE_BYTES_MAX, arena,
                    &out_entry->version, out_error));
    TRY(text_decode(element, "reason", ERROR_TEXT_SIZE, arena, &out_entry->reason,
                    out_error));
    return state_decode(element, &out_entry->state, out_error);
}

enum galen_status v2_index_decode(struct bytes body, struct arena *arena,
                                  struct v2_index *out_index, struct error *out_error)
{
    const struct json *root;
    TRY(json_parse(body, arena, &root, out_error));
    if (json_type(root) != JSON_ARRAY) {
        return error_set(out_error, GALEN_INVALID, "the body is not a JSON array");
    }
    struct v2_index_entry *entries =
        arena_alloc_array(arena, json_count(root), sizeof(*entries));
    if (entries == NULL) {
        return error_set(out_error, GALEN_NO_MEMORY, "no memory for an index");
    }
    struct json_cursor at = json_walk(root);
    while (json_next(&at)) {
        const enum galen_status status =
            entry_decode(at.value, arena, &entries[at.index], out_error);
        if (status != GALEN_OK) {
            error_prefix_index(out_error, at.index);
            return status;
        }
    }
    *out_index = (struct v2_index){entries, json_count(root)};
    return GALEN_OK;
}
