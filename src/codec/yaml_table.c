/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/yaml_table.h"

#include <math.h>
#include <stdio.h>

#include "base/invariant.h"
#include "codec/number.h"
#include "codec/yaml_table_impl.h"

enum { SUGGESTION_SIZE_MAX = 32 };

struct table_reader {
    const struct yaml_document *document;
    struct arena *arena;
    struct error *error;
};

static enum galen_status read_value(const struct table_reader *reader,
                                    const struct yaml_node *node,
                                    const struct yaml_key *key, uint8_t *base);

bool yaml_key_is_bounded(const struct yaml_key *key)
{
    return key->max > 0;
}

void yaml_key_bounds_text(const struct yaml_key *key, char *out_text, size_t size)
{
    if (!yaml_key_is_bounded(key)) {
        out_text[0] = '\0';
    } else if (isinf(key->max)) {
        (void)snprintf(out_text, size, " of at least %.16g", key->min);
    } else {
        (void)snprintf(out_text, size, " from %.16g to %.16g", key->min, key->max);
    }
}

static bool is_within(const struct yaml_key *key, double value)
{
    return !yaml_key_is_bounded(key) || (value >= key->min && value <= key->max);
}

static bool is_within_exactly(const struct yaml_key *key, uint64_t value)
{
    return !yaml_key_is_bounded(key) || (value >= (uint64_t)key->min &&
                                         (isinf(key->max) || value <= (uint64_t)key->max));
}

/* Scalars: from their text, without the place. */

static bool is_one_of_ignoring_case(struct bytes text, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (bytes_equal_ignoring_case(text, bytes_from_string(*words))) {
            return true;
        }
    }
    return false;
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Of a number in another base; only those, for a hash may begin with 0b. NULL: none. */
static const char *digits_after_prefix(const char *text)
{
    if (text[0] != '0') {
        return NULL;
    }
    switch (text[1]) {
    case 'x':
    case 'X':
        return "0123456789abcdefABCDEF_";
    case 'o':
    case 'O':
        return "01234567_";
    case 'b':
    case 'B':
        return "01_";
    default:
        return NULL;
    }
}

static bool looks_like_a_number(const char *text)
{
    text += *text == '-' || *text == '+';
    if (!is_digit(text[0]) && !(text[0] == '.' && is_digit(text[1]))) {
        return false;
    }
    const char *digits = digits_after_prefix(text);
    if (digits != NULL) {
        return text[2 + strspn(text + 2, digits)] == '\0';
    }
    text += strspn(text, "0123456789_");
    text += *text == '.';
    text += strspn(text, "0123456789_");
    if (*text == 'e' || *text == 'E') {
        text++;
        text += *text == '-' || *text == '+';
        text += strspn(text, "0123456789");
    }
    return *text == '\0';
}

/* YAML 1.1 and 1.2 core, whichever says more. */
static bool must_be_quoted(const char *text)
{
    static const char *const words[] = {"null",  "~",    "true", "false", "yes",
                                        "no",    "on",   "off",  ".inf",  "-.inf",
                                        "+.inf", ".nan", NULL};
    return is_one_of_ignoring_case(bytes_from_string(text), words) ||
           looks_like_a_number(text);
}

static enum galen_status read_string(const char *text, const struct yaml_key *key,
                                     struct arena *arena, void *out_value,
                                     struct error *why)
{
    const size_t size = strlen(text);
    if (size == 0) {
        return error_set(why, GALEN_INVALID, "is empty");
    }
    if (!is_within(key, (double)size)) {
        return error_set(why, GALEN_INVALID, "is longer than %.16g bytes", key->max);
    }
    const char *copy = arena_copy_string(arena, bytes_of(text, size));
    if (copy == NULL) {
        return GALEN_NO_MEMORY;
    }
    memcpy(out_value, &copy, sizeof(copy));
    return GALEN_OK;
}

