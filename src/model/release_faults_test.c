/* SPDX-License-Identifier: Apache-2.0 */
/* Each call on the disk fails once, or is the last before a crash. */
#include "model/release.h"

#include "disk.h"
#include "model/directory.h"
#include "release_rig.h"

enum { CALL_COUNT_MIN = 25 }; /* of a release */

static void expect_good_repository(const struct temporary_folder *folder)
{
    scoped(repository) repository = NULL;
    struct error error;
    EXPECT_OK(repository_read(folder->path, true, &repository, &error));
    const struct repository_model *model = repository_find(repository, BYTES(RIG_MODEL));
    assert_non_null(model);
    const struct repository_version *version =
        repository_resolve(model, BYTES(RELEASE_CURRENT));
    assert_non_null(version);
    assert_true(version->usable);
    assert_true(version->number == 1 || version->number == 2);
}

static void expect_next_release(const struct temporary_folder *folder)
{
    rig_promote(folder, 3);
    assert_int_equal(rig_tag(folder, "current"), 3);
    assert_int_equal(rig_kind(folder), RELEASE_SETTLED);
}

/* Whether the fault was met. */
static bool try_with(const struct temporary_folder *folder,
                     const struct release_order *order, const struct disk *fault,
                     enum galen_status *out_status)
{
    bool changes = false;
    struct error error;
    disk = *fault;
    *out_status = rig_try(folder, order, &changes, &error);
    const bool is_met = disk.fail_at <= fault->is_crash;
    disk.fail_at = 0;
    return is_met;
}

/* No tag moves without a record. */
static void expect_record_first(const struct temporary_folder *folder,
                                const struct release_order *order)
{
    struct arena arena;
    const struct release_standing standing = rig_stand(folder, &arena);
    if (release_state_version(&standing.state, RELEASE_CURRENT) == order->version) {
        assert_int_equal(standing.record.action, order->action);
        assert_int_equal(release_state_version(&standing.record.after, RELEASE_CURRENT),
                         order->version);
    }
    arena_deinit(&arena);
}

/* None takes traffic without its tag, on which its version is loaded. */
static void expect_canary_is_whole(const struct temporary_folder *folder)
{
    const struct release_rollout rollout = rig_rollout(folder);
    if (rollout.version != 0) {
        assert_int_equal(rig_tag(folder, "canary"), rollout.version);
        assert_int_not_equal(rig_tag(folder, "current"), rollout.version);
    }
}

static bool survive(const struct release_order *order, bool has_canary,
                    const struct disk *fault)
{
    void *state = NULL;
    enum galen_status status;
    if (rig_create(&state) != 0) {
        fail();
        return false;
    }
    if (order->action == RELEASE_ROLLBACK) {
        rig_promote(state, 2);
    }
    if (has_canary) {
        rig_begin_canary(state, order->version, 1000);
    }
    const bool is_met = try_with(state, order, fault, &status);
    expect_good_repository(state);
    expect_record_first(state, order);
    expect_canary_is_whole(state);
    if (status == GALEN_OK) {
        assert_int_equal(
            rig_tag(state, order->action == RELEASE_CANARY ? "canary" : "current"),
            order->version);
    }
    expect_next_release(state);
    assert_int_equal(rig_rollout(state).version, 0);
    assert_int_equal(rig_tag(state, "canary"), 0);
    assert_int_equal(folder_destroy(&state), 0);
    return is_met;
}

static void survive_each_with(const struct release_order *order, bool has_canary,
                              bool is_crash)
{
    struct disk fault = {.fail_at = 1, .is_crash = is_crash};
    while (survive(order, has_canary, &fault)) {
        fault.fail_at++;
    }
    assert_true(fault.fail_at > CALL_COUNT_MIN);
}

static void survive_each(enum release_action action, uint64_t version, bool is_crash)
{
    const struct release_order order = rig_order(action, version);
    survive_each_with(&order, false, is_crash);
}

static void a_call_that_fails_leaves_a_model_that_serves(void **unused)
{
    (void)unused;
    survive_each(RELEASE_PROMOTE, 2, false);
    survive_each(RELEASE_ROLLBACK, 1, false);
}

static void a_crash_leaves_a_model_that_serves(void **unused)
{
    (void)unused;
    survive_each(RELEASE_PROMOTE, 2, true);
    survive_each(RELEASE_ROLLBACK, 1, true);
}

static void a_canary_that_is_cut_off_is_whole_or_takes_no_traffic(void **unused)
{
    (void)unused;
    const struct release_order begin = rig_canary_order(2, 1000);
    const struct release_order promote = rig_order(RELEASE_PROMOTE, 2);
    survive_each_with(&begin, false, false);
    survive_each_with(&begin, false, true);
    survive_each_with(&promote, true, false);
    survive_each_with(&promote, true, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_that_fails_leaves_a_model_that_serves),
        cmocka_unit_test(a_crash_leaves_a_model_that_serves),
        cmocka_unit_test(a_canary_that_is_cut_off_is_whole_or_takes_no_traffic),
    };
    return cmocka_run_group_tests_name("release_faults", tests, NULL, NULL);
}
