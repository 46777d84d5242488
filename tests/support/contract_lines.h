/* SPDX-License-Identifier: Apache-2.0 */
/* A contract that is parsed from lines, of which a test replaces some. Include in one file
 * of a program. */
#pragma once

#include <stdio.h>

#include "expect.h"
#include "model/contract.h"

static struct arena arena;
static struct contract contract;
static struct error error;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1U << 20);
    error_clear(&error);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

struct change {
    size_t number; /* of the line, from 1 */
    const char *line;
};

static const char *changed_line(const char *line, size_t number,
                                const struct change *changes, size_t change_count)
{
    for (size_t i = 0; i < change_count; i++) {
        line = changes[i].number == number ? changes[i].line : line;
    }
    return line;
}

static enum galen_status parse_lines(const char *const *lines, size_t line_count,
                                     const struct change *changes, size_t change_count)
{
    char text[4096] = "";
    size_t size = 0;
    for (size_t i = 0; i < line_count; i++) {
        size += (size_t)snprintf(text + size, sizeof(text) - size, "%s\n",
                                 changed_line(lines[i], i + 1, changes, change_count));
    }
    return contract_parse(bytes_of(text, size), "model.yaml", &arena, &contract, &error);
}
