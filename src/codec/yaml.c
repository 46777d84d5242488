/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/yaml.h"

#include <stdarg.h>
#include <stdio.h>

#include <yaml.h>

#include "base/limits.h"

enum { FILE_SHOWN_SIZE_BYTES = 120, NAME_SHOWN_SIZE_BYTES = 40, PATH_SIZE_BYTES = 160 };

struct builder {
    struct arena *arena;
    struct yaml_document *document;
    struct error *error;
    struct yaml_node *open[LIMIT_YAML_DEPTH_MAX]; /* containers, outermost first */
    size_t depth;
    struct yaml_node pending; /* its name came, its value did not; no name: none */
};

/* The container that takes the next node; NULL: that is the root. */
static struct yaml_node *container_of_next(const struct builder *builder)
{
    return builder->depth == 0 ? NULL : builder->open[builder->depth - 1];
}

/* The end of a text that is too long to show; starts with a whole character. */
static const char *tail_of(const char *text, size_t size_max)
{
    const size_t size = strlen(text);
    const char *tail = size > size_max ? text + size - size_max : text;
    while ((*tail & 0xC0) == 0x80) {
        tail++;
    }
    return tail;
}

static int shown_size(const char *name)
{
    size_t size = strlen(name);
    if (size > NAME_SHOWN_SIZE_BYTES) {
        size = NAME_SHOWN_SIZE_BYTES;
        while ((name[size] & 0xC0) == 0x80) {
            size--;
        }
    }
    return (int)size;
}

static bool is_word(const char *name)
{
    return name[0] != '\0' && name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
                                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                "0123456789_-")] == '\0';
}

static void prefix_path(char *path, const struct yaml_node *node)
{
    char joined[2 * PATH_SIZE_BYTES];
    if (node->name == NULL) {
        (void)snprintf(joined, sizeof(joined), "[%zu]%s", node->index, path);
    } else if (is_word(node->name)) {
        (void)snprintf(joined, sizeof(joined), ".%.*s%s", shown_size(node->name),
                       node->name, path);
    } else {
        (void)snprintf(joined, sizeof(joined), "['%.*s']%s", shown_size(node->name),
                       node->name, path);
    }
    const char *tail = tail_of(joined, PATH_SIZE_BYTES - 1);
    memcpy(path, tail, strlen(tail) + 1);
}

__attribute__((format(printf, 5, 0))) static enum galen_status
refuse_at(const struct yaml_document *document, struct yaml_mark mark,
          const struct yaml_node *node, struct error *out_error, const char *format,
          va_list arguments)
{
    char why[ERROR_TEXT_SIZE];
    char path[PATH_SIZE_BYTES] = "";
    (void)vsnprintf(why, sizeof(why), format, arguments);
    for (; node != NULL && node->parent != NULL; node = node->parent) {
        prefix_path(path, node);
    }
    const char *shown_path = path[0] == '.' ? path + 1 : path;
    return error_set(out_error, GALEN_INVALID, "%s:%u:%u: %s%s%s",
                     tail_of(document->file, FILE_SHOWN_SIZE_BYTES), mark.line, mark.column,
                     shown_path, shown_path[0] == '\0' ? "" : ": ", why);
}

enum galen_status yaml_refuse(const struct yaml_document *document,
                              const struct yaml_node *node, struct error *out_error,
                              const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const enum galen_status status =
        refuse_at(document, node->mark, node, out_error, format, arguments);
    va_end(arguments);
    return status;
}

enum galen_status yaml_refuse_name(const struct yaml_document *document,
                                   const struct yaml_node *node, struct error *out_error,
                                   const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const enum galen_status status =
        refuse_at(document, node->name_mark, node, out_error, format, arguments);
    va_end(arguments);
    return status;
}

__attribute__((format(printf, 3, 4))) static enum galen_status
refuse_here(const struct builder *builder, struct yaml_mark mark, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const struct yaml_node *container = container_of_next(builder);
    const struct yaml_node member = {.name = builder->pending.name, .parent = container};
    const enum galen_status status =
        refuse_at(builder->document, mark, member.name == NULL ? container : &member,
                  builder->error, format, arguments);
    va_end(arguments);
    return status;
}

static struct yaml_mark mark_of(yaml_mark_t mark)
{
    return (struct yaml_mark){(uint32_t)mark.line + 1, (uint32_t)mark.column + 1};
}

static struct yaml_mark mark_of_offset(struct bytes text, size_t offset)
{
    struct yaml_mark mark = {1, 1};
    for (size_t i = 0; i < offset; i++) {
        const bool ends_line = text.data[i] == '\n' ||
                               (text.data[i] == '\r' && bytes_from(text, i + 1).size > 0 &&
                                text.data[i + 1] != '\n');
        if (ends_line) {
            mark = (struct yaml_mark){mark.line + 1, 1};
        } else if ((text.data[i] & 0xC0) != 0x80) {
            mark.column++;
        }
    }
    return mark;
}

/* NEL, LS and PS end a line for libyaml and for no editor: lines would be counted wrongly.
 */
