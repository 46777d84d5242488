/* SPDX-License-Identifier: Apache-2.0 */
/* struct json is yyjson's value under our name: nobody else includes yyjson.h. */
#include "codec/json.h"

#include <yyjson.h>

#include "base/invariant.h"
#include "base/limits.h"
#include "base/wipe.h"
#include "codec/word.h"

/* Up to so many members, comparing each with each is quicker than anything else. */
enum { PAIRWISE_COUNT_MAX = 8 };

/* Up to so many members, a table of them is quicker than sorting, whatever their names are:
 * even where all fall into one slot, each is compared with each only. */
enum { TABLE_COUNT_MAX = 64, TABLE_SIZE = 2 * TABLE_COUNT_MAX };

static yyjson_val *value_of(const struct json *value)
{
    return (yyjson_val *)(uintptr_t)value; /* yyjson's getters take no const */
}

static const struct json *json_of(const yyjson_val *value)
{
    return (const struct json *)value;
}

struct source {
    struct bytes text;
    const struct json_cut *cuts;
    size_t cut_count;
};

/* Where a byte of the text stands in the text before anything was cut out. */
static size_t offset_before_cuts(const struct source *source, size_t index)
{
    size_t offset = index;
    for (size_t i = 0; i < source->cut_count && source->cuts[i].at <= index; i++) {
        offset += source->cuts[i].size;
    }
    return offset;
}

/* Before: bounds. */

static bool is_opening(uint8_t byte)
{
    return byte == '[' || byte == '{';
}

/* Those in strings, too; more than enough need not be counted. */
static size_t count_openings(struct bytes text, size_t enough)
{
    size_t count = 0;
    size_t i = 0;
    while (i < text.size && count <= enough) {
        if (text.size - i >= WORD_SIZE &&
            !word_has(word_load(text.data + i) | word_of(0x20), '{')) { /* 0x20: of both */
            i += WORD_SIZE;
            continue;
        }
        const size_t stop = text.size - i < WORD_SIZE ? text.size : i + WORD_SIZE;
        while (i < stop) {
            count += is_opening(text.data[i++]);
        }
    }
    return count;
}

/* In malformed text the depth is right up to the first fault, where the parser stops. */
static enum galen_status check_depth(const struct source *source, struct error *out_error)
{
    const struct bytes text = source->text;
    size_t depth = 0;
    bool in_string = false;

    for (size_t i = 0; i < text.size; i++) {
        const uint8_t byte = text.data[i];
        if (in_string) {
            i += byte == '\\';
            in_string = byte != '"';
        } else if (byte == '"') {
            in_string = true;
        } else if (is_opening(byte)) {
            depth++;
        } else if (byte == ']' || byte == '}') {
            depth -= depth > 0;
        }
        if (depth > LIMIT_JSON_DEPTH_MAX) {
            return error_set(
                out_error, GALEN_INVALID,
                "byte offset %zu: JSON nesting depth exceeds maximum allowed limit (%d)",
                offset_before_cuts(source, i), (int)LIMIT_JSON_DEPTH_MAX);
        }
    }
    return GALEN_OK;
}

static enum galen_status check_bounds(const struct source *source, struct error *out_error)
{
    if (source->text.size > LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX) {
        return error_set(out_error, GALEN_TOO_LARGE, "JSON of more than %d bytes",
                         (int)LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX);
    }
    return count_openings(source->text, LIMIT_JSON_DEPTH_MAX) <= LIMIT_JSON_DEPTH_MAX
               ? GALEN_OK
               : check_depth(source, out_error);
}

/* The parser. */

static void *allocate(void *context, size_t size)
{
    return arena_alloc(context, size);
}

static void *reallocate(void *context, void *old, size_t old_size, size_t size)
{
    void *larger = arena_alloc(context, size);
    return larger == NULL ? NULL : memcpy(larger, old, old_size < size ? old_size : size);
}

static void release(void *context, void *memory)
{
    (void)context;
    (void)memory; /* goes with the arena */
}

