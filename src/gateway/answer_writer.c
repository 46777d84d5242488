/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/answer_writer.h"

#include "base/invariant.h"

struct answer_writer answer_writer_on(struct json_writer *json, struct redaction *redaction)
{
    return (struct answer_writer){.json = json, .redaction = redaction};
}

static void check_place(const struct answer_writer *answer, enum answer_member member)
{
    const bool is_list = answer_rows[answer->in_].kind == ANSWER_KIND_LIST;
    INVARIANT(answer_rows[member].in == answer->in_ && answer->in_element_ == is_list);
}

/* Whether the value of this member is to be written; then its name is. */
static bool begin_member(struct answer_writer *answer, enum answer_member member)
{
    check_place(answer, member);
    if (answer->is_swallowed_ ||
        redaction_removes(answer->redaction, member, answer->index_)) {
        return false;
    }
    json_put_name(answer->json, answer_rows[member].name);
    return true;
}

void answer_begin(struct answer_writer *answer, enum answer_member member)
{
    const enum answer_kind kind = answer_rows[member].kind;
    INVARIANT(kind == ANSWER_KIND_OBJECT || kind == ANSWER_KIND_LIST);
    INVARIANT(answer->in_ == ANSWER_ROOT);
    if (!begin_member(answer, member)) {
        answer->is_swallowed_ = true;
    } else if (kind == ANSWER_KIND_LIST) {
        json_begin_array(answer->json);
    } else {
        json_begin_object(answer->json);
    }
    answer->in_ = member;
    answer->index_ = 0;
}

void answer_end(struct answer_writer *answer)
{
    INVARIANT(answer->in_ != ANSWER_ROOT && !answer->in_element_);
    if (answer->is_swallowed_) {
        answer->is_swallowed_ = false;
    } else if (answer_rows[answer->in_].kind == ANSWER_KIND_LIST) {
        json_end_array(answer->json);
    } else {
        json_end_object(answer->json);
    }
    answer->in_ = answer_rows[answer->in_].in;
}

void answer_begin_element(struct answer_writer *answer)
{
    INVARIANT(answer_rows[answer->in_].kind == ANSWER_KIND_LIST && !answer->in_element_);
    answer->in_element_ = true;
    if (!answer->is_swallowed_) {
        json_begin_object(answer->json);
    }
}

void answer_end_element(struct answer_writer *answer)
{
    INVARIANT(answer->in_element_);
    answer->in_element_ = false;
    answer->index_++;
    if (!answer->is_swallowed_) {
        json_end_object(answer->json);
    }
}

void answer_put_text(struct answer_writer *answer, enum answer_member member,
                     struct bytes text)
{
    INVARIANT(answer_rows[member].kind == ANSWER_KIND_TEXT);
    if (begin_member(answer, member)) {
        redaction_put_text(answer->redaction, member, answer->index_, text, answer->json);
    }
}

void answer_put_string(struct answer_writer *answer, enum answer_member member,
                       const char *text)
{
    answer_put_text(answer, member, bytes_from_string(text));
}

void answer_put_null(struct answer_writer *answer, enum answer_member member)
{
    INVARIANT(answer_rows[member].kind == ANSWER_KIND_TEXT);
    if (begin_member(answer, member)) {
        redaction_put_null(answer->redaction, member, answer->index_, answer->json);
    }
}

void answer_put_whole(struct answer_writer *answer, enum answer_member member,
                      uint64_t value)
{
    INVARIANT(answer_rows[member].kind == ANSWER_KIND_WHOLE);
    if (begin_member(answer, member)) {
        redaction_put_whole(answer->redaction, member, answer->index_, value, answer->json);
    }
}

void answer_put_fraction(struct answer_writer *answer, enum answer_member member,
                         double value, bool is_f32)
{
    INVARIANT(answer_rows[member].kind == ANSWER_KIND_FRACTION);
    if (begin_member(answer, member)) {
        redaction_put_fraction(answer->redaction, member, answer->index_, value, is_f32,
                               answer->json);
    }
}
