/* SPDX-License-Identifier: Apache-2.0 */
/* galen audit: what the audit trail says, and whether it is whole. */
#include "app/audit.h"

#include <stdio.h>
#include <string.h>

static const struct audit_command *const commands[] = {
    &audit_verify_command, &audit_prove_command,  &audit_search_command,
    &audit_report_command, &audit_export_command, &audit_schema_command,
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

enum exit_code audit_complain(const char *subject, const char *why)
{
    (void)fprintf(stderr, "galen: audit: %s: %s\n", subject, why);
    return EXIT_USAGE;
}

bool audit_trails_add(void *field, const char *path)
{
    struct audit_trails *trails = field;
    if (trails->count == AUDIT_TRAIL_COUNT_MAX) {
        (void)audit_complain(path, "is one trail too many");
        return false;
    }
    trails->paths[trails->count++] = path;
    return true;
}

static const struct audit_command *find(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}

/* A report that was cut off by a full disk is none. */
static enum exit_code finish(enum exit_code code)
{
    return fflush(stdout) == 0 && ferror(stdout) == 0
               ? code
               : audit_complain("standard output", "cannot be written");
}

static enum exit_code run(int argument_count, char **arguments)
{
    if (argument_count < 1) {
        return audit_complain("a command is needed", "see galen audit --help");
    }
    const struct audit_command *command = find(arguments[0]);
    return command == NULL
               ? audit_complain(arguments[0],
                                "there is no such command; see galen audit --help")
               : finish(command->run(argument_count - 1, arguments + 1));
}

static const char *help(int argument_count, char **arguments)
{
    const struct audit_command *command = argument_count < 1 ? NULL : find(arguments[0]);
    return command == NULL ? NULL : command->help;
}

const struct command audit_command = {
    .name = "audit",
    .summary = "verifies, searches and exports the audit trail",
    .help = "Usage: galen audit COMMAND [OPTION]... TRAIL...\n\n"
            "TRAIL is a folder that galen writes (audit.directory). Nothing here changes "
            "it.\n\n"
            "  verify      whether every record is there, in its place, as it was written\n"
            "  prove       a record, or a checkpoint, for somebody who has not the trail\n"
            "  search      the records of a request, a model, an outcome, a time\n"
            "  report      how much was asked of what, by whom, and what came of it\n"
            "  export      records for Elasticsearch, Loki and FHIR\n"
            "  schema      what records may say\n"
            "\n`galen audit COMMAND --help` says more; docs/audit.md has the format.\n"
            "Exit codes: 0 done, 1 a fault was found, 2 wrong usage, nothing to read,\n"
            "or the output cannot be written.\n",
    .help_of = help,
    .run = run,
};
