/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/schema_compiler.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/invariant.h"
#include "codec/schema_uri.h"

#define DRAFT "https://json-schema.org/draft/2020-12/"

enum holding { NOTHING, ONE, LIST, MAP };

static const struct keyword {
    const char *name;
    unsigned vocabularies;
    enum holding holds;
} keywords[] = {
#define SCHEMA_KEYWORD(name, vocabularies, holds) {name, vocabularies, holds},
#include "codec/schema_keywords.def"
};

static const struct {
    const char *uri;
    unsigned vocabulary;
} vocabularies[] = {
    {DRAFT "vocab/core", SCHEMA_CORE},
    {DRAFT "vocab/applicator", SCHEMA_APPLICATOR},
    {DRAFT "vocab/unevaluated", SCHEMA_UNEVALUATED},
    {DRAFT "vocab/validation", SCHEMA_VALIDATION},
    {DRAFT "vocab/meta-data", SCHEMA_META_DATA},
    {DRAFT "vocab/format-annotation", SCHEMA_FORMAT_ANNOTATION},
    {DRAFT "vocab/format-assertion", SCHEMA_FORMAT_ASSERTION},
    {DRAFT "vocab/content", SCHEMA_CONTENT},
};

enum {
    USUAL_VOCABULARIES = SCHEMA_CORE | SCHEMA_APPLICATOR | SCHEMA_UNEVALUATED |
                         SCHEMA_VALIDATION | SCHEMA_META_DATA | SCHEMA_FORMAT_ANNOTATION |
                         SCHEMA_CONTENT,
    SLOT_COUNT_FIRST = 64,
};

static const struct keyword *find_keyword(struct bytes name)
{
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        if (bytes_equal_string(name, keywords[i].name)) {
            return &keywords[i];
        }
    }
    return NULL;
}

/* Errors. */

static void prefix_path(struct error *error, const struct schema_node *node)
{
    for (; node != NULL && node->parent != NULL; node = node->parent) {
        if (node->index != SIZE_MAX) {
            error_prefix_index(error, node->index);
        }
        if (node->name.data != NULL) {
            error_prefix_name(error, node->name);
        }
        error_prefix_name(error, bytes_from_string(node->keyword));
    }
}

