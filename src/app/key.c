/* SPDX-License-Identifier: Apache-2.0 */
/* galen key list, galen key rotate: the folder of keys, as its operator sees it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/arguments.h"
#include "app/command.h"
#include "app/keys_folder.h"
#include "base/limits.h"
#include "codec/json_writer.h"
#include "service/keys.h"

enum { VERIFIER_SIZE_BYTES_MAX = 256 };

struct wish {
    const char *folder;
    const char *purpose; /* NULL: none was named */
    bool is_json;
    bool is_all;
};

static const struct option options[] = {
    OPTION_TEXT("--keys", struct wish, folder),
    OPTION_FLAG("--json", struct wish, is_json),
    OPTION_FLAG("--all", struct wish, is_all),
    OPERAND(struct wish, purpose),
    {.name = NULL},
};

static enum exit_code complain(const char *why)
{
    (void)fprintf(stderr, "galen: %s\n", why);
    return EXIT_USAGE;
}

/* What is wrong with the folder is 2, as a configuration is; what the machine cannot, 1. */
static enum exit_code fail(enum galen_status status, const struct error *error)
{
    const bool is_ours =
        status == GALEN_INVALID || status == GALEN_FORBIDDEN || status == GALEN_NOT_FOUND;
    (void)complain(error->text[0] != '\0' ? error->text : galen_status_text(status));
    return is_ours ? EXIT_USAGE : EXIT_FAILED;
}

