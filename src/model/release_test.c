/* SPDX-License-Identifier: Apache-2.0 */
#include "model/release.h"

#include "model/directory.h"
#include "model/release_verify.h"
#include "release_rig.h"

static const char *const network_names[] = {"model.identity", "model.onnx", NULL};

static bool exists(const struct temporary_folder *folder, const char *name)
{
    struct stat about;
    return fstatat(folder->descriptor, name, &about, AT_SYMLINK_NOFOLLOW) == 0;
}

static void remove_file(const struct temporary_folder *folder, const char *name)
{
    assert_int_equal(unlinkat(folder->descriptor, name, 0), 0);
}

static void move_link(const struct temporary_folder *folder, const char *name,
                      const char *target)
{
    remove_file(folder, name);
    folder_link(folder, name, target);
}

static void expect_refused(const struct temporary_folder *folder,
                           const struct release_order *order, enum galen_status status,
                           const char *why)
{
    bool changes = false;
    struct error error;
    EXPECT_STATUS(status, rig_try(folder, order, &changes, &error));
    if (strstr(error.text, why) == NULL) {
        assert_string_equal(error.text, why);
    }
}

static uint64_t newest_of(const struct temporary_folder *folder)
{
    struct arena arena;
    const uint64_t newest = rig_stand(folder, &arena).newest;
    arena_deinit(&arena);
    return newest;
}

static void a_promotion_moves_current_and_keeps_what_it_was_as_previous(void **state)
{
    rig_promote(*state, 2);
    assert_int_equal(rig_tag(*state, "current"), 2);
    assert_int_equal(rig_tag(*state, "previous"), 1);
    assert_int_equal(rig_kind(*state), RELEASE_SETTLED);
    assert_true(exists(*state, "tagger/releases/000001.json"));
    rig_promote(*state, 3);
    assert_int_equal(rig_tag(*state, "current"), 3);
    assert_int_equal(rig_tag(*state, "previous"), 2);
}

static void expect_config(const struct temporary_folder *folder, const char *text)
{
    struct arena arena;
    struct bytes found;
    struct error error;
    const int model = openat(folder->descriptor, RIG_MODEL, O_RDONLY | O_DIRECTORY);
    arena_init(&arena, 1 << 16);
    EXPECT_OK(directory_read_file(model, "config.pbtxt", 1 << 12, &arena, &found, &error));
    assert_true(bytes_equal_string(found, text));
    arena_deinit(&arena);
    (void)close(model);
}

static void a_triton_may_serve_old_and_new_until_the_tags_have_moved(void **state)
{
    struct release *release = NULL;
    struct error error;
    bool changes;
    const struct release_order order = rig_order(RELEASE_PROMOTE, 3);
    folder_write(*state, RIG_MODEL "/config.pbtxt", BYTES("backend: \"python\"\n"));
    rig_promote(*state, 2);
    EXPECT_OK(release_open(((const struct temporary_folder *)*state)->path, RIG_MODEL, 1,
                           &release, &error));
    EXPECT_OK(release_plan(release, &order, &changes, &error));
    EXPECT_OK(release_widen_policy(release, &changes, &error));
    expect_config(*state, "backend: \"python\"\n"
                          "version_policy: { specific: { versions: [ 1, 2, 3 ] } }\n");
    EXPECT_OK(release_commit(release, &error));
    release_close(release);
    EXPECT_OK(release_open(((const struct temporary_folder *)*state)->path, RIG_MODEL, 2,
                           &release, &error));
    EXPECT_OK(release_narrow_policy(release, &changes, &error));
    assert_true(changes);
    EXPECT_OK(release_narrow_policy(release, &changes, &error));
    assert_false(changes);
    expect_config(*state, "backend: \"python\"\n"
                          "version_policy: { specific: { versions: [ 2, 3 ] } }\n");
    release_close(release);
}

