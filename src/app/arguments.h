/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines: "--name VALUE", "--name=VALUE", flags without a value, and operands. */
#pragma once

#include <stdbool.h>

struct option {
    const char *name; /* with its dashes */
    bool has_value;
};

struct arguments {
    int left;
    char **at;
    const struct option *options; /* ends with a NULL name */
};

/* One step. `option` is the index in options and `value` its value; an operand has option
 * -1. Returns false at the end, and for what is wrong, which it has said on stderr: then
 * failed is set. */
struct argument {
    int option;
    const char *value; /* "" for a flag */
    bool failed;
};
bool arguments_next(struct arguments *arguments, struct argument *out_argument);