static const char *reason_of(yyjson_read_code code)
{
    const struct {
        yyjson_read_code code;
        const char *reason;
    } rows[] = {
        {YYJSON_READ_ERROR_INVALID_PARAMETER, "there is no value"}, /* no text at all */
        {YYJSON_READ_ERROR_EMPTY_CONTENT, "there is no value"},
        {YYJSON_READ_ERROR_UNEXPECTED_CONTENT, "more text after the value"},
        {YYJSON_READ_ERROR_UNEXPECTED_END, "the text ends inside a value"},
        {YYJSON_READ_ERROR_UNEXPECTED_CHARACTER, "a character that may not stand here"},
        {YYJSON_READ_ERROR_JSON_STRUCTURE, "a comma before a closing bracket"},
        {YYJSON_READ_ERROR_INVALID_NUMBER, "a number that is not written as JSON has it"},
        {YYJSON_READ_ERROR_INVALID_STRING,
         "a string with a wrong escape or a control character"},
        {YYJSON_READ_ERROR_LITERAL, "a word other than true, false and null"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].code == code) {
            return rows[i].reason;
        }
    }
    return "not JSON";
}

/* NULL: see *out_failure. */
static const yyjson_doc *read_document(struct bytes text, struct arena *arena,
                                       yyjson_read_err *out_failure)
{
    const yyjson_alc memory = {allocate, reallocate, release, arena};
    char *unchanged =
        (char *)(uintptr_t)text.data; /* not written to: no YYJSON_READ_INSITU */
    return yyjson_read_opts(unchanged, text.size, YYJSON_READ_NUMBER_AS_RAW, &memory,
                            out_failure);
}

static enum galen_status refuse(const yyjson_read_err *failure, const struct source *source,
                                struct error *out_error)
{
    if (failure->code == YYJSON_READ_ERROR_MEMORY_ALLOCATION) {
        return error_set(out_error, GALEN_NO_MEMORY, "no memory for a JSON document");
    }
    /* yyjson may stop at any byte of a sequence that is no UTF-8. */
    size_t index;
    const bool is_encoding = !bytes_are_utf8(source->text, &index) &&
                             index <= failure->pos && failure->pos - index < 4;
    return error_set(out_error, GALEN_INVALID, "byte offset %zu: %s",
                     offset_before_cuts(source, is_encoding ? index : failure->pos),
                     is_encoding ? "bytes that are no UTF-8" : reason_of(failure->code));
}

/* After: no name twice. */

struct parsed {
    const struct source *source;
    const yyjson_doc *document;
};

struct name {
    const uint8_t *data;
    uint32_t size;
    uint32_t index; /* of the member */
};

static int name_compare(const struct name *a, const struct name *b)
{
    if (a->size != b->size) {
        return a->size < b->size ? -1 : 1;
    }
    return memcmp(a->data, b->data, a->size);
}

/* Merges two sorted runs that lie side by side; where names are equal the left comes first.
 */
static void merge(const struct name *runs, size_t left_count, size_t count,
                  struct name *out)
{
    size_t left = 0;
    size_t right = left_count;
    for (size_t i = 0; i < count; i++) {
        const bool take_left =
            right == count ||
            (left < left_count && name_compare(&runs[left], &runs[right]) <= 0);
        out[i] = runs[take_left ? left++ : right++];
    }
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Merge sort: whatever names a client picks, their bytes are looked at log(count) times.
 * Returns the one of the two arrays that the sorted names are in. */
static const struct name *sort(struct name *names, struct name *scratch, size_t count)
{
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t from = 0; from < count; from += 2 * width) {
            const size_t run_count = smaller(2 * width, count - from);
            merge(names + from, smaller(width, run_count), run_count, scratch + from);
        }
        struct name *sorted = scratch;
        scratch = names;
        names = sorted;
    }
    return names;
}