static void a_record_says_who_why_and_what_was_before(void **state)
{
    struct arena arena;
    rig_promote(*state, 2);
    rig_promote(*state, 3);
    const struct release_standing standing = rig_stand(*state, &arena);
    const struct release_record *record = &standing.record;
    assert_int_equal(record->number, 2);
    assert_int_equal(record->wall_ns, rig_wall_ns);
    assert_string_equal(record->actor, "alice@here");
    assert_string_equal(record->reason, "because");
    assert_string_equal(record->galen, GALEN_VERSION);
    assert_int_equal(release_state_version(&record->before, "current"), 2);
    assert_int_equal(release_state_version(&record->before, "previous"), 1);
    assert_true(release_state_equal(&record->after, &standing.state));
    arena_deinit(&arena);
}

static void the_same_version_again_is_no_release(void **state)
{
    bool changes = true;
    struct error error;
    const struct release_order order = rig_order(RELEASE_PROMOTE, 1);
    EXPECT_OK(rig_try(*state, &order, &changes, &error));
    assert_false(changes);
    assert_int_equal(newest_of(*state), 0);
}

static void a_rollback_exchanges_current_and_previous(void **state)
{
    const struct release_order order = rig_order(RELEASE_ROLLBACK, 1);
    rig_promote(*state, 2);
    rig_release(*state, &order);
    assert_int_equal(rig_tag(*state, "current"), 1);
    assert_int_equal(rig_tag(*state, "previous"), 2);
}

static void a_rollback_may_go_to_another_version(void **state)
{
    const struct release_order order = rig_order(RELEASE_ROLLBACK, 1);
    rig_promote(*state, 2);
    rig_promote(*state, 3);
    rig_release(*state, &order);
    assert_int_equal(rig_tag(*state, "current"), 1);
    assert_int_equal(rig_tag(*state, "previous"), 3);
}

static void another_tag_moves_alone(void **state)
{
    struct release_order order = rig_order(RELEASE_PROMOTE, 3);
    order.tag = "canary";
    rig_release(*state, &order);
    assert_int_equal(rig_tag(*state, "canary"), 3);
    assert_int_equal(rig_tag(*state, "current"), 1);
    assert_int_equal(rig_tag(*state, "previous"), 0);
}

static void a_canary_has_its_tag_its_shares_and_the_release_that_it_began_with(void **state)
{
    rig_promote(*state, 2);
    rig_begin_canary(*state, 3, 2050);
    const struct release_rollout rollout = rig_rollout(*state);
    assert_int_equal(rollout.version, 3);
    assert_int_equal(rollout.share, 2050);
    assert_int_equal(rollout.shadow, 5000);
    assert_int_equal(rollout.started, 2);
    assert_false(rollout.promotes);
    assert_int_equal(rig_tag(*state, "canary"), 3);
    assert_int_equal(rig_tag(*state, "current"), 2);
    assert_int_equal(rig_kind(*state), RELEASE_SETTLED);
}

static void a_canary_that_grows_goes_on_and_another_version_begins_anew(void **state)
{
    rig_begin_canary(*state, 3, 1000);
    rig_begin_canary(*state, 3, 2000);
    assert_int_equal(rig_rollout(*state).share, 2000);
    assert_int_equal(rig_rollout(*state).started, 1);
    rig_begin_canary(*state, 2, 2000);
    assert_int_equal(rig_rollout(*state).version, 2);
    assert_int_equal(rig_rollout(*state).started, 3);
    assert_int_equal(rig_tag(*state, "canary"), 2);
}

static void a_rollback_of_a_canary_leaves_current_where_it_is(void **state)
{
    struct release_order order = rig_order(RELEASE_ROLLBACK, 0);
    order.ends_canary = true;
    rig_promote(*state, 2);
    rig_begin_canary(*state, 3, 1000);
    rig_release(*state, &order);
    assert_int_equal(rig_rollout(*state).version, 0);
    assert_int_equal(rig_tag(*state, "canary"), 0);
    assert_int_equal(rig_tag(*state, "current"), 2);
    assert_int_equal(rig_tag(*state, "previous"), 1);
    assert_int_equal(rig_kind(*state), RELEASE_SETTLED);
}

