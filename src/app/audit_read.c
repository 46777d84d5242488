/* SPDX-License-Identifier: Apache-2.0 */
#include "app/audit_read.h"

#include <stdio.h>

#include "app/printable.h"
#include "base/limits.h"
#include "base/utc.h"
#include "service/audit/event.h"
#include "service/audit/trail_walk.h"

enum { ENTRY_MEMORY_SIZE_BYTES_MAX = 64 * LIMIT_AUDIT_RECORD_SIZE_BYTES_MAX };

struct reading {
    const struct audit_filter *filter;
    enum galen_status (*on_entry)(void *context, const struct audit_entry *entry);
    void *context;
    const char *trail;
    struct arena arena;
    bool is_damaged;
};

/* A day, a second or a microsecond, as the text that records have. */
bool audit_filter_time(void *field, const char *value)
{
    char *text = field;
    static const char *const ends[] = {"", ".000000Z", "T00:00:00.000000Z"};
    const size_t size = strlen(value);
    uint64_t wall_ns;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        const int kept = (int)(size - (i == 1 && size > 0));
        (void)snprintf(text, AUDIT_FILTER_TIME_SIZE, "%.*s%s", kept, value, ends[i]);
        if (size < AUDIT_FILTER_TIME_SIZE &&
            (i != 1 || value[size > 0 ? size - 1 : 0] == 'Z') &&
            utc_read(bytes_from_string(text), &wall_ns)) {
            return true;
        }
    }
    (void)audit_complain(value, "is no time; 2026-11-25 or 2026-11-25T20:55:16Z is one");
    return false;
}

bool audit_filter_event(void *field, const char *value)
{
    for (int kind = 0; kind < AUDIT_EVENT_COUNT; kind++) {
        if (strcmp(audit_event_name((enum audit_event_kind)kind), value) == 0) {
            return option_take_text(field, value);
        }
    }
    (void)audit_complain(value, "is no event; see galen audit schema");
    return false;
}

bool audit_filter_outcome(void *field, const char *value)
{
    static const char *const outcomes[] = {"ok", "refused", "failed", "cancelled"};
    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
        if (strcmp(outcomes[i], value) == 0) {
            return option_take_text(field, value);
        }
    }
    (void)audit_complain(value, "is no outcome: ok, refused, failed or cancelled");
    return false;
}

/* What the head of the line tells: most records are passed over by it. */
static bool head_passes(const struct audit_filter *filter,
                        const struct audit_record *record)
{
    const struct bytes ts = record->head.ts; /* all of one size: they compare as text */
    if (filter->once && filter->service == NULL &&
        !bytes_equal_string(record->head.service, "gateway") &&
        !bytes_equal_string(record->head.service, "serve")) {
        return false;
    }
    return (filter->since[0] == '\0' || memcmp(ts.data, filter->since, ts.size) >= 0) &&
           (filter->until[0] == '\0' || memcmp(ts.data, filter->until, ts.size) < 0) &&
           (filter->event == NULL || bytes_equal_string(record->event, filter->event));
}

static bool is_or_any(const struct audit_entry *entry, const char *path, const char *wanted)
{
    return wanted == NULL || bytes_equal_string(audit_entry_text(entry, path), wanted);
}

static bool body_passes(const struct audit_filter *filter, const struct audit_entry *entry)
{
    return is_or_any(entry, "request_id", filter->request) &&
           is_or_any(entry, "model.name", filter->model) &&
           is_or_any(entry, "model.version", filter->version) &&
           is_or_any(entry, "outcome", filter->outcome) &&
           is_or_any(entry, "purpose", filter->purpose) &&
           audit_subject_is(filter->subject, audit_entry_text(entry, "subject_hmac"));
}

static void on_damage(void *context, const char *chain, const char *file)
{
    struct reading *reading = context;
    reading->is_damaged = true;
    (void)fprintf(stderr,
                  "galen: audit: %s/%s/%s: something that is no record is passed over; see "
                  "galen audit verify\n",
                  reading->trail, chain, file);
}

/* A line has a record's form, but a time that is none, or is no JSON. */
static enum galen_status pass_over(struct reading *reading,
                                   const struct audit_record *record)
{
    char chain[AUDIT_CHAIN_NAME_SIZE];
    (void)snprintf(chain, sizeof(chain), "%.*s", BYTES_PRINT(record->head.chain));
    on_damage(reading, chain, "");
    return GALEN_OK;
}

static enum galen_status on_record(void *context, const struct audit_record *record,
                                   struct bytes line)
{
    struct reading *reading = context;
    struct audit_entry entry = {.record = record, .line = line};
    uint64_t wall_ns;
    if (!utc_read(record->head.ts, &wall_ns)) {
        return pass_over(reading, record);
    }
    if (!head_passes(reading->filter, record)) {
        return GALEN_OK;
    }
    arena_clear(&reading->arena);
    const enum galen_status status = json_parse(line, &reading->arena, &entry.root, NULL);
    if (status != GALEN_OK) {
        return status == GALEN_NO_MEMORY ? status : pass_over(reading, record);
    }
    return body_passes(reading->filter, &entry)
               ? reading->on_entry(reading->context, &entry)
               : GALEN_OK;
}

static enum exit_code read_one(struct reading *reading)
{
    struct error error;
    const struct audit_trail_walk walk = {
        .trail = reading->trail,
        .service = reading->filter->service,
        .on_record = on_record,
        .on_damage = on_damage,
        .context = reading,
    };
    error_clear(&error);
    const enum galen_status status = audit_trail_walk_run(&walk, &error);
    if (status == GALEN_OK) {
        return reading->is_damaged ? EXIT_FAILED : EXIT_DONE;
    }
    return audit_complain(reading->trail,
                          error.text[0] == '\0' ? galen_status_text(status) : error.text);
}

enum exit_code
audit_read(const struct audit_trails *trails, const struct audit_filter *filter,
           enum galen_status (*on_entry)(void *context, const struct audit_entry *entry),
           void *context)
{
    struct reading reading = {.filter = filter, .on_entry = on_entry, .context = context};
    enum exit_code worst = EXIT_DONE;
    arena_init(&reading.arena, ENTRY_MEMORY_SIZE_BYTES_MAX);
    for (size_t i = 0; i < trails->count; i++) {
        reading.trail = trails->paths[i];
        const enum exit_code code = read_one(&reading);
        worst = code > worst ? code : worst;
    }
    arena_deinit(&reading.arena);
    return worst;
}

void audit_print_safe(struct bytes text, size_t width)
{
    size_t printed = 0;
    for (struct bytes rest = text; rest.size > 0; printed++) {
        struct bytes character;
        rest = printable_next(rest, &character);
        (void)fwrite(character.data, 1, character.size, stdout);
    }
    for (; printed < width; printed++) {
        (void)putchar(' ');
    }
}
