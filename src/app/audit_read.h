/* SPDX-License-Identifier: Apache-2.0 */
/* Records of trails, those that options choose, one after the other. */
#pragma once

#include "app/audit.h"
#include "app/audit_entry.h"
#include "app/audit_subject.h"

/* The options that choose; zeroed: every record. Texts are borrowed. */
struct audit_filter {
    const char *service;
    const char *event;
    const char *request;
    const char *model;
    const char *version;
    const char *outcome;
    char since[32]; /* as records have it; "": no bound. Inclusive */
    char until[32]; /* exclusive */
    const char *purpose;
    const struct audit_subject *subject; /* NULL: of any */
    bool once; /* of gateway and serve alone, where no service is named */
};

/* Rows for the options of a command, from `first` on, and their help. */
enum audit_filter_option {
    AUDIT_FILTER_SERVICE,
    AUDIT_FILTER_SINCE,
    AUDIT_FILTER_UNTIL,
    AUDIT_FILTER_EVENT,
    AUDIT_FILTER_REQUEST,
    AUDIT_FILTER_MODEL,
    AUDIT_FILTER_VERSION,
    AUDIT_FILTER_OUTCOME,
    AUDIT_FILTER_COUNT,
};
#define AUDIT_FILTER_TIME_OPTIONS                 \
    [AUDIT_FILTER_SERVICE] = {"--service", true}, \
    [AUDIT_FILTER_SINCE] = {"--since", true}, [AUDIT_FILTER_UNTIL] = {"--until", true}
#define AUDIT_FILTER_OPTIONS                                                 \
    AUDIT_FILTER_TIME_OPTIONS, [AUDIT_FILTER_EVENT] = {"--event", true},     \
                               [AUDIT_FILTER_REQUEST] = {"--request", true}, \
                               [AUDIT_FILTER_MODEL] = {"--model", true},     \
                               [AUDIT_FILTER_VERSION] = {"--version", true}, \
                               [AUDIT_FILTER_OUTCOME] = {"--outcome", true}
#define AUDIT_FILTER_TIME_HELP                                                        \
    "  --service S         gateway, serve, preprocess or engine\n"                    \
    "  --since TIME        not before it: 2026-11-25 or 2026-11-25T20:55:16Z (UTC)\n" \
    "  --until TIME        before it\n"

/* False: the value is none of the option's, which stderr has. */
bool audit_filter_take(struct audit_filter *filter, enum audit_filter_option option,
                       const char *value);

/* Calls on_entry for each record that the filter lets through. EXIT_FAILED: there are lines
 * that are no records, which stderr has; EXIT_USAGE: a trail cannot be read. on_entry fails
 * with the status of its own trouble: standard output, memory. */
enum exit_code
audit_read(const struct audit_trails *trails, const struct audit_filter *filter,
           enum galen_status (*on_entry)(void *context, const struct audit_entry *entry),
           void *context);

/* Text for a person: control characters of it do nothing. */
void audit_print_safe(struct bytes text, size_t width);
