/* SPDX-License-Identifier: Apache-2.0 */
#include "app/model_report.h"

#include <stdio.h>

#include "app/model_changes.h"

enum { NUMBER_SIZE = 24 };

static void put_number(struct writer *out, uint64_t number)
{
    char text[NUMBER_SIZE];
    (void)snprintf(text, sizeof(text), "%06llu", (unsigned long long)number);
    writer_put_string(out, text);
}

static void put_changes(const struct release_record *record, struct writer *out)
{
    writer_put_string(out, "release ");
    put_number(out, record->number);
    writer_put_string(out, ": ");
    model_changes_write(record, out);
    if (record->before.is_disabled != record->after.is_disabled) {
        writer_put_string(out, record->after.is_disabled ? "disabled" : "enabled");
    }
}

static void put_no_change(const struct model_report *report, struct writer *out)
{
    const struct release_record *record = report->record;
    if (record->action == RELEASE_DISABLE || record->action == RELEASE_ENABLE) {
        writer_put_string(out, record->after.is_disabled ? "is disabled already"
                                                         : "is enabled already");
    } else if (record->action == RELEASE_CANARY) {
        writer_put_string(out, "the canary is so already");
    } else {
        writer_put_string(out, report->tag);
        writer_put_string(out, " is ");
        writer_put_u64(out, report->version);
        writer_put_string(out, " already");
    }
}

void model_report_write_text(const struct model_report *report, struct writer *out)
{
    writer_put_string(out, report->model);
    writer_put_string(out, ": ");
    if (report->changes) {
        put_changes(report->record, out);
    } else {
        put_no_change(report, out);
    }
    writer_put_byte(out, '\n');
}

static void put_text(struct json_writer *json, const char *name, const char *text)
{
    json_put_name(json, name);
    json_put_cstring(json, text);
}

void model_report_write_json(const struct model_report *report, struct writer *out)
{
    const struct release_record *record = report->record;
    struct json_writer json = json_writer_on(out);
    json_begin_object(&json);
    put_text(&json, "model", report->model);
    put_text(&json, "action", release_action_name(record->action));
    json_put_name(&json, "release");
    if (report->changes) {
        json_put_u64(&json, record->number);
    } else {
        json_put_null(&json);
    }
    json_put_name(&json, "before");
    release_state_write(&record->before, &json);
    json_put_name(&json, "after");
    release_state_write(&record->after, &json);
    json_end_object(&json);
    writer_put_byte(out, '\n');
}

void model_report_write_notes(const struct model_report *report, struct writer *out)
{
    const struct release_record *record = report->record;
    if (report->finished != 0) {
        writer_put_string(out, "galen: ");
        writer_put_string(out, report->model);
        writer_put_string(out, ": release ");
        put_number(out, report->finished);
        writer_put_string(out, ", which was cut off, is finished first\n");
    }
    if (record != NULL && record->after.is_disabled && record->action != RELEASE_DISABLE) {
        writer_put_string(out, "galen: ");
        writer_put_string(out, report->model);
        writer_put_string(out, " is disabled: no version of it answers until `galen model "
                               "enable ");
        writer_put_string(out, report->model);
        writer_put_string(out, "`\n");
    }
}
