/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/text/pre_tokenizer.h"

#include "preprocess/text/byte_level.h"
#include "preprocess/text/part.h"
#include "preprocess/text/unicode.h"

struct pre_tokenizer_step {
    const char *name;
    void (*split)(const struct piece *piece, struct word within, struct words *words);
};

enum kind { KIND_LETTER, KIND_SPACE, KIND_ALONE };

static size_t kind_of(const uint8_t *text, enum kind *out_kind)
{
    uint32_t code_point;
    const size_t size = unicode_decode(text, &code_point);
    if (code_point < 0x80) {
        const uint8_t lower = text[0] | 0x20;
        const bool is_alphanumeric =
            (lower >= 'a' && lower <= 'z') || (text[0] >= '0' && text[0] <= '9');
        const bool is_space = text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r');
        const bool is_graphic = text[0] > ' ' && text[0] < 0x7F;
        *out_kind = is_alphanumeric ? KIND_LETTER
                    : is_space      ? KIND_SPACE
                    : is_graphic    ? KIND_ALONE
                                    : KIND_LETTER;
        return size;
    }
    const unsigned classes = unicode_classes(code_point);
    *out_kind = (classes & UNICODE_SPACE) != 0         ? KIND_SPACE
                : (classes & UNICODE_PUNCTUATION) != 0 ? KIND_ALONE
                                                       : KIND_LETTER;
    return size;
}

/* Splits at white space, which goes, and around what is alone. */
static void split_by_kind(const struct piece *piece, struct word within,
                          bool punctuation_is_alone, struct words *words)
{
    size_t start = within.start;
    size_t at = within.start;
    while (at < within.end) {
        enum kind kind;
        const size_t size = kind_of(piece->text + at, &kind);
        if (kind == KIND_SPACE || (kind == KIND_ALONE && punctuation_is_alone)) {
            words_add(words, start, at);
            if (kind == KIND_ALONE) {
                words_add(words, at, at + size);
            }
            start = at + size;
        }
        at += size;
    }
    words_add(words, start, at);
}

static void split_bert(const struct piece *piece, struct word within, struct words *words)
{
    split_by_kind(piece, within, true, words);
}

static void split_white_space(const struct piece *piece, struct word within,
                              struct words *words)
{
    split_by_kind(piece, within, false, words);
}

static void split_bytes(const struct piece *piece, struct word within, struct words *words)
{
    byte_level_split(piece, within, words);
}

static void split_nothing(const struct piece *piece, struct word within,
                          struct words *words)
{
    (void)piece;
    words_add(words, within.start, within.end);
}

static const struct pre_tokenizer_step bert_step = {"BertPreTokenizer", split_bert};
static const struct pre_tokenizer_step space_step = {"WhitespaceSplit", split_white_space};
static const struct pre_tokenizer_step pattern_step = {"ByteLevel", split_bytes};
static const struct pre_tokenizer_step whole_step = {"ByteLevel", split_nothing};

static const struct pre_tokenizer_step *const steps[] = {&bert_step, &space_step};

static enum galen_status add(struct pre_tokenizer *pre_tokenizer,
                             const struct pre_tokenizer_step *step, struct error *out_error)
{
    if (pre_tokenizer->is_byte_level) {
        return error_set(out_error, GALEN_NOT_IMPLEMENTED,
                         "a pre_tokenizer after ByteLevel is not supported");
    }
    if (pre_tokenizer->count == PRE_TOKENIZER_STEP_COUNT_MAX) {
        return error_set(out_error, GALEN_NOT_IMPLEMENTED,
                         "a pre_tokenizer of more than %d steps is not supported",
                         PRE_TOKENIZER_STEP_COUNT_MAX);
    }
    pre_tokenizer->steps[pre_tokenizer->count++] = step;
    return GALEN_OK;
}

static enum galen_status add_byte_level(const struct json *part,
                                        struct pre_tokenizer *pre_tokenizer,
                                        struct error *out_error)
{
    bool uses_pattern, adds_space;
    TRY(part_bool(part, "use_regex", true, &uses_pattern, out_error));
    TRY(part_bool(part, "add_prefix_space", true, &adds_space, out_error));
    if (adds_space && pre_tokenizer->count > 0) {
        return error_set(out_error, GALEN_NOT_IMPLEMENTED,
                         "ByteLevel with add_prefix_space after another pre_tokenizer is "
                         "not supported");
    }
    TRY(add(pre_tokenizer, uses_pattern ? &pattern_step : &whole_step, out_error));
    pre_tokenizer->is_byte_level = true;
    pre_tokenizer->adds_prefix_space = adds_space;
    return GALEN_OK;
}

static enum galen_status add_one(const struct json *part,
                                 struct pre_tokenizer *pre_tokenizer,
                                 struct error *out_error)
{
    struct bytes type;
    TRY(part_type(part, "pre_tokenizer", &type, out_error));
    if (bytes_equal_string(type, "ByteLevel")) {
        return add_byte_level(part, pre_tokenizer, out_error);
    }
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (bytes_equal_string(type, steps[i]->name)) {
            return add(pre_tokenizer, steps[i], out_error);
        }
    }
    return part_refuse("pre_tokenizer", type, out_error);
}

enum galen_status pre_tokenizer_parse(const struct json *section,
                                      struct pre_tokenizer *out_pre_tokenizer,
                                      struct error *out_error)
{
    struct part_list list;
    const struct json *one;
    *out_pre_tokenizer = (struct pre_tokenizer){.count = 0};
    TRY(part_list(section, "pre_tokenizer", "pretokenizers", &list, out_error));
    while (part_next(&list, &one)) {
        TRY(add_one(one, out_pre_tokenizer, out_error));
    }
    return GALEN_OK;
}

static void run_step(const struct pre_tokenizer_step *step, const struct piece *piece,
                     struct words *words)
{
    const struct words before = *words;
    words->items = NULL;
    words->count = words->capacity = 0;
    for (size_t i = 0; i < before.count; i++) {
        step->split(piece, before.items[i], words);
    }
}

void pre_tokenizer_run(const struct pre_tokenizer *pre_tokenizer, struct piece *piece,
                       struct words *words)
{
    if (pre_tokenizer->adds_prefix_space &&
        byte_level_add_space(piece, words->arena) != GALEN_OK) {
        words->failed = true;
        return;
    }
    const struct word whole = {0, (uint32_t)piece->size};
    if (pre_tokenizer->count == 0) {
        words_add(words, whole.start, whole.end);
        return;
    }
    pre_tokenizer->steps[0]->split(piece, whole, words);
    for (size_t i = 1; i < pre_tokenizer->count; i++) {
        run_step(pre_tokenizer->steps[i], piece, words);
    }
}
