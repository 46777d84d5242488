/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/token_grid.h"

static enum galen_status refuse(struct error *out_error, const char *why)
{
    return error_set(out_error, GALEN_BAD_UPSTREAM, "preprocess's answer %s", why);
}

static bool is_grid(const struct galen_tensor *tensor, enum galen_datatype datatype,
                    const struct token_grid *grid, uint32_t rank)
{
    return tensor->datatype == datatype && tensor->rank == rank &&
           (uint64_t)tensor->shape[0] == grid->row_count &&
           (uint64_t)tensor->shape[1] == grid->row_length &&
           (rank == 2 || tensor->shape[2] == 2) && galen_tensor_check(tensor) == GALEN_OK;
}

/* The tokens of a row: cells that are not special, side by side. */
struct run {
    size_t lead;
    size_t count;
};

static bool find_run(const uint8_t *special, size_t length, struct run *out_run)
{
    size_t lead = 0;
    while (lead < length && special[lead] != 0) {
        lead++;
    }
    size_t end = lead;
    while (end < length && special[end] == 0) {
        end++;
    }
    *out_run = (struct run){lead, end - lead};
    for (size_t i = end; i < length; i++) {
        if (special[i] == 0) {
            return false;
        }
    }
    return end > lead;
}

/* A row's tokens begin where those of the first do, and there are no more of them; as many,
 * unless it is the last. */
static bool row_fits(const struct token_grid *grid, size_t row, struct run run)
{
    const bool is_last = row + 1 == grid->row_count;
    return run.lead == grid->lead &&
           (is_last ? run.count <= grid->room : run.count == grid->room);
}

/* Windows of one text: the last one has tokens that the one before has not. */
static bool read_rows(struct token_grid *grid, const uint8_t *special, size_t stride)
{
    struct run run;
    if (!find_run(special, grid->row_length, &run)) {
        return false;
    }
    grid->lead = run.lead;
    grid->room = run.count;
    grid->step = grid->row_count == 1 ? run.count : run.count - stride;
    if (grid->row_count > 1 && run.count <= stride) {
        return false;
    }
    for (size_t row = 1; row < grid->row_count; row++) {
        if (!find_run(special + row * grid->row_length, grid->row_length, &run) ||
            !row_fits(grid, row, run) || run.count <= stride) {
            return false;
        }
    }
    grid->token_count = (grid->row_count - 1) * grid->step + run.count;
    return true;
}

enum galen_status token_grid_init(struct token_grid *grid, const struct contract *contract,
                                  const struct galen_tensor *offsets,
                                  const struct galen_tensor *words,
                                  const struct galen_tensor *special,
                                  struct error *out_error)
{
    *grid = (struct token_grid){0};
    if (special->rank != 2 || special->shape[0] < 1 || special->shape[1] < 1) {
        return refuse(out_error, "has no rows of tokens");
    }
    grid->row_count = (size_t)special->shape[0];
    grid->row_length = (size_t)special->shape[1];
    if (!is_grid(special, GALEN_UINT8, grid, 2) || !is_grid(words, GALEN_INT32, grid, 2) ||
        !is_grid(offsets, GALEN_INT32, grid, 3)) {
        return refuse(out_error, "has tensors of tokens that do not fit one another");
    }
    grid->offsets = offsets->bytes;
    grid->words = words->bytes;
    return read_rows(grid, special->bytes, contract->text.stride)
               ? GALEN_OK
               : refuse(out_error, "has rows that are no windows of one text");
}

struct token_rows token_grid_rows(const struct token_grid *grid, size_t token)
{
    const size_t last = token / grid->step;
    return (struct token_rows){
        .first = token < grid->room ? 0 : (token - grid->room) / grid->step + 1,
        .last = last < grid->row_count ? last : grid->row_count - 1,
    };
}

size_t token_grid_cell(const struct token_grid *grid, size_t token, size_t row)
{
    return row * grid->row_length + grid->lead + (token - row * grid->step);
}

size_t token_grid_depth(const struct token_grid *grid, size_t token, size_t row)
{
    const size_t first = row * grid->step;
    const size_t left = grid->token_count - first;
    const size_t count = left < grid->room ? left : grid->room;
    const size_t before = token - first;
    const size_t after = count - 1 - before;
    return before < after ? before : after;
}

static int32_t load(const uint8_t *values, size_t index)
{
    int32_t value;
    memcpy(&value, values + index * sizeof(value), sizeof(value));
    return value;
}

enum galen_status token_grid_place(const struct token_grid *grid, size_t token,
                                   size_t text_size, struct token_place *out_place,
                                   struct error *out_error)
{
    const struct token_rows rows = token_grid_rows(grid, token);
    const size_t cell = token_grid_cell(grid, token, rows.first);
    const int32_t start = load(grid->offsets, 2 * cell);
    const int32_t end = load(grid->offsets, 2 * cell + 1);
    const int32_t word = load(grid->words, cell);
    if (start < 0 || end < start || (uint32_t)end > text_size || word < 0) {
        return refuse(out_error, "has a token that is not in the text");
    }
    for (size_t row = rows.first + 1; row <= rows.last; row++) {
        const size_t other = token_grid_cell(grid, token, row);
        if (load(grid->offsets, 2 * other) != start ||
            load(grid->offsets, 2 * other + 1) != end || load(grid->words, other) != word) {
            return refuse(out_error, "has windows that contradict one another");
        }
    }
    *out_place = (struct token_place){(uint32_t)start, (uint32_t)end, (uint32_t)word};
    return GALEN_OK;
}
