/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/text/post_processor.h"

#include "base/limits.h"
#include "preprocess/text/part.h"
#include "preprocess/text/unicode.h"

static enum galen_status add_ids(const uint32_t *added, size_t added_count,
                                 struct arena *arena, const uint32_t **ids, size_t *count)
{
    uint32_t *larger = arena_alloc_array(arena, *count + added_count, sizeof(*larger));
    if (larger == NULL) {
        return GALEN_NO_MEMORY;
    }
    if (*count > 0) {
        memcpy(larger, *ids, *count * sizeof(*larger));
    }
    memcpy(larger + *count, added, added_count * sizeof(*larger));
    *ids = larger;
    *count += added_count;
    return GALEN_OK;
}

/* ["[CLS]", 101] */
static enum galen_status read_pair(const struct json *section, const char *name,
                                   uint32_t *out_id, struct error *out_error)
{
    const struct json *pair = json_member(section, name);
    if (pair == NULL || json_type(pair) != JSON_ARRAY || json_count(pair) != 2) {
        return error_set(out_error, GALEN_INVALID, "post_processor has no %s", name);
    }
    struct json_cursor at = json_walk(pair);
    (void)json_next(&at);
    (void)json_next(&at);
    return part_id(at.value, out_id, out_error);
}

static enum galen_status add_pair(const struct json *section, struct arena *arena,
                                  struct post_processor *processor, struct error *out_error)
{
    struct tokenizer_frame *frame = &processor->frame;
    uint32_t first, last;
    TRY(read_pair(section, "cls", &first, out_error));
    TRY(read_pair(section, "sep", &last, out_error));
    TRY(add_ids(&first, 1, arena, &frame->before, &frame->before_count));
    return add_ids(&last, 1, arena, &frame->after, &frame->after_count);
}

static enum galen_status add_trim(const struct json *section,
                                  struct post_processor *processor, struct error *out_error)
{
    TRY(part_bool(section, "trim_offsets", true, &processor->trims, out_error));
    return part_bool(section, "add_prefix_space", true, &processor->has_prefix_space,
                     out_error);
}

/* Templates: [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {…}}, …] */
struct template
{
    const struct json *special_tokens;
    struct arena *arena;
    struct tokenizer_frame *frame;
    bool has_sequence;
    struct error *error;
};

static enum galen_status refuse_template(const struct template *template, const char *why)
{
    return error_set(template->error, GALEN_INVALID, "TemplateProcessing: %s", why);
}

static const struct json *find_special(const struct template *template, struct bytes name)
{
    struct json_cursor at = json_walk(template->special_tokens);
    while (json_next(&at)) {
        if (bytes_equal(at.name, name) && json_type(at.value) == JSON_OBJECT) {
            return json_member(at.value, "ids");
        }
    }
    return NULL;
}

static enum galen_status add_special(struct template *template, const struct json *item)
{
    struct tokenizer_frame *frame = template->frame;
    struct bytes name;
    TRY(part_string(item, "id", BYTES_NONE, &name, template->error));
    const struct json *ids = find_special(template, name);
    if (ids == NULL || json_type(ids) != JSON_ARRAY) {
        return refuse_template(template, "a special token has no ids");
    }
    struct json_cursor at = json_walk(ids);
    while (json_next(&at)) {
        uint32_t id;
        TRY(part_id(at.value, &id, template->error));
        TRY(template->has_sequence
                ? add_ids(&id, 1, template->arena, &frame->after, &frame->after_count)
                : add_ids(&id, 1, template->arena, &frame->before, &frame->before_count));
    }
    return GALEN_OK;
}

static enum galen_status check_type(struct template *template, const struct json *item,
                                    bool is_first)
{
    uint32_t type;
    TRY(part_count(item, "type_id", 0, &type, template->error));
    if (!is_first && type != template->frame->type) {
        return error_set(template->error, GALEN_NOT_IMPLEMENTED,
                         "TemplateProcessing with several token types is not supported");
    }
    template->frame->type = type;
    return GALEN_OK;
}

