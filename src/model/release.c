/* SPDX-License-Identifier: Apache-2.0 */
#include "model/release.h"

#include <stdlib.h>

#include "base/limits.h"
#include "model/release_policy.h"

enum { ARENA_SIZE_BYTES_MAX = 64 * LIMIT_RELEASE_RECORD_SIZE_BYTES_MAX };

static const size_t state_size_bytes_max = (size_t)LIMIT_MODEL_ENTRY_COUNT_MAX * 1024;

struct release {
    struct release_folder *folder;
    struct arena arena;
    struct release_standing standing;
    struct release_record record; /* planned */
    struct writer text;
    uint8_t sha256[SHA256_SIZE];
};

static enum galen_status tell_winner(const struct release *release, uint64_t number,
                                     struct error *out_error)
{
    struct arena arena;
    struct release_record record = {.actor = "somebody"};
    uint8_t sha256[SHA256_SIZE];
    arena_init(&arena, ARENA_SIZE_BYTES_MAX);
    (void)!release_folder_record(release->folder, number, &arena, &record, sha256, NULL);
    const enum galen_status status =
        error_set(out_error, GALEN_BUSY,
                  "%s: release %06llu was made by %s meanwhile; look at `galen model list`",
                  release->folder->path, (unsigned long long)number, record.actor);
    arena_deinit(&arena);
    return status;
}

static enum galen_status lock_and_look(struct release *release, uint64_t seen,
                                       struct error *out_error)
{
    uint64_t newest;
    uint64_t done;
    const enum galen_status locked = release_folder_lock(release->folder, out_error);
    if (locked != GALEN_OK && locked != GALEN_BUSY) {
        return locked;
    }
    TRY(release_folder_newest(release->folder, &newest, &done,
                              locked == GALEN_OK ? out_error : NULL));
    if (newest != seen) {
        return tell_winner(release, newest, out_error);
    }
    TRY(locked);
    return release_folder_look(release->folder, &release->arena, &release->standing,
                               out_error);
}

enum galen_status release_open(const char *repository, const char *model, uint64_t seen,
                               struct release **out_release, struct error *out_error)
{
    scoped(release) release = calloc(1, sizeof(*release));
    if (release == NULL) {
        return GALEN_NO_MEMORY;
    }
    arena_init(&release->arena, ARENA_SIZE_BYTES_MAX + state_size_bytes_max);
    writer_init(&release->text, LIMIT_RELEASE_RECORD_SIZE_BYTES_MAX);
    TRY(release_folder_open(repository, model, &release->folder, out_error));
    TRY(lock_and_look(release, seen, out_error));
    *out_release = take(&release);
    return GALEN_OK;
}

void release_close(struct release *release)
{
    if (release != NULL) {
        release_folder_close(release->folder);
        writer_deinit(&release->text);
        arena_deinit(&release->arena);
        free(release);
    }
}

const struct release_standing *release_standing(const struct release *release)
{
    return &release->standing;
}

const struct release_record *release_planned(const struct release *release)
{
    return &release->record;
}

const uint8_t *release_planned_sha256(const struct release *release)
{
    return release->sha256;
}

/* Moving. */

static bool are_exchanged(const struct release_state *now, const struct release_state *to)
{
    const uint64_t current = release_state_version(now, RELEASE_CURRENT);
    const uint64_t previous = release_state_version(now, RELEASE_PREVIOUS);
    return current != 0 && previous != 0 && current != previous &&
           release_state_version(to, RELEASE_CURRENT) == previous &&
           release_state_version(to, RELEASE_PREVIOUS) == current;
}

static enum galen_status move_tag(const struct release_folder *folder,
                                  const struct release_state *now,
                                  const struct release_tag *tag, struct error *out_error)
{
    return release_state_version(now, tag->name) == tag->version
               ? GALEN_OK
               : release_folder_move_tag(folder, tag->name, tag->version, out_error);
}

static enum galen_status move_tags(const struct release_folder *folder,
                                   const struct release_state *now,
                                   const struct release_state *to, struct error *out_error)
{
    const struct release_tag *current = NULL;
    for (size_t i = 0; i < to->tag_count; i++) {
        if (strcmp(to->tags[i].name, RELEASE_CURRENT) == 0) {
            current = &to->tags[i];
        } else {
            TRY(move_tag(folder, now, &to->tags[i], out_error));
        }
    }
    return current == NULL ? GALEN_OK : move_tag(folder, now, current, out_error);
}

