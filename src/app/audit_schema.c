/* SPDX-License-Identifier: Apache-2.0 */
/* galen audit schema: audit.def as the tables of docs/audit.md. */
#include <stdio.h>

#include "app/audit.h"
#include "service/audit/event.h"

static const char *type_name(enum audit_field_type type)
{
    static const char *const names[] = {
        [AUDIT_WORD] = "text",
        [AUDIT_TEXT] = "text from outside",
        [AUDIT_NUMBER] = "number",
        [AUDIT_HEX] = "64 hexadecimal digits",
    };
    return names[type];
}

static void print_events(void)
{
    (void)puts("| event | meaning |\n|---|---|");
    for (int kind = 0; kind < AUDIT_EVENT_COUNT; kind++) {
        (void)printf("| `%s` | %s |\n", audit_event_name((enum audit_event_kind)kind),
                     audit_event_meaning((enum audit_event_kind)kind));
    }
}

static void print_events_of(const struct audit_field *field)
{
    const char *before = "";
    for (unsigned kind = 0; kind < AUDIT_EVENT_COUNT; kind++) {
        if ((field->events & (1U << kind)) != 0) {
            (void)printf("%s`%s`", before, audit_event_name((enum audit_event_kind)kind));
            before = ", ";
        }
    }
}

static void print_fields(void)
{
    (void)puts("\n| field | type | events | meaning |\n|---|---|---|---|");
    for (size_t i = 0; i < audit_field_count; i++) {
        (void)printf("| `%s` | %s | ", audit_fields[i].path,
                     type_name(audit_fields[i].type));
        print_events_of(&audit_fields[i]);
        (void)printf(" | %s |\n", audit_fields[i].meaning);
    }
}

static enum exit_code run(int argument_count, char **arguments)
{
    if (argument_count > 0) {
        return audit_complain(arguments[0], "schema takes no argument");
    }
    print_events();
    print_fields();
    return EXIT_DONE;
}

const struct audit_command audit_schema_command = {
    .name = "schema",
    .help = "Usage: galen audit schema\n\n"
            "Prints what records may say, events and fields, as tables in Markdown.\n",
    .run = run,
};
