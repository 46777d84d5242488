/* SPDX-License-Identifier: Apache-2.0 */
/* galen audit search: the records that options choose. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "app/audit_read.h"
#include "app/keys_folder.h"

struct wish {
    struct audit_filter filter;
    struct audit_trails trails;
    const char *subject_file; /* NULL: of any subject */
    const char *keys;
    struct audit_subject subject;
    bool as_table;
};

static const struct option options[] = {
    AUDIT_FILTER_OPTIONS(struct wish),
    OPTION_TEXT("--purpose", struct wish, filter.purpose),
    OPTION_TEXT("--subject", struct wish, subject_file),
    OPTION_TEXT("--keys", struct wish, keys),
    OPTION_NO_FLAG("--json", struct wish, as_table),
    OPTION_FLAG("--table", struct wish, as_table),
    OPERANDS(struct wish, trails, audit_trails_add),
    {.name = NULL},
};

static bool read_wish(int count, char **words, struct wish *wish)
{
    if (!arguments_read(options, count, words, wish)) {
        return false;
    }
    if (wish->trails.count == 0) {
        (void)audit_complain("search", "needs a trail; see galen audit search --help");
        return false;
    }
    return true;
}

static bool find_subject(struct wish *wish)
{
    if (wish->subject_file == NULL) {
        return true;
    }
    wish->filter.subject = &wish->subject;
    return audit_subject_read(wish->subject_file, wish->keys, &wish->subject);
}

static enum galen_status print_line(void *context, const struct audit_entry *entry)
{
    (void)context;
    (void)fwrite(entry->line.data, 1, entry->line.size, stdout);
    (void)putchar('\n');
    return GALEN_OK;
}

static const struct {
    const char *title;
    const char *path;
    size_t width;
} columns[] = {
    {"TIME", "ts", 27},
    {"SERVICE", "service", 10},
    {"EVENT", "event", 14},
    {"OUTCOME", "outcome", 9},
    {"REASON", "reason", 22},
    {"STATUS", "out.status", 6},
    {"MODEL", "model.name", 24},
    {"VERSION", "model.version", 7},
    {"CLIENT", "actor.client_id", 16},
    {"REQUEST", "request_id", 36},
    {"SEQ", "seq", 1},
};

enum { COLUMN_COUNT = sizeof(columns) / sizeof(columns[0]) };

static void print_titles(void)
{
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        (void)printf("%-*s%s", (int)columns[i].width, columns[i].title,
                     i + 1 < COLUMN_COUNT ? "  " : "\n");
    }
}

static enum galen_status print_row(void *context, const struct audit_entry *entry)
{
    bool *is_titled = context;
    if (!*is_titled) {
        print_titles();
        *is_titled = true;
    }
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        const struct bytes text = audit_entry_text(entry, columns[i].path);
        audit_print_safe(text.size == 0 ? BYTES("-") : text, columns[i].width);
        (void)fputs(i + 1 < COLUMN_COUNT ? "  " : "\n", stdout);
    }
    return GALEN_OK;
}

static enum exit_code run(int argument_count, char **arguments)
{
    struct wish wish = {.keys = keys_folder_default(),
                        .as_table = isatty(STDOUT_FILENO) == 1};
    bool is_titled = false;
    if (!read_wish(argument_count, arguments, &wish) || !find_subject(&wish)) {
        return EXIT_USAGE;
    }
    return audit_read(&wish.trails, &wish.filter, wish.as_table ? print_row : print_line,
                      &is_titled);
}

const struct audit_command audit_search_command = {
    .name = "search",
    .help =
        "Usage: galen audit search [OPTION]... TRAIL...\n\n"
        "Prints the records that all options choose, chain by chain: a table on a "
        "terminal,\n"
        "else the exact lines of the trail.\n\n"
        "  --request ID        of this request: its records in gateway, preprocess and "
        "engine\n"
        "  --model M           of this model\n"
        "  --version V         of this version, a number\n"
        "  --outcome O         ok, refused, failed or cancelled\n"
        "  --event E           infer, validate, load, unload, configure, start or\n"
        "                      stop\n"
        "  --purpose P         for this purpose, a code of HL7's PurposeOfUse\n"
        "  --subject FILE      about the subject that the file holds in one line; -: that\n"
        "                      standard input holds. It takes the keys of subjects, old\n"
        "                      ones too\n"
        "  --keys FOLDER       where they are: GALEN_KEYS_DIRECTORY of the environment\n"
        "                      otherwise, else keys\n" AUDIT_FILTER_TIME_HELP
        "  --json              the exact lines, on a terminal too\n"
        "  --table             a table, elsewhere too\n\n"
        "Nothing is verified here. Exit codes: 0 done, 1 something that is no record was\n"
        "passed over, 2 wrong usage or no such trail.\n",
    .run = run,
};
