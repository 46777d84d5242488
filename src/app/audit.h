/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands of `galen audit`. To add one: its file, its line here and in audit.c. */
#pragma once

#include <stddef.h>

#include "app/arguments.h"
#include "app/command.h"

struct audit_command {
    const char *name;
    const char *help; /* what `galen audit NAME --help` prints */
    enum exit_code (*run)(int argument_count, char **arguments); /* behind the name */
};

extern const struct audit_command audit_verify_command;
extern const struct audit_command audit_prove_command;
extern const struct audit_command audit_search_command;
extern const struct audit_command audit_report_command;
extern const struct audit_command audit_export_command;
extern const struct audit_command audit_schema_command;

/* The operands. */
#define AUDIT_TRAIL_COUNT_MAX 64u
struct audit_trails {
    const char *paths[AUDIT_TRAIL_COUNT_MAX];
    size_t count;
};

/* Of a struct audit_trails. */
option_take_fn audit_trails_add;

/* "galen: audit: SUBJECT: WHY" on stderr. Returns EXIT_USAGE. */
enum exit_code audit_complain(const char *subject, const char *why);
