/* SPDX-License-Identifier: Apache-2.0 */
#include "model/release_history.h"

#include "release_rig.h"

enum { SEEN_MAX = 8 };

struct seen {
    size_t count;
    struct {
        uint64_t number;
        bool is_read;
        bool was_moved_by_hand;
        char fault[ERROR_TEXT_SIZE];
    } entries[SEEN_MAX];
};

static enum galen_status take_entry(void *context, const struct release_entry *entry)
{
    struct seen *seen = context;
    assert_true(seen->count < SEEN_MAX);
    seen->entries[seen->count].number = entry->number;
    seen->entries[seen->count].is_read = entry->record != NULL;
    seen->entries[seen->count].was_moved_by_hand = entry->was_moved_by_hand;
    (void)snprintf(seen->entries[seen->count].fault, ERROR_TEXT_SIZE, "%s", entry->fault);
    seen->count++;
    return GALEN_OK;
}

static struct seen walk(const struct temporary_folder *folder)
{
    struct seen seen = {.count = 0};
    struct error error;
    EXPECT_OK(release_walk(folder->path, RIG_MODEL, take_entry, &seen, &error));
    return seen;
}

static void expect_fault(const struct seen *seen, size_t index, const char *why)
{
    assert_int_equal(seen->entries[index].number, index + 1);
    if (strstr(seen->entries[index].fault, why) == NULL) {
        assert_string_equal(seen->entries[index].fault, why);
    }
}

static void expect_no_fault(const struct seen *seen, size_t index)
{
    assert_string_equal(seen->entries[index].fault, "");
    assert_true(seen->entries[index].is_read);
}

static void a_model_without_releases_has_no_history(void **state)
{
    assert_int_equal(walk(*state).count, 0);
}

static void releases_come_in_their_order_and_without_fault(void **state)
{
    rig_promote(*state, 2);
    rig_promote(*state, 3);
    rig_promote(*state, 1);
    const struct seen seen = walk(*state);
    assert_int_equal(seen.count, 3);
    for (size_t i = 0; i < seen.count; i++) {
        assert_int_equal(seen.entries[i].number, i + 1);
        expect_no_fault(&seen, i);
        assert_false(seen.entries[i].was_moved_by_hand);
    }
}

static void replace(const struct temporary_folder *folder, const char *name,
                    const char *part, const char *other)
{
    char text[4096] = "";
    char changed[4096];
    const int file = openat(folder->descriptor, name, O_RDONLY | O_CLOEXEC);
    assert_true(file >= 0);
    assert_true(read(file, text, sizeof(text) - 1) > 0);
    assert_int_equal(close(file), 0);
    const char *at = strstr(text, part);
    assert_non_null(at);
    (void)snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text, other,
                   at + strlen(part));
    folder_write(folder, name, bytes_from_string(changed));
}

static void a_record_that_was_changed_is_not_followed_by_the_next(void **state)
{
    rig_promote(*state, 2);
    rig_promote(*state, 3);
    rig_promote(*state, 1);
    replace(*state, "tagger/releases/000001.json", "alice", "malice");
    const struct seen seen = walk(*state);
    expect_no_fault(&seen, 0);
    expect_fault(&seen, 1,
                 "/tagger/releases/000002.json: does not follow the record "
                 "before it: one of the two was changed");
    expect_no_fault(&seen, 2);
}

static void a_record_that_is_none_any_more_is_named(void **state)
{
    rig_promote(*state, 2);
    rig_promote(*state, 3);
    replace(*state, "tagger/releases/000001.json", "{", "");
    const struct seen seen = walk(*state);
    assert_false(seen.entries[0].is_read);
    expect_fault(&seen, 0, "/tagger/releases/000001.json: byte offset");
    expect_fault(&seen, 1, "does not follow the record before it");
}

static void records_that_are_gone_are_named(void **state)
{
    const struct temporary_folder *folder = *state;
    rig_promote(folder, 2);
    rig_promote(folder, 3);
    rig_promote(folder, 1);
    assert_int_equal(unlinkat(folder->descriptor, "tagger/releases/000001.json", 0), 0);
    assert_int_equal(unlinkat(folder->descriptor, "tagger/releases/000003.json", 0), 0);
    const struct seen seen = walk(folder);
    assert_int_equal(seen.count, 3);
    expect_fault(&seen, 0, "/tagger/releases/000001.json: does not exist");
    expect_no_fault(&seen, 1);
    expect_fault(&seen, 2, "/tagger/releases/000003.json: does not exist");
}

static void tags_that_were_moved_by_hand_are_told_of(void **state)
{
    const struct temporary_folder *folder = *state;
    rig_promote(folder, 2);
    assert_int_equal(unlinkat(folder->descriptor, "tagger/current", 0), 0);
    folder_link(folder, "tagger/current", "1");
    rig_promote(folder, 3);
    const struct seen seen = walk(folder);
    assert_false(seen.entries[0].was_moved_by_hand);
    assert_true(seen.entries[1].was_moved_by_hand);
    expect_no_fault(&seen, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(a_model_without_releases_has_no_history),
        RIG_TEST(releases_come_in_their_order_and_without_fault),
        RIG_TEST(a_record_that_was_changed_is_not_followed_by_the_next),
        RIG_TEST(a_record_that_is_none_any_more_is_named),
        RIG_TEST(records_that_are_gone_are_named),
        RIG_TEST(tags_that_were_moved_by_hand_are_told_of),
    };
    return cmocka_run_group_tests_name("release_history", tests, NULL, NULL);
}
