/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/text/normalizer.h"

#include <stdlib.h>

#include "preprocess/text/part.h"
#include "preprocess/text/unicode.h"

struct normalizer_step {
    const char *name; /* the `type` in the file; NULL: only part of another */
    size_t growth;    /* bytes of the result, at most: these times the source's */
    enum galen_status (*run)(struct piece_writer *writer, struct arena *arena);
};

static bool has_next(const struct piece_writer *writer)
{
    return writer->consumed < writer->source->size;
}

static uint32_t peek(const struct piece_writer *writer)
{
    uint32_t code_point;
    (void)unicode_decode(writer->source->text + writer->consumed, &code_point);
    return code_point;
}

static bool is_in(uint32_t code_point, enum unicode_class class)
{
    return (unicode_classes(code_point) & class) != 0;
}

static enum galen_status clean(struct piece_writer *writer, struct arena *arena)
{
    (void)arena;
    while (has_next(writer)) {
        const uint32_t code_point = peek(writer);
        if (is_in(code_point, UNICODE_CONTROL)) {
            piece_writer_drop(writer);
        } else {
            piece_writer_replace(writer,
                                 is_in(code_point, UNICODE_SPACE) ? ' ' : code_point);
        }
    }
    return GALEN_OK;
}

static enum galen_status set_chinese_apart(struct piece_writer *writer, struct arena *arena)
{
    (void)arena;
    while (has_next(writer)) {
        const uint32_t code_point = peek(writer);
        if (is_in(code_point, UNICODE_CHINESE)) {
            piece_writer_replace(writer, ' ');
            piece_writer_add(writer, code_point);
            piece_writer_add(writer, ' ');
        } else {
            piece_writer_replace(writer, code_point);
        }
    }
    return GALEN_OK;
}

static enum galen_status lower(struct piece_writer *writer, struct arena *arena)
{
    (void)arena;
    while (has_next(writer)) {
        uint32_t parts[2];
        const size_t count = unicode_lower(peek(writer), parts);
        piece_writer_replace(writer, parts[0]);
        if (count > 1) {
            piece_writer_add(writer, parts[1]);
        }
    }
    return GALEN_OK;
}

static enum galen_status strip(struct piece_writer *writer, enum unicode_class class)
{
    while (has_next(writer)) {
        const uint32_t code_point = peek(writer);
        if (is_in(code_point, class)) {
            piece_writer_drop(writer);
        } else {
            piece_writer_replace(writer, code_point);
        }
    }
    return GALEN_OK;
}

static enum galen_status strip_nonspacing(struct piece_writer *writer, struct arena *arena)
{
    (void)arena;
    return strip(writer, UNICODE_NONSPACING);
}

static enum galen_status strip_marks(struct piece_writer *writer, struct arena *arena)
{
    (void)arena;
    return strip(writer, UNICODE_MARK);
}

/* A code point of a decomposition, and where it stood. */
struct part {
    uint32_t code_point;
    unsigned class;
    uint32_t index;
    bool is_added; /* not the first of what its code point decomposed to */
};

static int by_class(const void *left, const void *right)
{
    const struct part *a = left;
    const struct part *b = right;
    const int order = (a->class > b->class) - (a->class < b->class);
    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

static void write_parts(struct piece_writer *writer, const struct part *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (parts[i].is_added) {
            piece_writer_add(writer, parts[i].code_point);
        } else {
            piece_writer_replace(writer, parts[i].code_point);
        }
    }
}

/* The marks behind a starter, which are put in order before they are written. */
struct run {
    struct part *parts;
    size_t count;
};

static void flush(struct piece_writer *writer, struct run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        run->parts[i].index = (uint32_t)i;
    }
    if (run->count > 1) {
        qsort(run->parts, run->count, sizeof(*run->parts), by_class);
    }
    write_parts(writer, run->parts, run->count);
    run->count = 0;
}

