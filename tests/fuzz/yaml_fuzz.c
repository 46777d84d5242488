/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every node of what yaml_parse accepts stands where its mark says, in order, no deeper
 * than allowed and under a name of its own; written again and parsed again, the tree is the
 * same. What a table reads of it keeps to the table. What is refused has a place in the
 * text. The arena that yaml_arena_size_bytes_max promises is enough for everything.
 */
#include "codec/yaml.h"

#include <math.h>

#include "base/limits.h"
#include "codec/yaml_table.h"
#include "yaml_text.h"

enum { TEXT_SIZE_BYTES_MAX = 1 << 16, COPY_SIZE_BYTES_MAX = 1 << 22 };

struct item {
    const char *name;
    double ratio;
};

struct sample {
    const char *text;
    bool flag;
    uint64_t count;
    double ratio;
    int choice;
    const struct item *items;
    size_t item_count;
    const struct item *pairs;
    size_t pair_count;
};

static const char *const choices[] = {"none", "softmax", NULL};

static const struct yaml_key item_keys[] = {
    {.name = "name", .type = YAML_TYPE_STRING, .required = true, .max = 16},
    {.name = "ratio",
     .type = YAML_TYPE_F64,
     .offset = offsetof(struct item, ratio),
     .min = -1,
     .max = 1},
};
static const struct yaml_key item_key[] = {
    {.type = YAML_TYPE_MAPPING, .keys = item_keys, .key_count = 2},
};
static const struct yaml_key sample_keys[] = {
    {.name = "text", .type = YAML_TYPE_STRING, .offset = offsetof(struct sample, text)},
    {.name = "flag",
     .type = YAML_TYPE_BOOL,
     .offset = offsetof(struct sample, flag),
     .otherwise = "true"},
    {.name = "count",
     .type = YAML_TYPE_U64,
     .offset = offsetof(struct sample, count),
     .otherwise = "3",
     .min = 1,
     .max = 65535},
    {.name = "ratio", .type = YAML_TYPE_F64, .offset = offsetof(struct sample, ratio)},
    {.name = "choice",
     .type = YAML_TYPE_ENUM,
     .offset = offsetof(struct sample, choice),
     .otherwise = "softmax",
     .names = choices},
    {.name = "items",
     .type = YAML_TYPE_SEQUENCE,
     .offset = offsetof(struct sample, items),
     .min = 1,
     .max = 4,
     .keys = item_key,
     .key_count = 1,
     .count_offset = offsetof(struct sample, item_count),
     .element_size = sizeof(struct item)},
    {.name = "pairs",
     .type = YAML_TYPE_MAP,
     .offset = offsetof(struct sample, pairs),
     .keys = item_keys,
     .key_count = 2,
     .count_offset = offsetof(struct sample, pair_count),
     .element_size = sizeof(struct item)},
};

/* Where things are. */

static bool has_byte_order_mark(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (bytes_starts_with(bytes_from(text, i), BYTES("\xEF\xBB\xBF"))) {
            return true;
        }
    }
    return false;
}

static size_t line_end_size(struct bytes at)
{
    if (bytes_starts_with(at, BYTES("\r\n"))) {
        return 2;
    }
    return at.size > 0 && (at.data[0] == '\n' || at.data[0] == '\r') ? 1 : 0;
}

static struct bytes text_at(struct bytes text, struct yaml_mark mark)
{
    for (uint32_t line = 1; line < mark.line;) {
        const size_t end = line_end_size(text);
        INVARIANT(text.size > 0);
        text = bytes_from(text, end > 0 ? end : 1);
        line += end > 0;
    }
    for (uint32_t column = 1; column < mark.column; column++) {
        INVARIANT(text.size > 0 && line_end_size(text) == 0);
        text = bytes_from(text, character_size(text.data[0]));
    }
    return text;
}

/* Of a plain scalar the first word stands there as it is; others begin with their sign. An
 * empty one stands nowhere: libyaml puts it behind the last line where the text ends. */
static void expect_text_at_mark(struct bytes text, struct yaml_mark mark,
                                const char *scalar, bool is_plain)
{
    if (is_plain && scalar[0] == '\0') {
        return;
    }
    const struct bytes at = text_at(text, mark);
    const struct bytes word = bytes_of(scalar, strcspn(scalar, " \t\n"));
    if (is_plain) {
        INVARIANT(bytes_starts_with(at, word));
    } else {
        INVARIANT(at.size > 0 && strchr("\"'|>", at.data[0]) != NULL);
    }
}

static bool is_before(struct yaml_mark a, struct yaml_mark b)
{
    return a.line < b.line || (a.line == b.line && a.column <= b.column);
}

static void check_children(const struct yaml_node *node)
{
    size_t count = 0;
    const struct yaml_node *last = NULL;
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
        INVARIANT(child->index == count++ && child->parent == node);
        INVARIANT((child->name != NULL) == (node->kind == YAML_KIND_MAPPING));
        INVARIANT(child->name == NULL || yaml_member(node, child->name) == child);
        INVARIANT(yaml_at(node, child->index) == child);
        INVARIANT(is_before(node->mark, child->name_mark));
        INVARIANT(is_before(child->name_mark, child->mark));
        INVARIANT(last == NULL || is_before(last->mark, child->name_mark));
        last = child;
    }
    INVARIANT(node->count == count && node->last == last);
}