static enum galen_status drop_tags(const struct release_folder *folder,
                                   const struct release_state *now,
                                   const struct release_state *to, struct error *out_error)
{
    for (size_t i = 0; i < now->tag_count; i++) {
        if (release_state_version(to, now->tags[i].name) == 0) {
            TRY(release_folder_remove_tag(folder, now->tags[i].name, out_error));
        }
    }
    return GALEN_OK;
}

static enum galen_status move_versions(const struct release_folder *folder,
                                       const struct release_state *now,
                                       const struct release_state *to,
                                       struct error *out_error)
{
    if (!are_exchanged(now, to) ||
        !release_folder_exchange(folder, RELEASE_CURRENT, RELEASE_PREVIOUS)) {
        TRY(move_tags(folder, now, to, out_error));
    }
    return drop_tags(folder, now, to, out_error);
}

static enum galen_status move_engines(const struct release_folder *folder,
                                      const struct release_state *now,
                                      const struct release_state *to, uint64_t number,
                                      struct error *out_error)
{
    return release_engines_equal(&now->engines, &to->engines)
               ? GALEN_OK
               : release_folder_set_engines(
                     folder, release_engines_are_named(&to->engines) ? number : 0,
                     out_error);
}

/* A canary has its tag for as long as it takes traffic. */
static enum galen_status move_rollout(const struct release_folder *folder,
                                      const struct release_state *now,
                                      const struct release_state *to, uint64_t number,
                                      struct error *out_error)
{
    const bool ends = now->rollout.version != 0 && to->rollout.version == 0;
    const bool begins =
        to->rollout.version != 0 && !release_rollout_equal(&now->rollout, &to->rollout);
    if (ends) {
        TRY(release_folder_set_rollout(folder, 0, out_error));
    }
    TRY(move_engines(folder, now, to, number, out_error));
    TRY(move_versions(folder, now, to, out_error));
    return begins ? release_folder_set_rollout(folder, number, out_error) : GALEN_OK;
}

static enum galen_status move_all(const struct release_folder *folder,
                                  const struct release_state *now,
                                  const struct release_state *to, uint64_t number,
                                  struct error *out_error)
{
    TRY(move_rollout(folder, now, to, number, out_error));
    if (to->is_disabled && !now->is_disabled) {
        TRY(release_folder_disable(folder, number, out_error));
    }
    if (!to->is_disabled && now->is_disabled) {
        TRY(release_folder_enable(folder, out_error));
    }
    return release_folder_settle(folder, number, out_error);
}

enum galen_status release_finish(struct release *release, struct error *out_error)
{
    struct release_standing *standing = &release->standing;
    if (standing->is_done || standing->kind == RELEASE_MOVED_BY_HAND) {
        return GALEN_OK;
    }
    TRY(move_all(release->folder, &standing->state, &standing->settled, standing->newest,
                 out_error));
    standing->state = standing->settled;
    standing->kind = RELEASE_SETTLED;
    standing->is_done = true;
    return GALEN_OK;
}

/* Planning. */

static enum galen_status check_expected(const struct release *release,
                                        const struct release_order *order,
                                        struct error *out_error)
{
    const uint64_t version = release_state_version(&release->standing.state, order->tag);
    if (!order->expects || version == order->expected) {
        return GALEN_OK;
    }
    return version == 0
               ? error_set(out_error, GALEN_BUSY, "%s: there is no tag `%s`",
                           release->folder->path, order->tag)
               : error_set(out_error, GALEN_BUSY,
                           "%s: `%s` is %llu, and %llu was expected; look at `galen model "
                           "list`",
                           release->folder->path, order->tag, (unsigned long long)version,
                           (unsigned long long)order->expected);
}

static enum galen_status check_started(const struct release *release,
                                       const struct release_order *order,
                                       struct error *out_error)
{
    const struct release_rollout *rollout = &release->standing.state.rollout;
    return order->started == 0 ||
                   (rollout->version != 0 && rollout->started == order->started)
               ? GALEN_OK
               : error_set(out_error, GALEN_BUSY,
                           "%s: the canary that began with release %06llu is not under "
                           "way any more",
                           release->folder->path, (unsigned long long)order->started);
}

static enum galen_status refuse_canary(const struct release *release, const char *why,
                                       struct error *out_error)
{
    return error_set(out_error, GALEN_INVALID, "%s: %s", release->folder->path, why);
}

static bool runs_where_current_does(const struct release_rollout *rollout,
                                    const struct release_engines *engines)
{
    return rollout->engine[0] == '\0' || strcmp(rollout->engine, engines->current) == 0;
}