static void whatever_moves_current_ends_the_canary(void **state)
{
    rig_begin_canary(*state, 3, 1000);
    rig_promote(*state, 3);
    assert_int_equal(rig_rollout(*state).version, 0);
    assert_int_equal(rig_tag(*state, "canary"), 0);
    assert_int_equal(rig_tag(*state, "current"), 3);
    rig_begin_canary(*state, 2, 1000);
    const struct release_order order = rig_order(RELEASE_ROLLBACK, 1);
    rig_release(*state, &order);
    assert_int_equal(rig_rollout(*state).version, 0);
    assert_int_equal(rig_tag(*state, "canary"), 0);
}

static void a_canary_outlives_releases_that_do_not_move_current(void **state)
{
    struct release_order order = rig_order(RELEASE_PROMOTE, 2);
    order.tag = "staging";
    rig_begin_canary(*state, 3, 1000);
    rig_release(*state, &order);
    const struct release_order disable = rig_order(RELEASE_DISABLE, 0);
    rig_release(*state, &disable);
    assert_int_equal(rig_rollout(*state).version, 3);
    assert_int_equal(rig_rollout(*state).started, 1);
}

static void a_canary_of_what_is_current_is_refused(void **state)
{
    const struct release_order order = rig_canary_order(1, 1000);
    expect_refused(*state, &order, GALEN_INVALID, "is `current` already");
}

static void a_canary_without_current_is_refused(void **state)
{
    const struct release_order order = rig_canary_order(1, 1000);
    remove_file(*state, "tagger/current");
    expect_refused(*state, &order, GALEN_INVALID, "no `current`");
}

static void the_tag_of_a_canary_does_not_move_while_it_is_under_way(void **state)
{
    struct release_order order = rig_order(RELEASE_PROMOTE, 2);
    order.tag = "canary";
    rig_begin_canary(*state, 3, 1000);
    expect_refused(*state, &order, GALEN_INVALID, "is under way");
}

static void who_ends_a_canary_that_is_another_by_now_is_refused(void **state)
{
    struct release_order order = rig_order(RELEASE_ROLLBACK, 0);
    order.ends_canary = true;
    order.started = 1;
    rig_begin_canary(*state, 3, 1000);
    rig_begin_canary(*state, 2, 1000);
    expect_refused(*state, &order, GALEN_BUSY, "release 000001 is not under way");
    order.started = 2;
    rig_release(*state, &order);
}

static void a_canary_whose_record_is_another_stops_releases(void **state)
{
    const struct release_order order = rig_order(RELEASE_PROMOTE, 3);
    rig_promote(*state, 2);
    rig_begin_canary(*state, 3, 1000);
    move_link(*state, "tagger/releases/canary", "000001.json");
    expect_refused(*state, &order, GALEN_INVALID, "points to a release without a canary");
}

static void expect_engines(const struct temporary_folder *folder, const char *current,
                           const char *previous)
{
    const struct release_engines engines = rig_engines(folder);
    assert_string_equal(engines.current, current);
    assert_string_equal(engines.previous, previous);
    assert_int_equal(rig_kind(folder), RELEASE_SETTLED);
}

static void engines_change_with_the_version_or_alone(void **state)
{
    rig_promote_to(*state, 1, "green");
    expect_engines(*state, "green", "");
    assert_int_equal(rig_tag(*state, "previous"), 1);
    rig_promote_to(*state, 2, "blue");
    expect_engines(*state, "blue", "green");
    assert_int_equal(rig_tag(*state, "current"), 2);
    assert_int_equal(rig_tag(*state, "previous"), 1);
    rig_promote(*state, 3);
    expect_engines(*state, "blue", "blue");
}

static void rollback_returns_to_version_and_engines_of_before(void **state)
{
    struct release_order order = rig_order(RELEASE_ROLLBACK, 1);
    rig_promote_to(*state, 2, "green");
    order.engine = "";
    rig_release(*state, &order);
    expect_engines(*state, "", "green");
    assert_int_equal(rig_tag(*state, "current"), 1);
    assert_int_equal(rig_tag(*state, "previous"), 2);
}

static void engines_that_are_named_already_are_no_change(void **state)
{
    struct release_order order = rig_order(RELEASE_PROMOTE, 1);
    struct error error;
    bool changes = true;
    rig_promote_to(*state, 1, "green");
    order.engine = "green";
    EXPECT_OK(rig_try(*state, &order, &changes, &error));
    assert_false(changes);
}

