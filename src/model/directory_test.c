/* SPDX-License-Identifier: Apache-2.0 */
#include "model/directory.h"

#include "temporary_folder.h"

static void entries_come_by_name_with_their_kind(void **state)
{
    const struct temporary_folder *folder = *state;
    struct arena arena;
    struct directory_entry *entries;
    size_t count;
    arena_init(&arena, 1u << 20);
    folder_mkdir(folder, "b");
    folder_write(folder, "a", BYTES("x"));
    folder_write(folder, ".hidden", BYTES("x"));
    folder_link(folder, "c", "b");
    assert_int_equal(mkfifoat(folder->descriptor, "d", 0600), 0);

    EXPECT_OK(directory_list(folder->descriptor, 4, &arena, &entries, &count, NULL));

    assert_int_equal(count, 4);
    assert_string_equal(entries[0].name, "a");
    assert_int_equal(entries[0].kind, DIRECTORY_FILE);
    assert_int_equal(entries[1].kind, DIRECTORY_FOLDER);
    assert_int_equal(entries[2].kind, DIRECTORY_LINK);
    assert_int_equal(entries[3].kind, DIRECTORY_OTHER);
    arena_deinit(&arena);
}

static void many_entries_are_all_there_and_too_many_are_refused(void **state)
{
    const struct temporary_folder *folder = *state;
    struct arena arena;
    struct directory_entry *entries;
    struct error error;
    size_t count = 7;
    arena_init(&arena, 1u << 20);
    for (int i = 0; i < 100; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "%03d", i);
        folder_write(folder, name, BYTES(""));
    }

    EXPECT_STATUS(GALEN_TOO_LARGE,
                  directory_list(folder->descriptor, 99, &arena, &entries, &count, &error));
    assert_string_equal(error.text, "holds more than 99 entries");
    assert_int_equal(count, 7);

    EXPECT_OK(directory_list(folder->descriptor, 100, &arena, &entries, &count, &error));
    assert_int_equal(count, 100);
    assert_string_equal(entries[99].name, "099");
    arena_deinit(&arena);
}

static void links_are_not_followed(void **state)
{
    const struct temporary_folder *folder = *state;
    int descriptor = -1;
    uint64_t size;
    struct error error;
    folder_mkdir(folder, "real");
    folder_write(folder, "file", BYTES("x"));
    folder_link(folder, "to_folder", "real");
    folder_link(folder, "to_file", "file");

    EXPECT_STATUS(GALEN_INVALID,
                  directory_open(folder->descriptor, "to_folder", &descriptor, &error));
    assert_string_equal(error.text, "is a link, which is not followed");
    EXPECT_STATUS(GALEN_INVALID, directory_open_file(folder->descriptor, "to_file", 9,
                                                     &descriptor, &size, &error));
    assert_string_equal(error.text, "is a link, which is not followed");
    assert_int_equal(descriptor, -1);
}

static void root_may_be_a_link(void **state)
{
    const struct temporary_folder *folder = *state;
    int descriptor CLOSED_LATER = -1;
    char path[128];
    folder_mkdir(folder, "real");
    folder_link(folder, "link", "real");
    (void)snprintf(path, sizeof(path), "%s/link", folder->path);

    EXPECT_OK(directory_open_root(path, &descriptor, NULL));
}

static void what_is_no_file_is_refused_without_waiting(void **state)
{
    const struct temporary_folder *folder = *state;
    int descriptor = -1;
    uint64_t size;
    struct error error;
    folder_mkdir(folder, "folder");
    assert_int_equal(mkfifoat(folder->descriptor, "pipe", 0600), 0);

    EXPECT_STATUS(GALEN_INVALID, directory_open_file(folder->descriptor, "folder", 9,
                                                     &descriptor, &size, &error));
    EXPECT_STATUS(GALEN_INVALID, directory_open_file(folder->descriptor, "pipe", 9,
                                                     &descriptor, &size, &error));
    assert_string_equal(error.text, "is not a file");
    EXPECT_STATUS(GALEN_NOT_FOUND, directory_open_file(folder->descriptor, "none", 9,
                                                       &descriptor, &size, &error));
    EXPECT_STATUS(GALEN_INVALID,
                  directory_open(folder->descriptor, "pipe", &descriptor, &error));
    assert_string_equal(error.text, "is not a folder");
}

static void files_are_read_whole_up_to_the_limit(void **state)
{
    const struct temporary_folder *folder = *state;
    struct arena arena;
    struct bytes text;
    struct error error;
    arena_init(&arena, 1u << 20);
    folder_write(folder, "file", BYTES("four"));
    folder_write(folder, "empty", BYTES(""));

    EXPECT_OK(directory_read_file(folder->descriptor, "file", 4, &arena, &text, &error));
    assert_true(bytes_equal_string(text, "four"));
    EXPECT_OK(directory_read_file(folder->descriptor, "empty", 4, &arena, &text, &error));
    assert_int_equal(text.size, 0);
    EXPECT_STATUS(GALEN_TOO_LARGE, directory_read_file(folder->descriptor, "file", 3,
                                                       &arena, &text, &error));
    assert_string_equal(error.text, "is larger than 3 bytes");
    arena_deinit(&arena);
}

static void file_beyond_the_arena_is_no_memory(void **state)
{
    const struct temporary_folder *folder = *state;
    struct arena arena;
    struct bytes text;
    arena_init(&arena, 0);
    folder_write(folder, "file", BYTES("four"));

    EXPECT_STATUS(GALEN_NO_MEMORY,
                  directory_read_file(folder->descriptor, "file", 4, &arena, &text, NULL));
    arena_deinit(&arena);
}

static void link_that_is_longer_than_its_room_is_refused(void **state)
{
    const struct temporary_folder *folder = *state;
    char target[5];
    folder_link(folder, "four", "1234");
    folder_link(folder, "five", "12345");

    EXPECT_OK(
        directory_read_link(folder->descriptor, "four", target, sizeof(target), NULL));
    assert_string_equal(target, "1234");
    EXPECT_STATUS(GALEN_TOO_LARGE, directory_read_link(folder->descriptor, "five", target,
                                                       sizeof(target), NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(entries_come_by_name_with_their_kind),
        FOLDER_TEST(many_entries_are_all_there_and_too_many_are_refused),
        FOLDER_TEST(links_are_not_followed),
        FOLDER_TEST(root_may_be_a_link),
        FOLDER_TEST(what_is_no_file_is_refused_without_waiting),
        FOLDER_TEST(files_are_read_whole_up_to_the_limit),
        FOLDER_TEST(file_beyond_the_arena_is_no_memory),
        FOLDER_TEST(link_that_is_longer_than_its_room_is_refused),
    };
    return cmocka_run_group_tests_name("directory", tests, NULL, NULL);
}
