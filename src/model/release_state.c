/* SPDX-License-Identifier: Apache-2.0 */
#include "model/release_state.h"

#include <stdio.h>

#include "base/limits.h"
#include "model/repository.h"

bool release_tag_is_valid(const char *name)
{
    uint64_t number;
    const struct bytes bytes = bytes_from_string(name);
    return repository_name_is_valid(bytes) &&
           !bytes_parse_u64(bytes, UINT64_MAX, &number) && strcmp(name, "disabled") != 0 &&
           strcmp(name, "releases") != 0;
}

/* The place of the tag, or where it would have to be. */
static size_t find_place(const struct release_state *state, const char *tag)
{
    size_t place = 0;
    while (place < state->tag_count && strcmp(state->tags[place].name, tag) < 0) {
        place++;
    }
    return place;
}

static bool is_at(const struct release_state *state, size_t place, const char *tag)
{
    return place < state->tag_count && strcmp(state->tags[place].name, tag) == 0;
}

bool release_tag_may_move(const char *name)
{
    return release_tag_is_valid(name) && strchr("-0123456789", name[0]) == NULL &&
           strcmp(name, RELEASE_PREVIOUS) != 0;
}

uint64_t release_state_version(const struct release_state *state, const char *tag)
{
    const size_t place = find_place(state, tag);
    return is_at(state, place, tag) ? state->tags[place].version : 0;
}

bool release_state_equal(const struct release_state *a, const struct release_state *b)
{
    if (a->tag_count != b->tag_count || a->is_disabled != b->is_disabled ||
        !release_engines_equal(&a->engines, &b->engines) ||
        !release_rollout_equal(&a->rollout, &b->rollout)) {
        return false;
    }
    for (size_t i = 0; i < a->tag_count; i++) {
        if (strcmp(a->tags[i].name, b->tags[i].name) != 0 ||
            a->tags[i].version != b->tags[i].version) {
            return false;
        }
    }
    return true;
}

enum galen_status release_state_put(struct release_state *state, const char *tag,
                                    uint64_t version, struct arena *arena)
{
    const size_t place = find_place(state, tag);
    const bool is_there = is_at(state, place, tag);
    if (!is_there && state->tag_count == LIMIT_RELEASE_TAG_COUNT_MAX) {
        return GALEN_TOO_LARGE;
    }
    struct release_tag *tags =
        arena_alloc_array(arena, state->tag_count + 1, sizeof(*tags));
    if (tags == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < state->tag_count; i++) {
        tags[i + (i >= place && !is_there)] = state->tags[i];
    }
    tags[place] = (struct release_tag){tag, version};
    state->tags = tags;
    state->tag_count += !is_there;
    return GALEN_OK;
}

enum galen_status release_state_drop(struct release_state *state, const char *tag,
                                     struct arena *arena)
{
    const size_t place = find_place(state, tag);
    if (!is_at(state, place, tag)) {
        return GALEN_OK;
    }
    struct release_tag *tags = arena_alloc_array(arena, state->tag_count, sizeof(*tags));
    if (tags == NULL) {
        return GALEN_NO_MEMORY;
    }
    state->tag_count--;
    for (size_t i = 0; i < state->tag_count; i++) {
        tags[i] = state->tags[i + (i >= place)];
    }
    state->tags = tags;
    return GALEN_OK;
}

bool release_rollout_equal(const struct release_rollout *a, const struct release_rollout *b)
{
    return a->version == b->version && a->share == b->share && a->shadow == b->shadow &&
           a->promotes == b->promotes && a->started == b->started &&
           strcmp(a->engine, b->engine) == 0;
}

void release_engine_set(char *out_engine, const char *name)
{
    memcpy(out_engine, name, strlen(name) + 1);
}

bool release_engines_equal(const struct release_engines *a, const struct release_engines *b)
{
    return strcmp(a->current, b->current) == 0 && strcmp(a->previous, b->previous) == 0;
}

bool release_engines_are_named(const struct release_engines *engines)
{
    return engines->current[0] != '\0' || engines->previous[0] != '\0';
}

/* Shares. */

enum { HUNDREDTHS = 100, PLACE_COUNT = 2, PERCENT_MAX = RELEASE_WHOLE / HUNDREDTHS };

/* ".5" and ".05" of "12.5" and "12.05". */
static bool parse_fraction(struct bytes digits, uint32_t *share)
{
    uint32_t weight = HUNDREDTHS;
    if (digits.size == 0 || digits.size > PLACE_COUNT) {
        return false;
    }
    for (size_t i = 0; i < digits.size; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9') {
            return false;
        }
        weight /= 10;
        *share += (uint32_t)(digits.data[i] - '0') * weight;
    }
    return true;
}

bool release_percent_parse(struct bytes text, uint32_t *out_share)
{
    struct bytes whole;
    uint64_t percent;
    const struct bytes rest = bytes_split(text, '.', &whole);
    if (!bytes_parse_u64(whole, PERCENT_MAX, &percent)) {
        return false;
    }
    uint32_t share = (uint32_t)percent * HUNDREDTHS;
    if ((whole.size < text.size && !parse_fraction(rest, &share)) ||
        share > RELEASE_WHOLE) {
        return false;
    }
    *out_share = share;
    return true;
}

void release_percent_write(uint32_t share, char *out_text)
{
    const unsigned whole = share / HUNDREDTHS;
    const unsigned rest = share % HUNDREDTHS;
    if (rest == 0) {
        (void)snprintf(out_text, RELEASE_PERCENT_SIZE, "%u", whole);
    } else if (rest % 10 == 0) {
        (void)snprintf(out_text, RELEASE_PERCENT_SIZE, "%u.%u", whole, rest / 10);
    } else {
        (void)snprintf(out_text, RELEASE_PERCENT_SIZE, "%u.%02u", whole, rest);
    }
}

/* In between. */

static bool is_tag_between(const char *tag, const struct release_state *now,
                           const struct release_state *before,
                           const struct release_state *after)
{
    const uint64_t end = release_state_version(after, tag);
    const uint64_t here = release_state_version(now, tag);
    return here == end || here == release_state_version(before, tag);
}

static bool are_between(const struct release_state *named, const struct release_state *now,
                        const struct release_state *before,
                        const struct release_state *after)
{
    for (size_t i = 0; i < named->tag_count; i++) {
        if (!is_tag_between(named->tags[i].name, now, before, after)) {
            return false;
        }
    }
    return true;
}

bool release_state_is_between(const struct release_state *now,
                              const struct release_state *before,
                              const struct release_state *after)
{
    return are_between(before, now, before, after) &&
           are_between(after, now, before, after) &&
           (now->is_disabled == before->is_disabled ||
            now->is_disabled == after->is_disabled) &&
           (release_engines_equal(&now->engines, &before->engines) ||
            release_engines_equal(&now->engines, &after->engines)) &&
           (release_rollout_equal(&now->rollout, &before->rollout) ||
            release_rollout_equal(&now->rollout, &after->rollout));
}