static void a_canary_of_what_is_current_needs_other_engines(void **state)
{
    struct release_order order = rig_canary_order(1, 500);
    rig_promote_to(*state, 1, "green");
    expect_refused(*state, &order, GALEN_INVALID, "this version is `current` already");
    release_engine_set(order.rollout.engine, "green");
    expect_refused(*state, &order, GALEN_INVALID, "this version is `current` already");
    release_engine_set(order.rollout.engine, "blue");
    rig_release(*state, &order);
    assert_string_equal(rig_rollout(*state).engine, "blue");
    assert_int_equal(rig_rollout(*state).started, 2);
    order.rollout.share = 600;
    rig_release(*state, &order);
    assert_int_equal(rig_rollout(*state).started, 2);
    release_engine_set(order.rollout.engine, "gpu");
    rig_release(*state, &order);
    assert_int_equal(rig_rollout(*state).started, 4);
    rig_promote_to(*state, 1, "gpu");
    assert_int_equal(rig_rollout(*state).version, 0);
}

static void a_release_that_was_cut_off_names_its_engines_in_the_end(void **state)
{
    rig_promote_to(*state, 1, "green");
    rig_promote_to(*state, 2, "blue");
    move_link(*state, "tagger/releases/done", "000001.json");
    move_link(*state, "tagger/releases/engines", "000001.json");
    move_link(*state, "tagger/current", "1");
    assert_int_equal(rig_kind(*state), RELEASE_UNFINISHED);
    rig_promote(*state, 3);
    expect_engines(*state, "blue", "blue");
    assert_int_equal(rig_tag(*state, "previous"), 2);
}

static struct release_engines engines_in_snapshot(const struct temporary_folder *folder)
{
    scoped(repository) repository = NULL;
    struct error error;
    EXPECT_OK(repository_read(folder->path, false, &repository, &error));
    return repository_find(repository, BYTES(RIG_MODEL))->engines;
}

static void a_snapshot_of_the_repository_has_the_engines(void **state)
{
    assert_string_equal(engines_in_snapshot(*state).current, "");
    rig_promote_to(*state, 2, "green");
    assert_string_equal(engines_in_snapshot(*state).current, "green");
    remove_file(*state, "tagger/releases/000001.json");
    assert_string_equal(engines_in_snapshot(*state).current, "");
}

static struct release_rollout rollout_in_snapshot(const struct temporary_folder *folder)
{
    scoped(repository) repository = NULL;
    struct error error;
    EXPECT_OK(repository_read(folder->path, false, &repository, &error));
    const struct repository_model *model = repository_find(repository, BYTES(RIG_MODEL));
    assert_non_null(model);
    assert_true(model->usable);
    return model->rollout;
}

static void a_snapshot_of_the_repository_has_the_canary(void **state)
{
    assert_int_equal(rollout_in_snapshot(*state).version, 0);
    rig_begin_canary(*state, 3, 1000);
    const struct release_rollout rollout = rig_rollout(*state);
    const struct release_rollout seen = rollout_in_snapshot(*state);
    assert_true(release_rollout_equal(&rollout, &seen));
}

static void a_canary_whose_tag_was_moved_by_hand_takes_no_traffic(void **state)
{
    rig_begin_canary(*state, 3, 1000);
    move_link(*state, "tagger/canary", "2");
    assert_int_equal(rollout_in_snapshot(*state).version, 0);
    assert_int_equal(rig_kind(*state), RELEASE_MOVED_BY_HAND);
}

static void a_canary_whose_record_cannot_be_read_takes_no_traffic(void **state)
{
    rig_begin_canary(*state, 3, 1000);
    remove_file(*state, "tagger/releases/000001.json");
    assert_int_equal(rollout_in_snapshot(*state).version, 0);
}

