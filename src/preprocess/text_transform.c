/* SPDX-License-Identifier: Apache-2.0 */
/* The transform of models that take text: its tokens, in rows of one length. */
#include "preprocess/text/tokenizer.h"
#include "preprocess/text/windows.h"
#include "preprocess/transform.h"

enum { ROW_TENSOR_COUNT_MAX = 3, OFFSET_COUNT = 2 };

/* The tensors of one run, all of windows.count rows of windows.length tokens. */
struct rows {
    const struct contract *contract;
    const struct tokenizer_frame *frame;
    struct encoding encoding;
    struct windows windows;
    struct arena *arena;
    struct transform_outputs *outputs;
};

static const char *needs_file(const struct contract *contract)
{
    return contract->text.tokenizer;
}

static size_t frame_count(const struct tokenizer_frame *frame)
{
    return frame->before_count + frame->after_count;
}

static enum galen_status check_room(const struct contract *contract,
                                    const struct tokenizer *tokenizer,
                                    struct error *out_error)
{
    const size_t taken = frame_count(tokenizer_frame(tokenizer)) + contract->text.stride;
    return taken < contract->text.max_length
               ? GALEN_OK
               : error_set(out_error, GALEN_INVALID,
                           "text.max_length has no room beside %zu tokens of frame and "
                           "stride",
                           taken);
}

static enum galen_status prepare(const struct contract *contract, struct bytes file,
                                 void **out_prepared, struct error *out_error)
{
    scoped(tokenizer) tokenizer = NULL;
    TRY(tokenizer_parse(file, &tokenizer, out_error));
    TRY(check_room(contract, tokenizer, out_error));
    *out_prepared = take(&tokenizer);
    return GALEN_OK;
}

static void unprepare(void *prepared)
{
    tokenizer_destroy(prepared);
}

static size_t cell_count(const struct rows *rows)
{
    return rows->windows.count * rows->windows.length;
}

/* A tensor of one value a token, zeroed, as the next output. NULL: no memory. */
static void *add_tensor(struct rows *rows, const char *name, enum galen_datatype datatype)
{
    const size_t size = cell_count(rows) * galen_datatype_size(datatype);
    void *cells = arena_alloc(rows->arena, size);
    if (cells != NULL) {
        rows->outputs->tensors[rows->outputs->count++] = (struct galen_tensor){
            .name = name,
            .datatype = datatype,
            .rank = 2,
            .shape = {(int64_t)rows->windows.count, (int64_t)rows->windows.length},
            .bytes = cells,
            .size_bytes = size,
        };
    }
    return cells;
}

static void set_cell(void *cells, enum galen_datatype datatype, size_t index,
                     uint32_t value)
{
    if (datatype == GALEN_INT64) {
        ((int64_t *)cells)[index] = (int64_t)value;
    } else {
        ((int32_t *)cells)[index] = (int32_t)value;
    }
}

/* What a row holds, from its first cell on. */
static void fill_row(const struct rows *rows, void *ids, size_t row)
{
    const enum galen_datatype datatype = rows->contract->input.datatype;
    const struct tokenizer_frame *frame = rows->frame;
    const struct window window = windows_at(&rows->windows, row, rows->encoding.count);
    size_t at = row * rows->windows.length;
    const size_t end = at + rows->windows.length;
    for (size_t i = 0; i < frame->before_count; i++) {
        set_cell(ids, datatype, at++, frame->before[i]);
    }
    for (size_t i = 0; i < window.count; i++) {
        set_cell(ids, datatype, at++, rows->encoding.ids[window.first + i]);
    }
    for (size_t i = 0; i < frame->after_count; i++) {
        set_cell(ids, datatype, at++, frame->after[i]);
    }
    while (at < end) {
        set_cell(ids, datatype, at++, frame->pad);
    }
}

static enum galen_status add_ids(struct rows *rows)
{
    void *ids =
        add_tensor(rows, rows->contract->input.tensor, rows->contract->input.datatype);
    if (ids == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t row = 0; row < rows->windows.count; row++) {
        fill_row(rows, ids, row);
    }
    return GALEN_OK;
}

/* One value for each token of the text and of the frame; 0 for padding. */
static enum galen_status add_constant(struct rows *rows, const char *name, uint32_t value)
{
    if (name == NULL) {
        return GALEN_OK;
    }
    void *cells = add_tensor(rows, name, rows->contract->input.datatype);
    if (cells == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t row = 0; row < rows->windows.count; row++) {
        const size_t count = windows_at(&rows->windows, row, rows->encoding.count).count +
                             frame_count(rows->frame);
        for (size_t i = 0; i < count; i++) {
            set_cell(cells, rows->contract->input.datatype, row * rows->windows.length + i,
                     value);
        }
    }
    return GALEN_OK;
}

struct places {
    struct token_span *spans;
    int32_t *words;
    uint8_t *special;
};

