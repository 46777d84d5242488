/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a model stands: which version each of its tags names, and whether it is disabled.
 *
 * Pure. Names and tags are the arena's or the caller's; a state that is shared is not
 * changed.
 */
#pragma once

#include "base/arena.h"
#include "base/engine_name.h"

#define RELEASE_CURRENT "current"
#define RELEASE_PREVIOUS "previous"
#define RELEASE_CANARY_TAG "canary"

#define RELEASE_ENGINE_SIZE (LIMIT_ENGINE_NAME_SIZE_BYTES_MAX + 1)

struct release_tag {
    const char *name;
    uint64_t version;
};

/* A canary that is under way: a version that answers a part of what names none. Shares
 * count in RELEASE_WHOLE. Zeroed: there is none. */
enum { RELEASE_WHOLE = 10000 };
struct release_rollout {
    uint64_t version;                 /* that `canary` names, too; 0: none is under way */
    uint32_t share;                   /* that it answers; less than all */
    uint32_t shadow;                  /* of the others, what it is asked too, unheard */
    bool promotes;                    /* by itself, once it is found to be as good */
    uint64_t started;                 /* the release that it began with */
    char engine[RELEASE_ENGINE_SIZE]; /* where it runs; "": where `current` does */
};

/* Which sets of engines run a model, of those in a gateway's configuration; "": what that
 * says of the model. */
struct release_engines {
    char current[RELEASE_ENGINE_SIZE];
    char previous[RELEASE_ENGINE_SIZE]; /* where `previous` ran, and a rollback returns to
                                         */
};

struct release_state {
    const struct release_tag *tags; /* by name, ascending */
    size_t tag_count;               /* at most LIMIT_RELEASE_TAG_COUNT_MAX */
    bool is_disabled;
    struct release_engines engines;
    struct release_rollout rollout;
};

/* Whether a link of that name can be a tag: repository_name_is_valid, no number, and not
 * what releases themselves put into the folder. */
bool release_tag_is_valid(const char *name);

/* Whether a promotion may move that tag: not `previous`, which follows, and none that
 * begins like a number, which is a version's folder to Triton: it reads "2-old" as 2. */
bool release_tag_may_move(const char *name);

/* 0: there is no such tag. */
uint64_t release_state_version(const struct release_state *state, const char *tag);

bool release_state_equal(const struct release_state *a, const struct release_state *b);

/* Sets the tag in a copy of the tags, which state then has. The name is borrowed.
 * GALEN_TOO_LARGE: there would be too many tags; GALEN_NO_MEMORY. */
MUST_USE enum galen_status release_state_put(struct release_state *state, const char *tag,
                                             uint64_t version, struct arena *arena);

/* Takes the tag out of a copy of the tags, which state then has; one that is not there is
 * no failure. GALEN_NO_MEMORY. */
MUST_USE enum galen_status release_state_drop(struct release_state *state, const char *tag,
                                              struct arena *arena);

bool release_rollout_equal(const struct release_rollout *a,
                           const struct release_rollout *b);

/* "" or engine_name_is_valid; out_engine: RELEASE_ENGINE_SIZE. */
void release_engine_set(char *out_engine, const char *name);

bool release_engines_equal(const struct release_engines *a,
                           const struct release_engines *b);

/* Whether any is named. */
bool release_engines_are_named(const struct release_engines *engines);

/* Shares as people write them: "12.5" is an eighth. False: it is no number of hundredths
 * of a percent up to 100. out_text: RELEASE_PERCENT_SIZE. */
enum { RELEASE_PERCENT_SIZE = 16 };
bool release_percent_parse(struct bytes text, uint32_t *out_share);
void release_percent_write(uint32_t share, char *out_text);

/* Whether who takes a model from `before` to `after`, a tag at a time, may have been cut
 * off at `now`: each tag is where one of the two has it. Tags that neither of them has do
 * not count. */
bool release_state_is_between(const struct release_state *now,
                              const struct release_state *before,
                              const struct release_state *after);
