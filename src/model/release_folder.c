/* SPDX-License-Identifier: Apache-2.0 */
#include "model/release_folder_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "model/directory.h"

#define LOCK ".lock"

enum {
    DIGIT_COUNT = 6,
    ROLLOUT_ARENA_SIZE_BYTES_MAX = 64 * LIMIT_RELEASE_RECORD_SIZE_BYTES_MAX,
};

static const struct bytes record_end = BYTES_INIT(".json");
static const uint64_t version_max = INT64_MAX;

enum galen_status release_folder_fail(const struct release_folder *folder, const char *name,
                                      struct error *out_error)
{
    return error_set(out_error, GALEN_UNAVAILABLE, "%s/%s: %s", folder->path, name,
                     strerrordesc_np(errno));
}

/* Puts the path before what directory.h says. */
static enum galen_status blame(const struct release_folder *folder, const char *name,
                               enum galen_status status, struct error *out_error)
{
    if (status == GALEN_OK || out_error == NULL) {
        return status;
    }
    const struct error why = *out_error;
    return error_set(out_error, status, "%s/%s: %s", folder->path, name, why.text);
}

void release_record_name(uint64_t number, char *out_name)
{
    (void)snprintf(out_name, RELEASE_NAME_SIZE, "%0*llu%.*s", DIGIT_COUNT,
                   (unsigned long long)number, BYTES_PRINT(record_end));
}

/* 0: it is called otherwise. */
static uint64_t record_number(struct bytes name)
{
    uint64_t number = 0;
    if (name.size != DIGIT_COUNT + record_end.size ||
        !bytes_equal(bytes_from(name, DIGIT_COUNT), record_end)) {
        return 0;
    }
    for (size_t i = 0; i < DIGIT_COUNT; i++) {
        if (name.data[i] < '0' || name.data[i] > '9') {
            return 0;
        }
        number = number * 10 + (uint64_t)(name.data[i] - '0');
    }
    return number;
}

/* Opening. */

static enum galen_status open_model(struct release_folder *folder, const char *repository,
                                    const char *model, struct error *out_error)
{
    int root CLOSED_LATER = -1;
    struct error why = {"", ""};
    enum galen_status status = directory_open_root(repository, &root, &why);
    if (status != GALEN_OK) {
        return error_set(out_error, status, "%s: %s", repository, why.text);
    }
    status = directory_open(root, model, &folder->model, &why);
    return status == GALEN_OK
               ? GALEN_OK
               : error_set(out_error, status, "%s: %s", folder->path, why.text);
}

static enum galen_status open_releases(struct release_folder *folder,
                                       struct error *out_error)
{
    const enum galen_status status =
        directory_open(folder->model, RELEASES, &folder->releases, out_error);
    return status == GALEN_NOT_FOUND ? GALEN_OK
                                     : blame(folder, RELEASES, status, out_error);
}

enum galen_status release_folder_open(const char *repository, const char *model,
                                      struct release_folder **out_folder,
                                      struct error *out_error)
{
    scoped(release_folder) folder = calloc(1, sizeof(*folder));
    if (folder == NULL) {
        return GALEN_NO_MEMORY;
    }
    folder->model = folder->releases = folder->lock = -1;
    if (asprintf(&folder->path, "%s/%s", repository, model) < 0) {
        folder->path = NULL;
        return GALEN_NO_MEMORY;
    }
    TRY(open_model(folder, repository, model, out_error));
    TRY(open_releases(folder, out_error));
    *out_folder = take(&folder);
    return GALEN_OK;
}

void release_folder_close(struct release_folder *folder)
{
    if (folder != NULL) {
        directory_close_(&folder->model);
        directory_close_(&folder->releases);
        directory_close_(&folder->lock);
        free(folder->path);
        free(folder);
    }
}

/* Locking. */

static enum galen_status make_releases(struct release_folder *folder,
                                       struct error *out_error)
{
    if (folder->releases >= 0) {
        return GALEN_OK;
    }
    if (mkdirat(folder->model, RELEASES, 0755) != 0 && errno != EEXIST) {
        return release_folder_fail(folder, RELEASES, out_error);
    }
    if (fsync(folder->model) != 0) {
        return release_folder_fail(folder, ".", out_error);
    }
    return blame(folder, RELEASES,
                 directory_open(folder->model, RELEASES, &folder->releases, out_error),
                 out_error);
}