static enum galen_status read_bool(const char *text, void *out_value, struct error *why)
{
    const bool value = strcmp(text, "true") == 0;
    if (!value && strcmp(text, "false") != 0) {
        return error_set(why, GALEN_INVALID, "needs true or false");
    }
    memcpy(out_value, &value, sizeof(value));
    return GALEN_OK;
}

static enum galen_status read_u64(const char *text, const struct yaml_key *key,
                                  void *out_value, struct error *why)
{
    uint64_t value = 0;
    char bounds[YAML_BOUNDS_TEXT_SIZE];
    yaml_key_bounds_text(key, bounds, sizeof(bounds));
    if (!bytes_parse_u64(bytes_from_string(text), UINT64_MAX, &value) ||
        !is_within_exactly(key, value)) {
        return error_set(why, GALEN_INVALID, "needs a whole number%s", bounds);
    }
    memcpy(out_value, &value, sizeof(value));
    return GALEN_OK;
}

static enum galen_status read_f64(const char *text, const struct yaml_key *key,
                                  void *out_value, struct error *why)
{
    double value = 0;
    char bounds[YAML_BOUNDS_TEXT_SIZE];
    yaml_key_bounds_text(key, bounds, sizeof(bounds));
    const enum galen_status status = number_read_f64(bytes_from_string(text), &value);
    if (status == GALEN_TOO_LARGE) {
        return error_set(why, GALEN_INVALID, "is too large for a binary64 number");
    }
    if (status != GALEN_OK || !is_within(key, value)) {
        return error_set(why, GALEN_INVALID, "needs a number%s", bounds);
    }
    memcpy(out_value, &value, sizeof(value));
    return GALEN_OK;
}

static enum galen_status read_enum(const char *text, const struct yaml_key *key,
                                   void *out_value, struct error *why)
{
    for (int i = 0; key->names[i] != NULL; i++) {
        if (strcmp(key->names[i], text) == 0) {
            memcpy(out_value, &i, sizeof(i));
            return GALEN_OK;
        }
    }
    char list[ERROR_TEXT_SIZE / 2] = "";
    yaml_key_names_text(key, list, sizeof(list));
    return error_set(why, GALEN_INVALID, "needs %s%s",
                     key->names[1] == NULL ? "" : "one of ", list);
}

void yaml_key_names_text(const struct yaml_key *key, char *out_text, size_t size)
{
    size_t used = 0;
    out_text[0] = '\0';
    for (size_t i = 0; key->names[i] != NULL && used < size; i++) {
        const int written = snprintf(out_text + used, size - used, "%s%s",
                                     i == 0 ? "" : ", ", key->names[i]);
        used += written < 0 ? size : (size_t)written;
    }
}

static enum galen_status read_scalar(const char *text, const struct yaml_key *key,
                                     struct arena *arena, void *out_value,
                                     struct error *why)
{
    INVARIANT(key->type <= YAML_TYPE_ENUM);
    switch (key->type) {
    case YAML_TYPE_STRING:
        return read_string(text, key, arena, out_value, why);
    case YAML_TYPE_BOOL:
        return read_bool(text, out_value, why);
    case YAML_TYPE_U64:
        return read_u64(text, key, out_value, why);
    case YAML_TYPE_F64:
        return read_f64(text, key, out_value, why);
    case YAML_TYPE_ENUM:
        return read_enum(text, key, out_value, why);
    case YAML_TYPE_MAPPING:
    case YAML_TYPE_SEQUENCE:
    case YAML_TYPE_MAP:
        break;
    }
    return GALEN_INTERNAL;
}

enum galen_status yaml_read_text(const char *text, const struct yaml_key *key,
                                 struct arena *arena, void *out_struct,
                                 struct error *out_error)
{
    return read_scalar(text, key, arena, (uint8_t *)out_struct + key->offset, out_error);
}