/* The first member whose name an earlier one has; json_count(object) when there is none. */
static enum galen_status find_repeated_sorting(const struct json *object,
                                               struct arena *arena, size_t *out_index)
{
    const size_t count = json_count(object);
    struct name *names = arena_alloc_array(arena, count, sizeof(*names));
    struct name *scratch = arena_alloc_array(arena, count, sizeof(*scratch));
    if (names == NULL || scratch == NULL) {
        return GALEN_NO_MEMORY;
    }
    struct json_cursor at = json_walk(object);
    while (json_next(&at)) {
        names[at.index] =
            (struct name){at.name.data, (uint32_t)at.name.size, (uint32_t)at.index};
    }
    const struct name *sorted = sort(names, scratch, count);
    size_t first = count;
    for (size_t i = 1; i < count; i++) {
        if (name_compare(&sorted[i - 1], &sorted[i]) == 0) {
            first = smaller(first, sorted[i].index);
        }
    }
    *out_index = first;
    return GALEN_OK;
}

static bool is_among(struct bytes name, const struct bytes *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes_equal(names[i], name)) {
            return true;
        }
    }
    return false;
}

static size_t find_repeated_pairwise(const struct json *object)
{
    struct bytes names[PAIRWISE_COUNT_MAX];
    struct json_cursor at = json_walk(object);
    while (json_next(&at)) {
        if (is_among(at.name, names, at.index)) {
            return at.index;
        }
        names[at.index] = at.name;
    }
    return json_count(object);
}

/* Of its size and of the bytes at its ends. */
static uint64_t name_hash(struct bytes name)
{
    uint64_t ends[2] = {name.size, 0};
    if (name.size >= WORD_SIZE) {
        ends[0] ^= word_load(name.data);
        ends[1] = word_load(name.data + name.size - WORD_SIZE);
    } else {
        for (size_t i = 0; i < name.size; i++) {
            ends[1] = ends[1] << 8 | name.data[i];
        }
    }
    return (ends[0] ^ ends[1] * UINT64_C(0x9E3779B97F4A7C15)) *
               UINT64_C(0xD6E8FEB86659FD93) >>
           32;
}

/* The first member whose name an earlier one has; json_count(object) when there is none. */
static size_t find_repeated_in_table(const struct json *object)
{
    struct bytes names[TABLE_SIZE] = {{NULL, 0}};
    struct json_cursor at = json_walk(object);
    while (json_next(&at)) {
        size_t slot = name_hash(at.name) % TABLE_SIZE;
        while (names[slot].data != NULL) {
            if (bytes_equal(names[slot], at.name)) {
                return at.index;
            }
            slot = (slot + 1) % TABLE_SIZE;
        }
        names[slot] = at.name;
    }
    return json_count(object);
}

static size_t name_offset(const struct json *object, size_t index,
                          const yyjson_doc *document)
{
    struct json_cursor at = json_walk(object);
    while (json_next(&at) && at.index < index) {
    }
    /* The parser unescapes in place, in its copy of the text: names begin where they began.
     */
    return (size_t)(at.name.data - (const uint8_t *)document->str_pool) - strlen("\"");
}

/* The message has the member's index and place. Its name, and those of the objects around
 * it, may be a patient's: no schema has seen them. */
static enum galen_status check_own_names(const struct json *object,
                                         const struct parsed *parsed, struct arena *arena,
                                         struct error *out_error)
{
    const size_t count = json_count(object);
    size_t index = count;
    if (count <= PAIRWISE_COUNT_MAX) {
        index = find_repeated_pairwise(object);
    } else if (count <= TABLE_COUNT_MAX) {
        index = find_repeated_in_table(object);
    } else if (find_repeated_sorting(object, arena, &index) != GALEN_OK) {
        return error_set(out_error, GALEN_NO_MEMORY,
                         "no memory for an object of %zu members", count);
    }
    if (index == count) {
        return GALEN_OK;
    }
    return error_set(
        out_error, GALEN_INVALID,
        "byte offset %zu: member %zu has the name of an earlier one",
        offset_before_cuts(parsed->source, name_offset(object, index, parsed->document)),
        index);
}

static bool is_container(const struct json *value)
{
    return yyjson_is_ctn(value_of(value));
}

static enum galen_status check_names(const struct json *container,
                                     const struct parsed *parsed, struct arena *arena,
                                     struct error *out_error)
{
    if (json_type(container) == JSON_OBJECT) {
        TRY(check_own_names(container, parsed, arena, out_error));
    }
    struct json_cursor at = json_walk(container);
    while (json_next(&at)) {
        if (is_container(at.value)) {
            TRY(check_names(at.value, parsed, arena, out_error));
        }
    }
    return GALEN_OK;
}

