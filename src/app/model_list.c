/* SPDX-License-Identifier: Apache-2.0 */
/* galen model list [NAME]: models, their versions and tags, and whether they can serve. */
#include "app/model_list.h"

#include <stdio.h>

#include "app/model.h"
#include "app/model_changes.h"
#include "app/model_remote.h"
#include "app/model_wish.h"
#include "base/limits.h"
#include "codec/json_writer.h"
#include "model/release_standing.h"
#include "model/repository.h"

enum { NAME_WIDTH = 24, STATE_WIDTH = 8, TASK_WIDTH = 26, VERSIONS_WIDTH = 12 };

static const struct model_syntax syntax = {
    .name = "list", .word_count_min = 0, .word_count_max = 1, .options = 0};

/* A model as it is listed. */
struct row {
    const struct repository_model *model;
    const char *state; /* usable, unusable or disabled */
    struct error why;  /* "": nothing is to be said */
    const char *task;  /* "": no contract */
    bool is_known;     /* how it stands; else its newest record is damaged */
    struct release_standing standing;
};

struct listing {
    const char *name; /* NULL: all */
    struct repository *repository;
    struct arena arena; /* of the row */
    struct writer *out;
    struct json_writer *json; /* on it; NULL: text */
};

static const struct repository_version *version_at(const struct repository_model *model,
                                                   size_t index)
{
    return model->versions[index];
}

/* Of what serves, or would. */
static const char *task_of(const struct repository_model *model, uint64_t current)
{
    const struct contract *contract = NULL;
    for (size_t i = 0; i < model->version_count; i++) {
        const struct repository_version *version = version_at(model, i);
        if (version->contract != NULL && (current == 0 || version->number == current)) {
            contract = version->contract;
        }
    }
    return contract == NULL ? "" : contract_task_name(contract->task);
}

static void tell_release(struct row *row)
{
    const struct release_standing *standing = &row->standing;
    if (standing->kind == RELEASE_UNFINISHED) {
        (void)error_set(&row->why, GALEN_OK,
                        "unfinished: release %06llu (%s by %s) was cut off; the next "
                        "release finishes it",
                        (unsigned long long)standing->newest,
                        release_action_name(standing->record.action),
                        standing->record.actor);
    } else if (standing->kind == RELEASE_MOVED_BY_HAND) {
        (void)error_set(&row->why, GALEN_OK, "tags were moved by hand since release %06llu",
                        (unsigned long long)standing->newest);
    }
}

static void fill(struct listing *listing, const struct repository_model *model,
                 struct row *row)
{
    const char *path = listing->repository->path;
    *row = (struct row){.model = model, .state = model->usable ? "usable" : "unusable"};
    if (!model->usable) {
        row->why = model->why_not;
    }
    arena_clear(&listing->arena);
    struct error why = {"", ""};
    row->is_known =
        release_look(path, model->name, &listing->arena, &row->standing, &why) == GALEN_OK;
    if (!row->is_known && model->usable) {
        row->why = why;
    }
    if (row->standing.state.is_disabled) {
        row->state = "disabled";
        release_why_disabled(path, model->name, &row->why);
    }
    row->task =
        task_of(model, release_state_version(&row->standing.state, RELEASE_CURRENT));
    tell_release(row);
}

/* As text. */

static void put(struct writer *out, const char *separator, const char *text)
{
    writer_put_string(out, out->size == 0 ? "" : separator);
    writer_put_string(out, text);
}

static void put_versions(struct writer *out, const struct row *row)
{
    for (size_t i = 0; i < row->model->version_count; i++) {
        const struct repository_version *version = version_at(row->model, i);
        put(out, " ", version->number_text);
        writer_put_string(out, version->usable ? "" : "!");
    }
}

static void put_tags(struct writer *out, const struct row *row)
{
    const struct release_state *state = &row->standing.state;
    for (size_t i = 0; i < state->tag_count; i++) {
        put(out, ", ", state->tags[i].name);
        writer_put_byte(out, ' ');
        writer_put_u64(out, state->tags[i].version);
    }
    if (state->engines.current[0] != '\0') {
        put(out, ", engines ", state->engines.current);
    }
    if (state->rollout.version != 0) {
        put(out, ", ", "");
        model_rollout_write(&state->rollout, out);
    }
}

static void put_padded(struct writer *out, struct bytes text, size_t width)
{
    writer_put(out, text);
    for (size_t i = text.size; i < width; i++) {
        writer_put_byte(out, ' ');
    }
}

static void put_word(struct writer *out, const char *word, size_t width)
{
    put_padded(out, bytes_from_string(word[0] == '\0' ? "-" : word), width);
}

static void put_column(struct writer *out,
                       void (*write)(struct writer *out, const struct row *row),
                       const struct row *row, size_t width)
{
    struct writer text;
    writer_init(&text, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX);
    write(&text, row);
    writer_put_string(out, "  ");
    put_padded(out, text.size == 0 ? BYTES("-") : writer_bytes(&text), width);
    writer_deinit(&text);
}

static void put_line(struct writer *out, const struct row *row)
{
    put_word(out, row->model->name, NAME_WIDTH);
    writer_put_string(out, "  ");
    put_word(out, row->state, STATE_WIDTH);
    writer_put_string(out, "  ");
    put_word(out, row->task, TASK_WIDTH);
    put_column(out, put_versions, row, VERSIONS_WIDTH);
    put_column(out, put_tags, row, 0);
    writer_put_byte(out, '\n');
    if (row->why.text[0] != '\0') {
        writer_put_string(out, "    ");
        writer_put_string(out, row->why.text);
        writer_put_byte(out, '\n');
    }
}

