/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "app/command.h"

static const struct command *const commands[] = {
    &serve_command,        &gateway_command, &preprocess_command, &engine_command,
    &infer_command,        &model_command,   &key_command,        &config_command,
    &audit_command,        &explain_command, &token_command,      &health_command,
    &image_worker_command,
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

static void print_help(FILE *out)
{
    (void)fprintf(out,
                  "galen %s: the serving side of clinical AI\n\nUsage: galen COMMAND "
                  "[OPTION]...\n\nCommands:\n",
                  GALEN_VERSION);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (commands[i]->summary != NULL) {
            (void)fprintf(out, "  %-12s%s\n", commands[i]->name, commands[i]->summary);
        }
    }
    (void)fprintf(out,
                  "\n`galen COMMAND --help` says more. `galen --version` prints the "
                  "version.\nExit codes: 0 done, 1 failed, 2 wrong usage, configuration "
                  "or models.\n");
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}

static const char *find_help(const struct command *command, int count, char **arguments)
{
    const char *help = command->help_of == NULL ? NULL : command->help_of(count, arguments);
    return help == NULL ? command->help : help;
}

static int asks_for_help(int count, char **arguments)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(arguments[i], "--help") == 0 || strcmp(arguments[i], "-h") == 0) {
            return 1;
        }
    }
    return 0;
}

int main(int count, char **arguments)
{
    if (count < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(arguments[1], "--version") == 0) {
        (void)printf("galen %s\n", GALEN_VERSION);
        return EXIT_DONE;
    }
    const struct command *command = find_command(arguments[1]);
    if (command == NULL && asks_for_help(1, arguments + 1)) {
        print_help(stdout);
        return EXIT_DONE;
    }
    if (command == NULL) {
        (void)fprintf(stderr, "galen: there is no command '%s'; see galen --help\n",
                      arguments[1]);
        return EXIT_USAGE;
    }
    if (asks_for_help(count - 2, arguments + 2)) {
        (void)fputs(find_help(command, count - 2, arguments + 2), stdout);
        return EXIT_DONE;
    }
    return (int)command->run(count - 2, arguments + 2);
}
