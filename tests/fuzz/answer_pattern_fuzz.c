/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two lines, a pointer of a policy each. What is taken names just those members that a
 * second reading, step by step against each member's own pointer, says it names; and two
 * meet exactly where that says so, too.
 */
#include "service/answer_members.h"

#include "fuzz.h"

enum { POINTER_SIZE = 64, INDEX_COUNT = 4 };

static const uint32_t indices[INDEX_COUNT] = {0, 1, 7, ANSWER_EVERY_INDEX - 1};

static size_t write_pointer(unsigned member, uint32_t index, char *out_text)
{
    struct writer text;
    writer_init(&text, POINTER_SIZE);
    answer_put_pointer((enum answer_member)member, index, &text);
    INVARIANT(text.status == GALEN_OK);
    const size_t size = text.size;
    if (size > 0) {
        memcpy(out_text, writer_bytes(&text).data, size);
    }
    writer_deinit(&text);
    return size;
}

/* Takes one step, without its slash, off the front. */
static struct bytes next_step(struct bytes *rest)
{
    const size_t end = 1 + bytes_find(bytes_from(*rest, 1), '/');
    const struct bytes step = bytes_from(bytes_first(*rest, end), 1);
    *rest = bytes_from(*rest, end);
    return step;
}

/* No name or index has anything to escape: a step with an escape names nothing. */
static bool is_named(struct bytes pattern, struct bytes pointer)
{
    while (pattern.size > 0 && pointer.size > 0) {
        const struct bytes wanted = next_step(&pattern);
        const struct bytes given = next_step(&pointer);
        if (!bytes_equal_string(wanted, "*") && !bytes_equal(wanted, given)) {
            return false;
        }
    }
    return pattern.size == 0 && pointer.size == 0;
}

static bool says(const struct answer_pattern *pattern, unsigned member, uint32_t index)
{
    const bool is_in_list = answer_rows[answer_rows[member].in].kind == ANSWER_KIND_LIST;
    return (pattern->members & ANSWER_BIT(member)) != 0 &&
           (!is_in_list || pattern->index == ANSWER_EVERY_INDEX || pattern->index == index);
}

static void names_what_it_says(struct bytes text, const struct answer_pattern *pattern)
{
    INVARIANT(pattern->members != 0);
    INVARIANT((answer_members_within(pattern->members) & pattern->members) ==
              pattern->members);
    INVARIANT(answer_patterns_meet(pattern, pattern));
    for (unsigned i = ANSWER_ROOT + 1; i < ANSWER_MEMBER_COUNT; i++) {
        for (size_t k = 0; k < INDEX_COUNT; k++) {
            char pointer[POINTER_SIZE];
            const size_t size = write_pointer(i, indices[k], pointer);
            INVARIANT(is_named(text, bytes_of(pointer, size)) ==
                      says(pattern, i, indices[k]));
        }
    }
}

static bool overlap(const struct answer_pattern *a, const struct answer_pattern *b)
{
    for (unsigned i = ANSWER_ROOT + 1; i < ANSWER_MEMBER_COUNT; i++) {
        for (unsigned within = i; within != ANSWER_ROOT; within = answer_rows[within].in) {
            if (((a->members & ANSWER_BIT(i)) != 0 &&
                 (b->members & ANSWER_BIT(within)) != 0) ||
                ((b->members & ANSWER_BIT(i)) != 0 &&
                 (a->members & ANSWER_BIT(within)) != 0)) {
                return a->index == b->index || a->index == ANSWER_EVERY_INDEX ||
                       b->index == ANSWER_EVERY_INDEX;
            }
        }
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes first;
    const struct bytes second = bytes_split(bytes_of(data, size), '\n', &first);
    struct answer_pattern a;
    struct answer_pattern b;
    const char *why = NULL;
    const bool has_first = answer_pattern_parse(first, &a, &why);
    INVARIANT(has_first == (why == NULL));
    if (has_first) {
        names_what_it_says(first, &a);
    }
    if (answer_pattern_parse(second, &b, &why)) {
        names_what_it_says(second, &b);
        INVARIANT(!has_first || answer_patterns_meet(&a, &b) == overlap(&a, &b));
    }
    return 0;
}
