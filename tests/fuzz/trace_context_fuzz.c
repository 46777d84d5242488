/* SPDX-License-Identifier: Apache-2.0 */
/* Each line is a traceparent and a tracestate: what is read of it is written and read again
 * as the same, within its bounds. */
#include "base/limits.h"
#include "service/trace_context.h"

#include "fuzz.h"

static void a_parent_is_what_it_is_written_as(struct bytes text)
{
    struct trace_context context;
    struct trace_context again;
    char written[TRACE_PARENT_SIZE + 1];
    if (!trace_context_parse(text, &context)) {
        return;
    }
    trace_context_write(&context, written);
    INVARIANT(written[TRACE_PARENT_SIZE] == '\0');
    INVARIANT(memcmp(written + 2, text.data + 2, TRACE_PARENT_SIZE - 4) == 0);
    INVARIANT(trace_context_parse(bytes_of(written, TRACE_PARENT_SIZE), &again));
    INVARIANT(memcmp(&context, &again, sizeof(context)) == 0);
}

static void a_state_is_bounded_and_stays_as_it_is(const struct http_header *lines,
                                                  size_t count)
{
    struct arena arena;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    const struct bytes state = trace_state_read(lines, count, &arena);
    const struct http_header header = {BYTES("tracestate"), state};
    INVARIANT(state.size <= TRACE_STATE_SIZE_BYTES_MAX);
    INVARIANT(bytes_equal(trace_state_read(&header, 1, &arena), state));
    for (size_t i = 0; i < state.size; i++) {
        INVARIANT(state.data[i] >= ' ' && state.data[i] <= '~');
    }
    arena_deinit(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes rest = bytes_of(data, size);
    struct http_header lines[LIMIT_HEADER_COUNT_MAX];
    size_t count = 0;
    while (rest.size > 0 && count < LIMIT_HEADER_COUNT_MAX) {
        lines[count].name = BYTES("tracestate");
        rest = bytes_split(rest, '\n', &lines[count].value);
        a_parent_is_what_it_is_written_as(lines[count].value);
        count++;
    }
    a_state_is_bounded_and_stays_as_it_is(lines, count);
    return 0;
}