static bool is_unseen_break(struct bytes at)
{
    return bytes_starts_with(at, BYTES("\xC2\x85")) ||
           bytes_starts_with(at, BYTES("\xE2\x80\xA8")) ||
           bytes_starts_with(at, BYTES("\xE2\x80\xA9"));
}

static bool is_control(uint8_t byte)
{
    return (byte < 0x20 && byte != '\t' && byte != '\n') || byte == 0x7F;
}

static enum galen_status check_characters(const struct builder *builder, struct bytes text)
{
    size_t index = 0;
    if (!bytes_are_utf8(text, &index)) {
        return refuse_here(builder, mark_of_offset(text, index), "is not UTF-8");
    }
    for (size_t i = 0; i < text.size; i++) {
        if ((is_control(text.data[i]) && text.data[i] != '\r') ||
            (text.data[i] >= 0xC2 && is_unseen_break(bytes_from(text, i)))) {
            return refuse_here(builder, mark_of_offset(text, i),
                               "holds a control character or a Unicode line separator");
        }
    }
    return GALEN_OK;
}

static struct yaml_node *append(struct builder *builder, struct yaml_node node)
{
    struct yaml_node *stored = arena_alloc(builder->arena, sizeof(*stored));
    if (stored == NULL) {
        return NULL;
    }
    struct yaml_node *parent = container_of_next(builder);
    node.name = builder->pending.name;
    node.name_is_plain = builder->pending.name_is_plain;
    node.name_mark = node.name == NULL ? node.mark : builder->pending.name_mark;
    node.parent = parent;
    *stored = node;
    builder->pending.name = NULL;
    if (parent == NULL) {
        builder->document->root = stored;
        return stored;
    }
    stored->index = parent->count++;
    if (parent->first == NULL) {
        parent->first = stored;
    } else {
        parent->last->next = stored;
    }
    parent->last = stored;
    return stored;
}

static bool takes_a_name(const struct builder *builder)
{
    const struct yaml_node *container = container_of_next(builder);
    return container != NULL && container->kind == YAML_KIND_MAPPING &&
           builder->pending.name == NULL;
}

static enum galen_status check_properties(const struct builder *builder, yaml_mark_t mark,
                                          const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor != NULL) {
        return refuse_here(builder, mark_of(mark), "anchors are not supported");
    }
    if (tag != NULL) {
        return refuse_here(builder, mark_of(mark), "tags are not supported");
    }
    return GALEN_OK;
}

static enum galen_status take_name(struct builder *builder, const struct yaml_node *scalar)
{
    const struct yaml_node *mapping = container_of_next(builder);
    if (mapping->count == LIMIT_YAML_KEY_COUNT_MAX) {
        return refuse_here(builder, scalar->mark, "has more than %d keys",
                           LIMIT_YAML_KEY_COUNT_MAX);
    }
    if (scalar->text[strcspn(scalar->text, "\t\n")] != '\0') {
        return refuse_here(builder, scalar->mark, "a key must be one line without tabs");
    }
    if (scalar->text[0] == '\0') {
        return refuse_here(builder, scalar->mark, "a key is empty");
    }
    builder->pending = (struct yaml_node){
        .name = scalar->text, .name_is_plain = scalar->is_plain, .name_mark = scalar->mark};
    const struct yaml_node *first = yaml_member(mapping, scalar->text);
    if (first != NULL) {
        return refuse_here(builder, scalar->mark, "is there twice, first at line %u",
                           first->name_mark.line);
    }
    return GALEN_OK;
}

static enum galen_status on_scalar(struct builder *builder, const yaml_event_t *event)
{
    const struct bytes text = bytes_of(event->data.scalar.value, event->data.scalar.length);
    struct yaml_node node = {.kind = YAML_KIND_SCALAR,
                             .mark = mark_of(event->start_mark),
                             .is_plain =
                                 event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE};
    TRY(check_properties(builder, event->start_mark, event->data.scalar.anchor,
                         event->data.scalar.tag));
    for (size_t i = 0; i < text.size; i++) {
        if (is_control(text.data[i])) {
            return refuse_here(builder, node.mark, "holds a control character");
        }
    }
    node.text = arena_copy_string(builder->arena, text);
    if (node.text == NULL) {
        return GALEN_NO_MEMORY;
    }
    if (takes_a_name(builder)) {
        return take_name(builder, &node);
    }
    return append(builder, node) == NULL ? GALEN_NO_MEMORY : GALEN_OK;
}

static enum galen_status on_open(struct builder *builder, yaml_mark_t mark,
                                 enum yaml_kind kind)
{
    if (takes_a_name(builder)) {
        return refuse_here(builder, mark_of(mark), "a key must be a scalar");
    }
    if (builder->depth == LIMIT_YAML_DEPTH_MAX) {
        return refuse_here(builder, mark_of(mark), "is nested deeper than %d",
                           LIMIT_YAML_DEPTH_MAX);
    }
    struct yaml_node *node =
        append(builder, (struct yaml_node){.kind = kind, .mark = mark_of(mark)});
    if (node == NULL) {
        return GALEN_NO_MEMORY;
    }
    builder->open[builder->depth++] = node;
    return GALEN_OK;
}

