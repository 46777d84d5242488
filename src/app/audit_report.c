/* SPDX-License-Identifier: Apache-2.0 */
/* galen audit report: how much was asked of what, by whom, and what came of it. */
#include <inttypes.h>
#include <stdio.h>

#include "app/audit_read.h"
#include "app/audit_tally.h"
#include "codec/json_writer.h"

enum { LINE_SIZE_BYTES_MAX = 1 << 20, DAY_SIZE = sizeof("2026-11-25") - 1 };

static const struct field {
    const char *name;
    const char *path;
} fields[] = {
    {"client", "actor.client_id"},
    {"model", "model.name"},
    {"version", "model.version"},
    {"route", "route"},
    {"outcome", "outcome"},
    {"service", "service"},
    {"day", "ts"},
};

enum { FIELD_COUNT = sizeof(fields) / sizeof(fields[0]) };

struct report {
    struct audit_filter filter;
    struct audit_trails trails;
    bool is_json;
    bool is_csv;
    const struct field *by[TALLY_FIELD_COUNT_MAX];
    size_t by_count;
    struct tally tally;
};

static const struct field *find_field(struct bytes name)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (bytes_equal_string(name, fields[i].name)) {
            return &fields[i];
        }
    }
    return NULL;
}

static bool take_fields(void *context, const char *value)
{
    struct report *report = context;
    struct bytes rest = bytes_from_string(value);
    report->by_count = 0;
    while (rest.size > 0) {
        struct bytes name;
        rest = bytes_split(rest, ',', &name);
        const struct field *field = find_field(name);
        if (field == NULL || report->by_count == FIELD_COUNT) {
            (void)audit_complain(
                value,
                "--by takes client, model, version, route, outcome, service and day");
            return false;
        }
        report->by[report->by_count++] = field;
    }
    return true;
}

static const struct option options[] = {
    AUDIT_FILTER_TIME_OPTIONS(struct report),
    OPTION_TEXT("--service", struct report, filter.service),
    {"--by", true, take_fields, 0},
    OPTION_FLAG("--json", struct report, is_json),
    OPTION_FLAG("--csv", struct report, is_csv),
    OPERANDS(struct report, trails, audit_trails_add),
    {.name = NULL},
};

static bool read_wish(int count, char **words, struct report *report)
{
    if (!arguments_read(options, count, words, report)) {
        return false;
    }
    if (report->trails.count == 0 || report->by_count == 0) {
        (void)audit_complain("report",
                             "needs --by FIELD and a trail; see galen audit report "
                             "--help");
        return false;
    }
    return true;
}

static enum tally_sum outcome_of(const struct audit_entry *entry)
{
    for (enum tally_sum sum = TALLY_OK; sum <= TALLY_CANCELLED; sum++) {
        if (bytes_equal_string(audit_entry_text(entry, "outcome"), tally_sum_name(sum))) {
            return sum;
        }
    }
    return TALLY_FAILED;
}

static enum galen_status count_entry(void *context, const struct audit_entry *entry)
{
    struct report *report = context;
    struct bytes values[TALLY_FIELD_COUNT_MAX];
    struct tally_group *group = NULL;
    if (audit_entry_text(entry, "outcome").size == 0) {
        return GALEN_OK; /* a start or a stop is no request */
    }
    for (size_t i = 0; i < report->by_count; i++) {
        values[i] = audit_entry_text(entry, report->by[i]->path);
        if (strcmp(report->by[i]->name, "day") == 0) {
            values[i] = bytes_first(values[i], DAY_SIZE);
        }
    }
    TRY(tally_group_of(&report->tally, values, &group));
    group->sums[TALLY_REQUESTS]++;
    group->sums[outcome_of(entry)]++;
    group->sums[TALLY_IN_BYTES] += audit_entry_count(entry, "in.bytes");
    group->sums[TALLY_OUT_BYTES] += audit_entry_count(entry, "out.bytes");
    group->sums[TALLY_COMPUTE_US] +=
        audit_entry_count(entry, "infer_us") + audit_entry_count(entry, "preprocess_us");
    return GALEN_OK;
}

static size_t width_of(const struct report *report, size_t field)
{
    size_t width = strlen(report->by[field]->name);
    for (size_t i = 0; i < report->tally.count; i++) {
        const size_t size = bytes_count_code_points(
            bytes_from_string(report->tally.groups[i].values[field]));
        width = size > width ? size : width;
    }
    return width;
}

