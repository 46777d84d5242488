/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: windows over a text of one-letter words, as preprocess would make them. */
#pragma once

#include "gateway/tagged_words.h"

enum { TEST_ROWS_MAX = 8, TEST_LENGTH_MAX = 8, TEST_LABELS_MAX = 8 };

struct token_tensors {
    int32_t offset_values[TEST_ROWS_MAX * TEST_LENGTH_MAX * 2];
    int32_t word_values[TEST_ROWS_MAX * TEST_LENGTH_MAX];
    uint8_t special_values[TEST_ROWS_MAX * TEST_LENGTH_MAX];
    float score_values[TEST_ROWS_MAX * TEST_LENGTH_MAX * TEST_LABELS_MAX];
    struct galen_tensor offsets;
    struct galen_tensor words;
    struct galen_tensor special;
    struct galen_tensor scores;
    size_t label_count;
};

static inline struct galen_tensor token_tensor(const char *name,
                                               enum galen_datatype datatype, size_t rows,
                                               size_t length, const void *bytes)
{
    return (struct galen_tensor){
        .name = name,
        .datatype = datatype,
        .rank = 2,
        .shape = {(int64_t)rows, (int64_t)length},
        .bytes = bytes,
        .size_bytes = rows * length * galen_datatype_size(datatype),
    };
}

/* Token t is word t, at [2t, 2t + 1). A row: one special cell, `room` tokens, one special
 * cell, and the last one what is left, then padding. Scores are 1 for label 0. */
static inline void token_tensors_make(struct token_tensors *t, size_t token_count,
                                      size_t room, size_t stride, size_t label_count)
{
    const size_t step = room - stride;
    const size_t rows =
        token_count <= room ? 1 : 1 + (token_count - room + step - 1) / step;
    const size_t length = room + 2;
    memset(t, 0, sizeof(*t));
    memset(t->special_values, 1, sizeof(t->special_values));
    memset(t->word_values, 0xFF, sizeof(t->word_values));
    t->label_count = label_count;
    for (size_t row = 0; row < rows; row++) {
        for (size_t i = 0; i < room && row * step + i < token_count; i++) {
            const size_t cell = row * length + 1 + i;
            const int32_t token = (int32_t)(row * step + i);
            t->special_values[cell] = 0;
            t->word_values[cell] = token;
            t->offset_values[2 * cell] = 2 * token;
            t->offset_values[2 * cell + 1] = 2 * token + 1;
        }
    }
    for (size_t cell = 0; cell < rows * length; cell++) {
        t->score_values[cell * label_count] = 1;
    }
    t->offsets = token_tensor("galen.offsets", GALEN_INT32, rows, length, t->offset_values);
    t->offsets.rank = 3;
    t->offsets.shape[2] = 2;
    t->offsets.size_bytes *= 2;
    t->words = token_tensor("galen.words", GALEN_INT32, rows, length, t->word_values);
    t->special =
        token_tensor("galen.special", GALEN_UINT8, rows, length, t->special_values);
    t->scores = token_tensor("logits", GALEN_FP32, rows, length, t->score_values);
    t->scores.rank = 3;
    t->scores.shape[2] = (int64_t)label_count;
    t->scores.size_bytes *= label_count;
}

static inline struct tagged_tensors token_tensors_view(const struct token_tensors *t)
{
    return (struct tagged_tensors){&t->offsets, &t->words, &t->special, &t->scores};
}

/* The cell's whole score goes to this label. */
static inline void token_tensors_tag(struct token_tensors *t, size_t cell, size_t label,
                                     float score)
{
    float *scores = t->score_values + cell * t->label_count;
    for (size_t i = 0; i < t->label_count; i++) {
        scores[i] = i == label ? score : (1 - score) / (float)(t->label_count - 1);
    }
}
