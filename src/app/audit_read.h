/* SPDX-License-Identifier: Apache-2.0 */
/* Records of trails, those that options choose, one after the other. */
#pragma once

#include "app/audit.h"
#include "app/audit_entry.h"
#include "app/audit_subject.h"

enum { AUDIT_FILTER_TIME_SIZE = 32 };

/* The options that choose; zeroed: every record. Texts are borrowed. */
struct audit_filter {
    const char *service;
    const char *event;
    const char *request;
    const char *model;
    const char *version;
    const char *outcome;
    char since[AUDIT_FILTER_TIME_SIZE]; /* as records have it; "": no bound. Inclusive */
    char until[AUDIT_FILTER_TIME_SIZE]; /* exclusive */
    const char *purpose;
    const struct audit_subject *subject; /* NULL: of any */
    bool once; /* of gateway and serve alone, where no service is named */
};

/* Rows of `filter` of what a command is told, and their help. */
#define AUDIT_FILTER_TIME_OPTIONS(type)                            \
    OPTION_READ("--since", type, filter.since, audit_filter_time), \
        OPTION_READ("--until", type, filter.until, audit_filter_time)
#define AUDIT_FILTER_OPTIONS(type)                                                   \
    AUDIT_FILTER_TIME_OPTIONS(type), OPTION_TEXT("--service", type, filter.service), \
        OPTION_TEXT("--request", type, filter.request),                              \
        OPTION_TEXT("--model", type, filter.model),                                  \
        OPTION_TEXT("--version", type, filter.version),                              \
        OPTION_READ("--event", type, filter.event, audit_filter_event),              \
        OPTION_READ("--outcome", type, filter.outcome, audit_filter_outcome)
#define AUDIT_FILTER_TIME_HELP                                                        \
    "  --service S         gateway, serve, preprocess or engine\n"                    \
    "  --since TIME        not before it: 2026-11-25 or 2026-11-25T20:55:16Z (UTC)\n" \
    "  --until TIME        before it\n"

option_take_fn audit_filter_time;    /* into since or until */
option_take_fn audit_filter_event;   /* one of the schema's */
option_take_fn audit_filter_outcome; /* ok, refused, failed or cancelled */

/* Calls on_entry for each record that the filter lets through. EXIT_FAILED: there are lines
 * that are no records, which stderr has; EXIT_USAGE: a trail cannot be read. on_entry fails
 * with the status of its own trouble: standard output, memory. */
enum exit_code
audit_read(const struct audit_trails *trails, const struct audit_filter *filter,
           enum galen_status (*on_entry)(void *context, const struct audit_entry *entry),
           void *context);

/* Text for a person: control characters of it do nothing. */
void audit_print_safe(struct bytes text, size_t width);