static void another_share_is_another_snapshot(void **state)
{
    const struct temporary_folder *folder = *state;
    scoped(repository) before = NULL;
    scoped(repository) after = NULL;
    struct error error;
    rig_begin_canary(folder, 3, 1000);
    EXPECT_OK(repository_read(folder->path, false, &before, &error));
    rig_begin_canary(folder, 3, 2000);
    EXPECT_OK(repository_reread(before, &after, &error));
    assert_ptr_not_equal(before, after);
}

static void a_model_without_current_keeps_what_served(void **state)
{
    struct release_order order = rig_order(RELEASE_PROMOTE, 2);
    order.served = 3;
    remove_file(*state, "tagger/current");
    rig_release(*state, &order);
    assert_int_equal(rig_tag(*state, "current"), 2);
    assert_int_equal(rig_tag(*state, "previous"), 3);
}

static void disabling_leaves_the_tags_and_tells_who_did_it(void **state)
{
    const struct temporary_folder *folder = *state;
    struct arena arena;
    struct error why = {"", ""};
    const struct release_order disable = rig_order(RELEASE_DISABLE, 0);
    const struct release_order enable = rig_order(RELEASE_ENABLE, 0);
    rig_release(folder, &disable);
    assert_true(rig_stand(folder, &arena).state.is_disabled);
    arena_deinit(&arena);
    assert_int_equal(rig_tag(folder, "current"), 1);
    release_why_disabled(folder->path, RIG_MODEL, &why);
    assert_string_equal(why.text,
                        "disabled by alice@here at 2026-11-25T20:55:16.000000Z: because");
    rig_release(folder, &enable);
    assert_false(rig_stand(folder, &arena).state.is_disabled);
    arena_deinit(&arena);
    assert_false(exists(folder, "tagger/disabled"));
}

/* An emergency needs no galen. */
static void an_entry_made_by_hand_disables_too(void **state)
{
    const struct temporary_folder *folder = *state;
    struct error why = {"", ""};
    struct arena arena;
    folder_write(folder, "tagger/disabled", BYTES(""));
    assert_true(rig_stand(folder, &arena).state.is_disabled);
    arena_deinit(&arena);
    release_why_disabled(folder->path, RIG_MODEL, &why);
    assert_non_null(strstr(why.text, "that no record of a release tells of"));
    const struct release_order enable = rig_order(RELEASE_ENABLE, 0);
    rig_release(folder, &enable);
    assert_false(exists(folder, "tagger/disabled"));
}

static void what_was_expected_has_to_be_so(void **state)
{
    struct release_order order = rig_order(RELEASE_PROMOTE, 3);
    order.expects = true;
    order.expected = 2;
    expect_refused(
        *state, &order, GALEN_BUSY,
        "/tagger: `current` is 1, and 2 was expected; look at `galen model list`");
    order.expected = 1;
    rig_release(*state, &order);
    order.tag = "canary";
    expect_refused(*state, &order, GALEN_BUSY, "/tagger: there is no tag `canary`");
    order.expected = 0;
    rig_release(*state, &order);
}

static void who_comes_second_is_told_who_was_first(void **state)
{
    const struct temporary_folder *folder = *state;
    scoped(release) release = NULL;
    struct error error;
    rig_promote(folder, 2);
    EXPECT_STATUS(GALEN_BUSY, release_open(folder->path, RIG_MODEL, 0, &release, &error));
    assert_non_null(strstr(error.text, "/tagger: release 000001 was made by alice@here "
                                       "meanwhile; look at `galen model list`"));
}

static void two_do_not_make_a_release_at_once(void **state)
{
    const struct temporary_folder *folder = *state;
    scoped(release) first = NULL;
    scoped(release) second = NULL;
    struct error error;
    EXPECT_OK(release_open(folder->path, RIG_MODEL, 0, &first, &error));
    EXPECT_STATUS(GALEN_BUSY, release_open(folder->path, RIG_MODEL, 0, &second, &error));
    assert_non_null(strstr(error.text, "/tagger: another release is being made"));
}