static void fill_places(const struct rows *rows, const struct places *places, size_t row)
{
    const struct window window = windows_at(&rows->windows, row, rows->encoding.count);
    const size_t first = row * rows->windows.length;
    const size_t text = first + rows->frame->before_count;
    for (size_t at = first; at < first + rows->windows.length; at++) {
        const bool is_text = at >= text && at < text + window.count;
        const size_t index = window.first + (is_text ? at - text : 0);
        places->special[at] = !is_text;
        places->words[at] = is_text ? rows->encoding.words[index] : -1;
        places->spans[at] =
            is_text ? rows->encoding.spans[index] : (struct token_span){0, 0};
    }
}

static enum galen_status add_places(struct rows *rows)
{
    struct transform_outputs *outputs = rows->outputs;
    const struct places places = {
        .words = add_tensor(rows, PREPROCESS_WORDS, GALEN_INT32),
        .special = add_tensor(rows, PREPROCESS_SPECIAL, GALEN_UINT8),
        .spans =
            arena_alloc_array(rows->arena, cell_count(rows), sizeof(struct token_span)),
    };
    if (places.words == NULL || places.special == NULL || places.spans == NULL) {
        return GALEN_NO_MEMORY;
    }
    outputs->tensors[outputs->count++] = (struct galen_tensor){
        .name = PREPROCESS_OFFSETS,
        .datatype = GALEN_INT32,
        .rank = 3,
        .shape = {(int64_t)rows->windows.count, (int64_t)rows->windows.length,
                  OFFSET_COUNT},
        .bytes = places.spans,
        .size_bytes = cell_count(rows) * sizeof(struct token_span),
    };
    for (size_t row = 0; row < rows->windows.count; row++) {
        fill_places(rows, &places, row);
    }
    return GALEN_OK;
}

static enum galen_status add_warning(struct rows *rows)
{
    const char *code = rows->windows.is_truncated ? "truncated"
                       : rows->windows.count > 1  ? "windowed"
                                                  : NULL;
    return transform_put_warning(code, rows->arena, rows->outputs);
}

static enum galen_status tokenize(const struct tokenizer *tokenizer, struct phi input,
                                  struct rows *rows, struct error *out_error)
{
    const struct bytes text = phi_reveal(input);
    size_t bad;
    if (!bytes_are_utf8(text, &bad)) {
        return error_set(out_error, GALEN_INVALID, "is not UTF-8 at byte offset %zu", bad);
    }
    const enum galen_status status =
        tokenizer_encode(tokenizer, text, rows->arena, &rows->encoding);
    if (status != GALEN_OK) {
        return error_set(out_error, status, "needs more memory than one request may take");
    }
    if (rows->encoding.count == 0) {
        return error_set(out_error, GALEN_UNPROCESSABLE, "holds no word");
    }
    return windows_plan(rows->contract, rows->encoding.count, frame_count(rows->frame),
                        &rows->windows, out_error);
}

static enum galen_status run_text(const struct transform_run *run,
                                  struct transform_outputs *out_outputs,
                                  struct error *out_error)
{
    const struct contract *contract = run->contract;
    struct rows rows = {
        .contract = contract,
        .frame = tokenizer_frame(run->prepared),
        .arena = run->arena,
        .outputs = out_outputs,
    };
    out_outputs->count = 0;
    TRY(tokenize(run->prepared, run->input, &rows, out_error));
    TRY(add_ids(&rows));
    TRY(add_constant(&rows, contract->text.mask, 1));
    TRY(add_constant(&rows, contract->text.types, rows.frame->type));
    TRY(add_places(&rows));
    return add_warning(&rows);
}

static struct galen_tensor_spec row_spec(const char *name, enum galen_datatype datatype)
{
    return (struct galen_tensor_spec){
        .name = name,
        .datatype = datatype,
        .rank = 2,
        .shape = {GALEN_DIMENSION_ANY, GALEN_DIMENSION_ANY},
    };
}

/* In the order in which run makes them. */
static enum galen_status describe(const struct contract *contract, struct arena *arena,
                                  const struct galen_tensor_spec **out_specs,
                                  size_t *out_count)
{
    const char *const inputs[ROW_TENSOR_COUNT_MAX] = {
        contract->input.tensor, contract->text.mask, contract->text.types};
    size_t count = 0;
    struct galen_tensor_spec *specs =
        arena_alloc_array(arena, TRANSFORM_OUTPUT_COUNT_MAX, sizeof(*specs));
    if (specs == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < ROW_TENSOR_COUNT_MAX; i++) {
        if (inputs[i] != NULL) {
            specs[count++] = row_spec(inputs[i], contract->input.datatype);
        }
    }
    specs[count++] = row_spec(PREPROCESS_WORDS, GALEN_INT32);
    specs[count++] = row_spec(PREPROCESS_SPECIAL, GALEN_UINT8);
    specs[count] = row_spec(PREPROCESS_OFFSETS, GALEN_INT32);
    specs[count].rank = 3;
    specs[count++].shape[2] = OFFSET_COUNT;
    specs[count++] = transform_warning_spec();
    *out_specs = specs;
    *out_count = count;
    return GALEN_OK;
}

const struct transform text_transform = {
    .needs_file = needs_file,
    .prepare = prepare,
    .unprepare = unprepare,
    .run = run_text,
    .describe = describe,
};