static enum galen_status on_sequence(struct builder *builder, const yaml_event_t *event)
{
    TRY(check_properties(builder, event->start_mark, event->data.sequence_start.anchor,
                         event->data.sequence_start.tag));
    return on_open(builder, event->start_mark, YAML_KIND_SEQUENCE);
}

static enum galen_status on_mapping(struct builder *builder, const yaml_event_t *event)
{
    TRY(check_properties(builder, event->start_mark, event->data.mapping_start.anchor,
                         event->data.mapping_start.tag));
    return on_open(builder, event->start_mark, YAML_KIND_MAPPING);
}

static enum galen_status on_document(const struct builder *builder,
                                     const yaml_event_t *event)
{
    if (builder->document->root != NULL) {
        return refuse_here(builder, mark_of(event->start_mark),
                           "a second document is not supported");
    }
    if (event->data.document_start.version_directive != NULL ||
        event->data.document_start.tag_directives.start !=
            event->data.document_start.tag_directives.end) {
        return refuse_here(builder, mark_of(event->start_mark),
                           "directives are not supported");
    }
    return GALEN_OK;
}

static enum galen_status on_event(struct builder *builder, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return on_document(builder, event);
    case YAML_SCALAR_EVENT:
        return on_scalar(builder, event);
    case YAML_SEQUENCE_START_EVENT:
        return on_sequence(builder, event);
    case YAML_MAPPING_START_EVENT:
        return on_mapping(builder, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        builder->depth--;
        return GALEN_OK;
    case YAML_ALIAS_EVENT:
        return refuse_here(builder, mark_of(event->start_mark),
                           "aliases are not supported");
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    return GALEN_OK;
}

static enum galen_status on_failure(const struct builder *builder,
                                    const yaml_parser_t *parser, struct bytes text)
{
    if (parser->error == YAML_MEMORY_ERROR) {
        return GALEN_NO_MEMORY;
    }
    if (parser->error == YAML_READER_ERROR) {
        const size_t offset =
            parser->problem_offset < text.size ? parser->problem_offset : text.size;
        return refuse_here(builder, mark_of_offset(text, offset), "%s", parser->problem);
    }
    const struct yaml_mark mark = mark_of(parser->problem_mark);
    if (parser->context == NULL) {
        return refuse_here(builder, mark, "%s", parser->problem);
    }
    return refuse_here(builder, mark, "%s, %s that began at line %zu", parser->problem,
                       parser->context, parser->context_mark.line + 1);
}

static enum galen_status next_event(struct builder *builder, yaml_parser_t *parser,
                                    struct bytes text, bool *out_is_last)
{
    yaml_event_t event;
    if (yaml_parser_parse(parser, &event) == 0) {
        return on_failure(builder, parser, text);
    }
    const enum galen_status status = on_event(builder, &event);
    *out_is_last = event.type == YAML_STREAM_END_EVENT;
    yaml_event_delete(&event);
    return status;
}

static enum galen_status read_events(struct builder *builder, struct bytes text)
{
    yaml_parser_t parser;
    if (yaml_parser_initialize(&parser) == 0) {
        return GALEN_NO_MEMORY;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    const struct bytes input = text.size == 0 ? BYTES("") : text; /* it refuses NULL */
    yaml_parser_set_input_string(&parser, input.data, input.size);
    enum galen_status status = GALEN_OK;
    for (bool is_last = false; status == GALEN_OK && !is_last;) {
        status = next_event(builder, &parser, text, &is_last);
    }
    yaml_parser_delete(&parser);
    return status;
}

enum galen_status yaml_parse(struct bytes text, const char *file, struct arena *arena,
                             struct yaml_document *out_document, struct error *out_error)
{
    struct yaml_document document = {.file = file};
    struct builder builder = {.arena = arena, .document = &document, .error = out_error};
    TRY(check_characters(&builder, text));
    TRY(read_events(&builder, text));
    if (document.root == NULL || yaml_is_null(document.root)) {
        return refuse_here(&builder, (struct yaml_mark){1, 1}, "is empty");
    }
    *out_document = document;
    return GALEN_OK;
}

const struct yaml_node *yaml_member(const struct yaml_node *mapping, const char *name)
{
    if (mapping->kind == YAML_KIND_MAPPING) {
        for (const struct yaml_node *node = mapping->first; node != NULL;
             node = node->next) {
            if (strcmp(node->name, name) == 0) {
                return node;
            }
        }
    }
    return NULL;
}

const struct yaml_node *yaml_at(const struct yaml_node *container, size_t index)
{
    const struct yaml_node *node = container->first;
    while (node != NULL && index-- > 0) {
        node = node->next;
    }
    return node;
}

bool yaml_is_null(const struct yaml_node *node)
{
    static const char *const spellings[] = {"", "~", "null", "Null", "NULL"};
    if (node->kind != YAML_KIND_SCALAR || !node->is_plain) {
        return false;
    }
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        if (strcmp(node->text, spellings[i]) == 0) {
            return true;
        }
    }
    return false;
}