/* As on a file system whose locks do not reach the other machine. */
static void a_record_that_is_there_already_is_left_alone(void **state)
{
    const struct temporary_folder *folder = *state;
    scoped(release) release = NULL;
    struct error error;
    bool changes = false;
    const struct release_order order = rig_order(RELEASE_PROMOTE, 3);
    EXPECT_OK(release_open(folder->path, RIG_MODEL, 0, &release, &error));
    EXPECT_OK(release_plan(release, &order, &changes, &error));
    folder_write(folder, "tagger/releases/000001.json", BYTES("theirs"));
    EXPECT_STATUS(GALEN_BUSY, release_commit(release, &error));
    assert_non_null(strstr(error.text, "release 000001 was made by somebody meanwhile"));
    assert_int_equal(rig_tag_of_link(folder, "tagger/current"), 1);
}

/* As a kill right behind the record leaves it. */
static void leave_unfinished(const struct temporary_folder *folder, uint64_t version)
{
    rig_promote(folder, version);
    remove_file(folder, "tagger/releases/done");
    move_link(folder, "tagger/current", "1");
}

static void what_was_cut_off_is_finished_by_the_next(void **state)
{
    struct arena arena;
    leave_unfinished(*state, 2);
    assert_int_equal(rig_kind(*state), RELEASE_UNFINISHED);
    assert_int_equal(rig_tag(*state, "current"), 1);
    rig_promote(*state, 3);
    const struct release_standing standing = rig_stand(*state, &arena);
    assert_int_equal(release_state_version(&standing.record.before, "current"), 2);
    assert_int_equal(release_state_version(&standing.state, "current"), 3);
    assert_int_equal(release_state_version(&standing.state, "previous"), 2);
    arena_deinit(&arena);
}

static void what_a_killed_process_left_is_swept(void **state)
{
    const struct temporary_folder *folder = *state;
    folder_mkdir(folder, "tagger/releases");
    folder_write(folder, "tagger/releases/.release-0123456789abcdef", BYTES("{"));
    folder_link(folder, "tagger/.release-0123456789abcdef", "3");
    rig_promote(folder, 2);
    assert_false(exists(folder, "tagger/releases/.release-0123456789abcdef"));
    assert_false(exists(folder, "tagger/.release-0123456789abcdef"));
}

/* `ln -sfn 1 current` in an emergency is nothing that galen undoes. */
static void what_was_moved_by_hand_is_no_unfinished_release(void **state)
{
    struct arena arena;
    rig_promote(*state, 2);
    move_link(*state, "tagger/current", "1");
    assert_int_equal(rig_kind(*state), RELEASE_MOVED_BY_HAND);
    rig_promote(*state, 3);
    const struct release_standing standing = rig_stand(*state, &arena);
    assert_int_equal(release_state_version(&standing.record.before, "current"), 1);
    assert_int_equal(release_state_version(&standing.state, "previous"), 1);
    arena_deinit(&arena);
}

static void a_tag_is_no_file(void **state)
{
    struct release_order order = rig_order(RELEASE_PROMOTE, 2);
    order.tag = "config.pbtxt";
    folder_write(*state, "tagger/config.pbtxt", BYTES("name: \"tagger\""));
    expect_refused(*state, &order, GALEN_INVALID,
                   "/tagger/config.pbtxt: is there and is no tag, which is a link");
    assert_int_equal(newest_of(*state), 0);
}

static void links_that_are_no_tags_are_left_alone(void **state)
{
    struct arena arena;
    folder_link(*state, "tagger/9", "1");
    folder_link(*state, "tagger/notes", "../notes");
    folder_link(*state, "tagger/zero", "0");
    rig_promote(*state, 2);
    assert_int_equal(rig_stand(*state, &arena).state.tag_count, 2);
    arena_deinit(&arena);
    assert_true(exists(*state, "tagger/notes"));
}

static void a_newest_record_that_was_changed_or_removed_stops_releases(void **state)
{
    const struct release_order order = rig_order(RELEASE_PROMOTE, 3);
    rig_promote(*state, 2);
    folder_write(*state, "tagger/releases/000001.json", BYTES("{}"));
    expect_refused(*state, &order, GALEN_INVALID, "/tagger/releases/000001.json: v: ");
    remove_file(*state, "tagger/releases/000001.json");
    expect_refused(*state, &order, GALEN_INVALID,
                   "/tagger/releases/000001.json: is gone, though it was made");
    assert_int_equal(rig_tag_of_link(*state, "tagger/current"), 2);
}