static enum galen_status check_canary(const struct release *release,
                                      const struct release_order *order,
                                      struct error *out_error)
{
    const struct release_state *state = &release->standing.state;
    const uint64_t current = release_state_version(state, RELEASE_CURRENT);
    const bool moves_tag =
        order->action == RELEASE_PROMOTE && strcmp(order->tag, RELEASE_CANARY_TAG) == 0;
    if (moves_tag && state->rollout.version != 0) {
        return refuse_canary(release, "a canary is under way: end it first", out_error);
    }
    if (order->action != RELEASE_CANARY) {
        return GALEN_OK;
    }
    if (current == 0) {
        return refuse_canary(release, "there is no `current` to compare a canary with",
                             out_error);
    }
    return current != order->version ||
                   !runs_where_current_does(&order->rollout, &state->engines)
               ? GALEN_OK
               : refuse_canary(release, "this version is `current` already", out_error);
}

static enum galen_status check_order(const struct release *release,
                                     const struct release_order *order,
                                     struct error *out_error)
{
    TRY(check_expected(release, order, out_error));
    TRY(check_started(release, order, out_error));
    return check_canary(release, order, out_error);
}

static enum galen_status end_canary(struct release_state *state, struct arena *arena)
{
    if (state->rollout.version == 0) {
        return GALEN_OK;
    }
    state->rollout = (struct release_rollout){.version = 0};
    return release_state_drop(state, RELEASE_CANARY_TAG, arena);
}

/* One whose shares change goes on: who was asked of it still is. */
static enum galen_status begin_canary(const struct release *release,
                                      const struct release_order *order,
                                      struct release_state *state, struct arena *arena)
{
    const uint64_t started =
        state->rollout.version == order->version &&
                strcmp(state->rollout.engine, order->rollout.engine) == 0
            ? state->rollout.started
            : release->standing.newest + 1;
    state->rollout = order->rollout;
    state->rollout.version = order->version;
    state->rollout.started = started;
    return release_state_put(state, RELEASE_CANARY_TAG, order->version, arena);
}

static bool moves_engine(const struct release_order *order,
                         const struct release_state *state)
{
    return order->engine != NULL && strcmp(order->engine, state->engines.current) != 0;
}

/* `current` takes the version, and `previous` the one that gives way, each where it runs.
 */
static enum galen_status move_current(const struct release_order *order,
                                      struct release_state *state, struct arena *arena)
{
    uint64_t leaving = release_state_version(state, RELEASE_CURRENT);
    leaving = leaving == 0 ? order->served : leaving;
    if (leaving != 0 && (leaving != order->version || moves_engine(order, state))) {
        TRY(release_state_put(state, RELEASE_PREVIOUS, leaving, arena));
        release_engine_set(state->engines.previous, state->engines.current);
    }
    if (moves_engine(order, state)) {
        release_engine_set(state->engines.current, order->engine);
    }
    return release_state_put(state, RELEASE_CURRENT, order->version, arena);
}

static enum galen_status find_after(struct release *release,
                                    const struct release_order *order,
                                    struct release_state *state)
{
    switch (order->action) {
    case RELEASE_DISABLE:
        state->is_disabled = true;
        return GALEN_OK;
    case RELEASE_ENABLE:
        state->is_disabled = false;
        return GALEN_OK;
    case RELEASE_CANARY:
        return begin_canary(release, order, state, &release->arena);
    case RELEASE_PROMOTE:
    case RELEASE_ROLLBACK:
    case RELEASE_ACTION_COUNT:
        break;
    }
    if (order->ends_canary) {
        return end_canary(state, &release->arena);
    }
    if (release_state_version(state, order->tag) == order->version &&
        !moves_engine(order, state)) {
        return GALEN_OK;
    }
    if (strcmp(order->tag, RELEASE_CURRENT) != 0) {
        return release_state_put(state, order->tag, order->version, &release->arena);
    }
    TRY(end_canary(state, &release->arena));
    return move_current(order, state, &release->arena);
}

/* What was hashed now, else what the release before tells. */
static const struct release_version *find_version(const struct release *release,
                                                  const struct release_order *order,
                                                  uint64_t number)
{
    for (size_t i = 0; i < order->version_count; i++) {
        if (order->versions[i].number == number) {
            return &order->versions[i];
        }
    }
    return release_record_version(&release->standing.record, number);
}