static size_t decompose_next(const struct piece_writer *writer, size_t at, bool compatibly,
                             struct run *run, size_t *out_size)
{
    uint32_t code_point;
    uint32_t parts[UNICODE_PARTS_MAX];
    *out_size = unicode_decode(writer->source->text + at, &code_point);
    const size_t count = unicode_decompose(code_point, compatibly, parts);
    for (size_t i = 0; i < count; i++) {
        run->parts[run->count + i] = (struct part){
            .code_point = parts[i],
            .class = unicode_combining_class(parts[i]),
            .is_added = i > 0,
        };
    }
    return count;
}

static void write_ordered(struct piece_writer *writer, struct run *run, size_t added)
{
    for (size_t i = 0; i < added; i++) {
        const struct part next = run->parts[run->count + i];
        if (next.class == 0) {
            const size_t left = added - i - 1;
            struct part starter = next;
            struct run marks = {run->parts, run->count + i};
            flush(writer, &marks);
            write_parts(writer, &starter, 1);
            memmove(run->parts, run->parts + run->count + i + 1,
                    left * sizeof(*run->parts));
            run->count = 0;
            write_ordered(writer, run, left);
            return;
        }
    }
    run->count += added;
}

/* In code points: no more than these wait to be put in order, with at most four parts each.
 */
static size_t longest_unstable_run(const struct piece *piece)
{
    size_t longest = 0;
    size_t length = 0;
    for (size_t at = 0; at < piece->size;) {
        uint32_t code_point;
        at += unicode_decode(piece->text + at, &code_point);
        length = is_in(code_point, UNICODE_UNSTABLE) ? length + 1 : 0;
        longest = length > longest ? length : longest;
    }
    return longest;
}

static enum galen_status decompose(struct piece_writer *writer, struct arena *arena,
                                   bool compatibly)
{
    const size_t room = 4 * longest_unstable_run(writer->source) + UNICODE_PARTS_MAX;
    struct run run = {.parts = arena_alloc_array(arena, room, sizeof(struct part))};
    if (run.parts == NULL) {
        return GALEN_TOO_LARGE;
    }
    size_t at = 0;
    while (at < writer->source->size) {
        size_t size;
        const size_t added = decompose_next(writer, at, compatibly, &run, &size);
        write_ordered(writer, &run, added);
        at += size;
    }
    flush(writer, &run);
    return GALEN_OK;
}

static enum galen_status decompose_canonically(struct piece_writer *writer,
                                               struct arena *arena)
{
    return decompose(writer, arena, false);
}

static enum galen_status decompose_compatibly(struct piece_writer *writer,
                                              struct arena *arena)
{
    return decompose(writer, arena, true);
}

static const struct normalizer_step clean_step = {NULL, 1, clean};
static const struct normalizer_step chinese_step = {NULL, 2, set_chinese_apart};
static const struct normalizer_step nonspacing_step = {NULL, 1, strip_nonspacing};
static const struct normalizer_step lower_step = {"Lowercase", 2, lower};
static const struct normalizer_step nfd_step = {"NFD", 3, decompose_canonically};
static const struct normalizer_step nfkd_step = {"NFKD", 11, decompose_compatibly};
static const struct normalizer_step marks_step = {"StripAccents", 1, strip_marks};

static const struct normalizer_step *const steps[] = {&lower_step, &nfd_step, &nfkd_step,
                                                      &marks_step};

static enum galen_status add(struct normalizer *normalizer,
                             const struct normalizer_step *step, struct error *out_error)
{
    if (normalizer->count == NORMALIZER_STEP_COUNT_MAX) {
        return error_set(out_error, GALEN_NOT_IMPLEMENTED,
                         "a normalizer of more than %d steps is not supported",
                         NORMALIZER_STEP_COUNT_MAX);
    }
    normalizer->lowers_ascii = normalizer->lowers_ascii || step == &lower_step;
    normalizer->drops_controls = normalizer->drops_controls || step == &clean_step;
    normalizer->steps[normalizer->count++] = step;
    return GALEN_OK;
}

static enum galen_status add_if(bool wanted, struct normalizer *normalizer,
                                const struct normalizer_step *step, struct error *out_error)
{
    return wanted ? add(normalizer, step, out_error) : GALEN_OK;
}

