/* SPDX-License-Identifier: Apache-2.0 */
/* galen model history NAME: the releases of a model, and whether their records are whole.
 */
#include "app/model_history.h"

#include <stdio.h>

#include "app/model.h"
#include "app/model_changes.h"
#include "app/model_remote.h"
#include "app/model_wish.h"
#include "base/limits.h"
#include "base/utc.h"
#include "codec/json_writer.h"
#include "model/release_history.h"
#include "model/repository.h"

static const struct model_syntax syntax = {
    .name = "history", .word_count_min = 1, .word_count_max = 1, .options = 0};

enum { NUMBER_SIZE = 24, ACTION_SIZE = 24 };

struct telling {
    struct writer *out;
    struct json_writer *json; /* on it; NULL: text */
    struct writer text;       /* of one record */
    size_t fault_count;
    void (*tell)(const char *fault);
};

/* As text. */

static void put_number(struct writer *out, uint64_t number)
{
    char text[NUMBER_SIZE];
    (void)snprintf(text, sizeof(text), "%06llu", (unsigned long long)number);
    writer_put_string(out, text);
}

static void put_action(struct writer *out, enum release_action action)
{
    char text[ACTION_SIZE];
    (void)snprintf(text, sizeof(text), "  %-8s  ", release_action_name(action));
    writer_put_string(out, text);
}

static void put_record_line(struct writer *out, const struct release_entry *entry)
{
    char time[UTC_SIZE];
    const struct release_record *record = entry->record;
    utc_write(record->wall_ns, time);
    writer_put_string(out, "  ");
    writer_put_string(out, time);
    put_action(out, record->action);
    writer_put_string(out, record->actor);
    writer_put_string(out, "  ");
    model_changes_write(record, out);
    writer_put_string(out, record->reason[0] == '\0' ? "" : "  ");
    writer_put_string(out, record->reason);
}

static void put_line(struct writer *out, const struct release_entry *entry)
{
    if (entry->was_moved_by_hand) {
        writer_put_string(out, "        tags were moved by hand\n");
    }
    put_number(out, entry->number);
    if (entry->record != NULL) {
        put_record_line(out, entry);
    } else {
        writer_put_string(out, "  cannot be read");
    }
    writer_put_byte(out, '\n');
}

/* As JSON. */

static void put_record(struct telling *telling, const struct release_entry *entry)
{
    char hex[SHA256_HEX_SIZE];
    struct json_writer *json = telling->json;
    sha256_to_hex(entry->sha256, hex);
    json_put_name(json, "sha256");
    json_put_string(json, bytes_of(hex, sizeof(hex)));
    telling->text.size = 0;
    release_record_write(entry->record, &telling->text);
    const struct bytes line = writer_bytes(&telling->text);
    json_put_name(json, "record");
    json_put_raw(json, bytes_first(line, line.size - 1));
}

static void put_entry(struct telling *telling, const struct release_entry *entry)
{
    struct json_writer *json = telling->json;
    json_begin_object(json);
    json_put_name(json, "number");
    json_put_u64(json, entry->number);
    if (entry->fault[0] != '\0') {
        json_put_name(json, "fault");
        json_put_cstring(json, entry->fault);
    }
    json_put_name(json, "moved_by_hand_before");
    json_put_bool(json, entry->was_moved_by_hand);
    if (entry->record != NULL) {
        put_record(telling, entry);
    }
    json_end_object(json);
}

/* On a line of its own in a text, where nobody else is told. */
static void tell_fault(struct telling *telling, const char *fault)
{
    telling->fault_count++;
    if (telling->tell != NULL) {
        telling->tell(fault);
    } else if (telling->json == NULL) {
        writer_put_string(telling->out, "galen: ");
        writer_put_string(telling->out, fault);
        writer_put_byte(telling->out, '\n');
    }
}

static enum galen_status take_entry(void *context, const struct release_entry *entry)
{
    struct telling *telling = context;
    if (telling->json != NULL) {
        put_entry(telling, entry);
    } else {
        put_line(telling->out, entry);
    }
    if (entry->fault[0] != '\0') {
        tell_fault(telling, entry->fault);
    }
    return GALEN_OK;
}

static enum galen_status walk(const struct model_history *history, struct telling *telling,
                              struct error *out_error)
{
    return repository_name_is_valid(bytes_from_string(history->model))
               ? release_walk(history->repository, history->model, take_entry, telling,
                              out_error)
               : error_set(out_error, GALEN_NOT_FOUND, "%s: there is no such model",
                           history->repository);
}

static enum galen_status walk_as_json(const struct model_history *history,
                                      struct telling *telling, struct error *out_error)
{
    struct json_writer json = json_writer_on(telling->out);
    telling->json = &json;
    json_begin_object(&json);
    json_put_name(&json, "model");
    json_put_cstring(&json, history->model);
    json_put_name(&json, "releases");
    json_begin_array(&json);
    const enum galen_status status = walk(history, telling, out_error);
    json_end_array(&json);
    json_put_name(&json, "is_whole");
    json_put_bool(&json, telling->fault_count == 0);
    json_end_object(&json);
    telling->json = NULL;
    writer_put_byte(telling->out, '\n');
    return status;
}

enum galen_status model_history_write(const struct model_history *history,
                                      struct writer *out, bool *out_is_whole,
                                      struct error *out_error)
{
    struct telling telling = {.out = out, .tell = history->tell_fault};
    writer_init(&telling.text, LIMIT_RELEASE_RECORD_SIZE_BYTES_MAX);
    const enum galen_status status = history->is_json
                                         ? walk_as_json(history, &telling, out_error)
                                         : walk(history, &telling, out_error);
    writer_deinit(&telling.text);
    *out_is_whole = telling.fault_count == 0;
    return status == GALEN_OK ? out->status : status;
}

static void complain(const char *fault)
{
    (void)model_complain(fault);
}

static enum exit_code run(int argument_count, char **arguments)
{
    static struct model_wish wish;
    struct writer text;
    bool is_whole = false;
    struct error error = {"", ""};
    if (!model_wish_read(&syntax, argument_count, arguments, &wish)) {
        return EXIT_USAGE;
    }
    if (wish.admin != NULL) {
        return model_remote_read(&wish, "history");
    }
    const struct model_history history = {.repository = wish.settings.repository,
                                          .model = wish.words[0],
                                          .is_json = wish.is_json,
                                          .tell_fault = complain};
    writer_init(&text, LIMIT_REPOSITORY_SIZE_BYTES_MAX);
    const enum galen_status status =
        model_history_write(&history, &text, &is_whole, &error);
    if (status == GALEN_OK) {
        model_print(&text);
    }
    writer_deinit(&text);
    return status == GALEN_OK ? model_finish(is_whole ? EXIT_DONE : EXIT_FAILED)
                              : model_fail(status, &error);
}

const struct model_command model_history_command = {
    .name = "history",
    .help =
        "Usage: galen model history NAME [OPTION]...\n\n"
        "The releases of a model, the oldest first: number, time, action, who, which\n"
        "tags moved, and why. Each record holds the SHA-256 of the one before it: one\n"
        "that was changed, is gone or is none is named on standard error. Of the newest\n"
        "the audit trail has the SHA-256 (release.sha256).\n\n" MODEL_HELP
        "\nExit codes: 0 all is as it was written, 1 it is not, 2 wrong usage, or the\n"
        "model cannot be read.\n",
    .run = run,
};
