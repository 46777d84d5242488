/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/entities.h"

/* What a label says of its word. */
struct tag {
    bool is_outside; /* of every entity */
    bool begins;
    bool ends;
    struct bytes type;
};

static struct tag tag_of(enum contract_scheme scheme, const char *label)
{
    const bool has_prefix = label[0] != '\0' && label[1] == '-';
    const bool is_plain =
        scheme == SCHEME_IO && !(has_prefix && label[0] == 'I' && label[2] != '\0');
    if (strcmp(label, "O") == 0) {
        return (struct tag){.is_outside = true};
    }
    if (is_plain) {
        return (struct tag){.type = bytes_from_string(label)};
    }
    return (struct tag){
        .begins = label[0] == 'B' || label[0] == 'U',
        .ends = label[0] == 'L' || label[0] == 'U',
        .type = bytes_from_string(label + 2),
    };
}

struct merger {
    const struct contract *contract;
    struct entities *entities;
    struct entity open; /* its score is the sum of its words' */
    size_t word_count;  /* of the open one; 0: none is open */
};

static void close_entity(struct merger *merger)
{
    if (merger->word_count == 0) {
        return;
    }
    merger->open.score /= (double)merger->word_count;
    merger->word_count = 0;
    if (merger->open.score < merger->contract->threshold) {
        merger->entities->left_out = true;
    } else {
        merger->entities->items[merger->entities->count++] = merger->open;
    }
}

static void add_word(struct merger *merger, const struct tagged_word *word)
{
    const struct tag tag =
        tag_of(merger->contract->entities.scheme, merger->contract->labels[word->label]);
    const bool goes_on = merger->word_count > 0 && !tag.is_outside && !tag.begins &&
                         bytes_equal(tag.type, merger->open.label);
    if (!goes_on) {
        close_entity(merger);
    }
    if (tag.is_outside) {
        return;
    }
    if (!goes_on) {
        merger->open = (struct entity){.label = tag.type, .start = word->start};
    }
    merger->open.end = word->end;
    merger->open.score += word->score;
    merger->word_count++;
    if (tag.ends) {
        close_entity(merger);
    }
}

enum galen_status entities_from_words(const struct contract *contract,
                                      const struct tagged_words *words, struct arena *arena,
                                      struct entities *out_entities)
{
    struct merger merger = {.contract = contract, .entities = out_entities};
    *out_entities = (struct entities){
        .items = arena_alloc_array(arena, words->count, sizeof(*out_entities->items)),
    };
    if (out_entities->items == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < words->count; i++) {
        add_word(&merger, &words->items[i]);
    }
    close_entity(&merger);
    return GALEN_OK;
}

/* A place in UTF-8 that goes forward by code points. */
struct place {
    struct bytes text;
    size_t at;
    size_t code_points;
};

static size_t advance(struct place *place, size_t code_points)
{
    const struct bytes text = place->text;
    while (place->code_points < code_points && place->at < text.size) {
        do {
            place->at++;
        } while (place->at < text.size && (text.data[place->at] & 0xC0) == 0x80);
        place->code_points++;
    }
    return place->at;
}

/* Where the last entity that was quoted starts and ends. */
struct quoter {
    struct place start;
    struct place end;
};

static struct bytes quote(struct quoter *quoter, const struct entity *entity)
{
    const size_t start = advance(&quoter->start, entity->start);
    const size_t end = advance(&quoter->end, entity->end);
    return bytes_of(quoter->start.text.data + start, end - start);
}

static void put_entity(const struct entities *entities, size_t index, struct quoter *quoter,
                       struct answer_writer *answer)
{
    const struct entity *entity = &entities->items[index];
    answer_begin_element(answer);
    answer_put_text(answer, ANSWER_ENTITY_LABEL, entity->label);
    answer_put_whole(answer, ANSWER_ENTITY_START, entity->start);
    answer_put_whole(answer, ANSWER_ENTITY_END, entity->end);
    if (quoter != NULL) {
        answer_put_text(answer, ANSWER_ENTITY_TEXT, quote(quoter, entity));
    }
    answer_put_fraction(answer, ANSWER_ENTITY_SCORE, entity->score, entities->are_f32);
    answer_end_element(answer);
}

void entities_put(const struct entities *entities, const struct bytes *text,
                  struct answer_writer *answer)
{
    const struct place first = {.text = text == NULL ? BYTES_NONE : *text};
    struct quoter quoter = {.start = first, .end = first};
    answer_begin(answer, ANSWER_ENTITIES);
    for (size_t i = 0; i < entities->count; i++) {
        put_entity(entities, i, text == NULL ? NULL : &quoter, answer);
    }
    answer_end(answer);
}
