/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows of a text as preprocess and an engine would give them, changed by the input: the
 * first bytes choose their shape and the contract, then each four bytes change one value.
 * What is accepted gives entities that stand in the text, never go backwards, have
 * probabilities, and can be quoted.
 */
#include "fuzz.h"
#include "gateway/entities.h"
#include "token_tensors.h"

enum { HEAD_SIZE = 6, CHANGE_SIZE = 4, TEXT_SIZE = 24, ARENA_SIZE_BYTES_MAX = 1 << 20 };

static const char *const labels[TEST_LABELS_MAX] = {"O",   "B-X", "I-X", "L-X",
                                                    "U-Y", "B-Y", "I-Y", "Z"};

static struct token_tensors tensors;

static struct contract contract_of(const uint8_t *head)
{
    return (struct contract){
        .labels = labels,
        .label_count = 2 + head[0] % (TEST_LABELS_MAX - 2),
        .threshold = head[1] / 255.0,
        .text = {.merge = (enum contract_merge)(head[2] & 3)},
        .entities = {.scheme = (enum contract_scheme)(head[2] / 4 % 3),
                     .words = (enum contract_words)(head[2] / 16 % 3)},
        .output = {.activation = head[2] & 128 ? ACTIVATION_SOFTMAX : ACTIVATION_NONE},
    };
}

/* Of the size that the arrays have. */
static void make_tensors(const uint8_t *head, struct contract *contract)
{
    const size_t room = 1 + head[3] % (TEST_LENGTH_MAX - 2);
    const size_t stride = head[4] % room;
    const size_t count_max = room + (TEST_ROWS_MAX - 1) * (room - stride);
    contract->text.stride = stride;
    token_tensors_make(&tensors, 1 + head[5] % count_max, room, stride,
                       contract->label_count);
}

static void change(const uint8_t *change)
{
    const size_t cell = change[1] % (TEST_ROWS_MAX * TEST_LENGTH_MAX);
    const int32_t value = change[2] - 128;
    switch (change[0] % 8) {
    case 0:
        tensors.offset_values[2 * cell] = value;
        break;
    case 1:
        tensors.offset_values[2 * cell + 1] = value;
        break;
    case 2:
        tensors.word_values[cell] = value;
        break;
    case 3:
        tensors.special_values[cell] = (uint8_t)(value & 1);
        break;
    case 4:
        tensors.special.shape[change[1] & 1] = value;
        break;
    case 5:
        tensors.scores.shape[change[1] % 3] = value;
        break;
    default:
        tensors.score_values[cell * tensors.label_count + change[3] % tensors.label_count] =
            (float)value / 64;
        break;
    }
}

static void check(const struct entities *entities)
{
    uint32_t start = 0;
    uint32_t end = 0;
    for (size_t i = 0; i < entities->count; i++) {
        const struct entity *entity = &entities->items[i];
        INVARIANT(entity->start >= start && entity->end >= end);
        INVARIANT(entity->start <= entity->end && entity->end <= TEXT_SIZE);
        INVARIANT(entity->score >= 0 && entity->score <= 1 + 1e-12);
        INVARIANT(entity->label.size > 0);
        start = entity->start;
        end = entity->end;
    }
}

static void quote(const struct entities *entities)
{
    static const char text[] = "a\xc3\xa9 bcdefghijklmnopqrstuv";
    const struct bytes whole = bytes_of(text, sizeof(text) - 1);
    struct writer out;
    writer_init(&out, 1 << 16);
    struct json_writer json = json_writer_on(&out);
    struct answer_writer answer = answer_writer_on(&json, NULL);
    json_begin_object(&json);
    entities_put(entities, &whole, &answer);
    json_end_object(&json);
    INVARIANT(out.status == GALEN_OK);
    writer_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct tagged_words words;
    struct entities entities;
    struct error error = {.text = ""};
    if (size < HEAD_SIZE) {
        return 0;
    }
    struct contract contract = contract_of(data);
    make_tensors(data, &contract);
    for (size_t i = HEAD_SIZE; i + CHANGE_SIZE <= size; i += CHANGE_SIZE) {
        change(data + i);
    }
    const struct tagged_tensors view = token_tensors_view(&tensors);
    arena_init(&arena, ARENA_SIZE_BYTES_MAX);
    const enum galen_status status =
        tagged_words_read(&contract, &view, TEXT_SIZE, &arena, &words, &error);
    INVARIANT(status == GALEN_OK || status == GALEN_BAD_UPSTREAM);
    if (status == GALEN_OK) {
        INVARIANT(entities_from_words(&contract, &words, &arena, &entities) == GALEN_OK);
        check(&entities);
        quote(&entities);
    }
    arena_deinit(&arena);
    return 0;
}
