/* SPDX-License-Identifier: Apache-2.0 */
#include "model/release_standing.h"

#include "base/limits.h"
#include "base/utc.h"

enum { ARENA_SIZE_BYTES_MAX = 64 * LIMIT_RELEASE_RECORD_SIZE_BYTES_MAX };

static enum release_standing_kind find_kind(const struct release_standing *standing)
{
    const struct release_record *record = &standing->record;
    if (standing->newest == 0 || release_state_equal(&standing->state, &record->after)) {
        return RELEASE_SETTLED;
    }
    return !standing->is_done && release_state_is_between(&standing->state, &record->before,
                                                          &record->after)
               ? RELEASE_UNFINISHED
               : RELEASE_MOVED_BY_HAND;
}

/* What the newest release wants, beside what it does not know of. */
static enum galen_status find_settled(struct release_standing *standing,
                                      struct arena *arena)
{
    standing->settled = standing->state;
    if (standing->kind != RELEASE_UNFINISHED) {
        return GALEN_OK;
    }
    const struct release_state *before = &standing->record.before;
    const struct release_state *after = &standing->record.after;
    for (size_t i = 0; i < after->tag_count; i++) {
        TRY(release_state_put(&standing->settled, after->tags[i].name,
                              after->tags[i].version, arena));
    }
    for (size_t i = 0; i < before->tag_count; i++) {
        if (release_state_version(after, before->tags[i].name) == 0) {
            TRY(release_state_drop(&standing->settled, before->tags[i].name, arena));
        }
    }
    standing->settled.is_disabled = after->is_disabled;
    standing->settled.engines = after->engines;
    standing->settled.rollout = after->rollout;
    return GALEN_OK;
}

enum galen_status release_folder_look(const struct release_folder *folder,
                                      struct arena *arena,
                                      struct release_standing *out_standing,
                                      struct error *out_error)
{
    uint64_t done;
    struct release_standing standing = {.newest = 0};
    TRY(release_folder_newest(folder, &standing.newest, &done, out_error));
    if (done > standing.newest) {
        return error_set(out_error, GALEN_INVALID,
                         "%s/releases/%06llu.json: is gone, though it was made",
                         folder->path, (unsigned long long)done);
    }
    TRY(release_folder_state(folder, arena, &standing.state, out_error));
    if (standing.newest > 0) {
        TRY(release_folder_record(folder, standing.newest, arena, &standing.record,
                                  standing.sha256, out_error));
    }
    standing.is_done = done == standing.newest;
    standing.kind = find_kind(&standing);
    TRY(find_settled(&standing, arena));
    *out_standing = standing;
    return GALEN_OK;
}

enum galen_status release_look(const char *repository, const char *model,
                               struct arena *arena, struct release_standing *out_standing,
                               struct error *out_error)
{
    scoped(release_folder) folder = NULL;
    TRY(release_folder_open(repository, model, &folder, out_error));
    return release_folder_look(folder, arena, out_standing, out_error);
}

static enum galen_status explain_disabled(const char *repository, const char *model,
                                          struct arena *arena, struct error *out_why)
{
    scoped(release_folder) folder = NULL;
    struct release_record record;
    uint8_t sha256[SHA256_SIZE];
    char time[UTC_SIZE];
    TRY(release_folder_open(repository, model, &folder, out_why));
    const uint64_t number = release_folder_disabled_by(folder);
    TRY(release_folder_record(folder, number, arena, &record, sha256, out_why));
    utc_write(record.wall_ns, time);
    (void)error_set(out_why, GALEN_OK, "disabled by %s at %s%s%s", record.actor, time,
                    record.reason[0] == '\0' ? "" : ": ", record.reason);
    return GALEN_OK;
}

void release_why_disabled(const char *repository, const char *model, struct error *out_why)
{
    struct arena arena;
    arena_init(&arena, ARENA_SIZE_BYTES_MAX);
    if (explain_disabled(repository, model, &arena, out_why) != GALEN_OK) {
        (void)error_set(out_why, GALEN_OK,
                        "disabled, by an entry `disabled` in its folder that no record "
                        "of a release tells of");
    }
    arena_deinit(&arena);
}