static enum galen_status add_bert(const struct json *section, struct normalizer *normalizer,
                                  struct error *out_error)
{
    bool cleans, sets_apart, lowers, strips;
    TRY(part_bool(section, "clean_text", true, &cleans, out_error));
    TRY(part_bool(section, "handle_chinese_chars", true, &sets_apart, out_error));
    TRY(part_bool(section, "lowercase", true, &lowers, out_error));
    TRY(part_bool(section, "strip_accents", lowers, &strips, out_error));
    TRY(add_if(cleans, normalizer, &clean_step, out_error));
    TRY(add_if(sets_apart, normalizer, &chinese_step, out_error));
    TRY(add_if(strips, normalizer, &nfd_step, out_error));
    TRY(add_if(strips, normalizer, &nonspacing_step, out_error));
    return add_if(lowers, normalizer, &lower_step, out_error);
}

static enum galen_status add_one(const struct json *section, struct normalizer *normalizer,
                                 struct error *out_error)
{
    struct bytes type;
    TRY(part_type(section, "normalizer", &type, out_error));
    if (bytes_equal_string(type, "BertNormalizer")) {
        return add_bert(section, normalizer, out_error);
    }
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (bytes_equal_string(type, steps[i]->name)) {
            return add(normalizer, steps[i], out_error);
        }
    }
    return part_refuse("normalizer", type, out_error);
}

enum galen_status normalizer_parse(const struct json *section,
                                   struct normalizer *out_normalizer,
                                   struct error *out_error)
{
    *out_normalizer = (struct normalizer){.count = 0};
    struct part_list list;
    TRY(part_list(section, "normalizer", "normalizers", &list, out_error));
    const struct json *one;
    while (part_next(&list, &one)) {
        TRY(add_one(one, out_normalizer, out_error));
    }
    return GALEN_OK;
}

/* ASCII of which no byte is left out: all steps together lower it and make its white space
 * spaces, if that. */
static bool is_plain(const struct normalizer *normalizer, const struct piece *piece)
{
    if (piece->spans != NULL) {
        return false;
    }
    bool plain = true;
    for (size_t i = 0; i < piece->size && normalizer->drops_controls; i++) {
        const uint8_t byte = piece->text[i];
        plain &=
            (byte >= ' ' && byte != 0x7F) || byte == '\t' || byte == '\n' || byte == '\r';
    }
    return plain;
}

static enum galen_status rewrite_plain(const struct normalizer *normalizer,
                                       struct piece piece, struct arena *arena,
                                       struct piece *out_piece)
{
    const uint8_t first_upper = normalizer->lowers_ascii ? 'A' : UINT8_MAX;
    const uint8_t first_kept = normalizer->drops_controls ? ' ' : 0;
    uint8_t *text = arena_alloc_array(arena, piece.size, 1);
    if (text == NULL) {
        return GALEN_TOO_LARGE;
    }
    for (size_t i = 0; i < piece.size; i++) {
        const uint8_t byte = piece.text[i] < first_kept ? ' ' : piece.text[i];
        text[i] = (uint8_t)(byte | (byte >= first_upper && byte <= 'Z' ? 0x20 : 0));
    }
    piece.text = text;
    *out_piece = piece;
    return GALEN_OK;
}

enum galen_status normalizer_run(const struct normalizer *normalizer, struct piece piece,
                                 struct arena *arena, struct piece *out_piece)
{
    if (normalizer->count == 0) {
        *out_piece = piece;
        return GALEN_OK;
    }
    if (piece.size > 0 && is_plain(normalizer, &piece)) {
        return rewrite_plain(normalizer, piece, arena, out_piece);
    }
    for (size_t i = 0; i < normalizer->count && piece.size > 0; i++) {
        const struct normalizer_step *step = normalizer->steps[i];
        const struct piece source = piece;
        struct piece_writer writer;
        TRY(piece_writer_init(&writer, &source,
                              source.size * step->growth + UNICODE_SIZE_MAX, arena));
        TRY(step->run(&writer, arena));
        piece = piece_writer_piece(&writer);
    }
    *out_piece = piece;
    return GALEN_OK;
}
