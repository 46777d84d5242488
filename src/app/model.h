/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands of `galen model`. To add one: its file, its line here and two in model.c.
 */
#pragma once

#include "app/command.h"

struct model_command {
    const char *name;
    const char *help; /* what `galen model NAME --help` prints */
    enum exit_code (*run)(int argument_count, char **arguments); /* behind the name */
};

extern const struct model_command model_init_command;
extern const struct model_command model_check_command;
extern const struct model_command model_list_command;
extern const struct model_command model_promote_command;
extern const struct model_command model_canary_command;
extern const struct model_command model_rollback_command;
extern const struct model_command model_disable_command;
extern const struct model_command model_enable_command;
extern const struct model_command model_history_command;

/* "galen: WHY" on stderr. Returns EXIT_USAGE. */
enum exit_code model_complain(const char *why);
