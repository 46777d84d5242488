/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_parse accepts what yyjson does, less what is too deep or has a name twice (looked
 * for here in the simplest way there is), and reads the same values. Written again and
 * parsed again, they are the same once more.
 */
#include "codec/json.h"

#include <yyjson.h>

#include "base/limits.h"
#include "codec/json_value.h"
#include "fuzz.h"

enum { TEXT_SIZE_BYTES_MAX = 1 << 26 };

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t depth_of(yyjson_val *value)
{
    size_t depth = 0;
    size_t index;
    size_t count;
    yyjson_val *name;
    yyjson_val *item;
    yyjson_arr_foreach(value, index, count, item)
    {
        depth = larger(depth, depth_of(item));
    }
    yyjson_obj_foreach(value, index, count, name, item)
    {
        depth = larger(depth, depth_of(item));
    }
    return depth + (yyjson_is_ctn(value) ? 1 : 0);
}

static struct bytes text_of(yyjson_val *value)
{
    const char *text = yyjson_is_raw(value) ? yyjson_get_raw(value) : yyjson_get_str(value);
    return bytes_of(text, yyjson_get_len(value));
}

static bool has_a_name_twice(yyjson_val *value)
{
    size_t index;
    size_t count;
    yyjson_val *name;
    yyjson_val *item;
    yyjson_arr_foreach(value, index, count, item)
    {
        if (has_a_name_twice(item)) {
            return true;
        }
    }
    yyjson_obj_foreach(value, index, count, name, item)
    {
        size_t other_index;
        size_t other_count;
        yyjson_val *other_name;
        yyjson_val *other;
        yyjson_obj_foreach(value, other_index, other_count, other_name, other)
        {
            if (other_index < index && bytes_equal(text_of(other_name), text_of(name))) {
                return true;
            }
        }
        if (has_a_name_twice(item)) {
            return true;
        }
    }
    return false;
}

static void expect_same_as_yyjson(const struct json *ours, yyjson_val *theirs);

static void expect_same_items(const struct json *ours, yyjson_val *theirs)
{
    struct json_cursor at = json_walk(ours);
    size_t index;
    size_t count;
    yyjson_val *name;
    yyjson_val *item;
    INVARIANT(json_count(ours) == yyjson_get_len(theirs));
    yyjson_arr_foreach(theirs, index, count, item)
    {
        INVARIANT(json_next(&at) && at.index == index && at.name.size == 0);
        expect_same_as_yyjson(at.value, item);
    }
    yyjson_obj_foreach(theirs, index, count, name, item)
    {
        INVARIANT(json_next(&at) && at.index == index);
        INVARIANT(bytes_equal(at.name, text_of(name)));
        expect_same_as_yyjson(at.value, item);
    }
    INVARIANT(!json_next(&at));
}

static void expect_same_as_yyjson(const struct json *ours, yyjson_val *theirs)
{
    switch (json_type(ours)) {
    case JSON_NULL:
        INVARIANT(yyjson_is_null(theirs));
        break;
    case JSON_BOOL:
        INVARIANT(yyjson_is_bool(theirs) && yyjson_get_bool(theirs) == json_bool(ours));
        break;
    case JSON_NUMBER:
        INVARIANT(yyjson_is_raw(theirs) && bytes_equal(text_of(theirs), json_number(ours)));
        break;
    case JSON_STRING:
        INVARIANT(yyjson_is_str(theirs) && bytes_equal(text_of(theirs), json_string(ours)));
        break;
    case JSON_ARRAY:
        INVARIANT(yyjson_is_arr(theirs));
        expect_same_items(ours, theirs);
        break;
    case JSON_OBJECT:
        INVARIANT(yyjson_is_obj(theirs));
        expect_same_items(ours, theirs);
        break;
    }
}

static void write(const struct json *value, struct writer *out)
{
    struct json_writer json = json_writer_on(out);
    writer_init(out, TEXT_SIZE_BYTES_MAX);
    json_put_value(&json, value);
    INVARIANT(out->status == GALEN_OK);
    INVARIANT(json.depth == 0);
}

static void expect_same_again(const struct json *root, yyjson_val *theirs,
                              struct arena *arena)
{
    struct writer first;
    struct writer second;
    const struct json *again = NULL;
    write(root, &first);
    INVARIANT(json_parse(writer_bytes(&first), arena, &again, NULL) == GALEN_OK);
    expect_same_as_yyjson(again, theirs);
    write(again, &second);
    INVARIANT(bytes_equal(writer_bytes(&first), writer_bytes(&second)));
    writer_deinit(&first);
    writer_deinit(&second);
}

static void expect_place_of_refusal(const struct error *error, size_t size)
{
    struct bytes place = bytes_from_string(error->text);
    uint64_t offset = 0;
    INVARIANT(bytes_starts_with(place, BYTES("byte offset ")));
    place = bytes_from(place, strlen("byte offset "));
    INVARIANT(bytes_parse_u64(bytes_first(place, bytes_find(place, ':')), size, &offset));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct error error = {"", ""};
    const struct json *root = NULL;
    char *text = (char *)(uintptr_t)data;
    if (size > LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX) {
        return 0;
    }
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    yyjson_doc *theirs =
        yyjson_read_opts(text, size, YYJSON_READ_NUMBER_AS_RAW, NULL, NULL);
    yyjson_val *their_root = yyjson_doc_get_root(theirs);

    const enum galen_status status =
        json_parse(bytes_of(data, size), &arena, &root, &error);

    const bool is_wanted = theirs != NULL && depth_of(their_root) <= LIMIT_JSON_DEPTH_MAX &&
                           !has_a_name_twice(their_root);
    INVARIANT(status == (is_wanted ? GALEN_OK : GALEN_INVALID));
    if (is_wanted) {
        expect_same_as_yyjson(root, their_root);
        expect_same_again(root, their_root, &arena);
    } else {
        INVARIANT(root == NULL);
        expect_place_of_refusal(&error, size);
    }
    yyjson_doc_free(theirs);
    arena_deinit(&arena);
    return 0;
}