enum galen_status schema_reject(struct schema_compiler *compiler,
                                const struct schema_node *node, const char *keyword,
                                const char *format, ...)
{
    char text[ERROR_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    const bool is_first = node->source == &compiler->sources[0];
    error_write(compiler->error, "%s%s%s", is_first ? "" : node->source->uri,
                is_first ? "" : ": ", text);
    if (keyword != NULL && compiler->error != NULL) {
        error_prefix_name(compiler->error, bytes_from_string(keyword));
    }
    if (compiler->error != NULL) {
        prefix_path(compiler->error, node);
    }
    return GALEN_UNPROCESSABLE;
}

/* Nodes by their JSON. */

static size_t slot_of(const struct schema_compiler *compiler, const struct json *json)
{
    const uint64_t hash = (uint64_t)(uintptr_t)json * 0x9E3779B97F4A7C15u;
    size_t slot = (hash >> 32) & (compiler->slot_count - 1);
    while (compiler->slots[slot].json != NULL && compiler->slots[slot].json != json) {
        slot = (slot + 1) & (compiler->slot_count - 1);
    }
    return slot;
}

static enum galen_status grow_slots(struct schema_compiler *compiler)
{
    const struct schema_compiler old = *compiler;
    if (2 * (old.node_count + 1) <= old.slot_count) {
        return GALEN_OK;
    }
    compiler->slot_count = old.slot_count == 0 ? SLOT_COUNT_FIRST : 2 * old.slot_count;
    compiler->slots =
        arena_alloc_array(old.arena, compiler->slot_count, sizeof(*old.slots));
    if (compiler->slots == NULL) {
        *compiler = old;
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < old.slot_count; i++) {
        if (old.slots[i].json != NULL) {
            compiler->slots[slot_of(compiler, old.slots[i].json)] = old.slots[i];
        }
    }
    return GALEN_OK;
}

const struct schema_node *schema_index_node(const struct schema_compiler *compiler,
                                            const struct json *json)
{
    return compiler->slot_count == 0 ? NULL : compiler->slots[slot_of(compiler, json)].node;
}

static enum galen_status add_node(struct schema_compiler *compiler,
                                  const struct schema_node *model,
                                  struct schema_node **out_node)
{
    if (compiler->node_count == LIMIT_SCHEMA_NODE_COUNT_MAX) {
        return error_set(compiler->error, GALEN_TOO_LARGE, "more than %d schemas",
                         (int)LIMIT_SCHEMA_NODE_COUNT_MAX);
    }
    TRY(grow_slots(compiler));
    struct schema_node *node = arena_alloc(compiler->arena, sizeof(*node));
    if (node == NULL) {
        return GALEN_NO_MEMORY;
    }
    *node = *model;
    node->kind = SCHEMA_RULES;
    if (json_type(node->json) == JSON_BOOL) {
        node->kind = json_bool(node->json) ? SCHEMA_TRUE : SCHEMA_FALSE;
    }
    node->rules_end = &node->rules;
    compiler->slots[slot_of(compiler, node->json)] = (struct schema_slot){node->json, node};
    compiler->node_count++;
    *compiler->end = node;
    compiler->end = &node->next;
    *out_node = node;
    return GALEN_OK;
}

/* Identifiers. */

static enum galen_status string_of(struct schema_compiler *compiler,
                                   const struct schema_node *node, const char *keyword,
                                   const struct bytes **out_text, struct bytes *storage)
{
    const struct json *value =
        json_type(node->json) == JSON_OBJECT ? json_member(node->json, keyword) : NULL;
    *out_text = NULL;
    if (value == NULL) {
        return GALEN_OK;
    }
    if (json_type(value) != JSON_STRING) {
        return schema_reject(compiler, node, keyword, "is not a string");
    }
    *storage = json_string(value);
    *out_text = storage;
    return GALEN_OK;
}

static enum galen_status parse_document(struct schema_compiler *compiler, size_t index)
{
    struct schema_document *document = &compiler->documents[index];
    const struct schema_source *source = &compiler->sources[index];
    if (document->root != NULL) {
        return GALEN_OK;
    }
    if (source->text.size > LIMIT_SCHEMA_SIZE_BYTES_MAX) {
        return error_set(compiler->error, GALEN_TOO_LARGE, "a schema of more than %d bytes",
                         (int)LIMIT_SCHEMA_SIZE_BYTES_MAX);
    }
    struct error why = {.text = ""};
    const enum galen_status status =
        json_parse(source->text, compiler->arena, &document->root, &why);
    return status == GALEN_OK
               ? GALEN_OK
               : error_set(compiler->error, status, "%s%s%s", index == 0 ? "" : source->uri,
                           index == 0 ? "" : ": ", why.text);
}

/* The URI that a document gives itself. */
static enum galen_status name_document(struct schema_compiler *compiler, size_t index)
{
    struct schema_document *document = &compiler->documents[index];
    struct bytes id = BYTES_NONE;
    struct bytes fragment;
    if (document->uri.data != NULL) {
        return GALEN_OK;
    }
    TRY(parse_document(compiler, index));
    if (json_type(document->root) == JSON_OBJECT) {
        const struct json *value = json_member(document->root, "$id");
        id = value != NULL && json_type(value) == JSON_STRING ? json_string(value) : id;
    }
    return schema_uri_resolve(bytes_from_string(compiler->sources[index].uri), id,
                              compiler->arena, &document->uri, &fragment);
}

/* *out_index source_count: no source has this URI. */
static enum galen_status find_document(struct schema_compiler *compiler, struct bytes uri,
                                       size_t *out_index)
{
    size_t i = 0;
    while (i < compiler->source_count &&
           !bytes_equal_string(uri, compiler->sources[i].uri)) {
        i++;
    }
    for (size_t j = 0; i == compiler->source_count && j < compiler->source_count; j++) {
        TRY(name_document(compiler, j));
        i = bytes_equal(uri, compiler->documents[j].uri) ? j : i;
    }
    *out_index = i;
    return GALEN_OK;
}

static enum galen_status read_vocabularies(struct schema_compiler *compiler,
                                           const struct schema_node *node,
                                           const struct json *list, unsigned *out_mask)
{
    unsigned mask = 0;
    if (json_type(list) != JSON_OBJECT) {
        return schema_reject(compiler, node, "$schema", "its $vocabulary is no object");
    }
    struct json_cursor at = json_walk(list);
    while (json_next(&at)) {
        unsigned known = 0;
        for (size_t i = 0; i < sizeof(vocabularies) / sizeof(vocabularies[0]); i++) {
            known |= bytes_equal_string(at.name, vocabularies[i].uri)
                         ? vocabularies[i].vocabulary
                         : 0u;
        }
        if (known == 0 && (json_type(at.value) != JSON_BOOL || json_bool(at.value))) {
            return schema_reject(compiler, node, "$schema",
                                 "needs the vocabulary %.*s, which is not supported",
                                 BYTES_PRINT(at.name));
        }
        mask |= known;
    }
    *out_mask = mask;
    return GALEN_OK;
}

/* What `$schema` says that the keywords of this resource mean. */
static enum galen_status find_dialect(struct schema_compiler *compiler,
                                      const struct schema_node *node, unsigned *out_mask)
{
    struct bytes storage;
    const struct bytes *dialect;
    size_t index;
    *out_mask = USUAL_VOCABULARIES;
    TRY(string_of(compiler, node, "$schema", &dialect, &storage));
    if (dialect == NULL || bytes_equal(*dialect, BYTES(DRAFT "schema")) ||
        bytes_equal(*dialect, BYTES(DRAFT "schema#"))) {
        return GALEN_OK;
    }
    TRY(find_document(compiler, *dialect, &index));
    if (index == compiler->source_count) {
        return schema_reject(compiler, node, "$schema",
                             "is not the dialect of draft 2020-12");
    }
    TRY(parse_document(compiler, index));
    const struct json *root = compiler->documents[index].root;
    const struct json *list =
        json_type(root) == JSON_OBJECT ? json_member(root, "$vocabulary") : NULL;
    return list == NULL ? GALEN_OK : read_vocabularies(compiler, node, list, out_mask);
}

static const struct schema_resource *find_resource(const struct schema_compiler *compiler,
                                                   struct bytes uri)
{
    const struct schema_resource *resource = compiler->resources;
    while (resource != NULL && !bytes_equal(resource->uri, uri)) {
        resource = resource->next;
    }
    return resource;
}

static bool is_resource(const struct schema_node *node)
{
    return node->parent == NULL ||
           (json_type(node->json) == JSON_OBJECT && json_member(node->json, "$id") != NULL);
}

static enum galen_status add_resource(struct schema_compiler *compiler,
                                      struct schema_node *node)
{
    const struct bytes base =
        node->parent == NULL ? bytes_from_string(node->source->uri) : node->resource->uri;
    struct bytes storage;
    struct bytes fragment = BYTES_NONE;
    const struct bytes *id;
    TRY(string_of(compiler, node, "$id", &id, &storage));
    struct schema_resource *resource = arena_alloc(compiler->arena, sizeof(*resource));
    if (resource == NULL) {
        return GALEN_NO_MEMORY;
    }
    TRY(schema_uri_resolve(base, id == NULL ? BYTES_NONE : *id, compiler->arena,
                           &resource->uri, &fragment));
    if (fragment.size > 0) {
        return schema_reject(compiler, node, "$id", "has a fragment");
    }
    if (find_resource(compiler, resource->uri) != NULL) {
        return schema_reject(compiler, node, "$id", "another schema has it");
    }
    TRY(find_dialect(compiler, node, &resource->vocabularies));
    resource->root = node;
    resource->next = compiler->resources;
    compiler->resources = resource;
    node->resource = resource;
    if (node->parent == NULL) {
        compiler->documents[node->source - compiler->sources].resource = resource;
    }
    return GALEN_OK;
}

static const struct schema_anchor *find_anchor(const struct schema_resource *resource,
                                               struct bytes name)
{
    const struct schema_anchor *anchor = resource->anchors;
    while (anchor != NULL && !bytes_equal(anchor->name, name)) {
        anchor = anchor->next;
    }
    return anchor;
}

/* Core, section 8.2.2. */
static bool is_anchor_name(struct bytes name)
{
    for (size_t i = 0; i < name.size; i++) {
        const uint8_t byte = name.data[i];
        const uint8_t lower = byte | 0x20;
        const bool may_begin = (lower >= 'a' && lower <= 'z') || byte == '_';
        const bool may_follow = (byte >= '0' && byte <= '9') || byte == '-' || byte == '.';
        if (!may_begin && (i == 0 || !may_follow)) {
            return false;
        }
    }
    return name.size > 0;
}

static enum galen_status add_anchor(struct schema_compiler *compiler,
                                    struct schema_node *node, const char *keyword,
                                    bool is_dynamic)
{
    struct bytes storage;
    const struct bytes *name;
    struct schema_resource *resource = (struct schema_resource *)(uintptr_t)node->resource;
    INVARIANT(resource != NULL);
    TRY(string_of(compiler, node, keyword, &name, &storage));
    if (name == NULL) {
        return GALEN_OK;
    }
    if (!is_anchor_name(*name)) {
        return schema_reject(compiler, node, keyword, "is not a name for an anchor");
    }
    if (find_anchor(resource, *name) != NULL) {
        return schema_reject(compiler, node, keyword, "another schema here has it");
    }
    struct schema_anchor *anchor = arena_alloc(compiler->arena, sizeof(*anchor));
    if (anchor == NULL) {
        return GALEN_NO_MEMORY;
    }
    *anchor = (struct schema_anchor){resource->anchors, *name, node, is_dynamic};
    resource->anchors = anchor;
    return GALEN_OK;
}

/* Schemas. */

static enum galen_status index_schema(struct schema_compiler *compiler,
                                      const struct schema_node *model);

static enum galen_status index_list(struct schema_compiler *compiler,
                                    struct schema_node *model, const struct json *list)
{
    if (json_type(list) != JSON_ARRAY || json_count(list) == 0) {
        return schema_reject(compiler, model->parent, model->keyword,
                             "is not a list of schemas");
    }
    struct json_cursor at = json_walk(list);
    while (json_next(&at)) {
        model->json = at.value;
        model->index = at.index;
        TRY(index_schema(compiler, model));
    }
    return GALEN_OK;
}

static enum galen_status index_map(struct schema_compiler *compiler,
                                   struct schema_node *model, const struct json *map)
{
    if (json_type(map) != JSON_OBJECT) {
        return schema_reject(compiler, model->parent, model->keyword,
                             "is not an object of schemas");
    }
    struct json_cursor at = json_walk(map);
    while (json_next(&at)) {
        model->json = at.value;
        model->name = at.name;
        TRY(index_schema(compiler, model));
    }
    return GALEN_OK;
}

static enum galen_status index_keyword(struct schema_compiler *compiler,
                                       const struct schema_node *node,
                                       const struct keyword *keyword,
                                       const struct json *value)
{
    struct schema_node model = {
        .json = value,
        .parent = node,
        .keyword = keyword->name,
        .index = SIZE_MAX,
        .resource = node->resource,
        .source = node->source,
    };
    switch (keyword->holds) {
    case ONE:
        return index_schema(compiler, &model);
    case LIST:
        return index_list(compiler, &model, value);
    case MAP:
        return index_map(compiler, &model, value);
    case NOTHING:
        break;
    }
    return GALEN_OK;
}

static enum galen_status index_members(struct schema_compiler *compiler,
                                       const struct schema_node *node)
{
    struct json_cursor at = json_walk(node->json);
    while (json_next(&at)) {
        const struct keyword *keyword = find_keyword(at.name);
        if (keyword != NULL) {
            TRY(index_keyword(compiler, node, keyword, at.value));
        } else if (!compiler->options->keeps_unknown &&
                   !bytes_starts_with(at.name, BYTES("x-"))) {
            return schema_reject(compiler, node, NULL,
                                 "\"%.*s\" is not a keyword that is supported",
                                 BYTES_PRINT(at.name));
        }
    }
    return GALEN_OK;
}

/* Depth is bounded by json_parse. */
static enum galen_status index_schema(struct schema_compiler *compiler,
                                      const struct schema_node *model)
{
    const enum json_type type = json_type(model->json);
    struct schema_node *node;
    TRY(add_node(compiler, model, &node));
    if (type != JSON_OBJECT && type != JSON_BOOL) {
        return schema_reject(compiler, node, NULL, "a schema is an object, true or false");
    }
    if (is_resource(node)) {
        TRY(add_resource(compiler, node));
    }
    if (type == JSON_BOOL) {
        return GALEN_OK;
    }
    TRY(add_anchor(compiler, node, "$anchor", false));
    TRY(add_anchor(compiler, node, "$dynamicAnchor", true));
    return index_members(compiler, node);
}

static enum galen_status index_document(struct schema_compiler *compiler, size_t index,
                                        const struct schema_resource **out_resource)
{
    struct schema_document *document = &compiler->documents[index];
    if (document->resource == NULL) {
        TRY(parse_document(compiler, index));
        const struct schema_node model = {
            .json = document->root,
            .index = SIZE_MAX,
            .source = &compiler->sources[index],
        };
        TRY(index_schema(compiler, &model)); /* which notes its resource */
    }
    *out_resource = document->resource;
    return GALEN_OK;
}

enum galen_status schema_index_first(struct schema_compiler *compiler,
                                     const struct schema_node **out_root)
{
    const struct schema_resource *resource;
    TRY(index_document(compiler, 0, &resource));
    *out_root = resource->root;
    return GALEN_OK;
}

/* References. */

static struct bytes unescape(struct bytes token, uint8_t *storage)
{
    size_t size = 0;
    for (size_t i = 0; i < token.size; i++) {
        storage[size] = token.data[i];
        if (token.data[i] == '~' && i + 1 < token.size) {
            storage[size] = token.data[++i] == '0' ? '~' : '/';
        }
        size++;
    }
    return bytes_of(storage, size);
}

static const struct json *child_of(const struct json *json, struct bytes token)
{
    uint64_t index;
    if (json_type(json) == JSON_OBJECT) {
        struct schema_budget budget = {UINT64_MAX};
        return schema_member(json, token, &budget);
    }
    if (json_type(json) != JSON_ARRAY || !bytes_parse_u64(token, SIZE_MAX - 1, &index)) {
        return NULL;
    }
    struct json_cursor at = json_walk(json);
    while (json_next(&at)) {
        if (at.index == index) {
            return at.value;
        }
    }
    return NULL;
}

/* A schema that no keyword holds: below one that begins with x-, say. */
static enum galen_status index_hidden(struct schema_compiler *compiler,
                                      const struct schema_node *root,
                                      const struct json *json, const char *path,
                                      const struct schema_node **out_node)
{
    const struct schema_node model = {
        .json = json,
        .parent = root,
        .keyword = path,
        .index = SIZE_MAX,
        .resource = root->resource,
        .source = root->source,
    };
    TRY(index_schema(compiler, &model));
    *out_node = schema_index_node(compiler, json);
    return GALEN_OK;
}

/* *out_node NULL: there is nothing. */
static enum galen_status follow_pointer(struct schema_compiler *compiler,
                                        const struct schema_node *root,
                                        struct bytes pointer,
                                        const struct schema_node **out_node)
{
    const struct json *json = root->json;
    uint8_t *storage = arena_alloc(compiler->arena, pointer.size + 1);
    const char *path = arena_copy_string(compiler->arena, bytes_from(pointer, 1));
    if (storage == NULL || path == NULL) {
        return GALEN_NO_MEMORY;
    }
    while (pointer.size > 0 && json != NULL) {
        const struct bytes rest = bytes_from(pointer, 1);
        const size_t size = bytes_find(rest, '/');
        json = child_of(json, unescape(bytes_first(rest, size), storage));
        pointer = bytes_from(rest, size);
    }
    *out_node = json == NULL ? NULL : schema_index_node(compiler, json);
    return json == NULL || *out_node != NULL
               ? GALEN_OK
               : index_hidden(compiler, root, json, path, out_node);
}

static enum galen_status find_target_resource(struct schema_compiler *compiler,
                                              struct bytes uri,
                                              const struct schema_resource **out_resource)
{
    size_t index;
    *out_resource = find_resource(compiler, uri);
    if (*out_resource != NULL) {
        return GALEN_OK;
    }
    TRY(find_document(compiler, uri, &index));
    if (index < compiler->source_count) {
        TRY(index_document(compiler, index, out_resource));
    }
    return GALEN_OK;
}

static enum galen_status find_in_resource(struct schema_compiler *compiler,
                                          const struct schema_resource *resource,
                                          struct bytes fragment,
                                          const struct schema_node **out_node)
{
    if (fragment.size == 0 || fragment.data[0] == '/') {
        return follow_pointer(compiler, resource->root, fragment, out_node);
    }
    const struct schema_anchor *anchor = find_anchor(resource, fragment);
    *out_node = anchor == NULL ? NULL : anchor->node;
    return GALEN_OK;
}

enum galen_status schema_index_reference(struct schema_compiler *compiler,
                                         const struct schema_node *node,
                                         const char *keyword, struct bytes reference,
                                         const struct schema_node **out_target)
{
    struct bytes uri;
    struct bytes fragment;
    struct bytes decoded;
    const struct schema_resource *resource;
    TRY(schema_uri_resolve(node->resource->uri, reference, compiler->arena, &uri,
                           &fragment));
    const enum galen_status status = schema_uri_decode(fragment, compiler->arena, &decoded);
    if (status == GALEN_INVALID) {
        return schema_reject(compiler, node, keyword, "has a malformed fragment");
    }
    TRY(status);
    TRY(find_target_resource(compiler, uri, &resource));
    if (resource == NULL) {
        return schema_reject(compiler, node, keyword,
                             "refers to %.*s, which is not here: nothing is fetched",
                             BYTES_PRINT(uri));
    }
    TRY(find_in_resource(compiler, resource, decoded, out_target));
    return *out_target != NULL
               ? GALEN_OK
               : schema_reject(compiler, node, keyword, "refers to no schema");
}

/* For families. */

const struct json *schema_keyword(const struct schema_node *node, const char *name)
{
    const struct keyword *keyword = find_keyword(bytes_from_string(name));
    INVARIANT(keyword != NULL);
    return (keyword->vocabularies & node->resource->vocabularies) == 0
               ? NULL
               : json_member(node->json, name);
}