static enum exit_code finish(void)
{
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

struct state {
    const char *text;
    const char *json;
};

static struct state state_of(const struct key *key)
{
    if (key->is_in_use) {
        return (struct state){"in use", "in_use"};
    }
    return key->is_public_only ? (struct state){"public only", "public_only"}
                               : (struct state){"verifies", "verifies"};
}

/* Nothing for a key that has no public half. */
static enum galen_status put_verifier(const struct key *key, struct writer *out)
{
    return key->purpose == KEY_CHECKPOINT ? checkpoint_key_write(&key->checkpoint, out)
                                          : GALEN_OK;
}

static enum galen_status print_key(const struct key *key)
{
    struct writer verifier;
    writer_init(&verifier, VERIFIER_SIZE_BYTES_MAX);
    const enum galen_status status = put_verifier(key, &verifier);
    if (status == GALEN_OK) {
        (void)printf("%-12s%-20s%-13s%.*s\n", key_purpose_name(key->purpose), key->id,
                     state_of(key).text,
                     BYTES_PRINT(verifier.size > 0 ? writer_bytes(&verifier) : BYTES("-")));
    }
    writer_deinit(&verifier);
    return status;
}

static enum galen_status print_text(const struct keys *keys, const char *folder)
{
    if (keys_count(keys) == 0) {
        (void)printf("%s: no keys; galen key rotate --all makes one of each\n", folder);
        return GALEN_OK;
    }
    (void)printf("%-12s%-20s%-13s%s\n", "PURPOSE", "ID", "STATE", "VERIFIER KEY");
    for (size_t i = 0; i < keys_count(keys); i++) {
        TRY(print_key(keys_at(keys, i)));
    }
    return GALEN_OK;
}

static enum galen_status put_json_key(struct json_writer *json, const struct key *key)
{
    struct writer verifier;
    writer_init(&verifier, VERIFIER_SIZE_BYTES_MAX);
    const enum galen_status status = put_verifier(key, &verifier);
    json_begin_object(json);
    json_put_name(json, "purpose");
    json_put_cstring(json, key_purpose_name(key->purpose));
    json_put_name(json, "id");
    json_put_cstring(json, key->id);
    json_put_name(json, "state");
    json_put_cstring(json, state_of(key).json);
    if (verifier.size > 0) {
        json_put_name(json, "verifier");
        json_put_string(json, writer_bytes(&verifier));
    }
    json_end_object(json);
    writer_deinit(&verifier);
    return status;
}

static enum galen_status put_json(const struct keys *keys, struct writer *out)
{
    struct json_writer json = json_writer_on(out);
    json_begin_object(&json);
    json_put_name(&json, "keys");
    json_begin_array(&json);
    for (size_t i = 0; i < keys_count(keys); i++) {
        TRY(put_json_key(&json, keys_at(keys, i)));
    }
    json_end_array(&json);
    json_end_object(&json);
    return out->status;
}

static enum galen_status print_json(const struct keys *keys)
{
    struct writer text;
    writer_init(&text, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX);
    const enum galen_status status = put_json(keys, &text);
    if (status == GALEN_OK) {
        (void)printf("%.*s\n", BYTES_PRINT(writer_bytes(&text)));
    }
    writer_deinit(&text);
    return status;
}

static enum exit_code list(int count, char **words)
{
    struct wish wish = {.folder = keys_folder_default()};
    struct error error = {"", ""};
    scoped(keys) keys = NULL;
    if (!arguments_read(options, count, words, &wish)) {
        return EXIT_USAGE;
    }
    if (wish.purpose != NULL || wish.is_all) {
        return complain("galen key list lists all; see galen key --help");
    }
    enum galen_status status = keys_read(wish.folder, &keys, &error);
    if (status == GALEN_OK) {
        status = wish.is_json ? print_json(keys) : print_text(keys, wish.folder);
    }
    return status == GALEN_OK ? finish() : fail(status, &error);
}

static enum galen_status add(const struct wish *wish, enum key_purpose purpose,
                             struct error *out_error)
{
    char id[KEY_ID_SIZE];
    TRY(keys_add(wish->folder, purpose, id, out_error));
    (void)printf("%s\n", id);
    return GALEN_OK;
}

static enum galen_status add_all(const struct wish *wish, struct error *out_error)
{
    for (size_t i = 0; i < KEY_PURPOSE_COUNT; i++) {
        TRY(add(wish, (enum key_purpose)i, out_error));
    }
    return GALEN_OK;
}

static enum exit_code refuse_purpose(const char *name)
{
    (void)fprintf(stderr, "galen: there is no purpose '%s' of keys; there is", name);
    for (size_t i = 0; i < KEY_PURPOSE_COUNT; i++) {
        (void)fprintf(stderr, "%s %s", i == 0 ? "" : ",",
                      key_purpose_name((enum key_purpose)i));
    }
    (void)fprintf(stderr, "\n");
    return EXIT_USAGE;
}

static enum exit_code rotate(int count, char **words)
{
    struct wish wish = {.folder = keys_folder_default()};
    struct error error = {"", ""};
    enum key_purpose purpose = KEY_PURPOSE_COUNT;
    if (!arguments_read(options, count, words, &wish)) {
        return EXIT_USAGE;
    }
    if (wish.is_json || (wish.purpose == NULL) != wish.is_all) {
        return complain(
            "galen key rotate takes one purpose or --all; see galen key --help");
    }
    if (!wish.is_all && !key_purpose_find(bytes_from_string(wish.purpose), &purpose)) {
        return refuse_purpose(wish.purpose);
    }
    const enum galen_status status =
        wish.is_all ? add_all(&wish, &error) : add(&wish, purpose, &error);
    if (status != GALEN_OK) {
        return fail(status, &error);
    }
    (void)fprintf(stderr, "galen: running servers take it at their next start\n");
    return finish();
}

static enum exit_code run(int count, char **words)
{
    if (count > 0 && strcmp(words[0], "list") == 0) {
        return list(count - 1, words + 1);
    }
    if (count > 0 && strcmp(words[0], "rotate") == 0) {
        return rotate(count - 1, words + 1);
    }
    return complain("galen key knows: list, rotate; see galen key --help");
}

static const char help[] =
    "Usage: galen key list [--keys FOLDER] [--json]\n"
    "       galen key rotate PURPOSE|--all [--keys FOLDER]\n\n"
    "The keys of galen: a folder, a file a key. list prints what is in it, and of keys\n"
    "that sign the verifier key, which is no secret; never a secret. rotate makes the\n"
    "next key of a purpose, and the folder where there is none, and prints the key's id;\n"
    "running servers take it at their next start. The highest number of a purpose is in\n"
    "use; those below stay, so that what they signed can be verified.\n\n"
    "Purposes:\n"
#define KEY_PURPOSE(name, member, kind, help) "  " name ": " help "\n"
#include "service/keys.def"
    "\n"
    "  --keys FOLDER       GALEN_KEYS_DIRECTORY of the environment otherwise, else keys\n"
    "  --json              one JSON object: {\"keys\":[{\"purpose\", \"id\", \"state\",\n"
    "                      \"verifier\"}]}; state is in_use, verifies or public_only\n"
    "  --all               a key of each purpose\n\n"
    "Exit codes: 0 done, 1 the folder cannot be read or written, 2 wrong usage, or the\n"
    "folder is not usable: others may read or write it, or a file is not a key.\n";

const struct command key_command = {
    .name = "key",
    .summary = "lists and rotates keys",
    .help = help,
    .run = run,
};