static int compare_versions(const void *a, const void *b)
{
    const uint64_t left = ((const struct release_version *)a)->number;
    const uint64_t right = ((const struct release_version *)b)->number;
    return (left > right) - (left < right);
}

static enum galen_status list_versions(struct release *release,
                                       const struct release_order *order,
                                       struct release_record *record)
{
    const struct release_state *after = &record->after;
    struct release_version *versions =
        arena_alloc_array(&release->arena, after->tag_count + 1, sizeof(*versions));
    if (versions == NULL) {
        return GALEN_NO_MEMORY;
    }
    record->versions = versions;
    record->version_count = 0;
    for (size_t i = 0; i < after->tag_count; i++) {
        const struct release_version *version =
            find_version(release, order, after->tags[i].version);
        if (version != NULL && release_record_version(record, version->number) == NULL) {
            versions[record->version_count++] = *version;
        }
    }
    qsort(versions, record->version_count, sizeof(*versions), compare_versions);
    return GALEN_OK;
}

static enum galen_status check_tags(const struct release *release,
                                    const struct release_record *record,
                                    struct error *out_error)
{
    for (size_t i = 0; i < record->after.tag_count; i++) {
        const struct release_tag *tag = &record->after.tags[i];
        if (release_state_version(&record->before, tag->name) != tag->version) {
            TRY(release_folder_check_tag(release->folder, tag->name, out_error));
        }
    }
    return GALEN_OK;
}

static enum galen_status write_plan(struct release *release, struct error *out_error)
{
    struct writer *text = &release->text;
    release_record_write(&release->record, text);
    return text->status == GALEN_OK
               ? sha256_of(writer_bytes(text), release->sha256)
               : error_set(out_error, text->status, "%s: the record of the release: %s",
                           release->folder->path, galen_status_text(text->status));
}

static enum galen_status make_record(struct release *release,
                                     const struct release_order *order,
                                     struct release_record *record, struct error *out_error)
{
    const struct release_standing *standing = &release->standing;
    if (standing->newest == LIMIT_RELEASE_COUNT_MAX) {
        return error_set(out_error, GALEN_TOO_LARGE, "%s: has %d releases, and no more",
                         release->folder->path, LIMIT_RELEASE_COUNT_MAX);
    }
    *record = (struct release_record){
        .number = standing->newest + 1,
        .wall_ns = order->wall_ns - order->wall_ns % 1000,
        .action = order->action,
        .actor = arena_copy_string(&release->arena, bytes_from_string(order->actor)),
        .reason = arena_copy_string(&release->arena, bytes_from_string(order->reason)),
        .before = standing->state,
        .after = standing->state,
        .galen = GALEN_VERSION,
    };
    memcpy(record->previous_sha256, standing->sha256, sizeof(record->previous_sha256));
    return record->actor == NULL || record->reason == NULL ? GALEN_NO_MEMORY : GALEN_OK;
}

enum galen_status release_plan(struct release *release, const struct release_order *order,
                               bool *out_changes, struct error *out_error)
{
    struct release_record *record = &release->record;
    TRY(check_order(release, order, out_error));
    TRY(make_record(release, order, record, out_error));
    const enum galen_status status = find_after(release, order, &record->after);
    if (status != GALEN_OK) {
        return error_set(out_error, status, "%s: %s", release->folder->path,
                         status == GALEN_TOO_LARGE ? "has too many tags"
                                                   : galen_status_text(status));
    }
    *out_changes = !release_state_equal(&record->before, &record->after);
    TRY(check_tags(release, record, out_error));
    TRY(list_versions(release, order, record));
    return write_plan(release, out_error);
}

enum galen_status release_widen_policy(struct release *release, bool *out_changed,
                                       struct error *out_error)
{
    return release_policy_put(release->folder, &release->record.before,
                              &release->record.after, out_changed, out_error);
}

enum galen_status release_narrow_policy(struct release *release, bool *out_changed,
                                        struct error *out_error)
{
    return release_policy_put(release->folder, &release->standing.settled, NULL,
                              out_changed, out_error);
}

enum galen_status release_commit(struct release *release, struct error *out_error)
{
    const struct release_record *record = &release->record;
    const enum galen_status status = release_folder_put(
        release->folder, record->number, writer_bytes(&release->text), out_error);
    if (status == GALEN_BUSY) {
        return tell_winner(release, record->number, out_error);
    }
    TRY(status);
    return move_all(release->folder, &record->before, &record->after, record->number,
                    out_error);
}