static void print_table(const struct report *report)
{
    size_t widths[TALLY_FIELD_COUNT_MAX];
    for (size_t i = 0; i < report->by_count; i++) {
        widths[i] = width_of(report, i);
        (void)printf("%-*s  ", (int)widths[i], report->by[i]->name);
    }
    for (enum tally_sum sum = 0; sum < TALLY_SUM_COUNT; sum++) {
        (void)printf("%14s%s", tally_sum_name(sum), sum + 1 < TALLY_SUM_COUNT ? "" : "\n");
    }
    for (size_t k = 0; k < report->tally.count; k++) {
        const struct tally_group *group = &report->tally.groups[k];
        for (size_t i = 0; i < report->by_count; i++) {
            audit_print_safe(bytes_from_string(group->values[i]), widths[i] + 2);
        }
        for (enum tally_sum sum = 0; sum < TALLY_SUM_COUNT; sum++) {
            (void)printf("%14" PRIu64 "%s", group->sums[sum],
                         sum + 1 < TALLY_SUM_COUNT ? "" : "\n");
        }
    }
}

/* RFC 4180: quoted where it has to be. A value that a spreadsheet would take for a formula
 * is a text there by an apostrophe. */
static void print_cell(const char *value)
{
    const bool is_formula = strchr("=+-@\t\r", value[0]) != NULL && value[0] != '\0';
    if (!is_formula && strpbrk(value, "\",\r\n") == NULL) {
        (void)fputs(value, stdout);
        return;
    }
    (void)fputs(is_formula ? "\"'" : "\"", stdout);
    for (; *value != '\0'; value++) {
        (void)fputs(*value == '"' ? "\"" : "", stdout);
        (void)putchar(*value);
    }
    (void)putchar('"');
}

static void print_csv(const struct report *report)
{
    for (size_t i = 0; i < report->by_count; i++) {
        (void)printf("%s,", report->by[i]->name);
    }
    for (enum tally_sum sum = 0; sum < TALLY_SUM_COUNT; sum++) {
        (void)printf("%s%s", tally_sum_name(sum), sum + 1 < TALLY_SUM_COUNT ? "," : "\r\n");
    }
    for (size_t k = 0; k < report->tally.count; k++) {
        const struct tally_group *group = &report->tally.groups[k];
        for (size_t i = 0; i < report->by_count; i++) {
            print_cell(group->values[i]);
            (void)putchar(',');
        }
        for (enum tally_sum sum = 0; sum < TALLY_SUM_COUNT; sum++) {
            (void)printf("%" PRIu64 "%s", group->sums[sum],
                         sum + 1 < TALLY_SUM_COUNT ? "," : "\r\n");
        }
    }
}

static void print_json(const struct report *report)
{
    for (size_t k = 0; k < report->tally.count; k++) {
        const struct tally_group *group = &report->tally.groups[k];
        struct writer line;
        writer_init(&line, LINE_SIZE_BYTES_MAX);
        struct json_writer json = json_writer_on(&line);
        json_begin_object(&json);
        for (size_t i = 0; i < report->by_count; i++) {
            json_put_name(&json, report->by[i]->name);
            json_put_cstring(&json, group->values[i]);
        }
        for (enum tally_sum sum = 0; sum < TALLY_SUM_COUNT; sum++) {
            json_put_name(&json, tally_sum_name(sum));
            json_put_u64(&json, group->sums[sum]);
        }
        json_end_object(&json);
        (void)printf("%.*s\n", BYTES_PRINT(writer_bytes(&line)));
        writer_deinit(&line);
    }
}

static void print(struct report *report)
{
    tally_sort(&report->tally);
    if (report->is_json) {
        print_json(report);
    } else if (report->is_csv) {
        print_csv(report);
    } else {
        print_table(report);
    }
}

static enum exit_code run(int argument_count, char **arguments)
{
    struct report report = {.filter = {.once = true}};
    if (!read_wish(argument_count, arguments, &report)) {
        return EXIT_USAGE;
    }
    tally_init(&report.tally, report.by_count);
    const enum exit_code code =
        audit_read(&report.trails, &report.filter, count_entry, &report);
    if (code != EXIT_USAGE) {
        print(&report);
    }
    tally_deinit(&report.tally);
    return code;
}

const struct audit_command audit_report_command = {
    .name = "report",
    .help =
        "Usage: galen audit report --by FIELD[,FIELD]... [OPTION]... TRAIL...\n\n"
        "Requests, their outcomes, bytes in and out and compute time (preprocess_us and\n"
        "infer_us), summed by client, model, version, route, outcome, service or day "
        "(UTC).\n"
        "A request counts once: by its record of gateway or serve, where no service is "
        "named.\n"
        "\n"
        "  --by FIELD[,FIELD]...\n" AUDIT_FILTER_TIME_HELP
        "  --json              a JSON object a line\n"
        "  --csv               RFC 4180, with a line of names\n\n"
        "Nothing is verified here. Exit codes: 0 done, 1 something that is no record was\n"
        "passed over, 2 wrong usage or no such trail.\n",
    .run = run,
};