const char *yaml_why_no_scalar(const struct yaml_node *node, enum yaml_type type)
{
    switch (node->kind) {
    case YAML_KIND_MAPPING:
        return "needs a single value, not a mapping";
    case YAML_KIND_SEQUENCE:
        return "needs a single value, not a sequence";
    case YAML_KIND_SCALAR:
        break;
    }
    if (yaml_is_null(node)) {
        return "has no value";
    }
    if (type == YAML_TYPE_STRING && node->is_plain && must_be_quoted(node->text)) {
        return "needs text; what looks like a number or a word such as no must be quoted";
    }
    const bool may_be_quoted = type == YAML_TYPE_STRING || type == YAML_TYPE_ENUM;
    return node->is_plain || may_be_quoted ? NULL : "must not be quoted";
}

static enum galen_status read_scalar_node(const struct table_reader *reader,
                                          const struct yaml_node *node,
                                          const struct yaml_key *key, uint8_t *at)
{
    struct error why = {0};
    const char *why_no_scalar = yaml_why_no_scalar(node, key->type);
    if (why_no_scalar != NULL) {
        return yaml_refuse(reader->document, node, reader->error, "%s", why_no_scalar);
    }
    const enum galen_status status = read_scalar(node->text, key, reader->arena, at, &why);
    return status != GALEN_INVALID
               ? status
               : yaml_refuse(reader->document, node, reader->error, "%s", why.text);
}

/* Keys that nobody knows. */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours between two short words. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t rows[3][SUGGESTION_SIZE_MAX + 1];
    const size_t a_size = strlen(a);
    const size_t b_size = strlen(b);
    for (size_t j = 0; j <= b_size; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a_size; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            row[j] = least(least(above[j], row[j - 1]) + 1,
                           above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = least(row[j], rows[(i + 1) % 3][j - 2] + 1);
            }
        }
    }
    return rows[a_size % 3][b_size];
}

const char *yaml_nearest_name(const char *name, const struct yaml_key *keys,
                              size_t key_count)
{
    const size_t size = strlen(name);
    const char *nearest = NULL;
    size_t distance_max = size < 5 ? 1 : 2;
    for (size_t i = 0; i < key_count && size <= SUGGESTION_SIZE_MAX; i++) {
        if (strlen(keys[i].name) > SUGGESTION_SIZE_MAX) {
            continue;
        }
        const size_t distance = edit_distance(name, keys[i].name);
        if (distance <= distance_max) {
            nearest = keys[i].name;
            distance_max = distance;
        }
    }
    return nearest;
}

