/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an answer of POST /infer is made of (answer_members.def), and patterns that name
 * parts of it: JSON Pointers (RFC 6901) in which `*` stands for every member or every
 * element of one level.
 *
 *     /timing_us/total   /predictions/0/score   /entities/<star>/text   /model/<star>
 *
 * No member of an answer has a '*' in its name, so nothing is out of a pattern's reach.
 * Pure.
 */
#pragma once

#include "base/writer.h"

enum answer_member {
#define ANSWER_MEMBER(member, name, in, kind, touched) ANSWER_##member,
#include "service/answer_members.def"
    ANSWER_MEMBER_COUNT,
};

_Static_assert(ANSWER_MEMBER_COUNT <= 64, "a set of members is one word");

enum answer_kind {
    ANSWER_KIND_OBJECT,
    ANSWER_KIND_LIST, /* of objects */
    ANSWER_KIND_TEXT, /* or null */
    ANSWER_KIND_WHOLE,
    ANSWER_KIND_FRACTION,
};

struct answer_row {
    const char *name;
    enum answer_member in; /* of ROOT, itself */
    enum answer_kind kind;
    bool is_kept; /* no policy touches it */
};

extern const struct answer_row answer_rows[ANSWER_MEMBER_COUNT];

#define ANSWER_BIT(member) (UINT64_C(1) << (member))

/* Which members a pattern names, and of which element of a list. */
#define ANSWER_EVERY_INDEX UINT32_MAX
struct answer_pattern {
    uint64_t members; /* of ANSWER_BIT; never empty, once parsed */
    uint32_t index;
};

/* False: it names no member of an answer, and *out_why says why. */
bool answer_pattern_parse(struct bytes text, struct answer_pattern *out_pattern,
                          const char **out_why);

/* Whether some member of some answer is named, or lies in what is named, by both. */
bool answer_patterns_meet(const struct answer_pattern *a, const struct answer_pattern *b);

/* The set with all that lies in its members. */
uint64_t answer_members_within(uint64_t members);

/* "/entities/3/text": index is of the list that the member is in, if it is in one. */
void answer_put_pointer(enum answer_member member, uint32_t index, struct writer *out);
