/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the members of an answer, each named by its row of answer_members.def: what has no
 * row cannot be written, and every value goes through the redaction. What a policy removes
 * is swallowed with all that is in it.
 *
 * Pure. A member in the wrong place is a broken invariant.
 */
#pragma once

#include "gateway/redaction.h"

struct answer_writer {
    struct json_writer *json;    /* borrowed; stands in the answer's object */
    struct redaction *redaction; /* borrowed; NULL: nothing is touched */
    enum answer_member in_;      /* the container that is open */
    bool in_element_;            /* of it, a list */
    uint32_t index_;             /* the element's */
    bool is_swallowed_;          /* the container: the policy removes it */
};

struct answer_writer answer_writer_on(struct json_writer *json,
                                      struct redaction *redaction);

/* A member that is an object or a list; elements of a list are objects. */
void answer_begin(struct answer_writer *answer, enum answer_member member);
void answer_end(struct answer_writer *answer);
void answer_begin_element(struct answer_writer *answer);
void answer_end_element(struct answer_writer *answer);

void answer_put_text(struct answer_writer *answer, enum answer_member member,
                     struct bytes text);
void answer_put_string(struct answer_writer *answer, enum answer_member member,
                       const char *text);
void answer_put_null(struct answer_writer *answer, enum answer_member member);
void answer_put_whole(struct answer_writer *answer, enum answer_member member,
                      uint64_t value);
void answer_put_fraction(struct answer_writer *answer, enum answer_member member,
                         double value, bool is_f32);
