/* SPDX-License-Identifier: Apache-2.0 */
/* galen model: what is in a repository, and which version of it serves. */
#include "app/model.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
static const struct model_command *const commands[] = {
    &model_init_command,
    &model_check_command,
    &model_list_command,
    &model_promote_command,
    &model_canary_command,
    &model_rollback_command,
    &model_disable_command,
    &model_enable_command,
    &model_history_command,
};
/* clang-format on */

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

enum exit_code model_complain(const char *why)
{
    (void)fprintf(stderr, "galen: %s\n", why);
    return EXIT_USAGE;
}

static const struct model_command *find(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}

static enum exit_code run(int argument_count, char **arguments)
{
    const struct model_command *command = argument_count < 1 ? NULL : find(arguments[0]);
    return command == NULL
               ? model_complain("there is no such command; see galen model --help")
               : command->run(argument_count - 1, arguments + 1);
}

static const char *help(int argument_count, char **arguments)
{
    const struct model_command *command = argument_count < 1 ? NULL : find(arguments[0]);
    return command == NULL ? NULL : command->help;
}

const struct command model_command = {
    .name = "model",
    .summary = "models of a repository: adds, checks, lists and releases them",
    .help = "Usage: galen model COMMAND [OPTION]...\n\n"
            "  init        makes a model of a Hugging Face folder\n"
            "  check       whether the models of a Triton repository run here\n"
            "  list        models, versions, tags, and whether they can serve\n"
            "  promote     a version becomes the one that serves\n"
            "  canary      a version answers a part, and is compared\n"
            "  rollback    the version that served before serves again\n"
            "  disable     no version of a model serves\n"
            "  enable      it serves again\n"
            "  history     who released what, when and why\n"
            "\n`galen model COMMAND --help` says more.\n"
            "Exit codes: 0 done, 1 failed, 2 wrong usage, configuration or models.\n",
    .help_of = help,
    .run = run,
};