/* Of who was killed, since whoever is alive has the lock. */
static void remove_unfinished(int parent)
{
    const int own = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = own < 0 ? NULL : fdopendir(own);
    if (entries == NULL) {
        directory_close_(&own);
        return; /* nothing depends on it */
    }
    const struct dirent *entry;
    while ((entry = readdir(entries)) != NULL) {
        if (strncmp(entry->d_name, RELEASE_UNFINISHED, sizeof(RELEASE_UNFINISHED) - 1) ==
            0) {
            (void)unlinkat(parent, entry->d_name, 0);
        }
    }
    (void)closedir(entries);
}

enum galen_status release_folder_lock(struct release_folder *folder,
                                      struct error *out_error)
{
    TRY(make_releases(folder, out_error));
    folder->lock =
        openat(folder->releases, LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (folder->lock < 0) {
        return release_folder_fail(folder, RELEASES "/" LOCK, out_error);
    }
    if (flock(folder->lock, LOCK_EX | LOCK_NB) != 0) {
        return errno == EWOULDBLOCK
                   ? error_set(out_error, GALEN_BUSY,
                               "%s: another release is being made; look at `galen model "
                               "list`",
                               folder->path)
                   : release_folder_fail(folder, RELEASES "/" LOCK, out_error);
    }
    remove_unfinished(folder->releases);
    remove_unfinished(folder->model);
    return GALEN_OK;
}

/* Reading. */

/* 0: it is no tag. */
static uint64_t read_tag(const struct release_folder *folder,
                         const struct directory_entry *entry)
{
    char target[RELEASE_TARGET_SIZE];
    uint64_t version;
    return entry->kind == DIRECTORY_LINK && release_tag_is_valid(entry->name) &&
                   directory_read_link(folder->model, entry->name, target, sizeof(target),
                                       NULL) == GALEN_OK &&
                   bytes_parse_u64(bytes_from_string(target), version_max, &version)
               ? version
               : 0;
}

enum galen_status release_folder_state(const struct release_folder *folder,
                                       struct arena *arena, struct release_state *out_state,
                                       struct error *out_error)
{
    struct directory_entry *entries = NULL;
    size_t count = 0;
    struct release_state state = {.tag_count = 0};
    TRY(blame(folder, ".",
              directory_list(folder->model, LIMIT_MODEL_ENTRY_COUNT_MAX, arena, &entries,
                             &count, out_error),
              out_error));
    for (size_t i = 0; i < count; i++) {
        const uint64_t version = read_tag(folder, &entries[i]);
        state.is_disabled |= strcmp(entries[i].name, RELEASE_DISABLED) == 0;
        if (version == 0) {
            continue;
        }
        const enum galen_status status =
            release_state_put(&state, entries[i].name, version, arena);
        if (status != GALEN_OK) {
            return error_set(out_error, status, "%s: has more than %d tags", folder->path,
                             LIMIT_RELEASE_TAG_COUNT_MAX);
        }
    }
    TRY(release_folder_engines(folder, &state.engines, out_error));
    TRY(release_folder_rollout(folder, &state.rollout, out_error));
    *out_state = state;
    return GALEN_OK;
}

static uint64_t linked_record(int parent, const char *link, const char *prefix)
{
    char target[RELEASE_TARGET_SIZE];
    const struct bytes before = bytes_from_string(prefix);
    if (directory_read_link(parent, link, target, sizeof(target), NULL) != GALEN_OK ||
        !bytes_starts_with(bytes_from_string(target), before)) {
        return 0;
    }
    return record_number(bytes_from(bytes_from_string(target), before.size));
}

uint64_t release_folder_disabled_by(const struct release_folder *folder)
{
    return linked_record(folder->model, RELEASE_DISABLED, RELEASES "/");
}

static enum galen_status list_newest(const struct release_folder *folder,
                                     struct arena *arena, uint64_t *out_newest,
                                     struct error *out_error)
{
    struct directory_entry *entries = NULL;
    size_t count = 0;
    TRY(blame(folder, RELEASES,
              directory_list(folder->releases, LIMIT_RELEASE_COUNT_MAX, arena, &entries,
                             &count, out_error),
              out_error));
    for (size_t i = 0; i < count; i++) {
        const uint64_t number = record_number(bytes_from_string(entries[i].name));
        *out_newest = number > *out_newest ? number : *out_newest;
    }
    return GALEN_OK;
}

enum galen_status release_folder_newest(const struct release_folder *folder,
                                        uint64_t *out_newest, uint64_t *out_done,
                                        struct error *out_error)
{
    struct arena arena;
    *out_newest = 0;
    *out_done = 0;
    if (folder->releases < 0) {
        return GALEN_OK;
    }
    /* First, since others may be at work: a record is there before it is done. */
    *out_done = linked_record(folder->releases, RELEASE_DONE, "");
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    const enum galen_status status = list_newest(folder, &arena, out_newest, out_error);
    arena_deinit(&arena);
    return status;
}

static enum galen_status read_text(const struct release_folder *folder, uint64_t number,
                                   struct arena *arena, struct bytes *out_text,
                                   struct error *out_error)
{
    char name[RELEASE_NAME_SIZE];
    char path[RELEASE_TARGET_SIZE];
    release_record_name(number, name);
    (void)snprintf(path, sizeof(path), RELEASES "/%s", name);
    if (folder->releases < 0) {
        return error_set(out_error, GALEN_NOT_FOUND, "%s/%s: does not exist", folder->path,
                         path);
    }
    return blame(folder, path,
                 directory_read_file(folder->releases, name,
                                     LIMIT_RELEASE_RECORD_SIZE_BYTES_MAX, arena, out_text,
                                     out_error),
                 out_error);
}

enum galen_status release_folder_record(const struct release_folder *folder,
                                        uint64_t number, struct arena *arena,
                                        struct release_record *out_record,
                                        uint8_t *out_sha256, struct error *out_error)
{
    struct bytes text;
    struct error why = {"", ""};
    TRY(read_text(folder, number, arena, &text, out_error));
    TRY(sha256_of(text, out_sha256));
    const enum galen_status status = release_record_read(text, arena, out_record, &why);
    if (status == GALEN_OK && out_record->number == number) {
        return GALEN_OK;
    }
    return status == GALEN_NO_MEMORY
               ? status
               : error_set(out_error, GALEN_INVALID, "%s/releases/%06llu.json: %s",
                           folder->path, (unsigned long long)number,
                           status == GALEN_OK ? "says that it has another number"
                                              : why.text);
}

/* What the record that a link names left of the model. */
static enum galen_status read_linked(const struct release_folder *folder, const char *link,
                                     struct release_state *out_state,
                                     struct error *out_error)
{
    struct arena arena;
    struct release_record record;
    uint8_t sha256[SHA256_SIZE];
    const uint64_t number = linked_record(folder->releases, link, "");
    arena_init(&arena, ROLLOUT_ARENA_SIZE_BYTES_MAX);
    const enum galen_status status =
        release_folder_record(folder, number, &arena, &record, sha256, out_error);
    if (status == GALEN_OK) {
        *out_state = (struct release_state){.engines = record.after.engines,
                                            .rollout = record.after.rollout};
    }
    arena_deinit(&arena);
    return status;
}

static bool has_link(const struct release_folder *folder, const char *link)
{
    struct directory_entry entry;
    return folder->releases >= 0 &&
           directory_look(folder->releases, link, &entry) != GALEN_NOT_FOUND;
}

static enum galen_status refuse_link(const struct release_folder *folder, const char *link,
                                     const char *why, struct error *out_error)
{
    return error_set(out_error, GALEN_INVALID, "%s/" RELEASES "/%s: %s", folder->path, link,
                     why);
}

enum galen_status release_folder_rollout(const struct release_folder *folder,
                                         struct release_rollout *out_rollout,
                                         struct error *out_error)
{
    struct release_state state = {.tag_count = 0};
    if (has_link(folder, RELEASE_ROLLOUT)) {
        TRY(read_linked(folder, RELEASE_ROLLOUT, &state, out_error));
        if (state.rollout.version == 0) {
            return refuse_link(folder, RELEASE_ROLLOUT,
                               "points to a release without a canary", out_error);
        }
    }
    *out_rollout = state.rollout;
    return GALEN_OK;
}

enum galen_status release_folder_engines(const struct release_folder *folder,
                                         struct release_engines *out_engines,
                                         struct error *out_error)
{
    struct release_state state = {.tag_count = 0};
    if (has_link(folder, RELEASE_ENGINES)) {
        TRY(read_linked(folder, RELEASE_ENGINES, &state, out_error));
        if (!release_engines_are_named(&state.engines)) {
            return refuse_link(folder, RELEASE_ENGINES,
                               "points to a release that names none", out_error);
        }
    }
    *out_engines = state.engines;
    return GALEN_OK;
}
