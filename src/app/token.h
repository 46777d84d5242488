/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands of `galen token`. To add one: its file, its line here and in token.c. */
#pragma once

#include "app/arguments.h"
#include "app/command.h"
#include "base/error.h"

struct token_command {
    const char *name;
    const char *help; /* what `galen token NAME --help` prints */
    enum exit_code (*run)(int argument_count, char **arguments); /* behind the name */
};

extern const struct token_command token_keygen_command;
extern const struct token_command token_issue_command;
extern const struct token_command token_show_command;
extern const struct token_command token_serve_command;

/* "galen: token: SUBJECT: WHY" on stderr. Returns EXIT_USAGE. */
enum exit_code token_complain(const char *subject, const char *why);

/* The same of a status and its error. What is wrong with what was given is EXIT_USAGE, what
 * the machine cannot EXIT_FAILED. */
enum exit_code token_fail(enum galen_status status, const struct error *error);

#define TOKEN_LIFETIME_S_DEFAULT 900u
#define TOKEN_LIFETIME_S_MAX 86400u

/* Into uint64_t seconds, from 1 s to a day: "90", "90s", "15m", "1h". */
option_take_fn token_take_duration;