enum galen_status json_parse(struct bytes text, struct arena *arena,
                             const struct json **out_root, struct error *out_error)
{
    return json_parse_cut(text, NULL, 0, arena, out_root, out_error);
}

enum galen_status json_parse_cut(struct bytes text, const struct json_cut *cuts,
                                 size_t cut_count, struct arena *arena,
                                 const struct json **out_root, struct error *out_error)
{
    const struct source source = {text, cuts, cut_count};
    yyjson_read_err failure;
    TRY(check_bounds(&source, out_error));
    const yyjson_doc *document = read_document(text, arena, &failure);
    if (document == NULL) {
        return refuse(&failure, &source, out_error);
    }
    const struct json *root = json_of(document->root);
    if (is_container(root)) {
        const struct parsed parsed = {&source, document};
        TRY(check_names(root, &parsed, arena, out_error));
    }
    *out_root = root;
    return GALEN_OK;
}

/* Values. */

enum json_type json_type(const struct json *value)
{
    switch (yyjson_get_type(value_of(value))) {
    case YYJSON_TYPE_BOOL:
        return JSON_BOOL;
    case YYJSON_TYPE_RAW:
        return JSON_NUMBER;
    case YYJSON_TYPE_STR:
        return JSON_STRING;
    case YYJSON_TYPE_ARR:
        return JSON_ARRAY;
    case YYJSON_TYPE_OBJ:
        return JSON_OBJECT;
    default:
        return JSON_NULL;
    }
}

const char *json_type_name(enum json_type type)
{
    static const char *const names[] = {
        [JSON_NULL] = "null",     [JSON_BOOL] = "boolean", [JSON_NUMBER] = "number",
        [JSON_STRING] = "string", [JSON_ARRAY] = "array",  [JSON_OBJECT] = "object",
    };
    return names[type];
}

bool json_bool(const struct json *value)
{
    INVARIANT(json_type(value) == JSON_BOOL);
    return yyjson_get_bool(value_of(value));
}

static struct bytes text_of(yyjson_val *value)
{
    return bytes_of(value->uni.ptr, yyjson_get_len(value));
}

struct bytes json_string(const struct json *value)
{
    INVARIANT(json_type(value) == JSON_STRING);
    return text_of(value_of(value));
}

void json_wipe_string(const struct json *value)
{
    INVARIANT(json_type(value) == JSON_STRING);
    const char *text = yyjson_get_str(value_of(value));
    wipe((void *)(uintptr_t)text, yyjson_get_len(value_of(value)));
}

struct bytes json_number(const struct json *value)
{
    INVARIANT(json_type(value) == JSON_NUMBER);
    return text_of(value_of(value));
}

size_t json_count(const struct json *value)
{
    INVARIANT(is_container(value));
    return yyjson_get_len(value_of(value));
}

const struct json *json_member(const struct json *object, const char *name)
{
    INVARIANT(json_type(object) == JSON_OBJECT);
    return json_of(yyjson_obj_getn(value_of(object), name, strlen(name)));
}

struct json_cursor json_walk(const struct json *container)
{
    INVARIANT(is_container(container));
    return (struct json_cursor){
        .next_ = unsafe_yyjson_get_first(value_of(container)),
        .left_ = json_count(container),
        .in_object_ = json_type(container) == JSON_OBJECT,
    };
}

bool json_next(struct json_cursor *cursor)
{
    if (cursor->left_ == 0) {
        return false;
    }
    cursor->index = cursor->value == NULL ? 0 : cursor->index + 1;
    yyjson_val *item = value_of(cursor->next_);
    if (cursor->in_object_) { /* each value lies behind its name */
        cursor->name = text_of(item);
        item++;
    }
    cursor->value = json_of(item);
    cursor->next_ = unsafe_yyjson_get_next(item);
    cursor->left_--;
    return true;
}

const struct json *json_name_value(const struct json_cursor *cursor)
{
    INVARIANT(cursor->in_object_ && cursor->value != NULL);
    return json_of(value_of(cursor->value) - 1);
}
