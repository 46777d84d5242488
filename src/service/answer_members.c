/* SPDX-License-Identifier: Apache-2.0 */
#include "service/answer_members.h"

enum { STEP_COUNT_MAX = 8 };

const struct answer_row answer_rows[ANSWER_MEMBER_COUNT] = {
#define KEPT true
#define FREE false
#define ANSWER_MEMBER(member, name, in, kind, touched) \
    {name, ANSWER_##in, ANSWER_KIND_##kind, touched},
#include "service/answer_members.def"
#undef KEPT
#undef FREE
};

/* What stands between the slashes, still escaped. */
struct steps {
    struct bytes items[STEP_COUNT_MAX];
    size_t count;
};

/* RFC 6901 section 3: '~' is never alone. */
static bool is_escaped_well(struct bytes step)
{
    for (size_t i = 0; i < step.size; i++) {
        if (step.data[i] == '~' &&
            (i + 1 == step.size || (step.data[i + 1] != '0' && step.data[i + 1] != '1'))) {
            return false;
        }
    }
    return true;
}

static bool split(struct bytes text, struct steps *out_steps)
{
    struct bytes rest = bytes_from(text, 1);
    bool is_last = false;
    out_steps->count = 0;
    while (!is_last) {
        struct bytes step;
        is_last = bytes_find(rest, '/') == rest.size;
        rest = bytes_split(rest, '/', &step);
        if (out_steps->count == STEP_COUNT_MAX || !is_escaped_well(step)) {
            return false;
        }
        out_steps->items[out_steps->count++] = step;
    }
    return true;
}

/* Names are compared as they are, unescaped: "~01" is "~1". */
static bool is_named(struct bytes step, const char *name)
{
    const struct bytes wanted = bytes_from_string(name);
    size_t at = 0;
    for (size_t i = 0; i < step.size; i++, at++) {
        const bool is_escape = step.data[i] == '~';
        const uint8_t byte = !is_escape                ? step.data[i]
                             : step.data[i + 1] == '0' ? '~'
                                                       : '/';
        if (at == wanted.size || wanted.data[at] != byte) {
            return false;
        }
        i += is_escape;
    }
    return at == wanted.size;
}

static bool is_star(struct bytes step)
{
    return bytes_equal_string(step, "*");
}

static bool takes_name(struct bytes step, const char *name)
{
    return is_star(step) || is_named(step, name);
}

static bool takes_index(struct bytes step, uint32_t *out_index)
{
    uint64_t index = ANSWER_EVERY_INDEX;
    if (!is_star(step) && !bytes_parse_u64(step, ANSWER_EVERY_INDEX - 1, &index)) {
        return false;
    }
    *out_index = (uint32_t)index;
    return true;
}

static bool is_in_list(enum answer_member member)
{
    return answer_rows[answer_rows[member].in].kind == ANSWER_KIND_LIST;
}

/* From the last step back to the root. */
static bool takes_member(const struct steps *steps, enum answer_member member,
                         uint32_t *out_index)
{
    size_t left = steps->count;
    uint32_t index = ANSWER_EVERY_INDEX;
    while (member != ANSWER_ROOT) {
        if (left == 0 || !takes_name(steps->items[--left], answer_rows[member].name)) {
            return false;
        }
        if (is_in_list(member) &&
            (left == 0 || !takes_index(steps->items[--left], &index))) {
            return false;
        }
        member = answer_rows[member].in;
    }
    *out_index = index;
    return left == 0;
}

static struct answer_pattern find(const struct steps *steps)
{
    struct answer_pattern pattern = {.index = ANSWER_EVERY_INDEX};
    for (unsigned i = ANSWER_ROOT + 1; i < ANSWER_MEMBER_COUNT; i++) {
        uint32_t index;
        if (takes_member(steps, (enum answer_member)i, &index)) {
            pattern.members |= ANSWER_BIT(i);
            pattern.index = index == ANSWER_EVERY_INDEX ? pattern.index : index;
        }
    }
    return pattern;
}

/* "/entities/3": a list keeps its length, or the places of its elements would be others. */
static bool is_element(const struct steps *steps)
{
    struct steps list = *steps;
    uint32_t index;
    list.count--;
    if (list.count == 0 || !takes_index(steps->items[list.count], &index)) {
        return false;
    }
    const uint64_t members = find(&list).members;
    for (unsigned i = 0; i < ANSWER_MEMBER_COUNT; i++) {
        if ((members & ANSWER_BIT(i)) != 0 && answer_rows[i].kind == ANSWER_KIND_LIST) {
            return true;
        }
    }
    return false;
}

bool answer_pattern_parse(struct bytes text, struct answer_pattern *out_pattern,
                          const char **out_why)
{
    struct steps steps;
    if (text.size == 0 || text.data[0] != '/' || !split(text, &steps)) {
        *out_why = "is not a JSON Pointer of a part of an answer: /timing_us/total, "
                   "/entities/*/text";
        return false;
    }
    if (is_element(&steps)) { /* beside members, too: nothing that is named is left */
        *out_why = "names elements of a list: name the list, or members of them";
        return false;
    }
    const struct answer_pattern pattern = find(&steps);
    if (pattern.members == 0) {
        *out_why = "names nothing that is in an answer";
        return false;
    }
    *out_pattern = pattern;
    return true;
}

uint64_t answer_members_within(uint64_t members)
{
    for (unsigned i = 0; i < ANSWER_MEMBER_COUNT; i++) {
        if ((members & ANSWER_BIT(answer_rows[i].in)) != 0) {
            members |= ANSWER_BIT(i);
        }
    }
    return members;
}

bool answer_patterns_meet(const struct answer_pattern *a, const struct answer_pattern *b)
{
    const bool same_element = a->index == b->index || a->index == ANSWER_EVERY_INDEX ||
                              b->index == ANSWER_EVERY_INDEX;
    return same_element &&
           (answer_members_within(a->members) & answer_members_within(b->members)) != 0;
}

void answer_put_pointer(enum answer_member member, uint32_t index, struct writer *out)
{
    const struct answer_row *row = &answer_rows[member];
    if (member == ANSWER_ROOT) {
        return;
    }
    answer_put_pointer(row->in, index, out);
    writer_put_byte(out, '/');
    if (is_in_list(member)) {
        writer_put_u64(out, index);
        writer_put_byte(out, '/');
    }
    writer_put_string(out, row->name);
}