static void a_record_under_another_number_is_refused(void **state)
{
    const struct temporary_folder *folder = *state;
    const struct release_order order = rig_order(RELEASE_PROMOTE, 3);
    rig_promote(folder, 2);
    assert_int_equal(renameat(folder->descriptor, "tagger/releases/000001.json",
                              folder->descriptor, "tagger/releases/000002.json"),
                     0);
    expect_refused(folder, &order, GALEN_INVALID,
                   "/tagger/releases/000002.json: says that it has another number");
}

static void a_model_that_is_not_there_is_named(void **state)
{
    const struct temporary_folder *folder = *state;
    struct arena arena;
    struct error error;
    struct release_standing standing;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    EXPECT_STATUS(GALEN_NOT_FOUND,
                  release_look(folder->path, "no", &arena, &standing, &error));
    assert_non_null(strstr(error.text, "/no: does not exist"));
    EXPECT_STATUS(GALEN_NOT_FOUND,
                  release_look("/nowhere", "no", &arena, &standing, &error));
    assert_string_equal(error.text, "/nowhere: does not exist");
    arena_deinit(&arena);
}

/* Hashes. */

static enum galen_status read_version(const struct temporary_folder *folder,
                                      uint64_t number, struct release_version *out_version,
                                      struct error *out_error)
{
    scoped(repository) repository = NULL;
    EXPECT_OK(repository_read(folder->path, false, &repository, out_error));
    const struct repository_model *model = repository_find(repository, BYTES(RIG_MODEL));
    return release_version_read(repository_model_version(model, number), network_names,
                                out_version, out_error);
}

static void a_version_is_hashed_and_held_to_its_contract(void **state)
{
    struct release_version version;
    struct error error;
    uint8_t sha256[SHA256_SIZE];
    EXPECT_OK(read_version(*state, 2, &version, &error));
    EXPECT_OK(sha256_of(BYTES("tagger/2"), sha256));
    assert_memory_equal(version.network_sha256, sha256, sizeof(sha256));
    assert_true(version.has_contract);
    folder_write(*state, "tagger/2/model.onnx", BYTES("another"));
    EXPECT_STATUS(GALEN_INVALID, read_version(*state, 2, &version, &error));
    assert_non_null(strstr(error.text, "/tagger/2/model.onnx: its SHA-256 is not the one "
                                       "that model.yaml states"));
    remove_file(*state, "tagger/2/model.onnx");
    EXPECT_STATUS(GALEN_NOT_FOUND, read_version(*state, 2, &version, &error));
}

static void a_version_without_contract_has_the_first_network_that_is_there(void **state)
{
    struct release_version version;
    struct error error;
    uint8_t sha256[SHA256_SIZE];
    remove_file(*state, "tagger/2/model.yaml");
    EXPECT_OK(read_version(*state, 2, &version, &error));
    EXPECT_OK(sha256_of(BYTES("tagger/2"), sha256));
    assert_memory_equal(version.network_sha256, sha256, sizeof(sha256));
    assert_false(version.has_contract);
    remove_file(*state, "tagger/2/model.onnx");
    EXPECT_STATUS(GALEN_NOT_FOUND, read_version(*state, 2, &version, &error));
    assert_non_null(strstr(error.text, "/tagger/2: holds no network"));
}

static void a_version_that_cannot_be_used_is_refused_with_its_reason(void **state)
{
    struct release_version version;
    struct error error;
    folder_write(*state, "tagger/2/model.yaml", BYTES("{"));
    EXPECT_STATUS(GALEN_INVALID, read_version(*state, 2, &version, &error));
    assert_non_null(strstr(error.text, "/tagger/2/model.yaml"));
}