static void check_node(const struct yaml_node *node, size_t depth, struct bytes text)
{
    INVARIANT((node->text != NULL) == (node->kind == YAML_KIND_SCALAR));
    INVARIANT(node->kind == YAML_KIND_SCALAR || depth < LIMIT_YAML_DEPTH_MAX);
    INVARIANT(node->count == 0 || node->kind != YAML_KIND_SCALAR);
    if (text.size > 0 && node->kind == YAML_KIND_SCALAR) {
        expect_text_at_mark(text, node->mark, node->text, node->is_plain);
    }
    if (text.size > 0 && node->name != NULL) {
        expect_text_at_mark(text, node->name_mark, node->name, node->name_is_plain);
    }
    check_children(node);
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
        check_node(child, depth + 1, text);
    }
}

/* Round trip. */

static void write_node(struct writer *writer, const struct yaml_node *node)
{
    const bool is_mapping = node->kind == YAML_KIND_MAPPING;
    if (node->kind == YAML_KIND_SCALAR) {
        put_quoted(writer, node->text);
        return;
    }
    writer_put_byte(writer, is_mapping ? '{' : '[');
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
        writer_put_string(writer, child->index == 0 ? "" : ",\n");
        if (is_mapping) {
            writer_put_string(writer, "? ");
            put_quoted(writer, child->name);
            writer_put_string(writer, " : ");
        }
        write_node(writer, child);
    }
    writer_put_byte(writer, is_mapping ? '}' : ']');
}

static void expect_same(const struct yaml_node *a, const struct yaml_node *b)
{
    INVARIANT(a->kind == b->kind && a->count == b->count);
    INVARIANT((a->name == NULL) == (b->name == NULL));
    INVARIANT(a->name == NULL || strcmp(a->name, b->name) == 0);
    INVARIANT(a->text == NULL || strcmp(a->text, b->text) == 0);
    const struct yaml_node *other = b->first;
    for (const struct yaml_node *child = a->first; child != NULL; child = child->next) {
        expect_same(child, other);
        other = other->next;
    }
}

static void expect_same_again(const struct yaml_document *document)
{
    struct writer writer;
    struct arena arena;
    struct yaml_document again;
    writer_init(&writer, COPY_SIZE_BYTES_MAX);
    write_node(&writer, document->root);
    INVARIANT(writer.status == GALEN_OK);
    const struct bytes copy = writer_bytes(&writer);
    arena_init(&arena, yaml_arena_size_bytes_max(copy.size));
    INVARIANT(yaml_parse(copy, "copy", &arena, &again, NULL) == GALEN_OK);
    expect_same(document->root, again.root);
    arena_deinit(&arena);
    writer_deinit(&writer);
}

/* The table. */

static void check_items(const struct item *items, size_t count, bool ratio_is_there)
{
    for (size_t i = 0; i < count; i++) {
        INVARIANT(items[i].name != NULL && items[i].name[0] != '\0');
        INVARIANT(strlen(items[i].name) <= 16);
        INVARIANT(isnan(items[i].ratio) ? !ratio_is_there : fabs(items[i].ratio) <= 1);
    }
}

static void check_sample(const struct sample *sample, const struct yaml_node *root)
{
    const struct yaml_node *text = yaml_member(root, "text");
    INVARIANT((sample->text != NULL) == (text != NULL));
    INVARIANT(text == NULL || strcmp(sample->text, text->text) == 0);
    INVARIANT(sample->flag || yaml_member(root, "flag") != NULL);
    INVARIANT(sample->count >= 1 && sample->count <= 65535);
    INVARIANT(isnan(sample->ratio) == (yaml_member(root, "ratio") == NULL));
    INVARIANT(!isinf(sample->ratio));
    INVARIANT(sample->choice == 0 || sample->choice == 1);
    INVARIANT(sample->item_count <= 4);
    check_items(sample->items, sample->item_count, false);
    check_items(sample->pairs, sample->pair_count, true);
}

static void read_by_table(const struct yaml_document *document, size_t text_size)
{
    struct arena arena;
    struct sample sample = {0};
    struct error error;
    arena_init(&arena, COPY_SIZE_BYTES_MAX);
    const enum galen_status status =
        yaml_read(document, sample_keys, sizeof(sample_keys) / sizeof(sample_keys[0]),
                  &arena, &sample, &error);
    INVARIANT(status == GALEN_OK || status == GALEN_INVALID);
    if (status == GALEN_OK) {
        check_sample(&sample, document->root);
    } else {
        expect_place(&error, document->file, text_size);
    }
    arena_deinit(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bytes text = bytes_of(data, size);
    struct arena arena;
    struct yaml_document document;
    struct error error;
    if (size > TEXT_SIZE_BYTES_MAX) {
        return 0;
    }
    arena_init(&arena, yaml_arena_size_bytes_max(size));
    const enum galen_status status = yaml_parse(text, "fuzz", &arena, &document, &error);
    INVARIANT(status == GALEN_OK || status == GALEN_INVALID);
    if (status == GALEN_OK) {
        /* libyaml does not count a byte order mark as a column. */
        check_node(document.root, 0, has_byte_order_mark(text) ? BYTES_NONE : text);
        expect_same_again(&document);
        read_by_table(&document, size);
    } else {
        expect_place(&error, "fuzz", size);
    }
    arena_deinit(&arena);
    return 0;
}
