/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/text/windows.h"

#include "base/limits.h"

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t row_length(const struct contract *contract, size_t count)
{
    const size_t bucket = contract->text.bucket;
    return smaller((count + bucket - 1) / bucket * bucket, contract->text.max_length);
}

/* The rows until one holds the last token. */
static size_t count_rows(size_t token_count, size_t room, size_t step)
{
    return token_count <= room ? 1 : 1 + (token_count - room + step - 1) / step;
}

enum galen_status windows_plan(const struct contract *contract, size_t token_count,
                               size_t frame_count, struct windows *out_windows,
                               struct error *out_error)
{
    const size_t room = contract->text.max_length - frame_count;
    struct windows windows = {
        .count = 1,
        .step = room - contract->text.stride,
        .room = room,
        .length = row_length(contract, smaller(token_count, room) + frame_count),
    };
    if (token_count > room && contract->text.longer == LONGER_REFUSE) {
        return error_set(out_error, GALEN_UNPROCESSABLE,
                         "has %zu tokens, and the model takes %zu at most", token_count,
                         room);
    }
    if (contract->text.longer == LONGER_WINDOW) {
        windows.count = count_rows(token_count, room, windows.step);
    }
    if (windows.count > LIMIT_WINDOW_COUNT_MAX) {
        return error_set(out_error, GALEN_TOO_LARGE, "needs %zu windows, and may have %d",
                         windows.count, LIMIT_WINDOW_COUNT_MAX);
    }
    windows.is_truncated = token_count > room && contract->text.longer == LONGER_TRUNCATE;
    *out_windows = windows;
    return GALEN_OK;
}

struct window windows_at(const struct windows *windows, size_t index, size_t token_count)
{
    const size_t first = index * windows->step;
    return (struct window){first, smaller(windows->room, token_count - first)};
}