static void hashes_go_from_record_to_record_until_they_are_made_anew(void **state)
{
    struct arena arena;
    const struct release_version two = {.number = 2, .network_sha256 = {0x22}};
    const struct release_version three = {.number = 3, .network_sha256 = {0x33}};
    struct release_order order = rig_order(RELEASE_PROMOTE, 2);
    order.versions = &two;
    order.version_count = 1;
    rig_release(*state, &order);
    order = rig_order(RELEASE_PROMOTE, 3);
    order.versions = &three;
    order.version_count = 1;
    rig_release(*state, &order);
    const struct release_record record = rig_stand(*state, &arena).record;
    assert_int_equal(record.version_count, 2);
    assert_int_equal(release_record_version(&record, 2)->network_sha256[0], 0x22);
    assert_int_equal(release_record_version(&record, 3)->network_sha256[0], 0x33);
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(a_promotion_moves_current_and_keeps_what_it_was_as_previous),
        RIG_TEST(a_triton_may_serve_old_and_new_until_the_tags_have_moved),
        RIG_TEST(a_record_says_who_why_and_what_was_before),
        RIG_TEST(the_same_version_again_is_no_release),
        RIG_TEST(a_rollback_exchanges_current_and_previous),
        RIG_TEST(a_rollback_may_go_to_another_version),
        RIG_TEST(another_tag_moves_alone),
        RIG_TEST(engines_change_with_the_version_or_alone),
        RIG_TEST(rollback_returns_to_version_and_engines_of_before),
        RIG_TEST(engines_that_are_named_already_are_no_change),
        RIG_TEST(a_canary_of_what_is_current_needs_other_engines),
        RIG_TEST(a_release_that_was_cut_off_names_its_engines_in_the_end),
        RIG_TEST(a_snapshot_of_the_repository_has_the_engines),
        RIG_TEST(a_snapshot_of_the_repository_has_the_canary),
        RIG_TEST(a_canary_whose_tag_was_moved_by_hand_takes_no_traffic),
        RIG_TEST(a_canary_whose_record_cannot_be_read_takes_no_traffic),
        RIG_TEST(another_share_is_another_snapshot),
        RIG_TEST(a_canary_has_its_tag_its_shares_and_the_release_that_it_began_with),
        RIG_TEST(a_canary_that_grows_goes_on_and_another_version_begins_anew),
        RIG_TEST(a_rollback_of_a_canary_leaves_current_where_it_is),
        RIG_TEST(whatever_moves_current_ends_the_canary),
        RIG_TEST(a_canary_outlives_releases_that_do_not_move_current),
        RIG_TEST(a_canary_of_what_is_current_is_refused),
        RIG_TEST(a_canary_without_current_is_refused),
        RIG_TEST(the_tag_of_a_canary_does_not_move_while_it_is_under_way),
        RIG_TEST(who_ends_a_canary_that_is_another_by_now_is_refused),
        RIG_TEST(a_canary_whose_record_is_another_stops_releases),
        RIG_TEST(a_model_without_current_keeps_what_served),
        RIG_TEST(disabling_leaves_the_tags_and_tells_who_did_it),
        RIG_TEST(an_entry_made_by_hand_disables_too),
        RIG_TEST(what_was_expected_has_to_be_so),
        RIG_TEST(who_comes_second_is_told_who_was_first),
        RIG_TEST(two_do_not_make_a_release_at_once),
        RIG_TEST(a_record_that_is_there_already_is_left_alone),
        RIG_TEST(what_was_cut_off_is_finished_by_the_next),
        RIG_TEST(what_a_killed_process_left_is_swept),
        RIG_TEST(what_was_moved_by_hand_is_no_unfinished_release),
        RIG_TEST(a_tag_is_no_file),
        RIG_TEST(links_that_are_no_tags_are_left_alone),
        RIG_TEST(a_newest_record_that_was_changed_or_removed_stops_releases),
        RIG_TEST(a_record_under_another_number_is_refused),
        RIG_TEST(a_model_that_is_not_there_is_named),
        RIG_TEST(a_version_is_hashed_and_held_to_its_contract),
        RIG_TEST(a_version_without_contract_has_the_first_network_that_is_there),
        RIG_TEST(a_version_that_cannot_be_used_is_refused_with_its_reason),
        RIG_TEST(hashes_go_from_record_to_record_until_they_are_made_anew),
    };
    return cmocka_run_group_tests_name("release", tests, NULL, NULL);
}
