/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines: "--name VALUE", "--name=VALUE", flags without a value, and operands. A
 * command is a struct of what it is told, and a table of rows that say where in it a word
 * goes. Texts are borrowed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

/* Takes a value ("" for a flag) into a field. False: it cannot be, which stderr has. */
typedef bool option_take_fn(void *field, const char *value);

struct option {
    const char *name; /* with its dashes; "": of operands */
    bool has_value;
    option_take_fn *take; /* NULL: the command has its own way */
    size_t offset;        /* of its field */
};

option_take_fn option_take_text;
option_take_fn option_take_bytes;
option_take_fn option_set;
option_take_fn option_clear;
option_take_fn option_take_operand;

/* Rows. The field's type is checked where we know it. */
#define OPTION_AT_TEXT(type, field) \
    _Generic(&((type *)NULL)->field, const char ** : offsetof(type, field))
#define OPTION_AT_BYTES(type, field) \
    _Generic(&((type *)NULL)->field, struct bytes * : offsetof(type, field))
#define OPTION_AT_FLAG(type, field) \
    _Generic(&((type *)NULL)->field, bool * : offsetof(type, field))
#define OPTION_TEXT(name, type, field)                            \
    {                                                             \
        name, true, option_take_text, OPTION_AT_TEXT(type, field) \
    }
#define OPTION_BYTES(name, type, field)                             \
    {                                                               \
        name, true, option_take_bytes, OPTION_AT_BYTES(type, field) \
    }
#define OPTION_FLAG(name, type, field)                       \
    {                                                        \
        name, false, option_set, OPTION_AT_FLAG(type, field) \
    }
#define OPTION_NO_FLAG(name, type, field)                      \
    {                                                          \
        name, false, option_clear, OPTION_AT_FLAG(type, field) \
    }
#define OPTION_READ(name, type, field, take)    \
    {                                           \
        name, true, take, offsetof(type, field) \
    }
#define OPERANDS(type, field, take) OPTION_READ("", type, field, take)
/* One, where the field was NULL; not "". */
#define OPERAND(type, field)                                       \
    {                                                              \
        "", true, option_take_operand, OPTION_AT_TEXT(type, field) \
    }

/* `value` into the field of *out. */
bool option_take(const struct option *option, const char *value, void *out);

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

/* All steps, each into its field of *out by its row. False: stderr has what is wrong. */
bool arguments_read(const struct option *options, int count, char **words, void *out);
