/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record of a release has one text: what is read is written again byte for byte. What it
 * says is in order, and within the limits.
 */
#include "base/limits.h"
#include "fuzz.h"
#include "model/release_record.h"

static void expect_one_text(const struct release_record *record, struct bytes text)
{
    struct writer again;
    writer_init(&again, LIMIT_RELEASE_RECORD_SIZE_BYTES_MAX);
    release_record_write(record, &again);
    INVARIANT(bytes_equal(writer_bytes(&again), text));
    writer_deinit(&again);
}

static void expect_order(const struct release_state *state)
{
    INVARIANT(state->tag_count <= LIMIT_RELEASE_TAG_COUNT_MAX);
    for (size_t i = 0; i < state->tag_count; i++) {
        INVARIANT(release_tag_is_valid(state->tags[i].name));
        INVARIANT(release_state_version(state, state->tags[i].name) ==
                  state->tags[i].version);
    }
    INVARIANT(release_state_equal(state, state));
}

static void expect_sense(const struct release_record *record)
{
    INVARIANT(record->number > 0 && record->number <= LIMIT_RELEASE_COUNT_MAX);
    INVARIANT(release_text_is_valid(record->actor) && record->actor[0] != '\0');
    INVARIANT(release_text_is_valid(record->reason));
    expect_order(&record->before);
    expect_order(&record->after);
    (void)release_state_is_between(&record->before, &record->before, &record->after);
    for (size_t i = 0; i < record->version_count; i++) {
        INVARIANT(release_record_version(record, record->versions[i].number) ==
                  &record->versions[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct release_record record;
    struct error error = {"", ""};
    const struct bytes text = bytes_of(data, size);
    arena_init(&arena, (size_t)64 * LIMIT_RELEASE_RECORD_SIZE_BYTES_MAX);
    const enum galen_status status = release_record_read(text, &arena, &record, &error);
    if (status == GALEN_OK) {
        expect_one_text(&record, text);
        expect_sense(&record);
    } else {
        INVARIANT(status == GALEN_NO_MEMORY || error.text[0] != '\0');
    }
    arena_deinit(&arena);
    return 0;
}