static bool has_key(const struct yaml_key *keys, size_t key_count, const char *name)
{
    for (size_t i = 0; i < key_count; i++) {
        if (strcmp(keys[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static enum galen_status check_keys(const struct table_reader *reader,
                                    const struct yaml_node *mapping,
                                    const struct yaml_key *keys, size_t key_count)
{
    for (const struct yaml_node *node = mapping->first; node != NULL; node = node->next) {
        if (!has_key(keys, key_count, node->name)) {
            const char *nearest = yaml_nearest_name(node->name, keys, key_count);
            return yaml_refuse_name(
                reader->document, node, reader->error, "unknown key%s%s%s",
                nearest == NULL ? "" : "; did you mean '", nearest == NULL ? "" : nearest,
                nearest == NULL ? "" : "'?");
        }
    }
    return GALEN_OK;
}

/* Containers. */

static enum galen_status set_absent(const struct table_reader *reader,
                                    const struct yaml_key *key, uint8_t *base)
{
    uint8_t *at = base + key->offset;
    if (key->otherwise != NULL) {
        const enum galen_status status =
            read_scalar(key->otherwise, key, reader->arena, at, NULL);
        INVARIANT(status == GALEN_OK || status == GALEN_NO_MEMORY);
        return status;
    }
    if (key->type == YAML_TYPE_F64) {
        const double none = NAN;
        memcpy(at, &none, sizeof(none));
    }
    for (size_t i = 0; key->type == YAML_TYPE_MAPPING && i < key->key_count; i++) {
        TRY(set_absent(reader, &key->keys[i], at));
    }
    return GALEN_OK;
}

static enum galen_status read_members(const struct table_reader *reader,
                                      const struct yaml_node *mapping,
                                      const struct yaml_key *keys, size_t key_count,
                                      uint8_t *base)
{
    if (mapping->kind != YAML_KIND_MAPPING) {
        return yaml_refuse(reader->document, mapping, reader->error, "needs a mapping");
    }
    TRY(check_keys(reader, mapping, keys, key_count));
    for (size_t i = 0; i < key_count; i++) {
        const struct yaml_node *node = yaml_member(mapping, keys[i].name);
        if (node != NULL) {
            TRY(read_value(reader, node, &keys[i], base));
        } else if (keys[i].required) {
            const struct yaml_node absent = {
                .name = keys[i].name, .mark = mapping->mark, .parent = mapping};
            return yaml_refuse(reader->document, &absent, reader->error, "is required");
        } else {
            TRY(set_absent(reader, &keys[i], base));
        }
    }
    return GALEN_OK;
}

static enum galen_status read_map_name(const struct table_reader *reader,
                                       const struct yaml_node *member,
                                       const struct yaml_key *key, uint8_t *element)
{
    const struct yaml_node name = {.kind = YAML_KIND_SCALAR,
                                   .mark = member->name_mark,
                                   .text = member->name,
                                   .is_plain = member->name_is_plain,
                                   .name = member->name,
                                   .parent = member->parent};
    return read_scalar_node(reader, &name, key, element + key->offset);
}

static enum galen_status read_array(const struct table_reader *reader,
                                    const struct yaml_node *container,
                                    const struct yaml_key *key, uint8_t *base)
{
    const bool is_map = key->type == YAML_TYPE_MAP;
    if (container->kind != (is_map ? YAML_KIND_MAPPING : YAML_KIND_SEQUENCE)) {
        return yaml_refuse(reader->document, container, reader->error, "needs a %s",
                           is_map ? "mapping" : "sequence");
    }
    if (!is_within(key, (double)container->count)) {
        char bounds[YAML_BOUNDS_TEXT_SIZE];
        yaml_key_bounds_text(key, bounds, sizeof(bounds));
        return yaml_refuse(reader->document, container, reader->error,
                           "has %zu entries, needs a number%s", container->count, bounds);
    }
    uint8_t *array = arena_alloc_array(reader->arena, container->count, key->element_size);
    if (array == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (const struct yaml_node *node = container->first; node != NULL; node = node->next) {
        uint8_t *element = array + node->index * key->element_size;
        if (is_map) {
            TRY(read_map_name(reader, node, &key->keys[0], element));
        }
        TRY(read_value(reader, node, &key->keys[is_map], element));
    }
    memcpy(base + key->offset, &array, sizeof(array));
    memcpy(base + key->count_offset, &container->count, sizeof(container->count));
    return GALEN_OK;
}

static enum galen_status read_value(const struct table_reader *reader,
                                    const struct yaml_node *node,
                                    const struct yaml_key *key, uint8_t *base)
{
    if (yaml_is_null(node)) {
        return yaml_refuse(reader->document, node, reader->error, "has no value");
    }
    if (key->type == YAML_TYPE_MAPPING) {
        return read_members(reader, node, key->keys, key->key_count, base + key->offset);
    }
    if (key->type == YAML_TYPE_SEQUENCE || key->type == YAML_TYPE_MAP) {
        return read_array(reader, node, key, base);
    }
    return read_scalar_node(reader, node, key, base + key->offset);
}

enum galen_status yaml_read(const struct yaml_document *document,
                            const struct yaml_key *keys, size_t key_count,
                            struct arena *arena, void *out_struct, struct error *out_error)
{
    const struct table_reader reader = {document, arena, out_error};
    return read_members(&reader, document->root, keys, key_count, out_struct);
}