static void put_head(struct writer *out)
{
    put_word(out, "MODEL", NAME_WIDTH);
    writer_put_string(out, "  ");
    put_word(out, "STATE", STATE_WIDTH);
    writer_put_string(out, "  ");
    put_word(out, "TASK", TASK_WIDTH);
    writer_put_string(out, "  ");
    put_word(out, "VERSIONS", VERSIONS_WIDTH);
    writer_put_string(out, "  TAGS\n");
}

/* As JSON. */

static void put_text(struct json_writer *json, const char *name, const char *text)
{
    if (text[0] != '\0') {
        json_put_name(json, name);
        json_put_cstring(json, text);
    }
}

static void put_json_versions(struct json_writer *json, const struct row *row)
{
    json_put_name(json, "versions");
    json_begin_array(json);
    for (size_t i = 0; i < row->model->version_count; i++) {
        const struct repository_version *version = version_at(row->model, i);
        json_begin_object(json);
        json_put_name(json, "number");
        json_put_u64(json, version->number);
        json_put_name(json, "usable");
        json_put_bool(json, version->usable);
        put_text(json, "why", version->usable ? "" : version->why_not.text);
        json_end_object(json);
    }
    json_end_array(json);
}

static void put_json_release(struct json_writer *json, const struct row *row)
{
    static const char *const names[] = {
        [RELEASE_SETTLED] = "settled",
        [RELEASE_UNFINISHED] = "unfinished",
        [RELEASE_MOVED_BY_HAND] = "moved_by_hand",
    };
    json_put_name(json, "release");
    json_begin_object(json);
    json_put_name(json, "newest");
    json_put_u64(json, row->standing.newest);
    put_text(json, "state", row->is_known ? names[row->standing.kind] : "damaged");
    json_end_object(json);
}

static void put_row(struct json_writer *json, const struct row *row)
{
    json_begin_object(json);
    put_text(json, "name", row->model->name);
    put_text(json, "state", row->state);
    put_text(json, "why", row->why.text);
    put_text(json, "task", row->task);
    put_json_versions(json, row);
    json_put_name(json, "stands");
    release_state_write(&row->standing.state, json);
    put_json_release(json, row);
    json_end_object(json);
}

/* All rows. */

static void list_model(struct listing *listing, const struct repository_model *model)
{
    struct row row;
    fill(listing, model, &row);
    if (listing->json != NULL) {
        put_row(listing->json, &row);
    } else {
        put_line(listing->out, &row);
    }
}

static enum galen_status list_models(struct listing *listing, struct error *out_error)
{
    const struct repository *repository = listing->repository;
    if (listing->name == NULL) {
        for (size_t i = 0; i < repository->model_count; i++) {
            list_model(listing, &repository->models[i]);
        }
        return GALEN_OK;
    }
    const struct repository_model *model =
        repository_find(repository, bytes_from_string(listing->name));
    if (model == NULL) {
        return error_set(out_error, GALEN_NOT_FOUND, "%s/%s: there is no such model",
                         repository->path, listing->name);
    }
    list_model(listing, model);
    return GALEN_OK;
}

static enum galen_status list_as_json(struct listing *listing, struct error *out_error)
{
    struct json_writer json = json_writer_on(listing->out);
    listing->json = &json;
    json_begin_object(&json);
    put_text(&json, "repository", listing->repository->path);
    json_put_name(&json, "models");
    json_begin_array(&json);
    const enum galen_status status = list_models(listing, out_error);
    json_end_array(&json);
    json_end_object(&json);
    listing->json = NULL;
    writer_put_byte(listing->out, '\n');
    return status;
}

static enum galen_status list_as_text(struct listing *listing, struct error *out_error)
{
    if (listing->name == NULL) {
        put_head(listing->out);
    }
    return list_models(listing, out_error);
}

enum galen_status model_list_write(const char *repository, const char *name, bool is_json,
                                   struct writer *out, struct error *out_error)
{
    struct listing listing = {.name = name, .out = out};
    TRY(repository_read(repository, false, &listing.repository, out_error));
    arena_init(&listing.arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    const enum galen_status status =
        is_json ? list_as_json(&listing, out_error) : list_as_text(&listing, out_error);
    arena_deinit(&listing.arena);
    repository_unref(listing.repository);
    return status == GALEN_OK ? out->status : status;
}

static enum exit_code run(int argument_count, char **arguments)
{
    static struct model_wish wish;
    struct writer text;
    struct error error = {"", ""};
    if (!model_wish_read(&syntax, argument_count, arguments, &wish)) {
        return EXIT_USAGE;
    }
    if (wish.admin != NULL) {
        return model_remote_read(&wish, "");
    }
    writer_init(&text, LIMIT_REPOSITORY_SIZE_BYTES_MAX);
    const enum galen_status status = model_list_write(
        wish.settings.repository, wish.words[0], wish.is_json, &text, &error);
    if (status == GALEN_OK) {
        model_print(&text);
    }
    writer_deinit(&text);
    return status == GALEN_OK ? model_finish(EXIT_DONE) : model_fail(status, &error);
}

const struct model_command model_list_command = {
    .name = "list",
    .help = "Usage: galen model list [NAME] [OPTION]...\n\n"
            "The models of the repository, or one: whether each is usable, its task, its\n"
            "versions (! marks one that cannot be used) and its tags; below it why it is\n"
            "not usable, who disabled it, whether a release was cut off (unfinished) or\n"
            "tags were moved by hand.\n\n" MODEL_HELP
            "\nExit codes: 0 done, 2 wrong usage, or the repository cannot be read.\n",
    .run = run,
};
