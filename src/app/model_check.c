/* SPDX-License-Identifier: Apache-2.0 */
/* galen model check REPOSITORY: whether its models run here, or what keeps them from it. */
#include <stdio.h>

#include "app/arguments.h"
#include "app/model.h"
#include "app/model_verdict.h"
#include "base/limits.h"
#include "codec/json_writer.h"
#include "model/directory.h"

enum { ARENA_SIZE_BYTES_MAX = 64 << 20 };

struct wish {
    const char *repository;
    bool is_json;
    bool opens_networks;
};

static const struct option options[] = {
    OPTION_FLAG("--json", struct wish, is_json),
    OPTION_NO_FLAG("--no-open", struct wish, opens_networks),
    OPERAND(struct wish, repository),
    {.name = NULL},
};

/* What is told of all models. */
struct check {
    struct wish wish;
    int folder;
    struct directory_entry *entries;
    size_t entry_count;
    struct arena arena; /* of the entries */
    struct writer text; /* of --json */
    struct json_writer json;
    size_t model_count;
    size_t elsewhere_count; /* that do not run here */
    struct error error;
};

static const struct {
    const char *text;
    const char *json;
} verdicts[] = {
    [MODEL_RUNS_HERE] = {"runs here", "runs_here"},
    [MODEL_NEEDS_TRITON] = {"needs Triton", "needs_triton"},
    [MODEL_NEEDS_CHANGE] = {"change", "change"},
};

static bool read_wish(int count, char **words, struct wish *out_wish)
{
    *out_wish = (struct wish){.opens_networks = true};
    if (!arguments_read(options, count, words, out_wish)) {
        return false;
    }
    if (out_wish->repository == NULL) {
        (void)model_complain(
            "galen model check needs a repository; see galen model check --help");
    }
    return out_wish->repository != NULL;
}

static void print_text(const char *name, const struct model_judgement *judgement)
{
    const char *why = judgement->why.text;
    (void)printf("%s: %s%s%s\n", name, verdicts[judgement->verdict].text,
                 why[0] == '\0' ? "" : ": ", why);
    for (size_t i = 0; i < judgement->note_count; i++) {
        (void)printf("  note: %s\n", judgement->notes[i]);
    }
}

static void put_json(struct json_writer *json, const char *name,
                     const struct model_judgement *judgement)
{
    json_begin_object(json);
    json_put_name(json, "name");
    json_put_cstring(json, name);
    json_put_name(json, "verdict");
    json_put_cstring(json, verdicts[judgement->verdict].json);
    if (judgement->why.text[0] != '\0') {
        json_put_name(json, "reason");
        json_put_cstring(json, judgement->why.text);
    }
    json_put_name(json, "notes");
    json_begin_array(json);
    for (size_t i = 0; i < judgement->note_count; i++) {
        json_put_cstring(json, judgement->notes[i]);
    }
    json_end_array(json);
    json_end_object(json);
}

static enum galen_status check_model(struct check *check, const char *name)
{
    struct arena arena;
    struct model_judgement judgement;
    const struct model_judge judge = {
        .repository = check->wish.repository,
        .folder = check->folder,
        .opens_networks = check->wish.opens_networks,
        .arena = &arena,
    };
    arena_init(&arena, ARENA_SIZE_BYTES_MAX);
    const enum galen_status status = model_judge(&judge, name, &judgement);
    if (status == GALEN_OK) {
        check->model_count++;
        check->elsewhere_count += judgement.verdict != MODEL_RUNS_HERE;
        if (check->wish.is_json) {
            put_json(&check->json, name, &judgement);
        } else {
            print_text(name, &judgement);
        }
    }
    arena_deinit(&arena);
    return status;
}

static enum galen_status check_all(struct check *check)
{
    for (size_t i = 0; i < check->entry_count; i++) {
        if (check->entries[i].kind == DIRECTORY_FOLDER) {
            TRY(check_model(check, check->entries[i].name));
        }
    }
    return GALEN_OK;
}

static enum galen_status check_as_json(struct check *check)
{
    check->json = json_writer_on(&check->text);
    json_begin_object(&check->json);
    json_put_name(&check->json, "repository");
    json_put_cstring(&check->json, check->wish.repository);
    json_put_name(&check->json, "models");
    json_begin_array(&check->json);
    TRY(check_all(check));
    json_end_array(&check->json);
    json_end_object(&check->json);
    TRY(check->text.status);
    (void)printf("%.*s\n", BYTES_PRINT(writer_bytes(&check->text)));
    return GALEN_OK;
}

static enum galen_status run_check(struct check *check)
{
    TRY(directory_open_root(check->wish.repository, &check->folder, &check->error));
    TRY(directory_list(check->folder, LIMIT_MODEL_COUNT_MAX, &check->arena, &check->entries,
                       &check->entry_count, &check->error));
    TRY(check->wish.is_json ? check_as_json(check) : check_all(check));
    return check->model_count > 0 ? GALEN_OK
                                  : error_set(&check->error, GALEN_NOT_FOUND,
                                              "there is no model in it: no folder");
}

static enum exit_code finish(const struct check *check)
{
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        return model_complain("standard output: cannot be written");
    }
    return check->elsewhere_count == 0 ? EXIT_DONE : EXIT_FAILED;
}

static enum exit_code run(int argument_count, char **arguments)
{
    struct check check = {.folder = -1};
    if (!read_wish(argument_count, arguments, &check.wish)) {
        return EXIT_USAGE;
    }
    arena_init(&check.arena, ARENA_SIZE_BYTES_MAX);
    writer_init(&check.text, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX);
    const enum galen_status status = run_check(&check);
    directory_close_(&check.folder);
    writer_deinit(&check.text);
    arena_deinit(&check.arena);
    if (status == GALEN_OK) {
        return finish(&check);
    }
    (void)fprintf(stderr, "galen: %s: %s\n", check.wish.repository,
                  check.error.text[0] == '\0' ? galen_status_text(status)
                                              : check.error.text);
    return EXIT_USAGE;
}

const struct model_command model_check_command = {
    .name = "check",
    .help =
        "Usage: galen model check REPOSITORY [OPTION]...\n\n"
        "Tells of each model of a repository, as NVIDIA Triton has it, whether galen's\n"
        "engine runs it, a line a model:\n\n"
        "  NAME: runs here\n"
        "  NAME: needs Triton: FILE:LINE:COLUMN: FIELD: what galen does not do\n"
        "  NAME: change: FILE:LINE:COLUMN: FIELD: what is wrong, or missing\n\n"
        "and below it what is ignored, as no result depends on it. Reads config.pbtxt and\n"
        "opens the networks of the versions that it chooses; a model without one is\n"
        "described by its network. Nothing is changed.\n\n"
        "  --no-open    networks are not opened, nor compared with config.pbtxt\n"
        "  --json       one object: repository, models (name, verdict, reason, notes)\n\n"
        "docs/model-config.md has every field. Exit codes: 0 all run here, 1 some do not,\n"
        "2 wrong usage, or no such repository.\n",
    .run = run,
};