static enum galen_status add_item(struct template *template, const struct json *item,
                                  bool is_first)
{
    const struct json *special =
        json_type(item) == JSON_OBJECT ? json_member(item, "SpecialToken") : NULL;
    const struct json *sequence =
        json_type(item) == JSON_OBJECT ? json_member(item, "Sequence") : NULL;
    const struct json *body = special != NULL ? special : sequence;
    if (body == NULL || json_type(body) != JSON_OBJECT) {
        return refuse_template(template, "an item is neither SpecialToken nor Sequence");
    }
    TRY(check_type(template, body, is_first));
    if (special != NULL) {
        return add_special(template, special);
    }
    if (template->has_sequence) {
        return refuse_template(template, "single has two Sequences");
    }
    template->has_sequence = true;
    return GALEN_OK;
}

static enum galen_status add_template(const struct json *section, struct arena *arena,
                                      struct post_processor *processor,
                                      struct error *out_error)
{
    struct template template = {
        .special_tokens = json_member(section, "special_tokens"),
        .arena = arena,
        .frame = &processor->frame,
        .error = out_error,
    };
    const struct json *single = json_member(section, "single");
    if (template.special_tokens == NULL ||
        json_type(template.special_tokens) != JSON_OBJECT || single == NULL ||
        json_type(single) != JSON_ARRAY) {
        return refuse_template(&template, "single or special_tokens is not there");
    }
    if (json_count(single) > LIMIT_ADDED_TOKEN_COUNT_MAX) {
        return refuse_template(&template, "single is too long");
    }
    struct json_cursor at = json_walk(single);
    while (json_next(&at)) {
        TRY(add_item(&template, at.value, at.index == 0));
    }
    return template.has_sequence ? GALEN_OK
                                 : refuse_template(&template, "single has no Sequence");
}

static enum galen_status add_one(const struct json *section, struct arena *arena,
                                 struct post_processor *processor, struct error *out_error)
{
    struct bytes type;
    TRY(part_type(section, "post_processor", &type, out_error));
    if (bytes_equal_string(type, "ByteLevel")) {
        return add_trim(section, processor, out_error);
    }
    if (bytes_equal_string(type, "TemplateProcessing")) {
        return add_template(section, arena, processor, out_error);
    }
    if (bytes_equal_string(type, "BertProcessing")) {
        return add_pair(section, arena, processor, out_error);
    }
    if (bytes_equal_string(type, "RobertaProcessing")) {
        TRY(add_trim(section, processor, out_error));
        return add_pair(section, arena, processor, out_error);
    }
    return part_refuse("post_processor", type, out_error);
}

enum galen_status post_processor_parse(const struct json *section, struct arena *arena,
                                       struct post_processor *out_processor,
                                       struct error *out_error)
{
    struct part_list list;
    const struct json *one;
    *out_processor = (struct post_processor){.trims = false};
    TRY(part_list(section, "post_processor", "processors", &list, out_error));
    while (part_next(&list, &one)) {
        TRY(add_one(one, arena, out_processor, out_error));
    }
    return GALEN_OK;
}

/* As vocabularies of bytes write the space. */
static const uint32_t written_space = 0x120;

static bool is_space(uint32_t code_point)
{
    return code_point == written_space ||
           (unicode_classes(code_point) & UNICODE_SPACE) != 0;
}

struct token_margins token_margins_of(struct bytes text)
{
    struct token_margins margins = {0, 0};
    bool is_in_front = true;
    for (size_t at = 0; at < text.size;) {
        uint32_t code_point;
        at += unicode_decode(text.data + at, &code_point);
        const bool space = is_space(code_point);
        is_in_front = is_in_front && space;
        margins.before = (uint16_t)(margins.before + is_in_front);
        margins.after = space ? (uint16_t)(margins.after + 1) : 0;
    }
    return margins;
}

static void trim(struct token_span *span, struct token_margins margins)
{
    const uint32_t size = span->end - span->start;
    span->start += margins.before < size ? margins.before : size;
    if (span->end >= margins.after) {
        const uint32_t end = span->end - margins.after;
        span->end = end > span->start ? end : span->start;
    }
}

void post_processor_trim(const struct post_processor *processor,
                         struct token_margins margins, size_t index,
                         struct token_span *span)
{
    const bool is_first = index == 0 || span->start == 0;
    if (is_first && processor->has_prefix_space && margins.before == 1) {
        margins.before = 0;
    }
    trim(span, margins);
}
