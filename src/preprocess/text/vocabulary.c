/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/text/vocabulary.h"

#include "base/limits.h"
#include "preprocess/text/part.h"

static enum galen_status measure(const struct json *section, struct vocabulary *vocabulary,
                                 struct error *out_error)
{
    struct json_cursor at = json_walk(section);
    while (json_next(&at)) {
        uint32_t id;
        TRY(part_id(at.value, &id, out_error));
        if (at.name.size > LIMIT_VOCABULARY_TOKEN_SIZE_BYTES_MAX) {
            return error_set(out_error, GALEN_TOO_LARGE, "token %u is longer than %d bytes",
                             (unsigned)id, LIMIT_VOCABULARY_TOKEN_SIZE_BYTES_MAX);
        }
        vocabulary->size_bytes += at.name.size;
        vocabulary->id_count =
            id >= vocabulary->id_count ? (size_t)id + 1 : vocabulary->id_count;
    }
    return GALEN_OK;
}

static enum galen_status add_all(const struct json *section, struct arena *arena,
                                 struct vocabulary *vocabulary, struct error *out_error)
{
    struct json_cursor at = json_walk(section);
    while (json_next(&at)) {
        uint32_t id;
        TRY(part_id(at.value, &id, out_error));
        const char *text = arena_copy_string(arena, at.name);
        if (text == NULL) {
            return GALEN_NO_MEMORY;
        }
        vocabulary->texts[id] = bytes_of(text, at.name.size);
        if (at.name.size > 0) {
            trie_add(&vocabulary->ids, vocabulary->texts[id], id);
        }
    }
    return GALEN_OK;
}

enum galen_status vocabulary_parse(const struct json *section, struct arena *arena,
                                   struct vocabulary *out_vocabulary,
                                   struct error *out_error)
{
    struct vocabulary vocabulary = {.id_count = 0};
    if (section == NULL || json_type(section) != JSON_OBJECT || json_count(section) == 0) {
        return error_set(out_error, GALEN_INVALID, "the model has no vocab");
    }
    TRY(measure(section, &vocabulary, out_error));
    vocabulary.texts =
        arena_alloc_array(arena, vocabulary.id_count, sizeof(*vocabulary.texts));
    if (vocabulary.texts == NULL) {
        return GALEN_NO_MEMORY;
    }
    TRY(trie_init(&vocabulary.ids, vocabulary.size_bytes, arena));
    TRY(add_all(section, arena, &vocabulary, out_error));
    *out_vocabulary = vocabulary;
    return GALEN_OK;
}
