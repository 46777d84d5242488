/* SPDX-License-Identifier: Apache-2.0 */
/* galen model history NAME: the releases of a model, and whether their records are whole.
 */
#include <stdio.h>

#include "app/model.h"
#include "app/model_changes.h"
#include "app/model_wish.h"
#include "base/limits.h"
#include "base/utc.h"
#include "codec/json_writer.h"
#include "model/release_history.h"
#include "model/repository.h"

static const struct model_syntax syntax = {
    .name = "history", .word_count_min = 1, .word_count_max = 1, .options = 0};

struct telling {
    struct json_writer *json; /* NULL: text */
    struct writer text;       /* of one entry */
    size_t fault_count;
};

/* As text. */

static void print_record(const struct release_entry *entry)
{
    char time[UTC_SIZE];
    const struct release_record *record = entry->record;
    utc_write(record->wall_ns, time);
    (void)printf("%06llu  %s  %-8s  %s  ", (unsigned long long)entry->number, time,
                 release_action_name(record->action), record->actor);
    model_print_changes(record);
    (void)printf("%s%s\n", record->reason[0] == '\0' ? "" : "  ", record->reason);
}

static void print_entry(const struct release_entry *entry)
{
    if (entry->was_moved_by_hand) {
        (void)printf("        tags were moved by hand\n");
    }
    if (entry->record != NULL) {
        print_record(entry);
    } else {
        (void)printf("%06llu  cannot be read\n", (unsigned long long)entry->number);
    }
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

static enum galen_status take_entry(void *context, const struct release_entry *entry)
{
    struct telling *telling = context;
    if (telling->json != NULL) {
        put_entry(telling, entry);
    } else {
        print_entry(entry);
    }
    if (entry->fault[0] != '\0') {
        telling->fault_count++;
        (void)model_complain(entry->fault);
    }
    return GALEN_OK;
}

static enum galen_status walk(const struct model_wish *wish, struct telling *telling,
                              struct error *out_error)
{
    const char *model = wish->words[0];
    return repository_name_is_valid(bytes_from_string(model))
               ? release_walk(wish->settings.repository, model, take_entry, telling,
                              out_error)
               : error_set(out_error, GALEN_NOT_FOUND, "%s: there is no such model",
                           wish->settings.repository);
}

static enum galen_status walk_as_json(const struct model_wish *wish,
                                      struct telling *telling, struct error *out_error)
{
    struct writer text;
    writer_init(&text, LIMIT_REPOSITORY_SIZE_BYTES_MAX);
    struct json_writer json = json_writer_on(&text);
    telling->json = &json;
    json_begin_object(&json);
    json_put_name(&json, "model");
    json_put_cstring(&json, wish->words[0]);
    json_put_name(&json, "releases");
    json_begin_array(&json);
    enum galen_status status = walk(wish, telling, out_error);
    json_end_array(&json);
    json_put_name(&json, "is_whole");
    json_put_bool(&json, telling->fault_count == 0);
    json_end_object(&json);
    telling->json = NULL;
    status = status == GALEN_OK ? text.status : status;
    if (status == GALEN_OK) {
        (void)printf("%.*s\n", BYTES_PRINT(writer_bytes(&text)));
    }
    writer_deinit(&text);
    return status;
}

static enum exit_code run(int argument_count, char **arguments)
{
    static struct model_wish wish;
    struct telling telling = {.fault_count = 0};
    struct error error = {"", ""};
    if (!model_wish_read(&syntax, argument_count, arguments, &wish)) {
        return EXIT_USAGE;
    }
    writer_init(&telling.text, LIMIT_RELEASE_RECORD_SIZE_BYTES_MAX);
    const enum galen_status status = wish.is_json ? walk_as_json(&wish, &telling, &error)
                                                  : walk(&wish, &telling, &error);
    writer_deinit(&telling.text);
    if (status != GALEN_OK) {
        return model_fail(status, &error);
    }
    return model_finish(telling.fault_count == 0 ? EXIT_DONE : EXIT_FAILED);
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
