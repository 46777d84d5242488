/* SPDX-License-Identifier: Apache-2.0 */
#include "service/keys.h"

#include <dirent.h>
#include <grp.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "heap.h"
#include "temporary_folder.h"

enum { PATH_SIZE = 128, RACER_COUNT = 4, ADDS_PER_RACER = 6, TEXT_SIZE = 1024 };

#define CHECKPOINT_1 "checkpoint-000001"
#define HMAC_1 "audit-hmac-000001"
#define PEM                                                              \
    "-----BEGIN PRIVATE KEY-----\n"                                      \
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n" \
    "-----END PRIVATE KEY-----\n"
#define PUB CHECKPOINT_1 "+e5cd0680+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea\n"
#define HEX_OF_ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static struct error error;

static enum galen_status read_keys(const struct temporary_folder *folder,
                                   struct keys **out_keys)
{
    error_clear(&error);
    return keys_read(folder->path, out_keys, &error);
}

static void expect_refused(const struct temporary_folder *folder, enum galen_status status,
                           const char *name, const char *why)
{
    struct keys *keys = NULL;
    EXPECT_STATUS(status, read_keys(folder, &keys));
    assert_null(keys);
    assert_non_null(strstr(error.text, folder->path));
    assert_non_null(strstr(error.text, name));
    assert_non_null(strstr(error.text, why));
}

static void write_text(const struct temporary_folder *folder, const char *name,
                       const char *text)
{
    folder_write(folder, name, bytes_from_string(text));
}

static void set_mode(const struct temporary_folder *folder, const char *name, mode_t mode)
{
    assert_int_equal(fchmodat(folder->descriptor, name, mode, 0), 0);
}

static mode_t mode_of(const struct temporary_folder *folder, const char *name)
{
    struct stat about;
    assert_int_equal(fstatat(folder->descriptor, name, &about, 0), 0);
    return about.st_mode & 07777;
}

static void purposes_have_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < KEY_PURPOSE_COUNT; i++) {
        enum key_purpose found = KEY_PURPOSE_COUNT;
        const char *name = key_purpose_name((enum key_purpose)i);

        assert_true(key_purpose_find(bytes_from_string(name), &found));

        assert_int_equal(found, i);
        assert_true(strlen(key_purpose_help(found)) > 0);
    }
    enum key_purpose untouched = KEY_CHECKPOINT;
    assert_false(key_purpose_find(BYTES("check"), &untouched));
    assert_false(key_purpose_find(BYTES_NONE, &untouched));
}

static void an_empty_folder_has_no_keys(void **state)
{
    scoped(keys) keys = NULL;
    size_t count = 1;

    EXPECT_OK(read_keys(*state, &keys));

    assert_int_equal(keys_count(keys), 0);
    assert_null(keys_in_use(keys, KEY_CHECKPOINT));
    assert_null(keys_in_use(keys, KEY_AUDIT_HMAC));
    (void)keys_checkpoint(keys, &count);
    assert_int_equal(count, 0);
}

static void no_folder_is_not_found(void **state)
{
    (void)state;
    struct keys *keys = NULL;

    EXPECT_STATUS(GALEN_NOT_FOUND, keys_read("/nowhere/keys", &keys, &error));
    EXPECT_STATUS(GALEN_NOT_FOUND, keys_read_public("/nowhere/keys", &keys, NULL));

    assert_null(keys);
    assert_string_equal("/nowhere/keys: there is no such folder", error.text);
}

static void a_file_is_no_folder(void **state)
{
    (void)state;
    struct keys *keys = NULL;

    EXPECT_STATUS(GALEN_INVALID, keys_read("/dev/null", &keys, &error));
}

static void a_key_that_is_added_is_read(void **state)
{
    const struct temporary_folder *folder = *state;
    scoped(keys) keys = NULL;
    char checkpoint[KEY_ID_SIZE];
    char hmac[KEY_ID_SIZE];

    EXPECT_OK(keys_add(folder->path, KEY_AUDIT_HMAC, hmac, &error));
    EXPECT_OK(keys_add(folder->path, KEY_CHECKPOINT, checkpoint, &error));
    EXPECT_OK(read_keys(folder, &keys));

    assert_string_equal(CHECKPOINT_1, checkpoint);
    assert_string_equal(HMAC_1, hmac);
    assert_int_equal(keys_count(keys), 2);
    assert_string_equal(CHECKPOINT_1, keys_at(keys, 0)->id);
    assert_string_equal(HMAC_1, keys_at(keys, 1)->id);
    assert_ptr_equal(keys_in_use(keys, KEY_CHECKPOINT), keys_at(keys, 0));
    assert_ptr_equal(keys_in_use(keys, KEY_AUDIT_HMAC), keys_at(keys, 1));
}

static void a_secret_is_its_owners_whatever_the_umask(void **state)
{
    const struct temporary_folder *folder = *state;
    static const mode_t masks[] = {0, 022, 0777};
    char id[KEY_ID_SIZE];
    char name[PATH_SIZE];
    for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
        const mode_t before = umask(masks[i]);
        EXPECT_OK(keys_add(folder->path, KEY_CHECKPOINT, id, &error));
        (void)umask(before);

        (void)snprintf(name, sizeof(name), "%s.key", id);
        assert_int_equal(mode_of(folder, name), 0600);
        (void)snprintf(name, sizeof(name), "%s.pub", id);
        assert_int_equal(mode_of(folder, name), 0644);
    }
}

static void a_folder_is_made_for_its_owner(void **state)
{
    const struct temporary_folder *folder = *state;
    char path[PATH_SIZE];
    char id[KEY_ID_SIZE];
    (void)snprintf(path, sizeof(path), "%s/keys", folder->path);

    EXPECT_OK(keys_add(path, KEY_AUDIT_HMAC, id, &error));

    assert_int_equal(mode_of(folder, "keys"), 0700);
    assert_int_equal(mode_of(folder, "keys/" HMAC_1 ".key"), 0600);
}

static void a_folder_below_none_is_not_made(void **state)
{
    (void)state;
    char id[KEY_ID_SIZE] = "untouched";

    EXPECT_STATUS(GALEN_UNAVAILABLE, keys_add("/nowhere/keys", KEY_AUDIT_HMAC, id, &error));

    assert_string_equal("untouched", id);
    assert_non_null(strstr(error.text, "/nowhere/keys"));
}

static void nothing_else_is_left_behind(void **state)
{
    const struct temporary_folder *folder = *state;
    char id[KEY_ID_SIZE];
    struct dirent **entries;
    EXPECT_OK(keys_add(folder->path, KEY_CHECKPOINT, id, &error));

    const int count = scandir(folder->path, &entries, NULL, alphasort);

    assert_int_equal(count, 4);
    assert_string_equal(CHECKPOINT_1 ".key", entries[2]->d_name);
    assert_string_equal(CHECKPOINT_1 ".pub", entries[3]->d_name);
    for (int i = 0; i < count; i++) {
        free(entries[i]);
    }
    free(entries);
}

static void the_highest_number_is_in_use(void **state)
{
    const struct temporary_folder *folder = *state;
    scoped(keys) keys = NULL;
    char id[KEY_ID_SIZE];
    write_text(folder, "audit-hmac-000009.key", HEX_OF_ZEROS "\n");
    write_text(folder, "audit-hmac-000002.key", HEX_OF_ZEROS);

    EXPECT_OK(keys_add(folder->path, KEY_AUDIT_HMAC, id, &error));
    EXPECT_OK(read_keys(folder, &keys));

    assert_string_equal("audit-hmac-000010", id);
    assert_int_equal(keys_count(keys), 3);
    assert_int_equal(keys_at(keys, 0)->number, 2);
    assert_int_equal(keys_at(keys, 1)->number, 9);
    assert_false(keys_at(keys, 0)->is_in_use);
    assert_false(keys_at(keys, 1)->is_in_use);
    assert_ptr_equal(keys_in_use(keys, KEY_AUDIT_HMAC), keys_at(keys, 2));
}

static void the_last_number_is_followed_by_none(void **state)
{
    const struct temporary_folder *folder = *state;
    char id[KEY_ID_SIZE];
    write_text(folder, "audit-hmac-999999.key", HEX_OF_ZEROS "\n");

    EXPECT_STATUS(GALEN_TOO_LARGE, keys_add(folder->path, KEY_AUDIT_HMAC, id, &error));
}

static void a_public_half_alone_verifies_and_is_not_in_use(void **state)
{
    const struct temporary_folder *folder = *state;
    scoped(keys) keys = NULL;
    char id[KEY_ID_SIZE];
    size_t count;
    write_text(folder, CHECKPOINT_1 ".pub", PUB);

    EXPECT_OK(read_keys(folder, &keys));

    assert_int_equal(keys_count(keys), 1);
    assert_true(keys_at(keys, 0)->is_public_only);
    assert_null(keys_in_use(keys, KEY_CHECKPOINT));
    assert_string_equal(CHECKPOINT_1, keys_checkpoint(keys, &count)[0].name);
    assert_int_equal(count, 1);
    EXPECT_OK(keys_add(folder->path, KEY_CHECKPOINT, id, &error));
    assert_string_equal("checkpoint-000002", id);
}

static void a_secret_alone_verifies_too(void **state)
{
    const struct temporary_folder *folder = *state;
    scoped(keys) keys = NULL;
    struct writer verifier;
    size_t count;
    write_text(folder, CHECKPOINT_1 ".key", PEM);
    writer_init(&verifier, TEXT_SIZE);

    EXPECT_OK(read_keys(folder, &keys));
    EXPECT_OK(checkpoint_key_write(keys_checkpoint(keys, &count), &verifier));

    assert_int_equal(count, 1);
    assert_false(keys_at(keys, 0)->is_public_only);
    assert_ptr_equal(keys_in_use(keys, KEY_CHECKPOINT), keys_at(keys, 0));
    assert_true(bytes_starts_with(BYTES(PUB), writer_bytes(&verifier)));
    writer_deinit(&verifier);
}

static void the_public_folder_has_no_secrets(void **state)
{
    const struct temporary_folder *folder = *state;
    scoped(keys) keys = NULL;
    char id[KEY_ID_SIZE];
    EXPECT_OK(keys_add(folder->path, KEY_CHECKPOINT, id, &error));
    EXPECT_OK(keys_add(folder->path, KEY_AUDIT_HMAC, id, &error));
    set_mode(folder, CHECKPOINT_1 ".key", 0644); /* none of its concern */

    EXPECT_OK(keys_read_public(folder->path, &keys, &error));

    assert_int_equal(keys_count(keys), 1);
    assert_true(keys_at(keys, 0)->is_public_only);
    assert_null(keys_in_use(keys, KEY_CHECKPOINT));
    assert_null(keys_in_use(keys, KEY_AUDIT_HMAC));
}

static void what_one_key_signs_another_folder_verifies(void **state)
{
    const struct temporary_folder *folder = *state;
    scoped(keys) signers = NULL;
    scoped(keys) verifiers = NULL;
    struct checkpoint checkpoint = {
        .chain = BYTES("gateway-20261125T205516Z-1a2b3c4d5e6f7081"), .size = 7};
    struct checkpoint read;
    struct bytes rest;
    struct writer note;
    char id[KEY_ID_SIZE];
    size_t count;
    writer_init(&note, TEXT_SIZE);
    EXPECT_OK(keys_add(folder->path, KEY_CHECKPOINT, id, &error));
    EXPECT_OK(keys_add(folder->path, KEY_CHECKPOINT, id, &error));
    EXPECT_OK(read_keys(folder, &signers));
    EXPECT_OK(keys_read_public(folder->path, &verifiers, &error));

    EXPECT_OK(checkpoint_write(&checkpoint,
                               &keys_in_use(signers, KEY_CHECKPOINT)->checkpoint, &note));

    const struct checkpoint_key *keys = keys_checkpoint(verifiers, &count);
    EXPECT_OK(checkpoint_read(writer_bytes(&note), keys, count, &read, &rest, &error));
    EXPECT_STATUS(GALEN_NOT_FOUND,
                  checkpoint_read(writer_bytes(&note), keys, 1, &read, &rest, &error));
    writer_deinit(&note);
}

static void what_others_may_read_or_write_is_refused(void **state)
{
    const struct temporary_folder *folder = *state;
    static const mode_t modes[] = {0660, 0620, 0610, 0604, 0602, 0601, 0444};
    write_text(folder, HMAC_1 ".key", HEX_OF_ZEROS "\n");
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        set_mode(folder, HMAC_1 ".key", modes[i]);
        expect_refused(folder, GALEN_FORBIDDEN, HMAC_1 ".key", "others");
    }
    scoped(keys) keys = NULL;
    set_mode(folder, HMAC_1 ".key", 0400);
    EXPECT_OK(read_keys(folder, &keys));
}

enum { STRANGER = 54321, OWN_GROUP, CANNOT = 77 };

static bool join_group(const char *path)
{
    (void)path;
    return setgroups(1, (const gid_t[]){OWN_GROUP}) == 0;
}

static bool mount_read_only(const char *path)
{
    return unshare(CLONE_NEWNS) == 0 &&
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount(path, path, NULL, MS_BIND, NULL) == 0 &&
           mount(NULL, path, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) == 0;
}

/* In a process of its own, after what needs root; skipped where we are not. */
static void expect_read_after(bool (*prepare)(const char *path), const char *path)
{
    int ended;
    const pid_t child = fork();
    if (child == 0) {
        struct keys *keys;
        if (!prepare(path)) {
            _exit(CANNOT);
        }
        _exit(keys_read(path, &keys, NULL) == GALEN_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &ended, 0), child);
    if (WIFEXITED(ended) && WEXITSTATUS(ended) == CANNOT) {
        skip();
    }
    assert_int_equal(ended, 0);
}

static void what_root_lends_to_a_group_of_ours_is_read(void **state)
{
    const struct temporary_folder *folder = *state;
    write_text(folder, HMAC_1 ".key", HEX_OF_ZEROS "\n");
    set_mode(folder, HMAC_1 ".key", 0440);
    if (fchownat(folder->descriptor, HMAC_1 ".key", 0, OWN_GROUP, 0) != 0) {
        skip();
    }
    expect_refused(folder, GALEN_FORBIDDEN, HMAC_1 ".key", "a group of this process");
    expect_read_after(join_group, folder->path);
}

static void what_somebody_else_lends_is_refused(void **state)
{
    const struct temporary_folder *folder = *state;
    write_text(folder, HMAC_1 ".key", HEX_OF_ZEROS "\n");
    set_mode(folder, HMAC_1 ".key", 0440);
    if (fchownat(folder->descriptor, HMAC_1 ".key", STRANGER, getegid(), 0) != 0) {
        skip();
    }
    expect_refused(folder, GALEN_FORBIDDEN, HMAC_1 ".key", "others");
}

static void a_folder_that_is_mounted_read_only_is_nobodys_to_write(void **state)
{
    const struct temporary_folder *folder = *state;
    write_text(folder, HMAC_1 ".key", HEX_OF_ZEROS "\n");
    set_mode(folder, ".", 01777);
    expect_refused(folder, GALEN_FORBIDDEN, "", "write");
    expect_read_after(mount_read_only, folder->path);
}

static void a_public_half_that_others_may_write_is_refused(void **state)
{
    const struct temporary_folder *folder = *state;
    struct keys *keys = NULL;
    write_text(folder, CHECKPOINT_1 ".pub", PUB);

    set_mode(folder, CHECKPOINT_1 ".pub", 0664);
    expect_refused(folder, GALEN_FORBIDDEN, CHECKPOINT_1 ".pub", "write");
    set_mode(folder, CHECKPOINT_1 ".pub", 0646);
    EXPECT_STATUS(GALEN_FORBIDDEN, keys_read_public(folder->path, &keys, &error));
}

static void a_folder_that_others_may_write_is_refused(void **state)
{
    const struct temporary_folder *folder = *state;
    char id[KEY_ID_SIZE];
    static const mode_t modes[] = {0770, 0707, 01777};
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        set_mode(folder, ".", modes[i]);
        expect_refused(folder, GALEN_FORBIDDEN, "", "write");
        EXPECT_STATUS(GALEN_FORBIDDEN, keys_add(folder->path, KEY_AUDIT_HMAC, id, &error));
    }
}

struct wrong {
    const char *name;
    const char *text;
    const char *why;
};

static const struct wrong wrongs[] = {
    {HMAC_1 ".key", "", "64 hexadecimal digits"},
    {HMAC_1 ".key", "0", "64 hexadecimal digits"},
    {HMAC_1 ".key", HEX_OF_ZEROS "\n\n", "64 hexadecimal digits"},
    {HMAC_1 ".key", HEX_OF_ZEROS "00", "64 hexadecimal digits"},
    {HMAC_1 ".key", "g" HEX_OF_ZEROS, "64 hexadecimal digits"},
    {HMAC_1 ".key", PEM, "64 hexadecimal digits"},
    {HMAC_1 ".pub", PUB, "not named"},
    {CHECKPOINT_1 ".key", "", "no private key"},
    {CHECKPOINT_1 ".key", HEX_OF_ZEROS "\n", "no private key"},
    {CHECKPOINT_1 ".key", PUB, "no private key"},
    {CHECKPOINT_1 ".pub", "", "no verifier key"},
    {CHECKPOINT_1 ".pub", PEM, "no verifier key"},
    {CHECKPOINT_1 ".pub", PUB "\n", "no verifier key"},
    {"checkpoint-000002.pub", PUB, "another name"},
    {"checkpoint-000000.key", PEM, "not named"},
    {"checkpoint-1.key", PEM, "not named"},
    {"checkpoint-0000001.key", PEM, "not named"},
    {"checkpoint-00000a.key", PEM, "not named"},
    {"checkpoint-+00001.key", PEM, "not named"},
    {"checkpoint000001.key", PEM, "not named"},
    {"-000001.key", PEM, "not named"},
    {"000001.key", PEM, "not named"},
    {"other-000001.key", PEM, "not named"},
    {"Checkpoint-000001.key", PEM, "not named"},
    {"x.pub", PUB, "not named"},
    {"mine.key", PEM, "not named"},
};

static void what_is_not_what_its_name_says_is_refused(void **state)
{
    const struct temporary_folder *folder = *state;
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        write_text(folder, wrongs[i].name, wrongs[i].text);

        expect_refused(folder, GALEN_INVALID, wrongs[i].name, wrongs[i].why);

        assert_int_equal(unlinkat(folder->descriptor, wrongs[i].name, 0), 0);
    }
}

static void halves_that_do_not_belong_together_are_refused(void **state)
{
    const struct temporary_folder *folder = *state;
    char id[KEY_ID_SIZE];
    EXPECT_OK(keys_add(folder->path, KEY_CHECKPOINT, id, &error));

    write_text(folder, CHECKPOINT_1 ".pub", PUB);

    expect_refused(folder, GALEN_INVALID, CHECKPOINT_1 ".pub", "not of the private key");
}

static void what_is_too_large_or_no_file_is_refused(void **state)
{
    const struct temporary_folder *folder = *state;
    char large[4098];
    memset(large, '0', sizeof(large));
    folder_write(folder, HMAC_1 ".key", bytes_of(large, sizeof(large)));
    expect_refused(folder, GALEN_INVALID, HMAC_1 ".key", "too large");
    assert_int_equal(unlinkat(folder->descriptor, HMAC_1 ".key", 0), 0);

    assert_int_equal(mkfifoat(folder->descriptor, HMAC_1 ".key", 0600), 0);
    expect_refused(folder, GALEN_INVALID, HMAC_1 ".key", "is not a file");
    assert_int_equal(unlinkat(folder->descriptor, HMAC_1 ".key", 0), 0);

    folder_mkdir(folder, HMAC_1 ".key");
    expect_refused(folder, GALEN_INVALID, HMAC_1 ".key", "is not a file");
}

static void other_files_are_not_looked_at(void **state)
{
    const struct temporary_folder *folder = *state;
    scoped(keys) keys = NULL;
    write_text(folder, "README", "x");
    write_text(folder, ".new-of-a-process-that-was-killed.key", "x");
    write_text(folder, CHECKPOINT_1 ".key~", "x");

    EXPECT_OK(read_keys(folder, &keys));

    assert_int_equal(keys_count(keys), 0);
}

static void an_error_never_holds_a_secret(void **state)
{
    const struct temporary_folder *folder = *state;
    struct keys *keys = NULL;
    write_text(folder, HMAC_1 ".key", "deadbeef");

    EXPECT_STATUS(GALEN_INVALID, read_keys(folder, &keys));

    assert_null(strstr(error.text, "deadbeef"));
}

static void secrets_are_wiped(void **state)
{
    const struct temporary_folder *folder = *state;
    struct keys *keys = NULL;
    char hex[SHA256_HEX_SIZE + 1] = "";
    uint8_t secret[HMAC_KEY_SIZE] = HEAP_SECRET;
    sha256_to_hex(secret, hex);
    write_text(folder, HMAC_1 ".key", hex);
    write_text(folder, "audit-hmac-000002.key", hex);
    heap.freed_with_secret = false;

    EXPECT_OK(read_keys(folder, &keys));
    assert_memory_equal(keys_at(keys, 1)->hmac_key, secret, sizeof(secret));
    keys_destroy(keys);

    assert_false(heap.freed_with_secret);
}

static void secrets_are_wiped_when_a_later_file_is_wrong(void **state)
{
    const struct temporary_folder *folder = *state;
    struct keys *keys = NULL;
    char hex[SHA256_HEX_SIZE + 1] = "";
    uint8_t secret[HMAC_KEY_SIZE] = HEAP_SECRET;
    sha256_to_hex(secret, hex);
    write_text(folder, HMAC_1 ".key", hex);
    write_text(folder, "audit-hmac-000002.key", "wrong");
    heap.freed_with_secret = false;

    EXPECT_STATUS(GALEN_INVALID, read_keys(folder, &keys));

    assert_false(heap.freed_with_secret);
}

/* Reads between its writes: what the others are writing is whole or not there. */
static enum galen_status race(const char *path)
{
    for (size_t i = 0; i < ADDS_PER_RACER; i++) {
        scoped(keys) keys = NULL;
        char id[KEY_ID_SIZE];
        TRY(keys_add(path, KEY_CHECKPOINT, id, NULL));
        TRY(keys_read(path, &keys, NULL));
    }
    return GALEN_OK;
}

static pid_t start_racer(const char *path)
{
    const pid_t child = fork();
    if (child == 0) {
        _exit((int)race(path));
    }
    assert_true(child > 0);
    return child;
}

static void all_that_race_get_a_key_of_their_own(void **state)
{
    const struct temporary_folder *folder = *state;
    pid_t racers[RACER_COUNT];
    scoped(keys) keys = NULL;

    for (size_t i = 0; i < RACER_COUNT; i++) {
        racers[i] = start_racer(folder->path);
    }
    for (size_t i = 0; i < RACER_COUNT; i++) {
        int ended;
        assert_int_equal(waitpid(racers[i], &ended, 0), racers[i]);
        assert_int_equal(ended, 0);
    }

    EXPECT_OK(read_keys(folder, &keys));
    assert_int_equal(keys_count(keys), RACER_COUNT * ADDS_PER_RACER);
    for (size_t i = 0; i < keys_count(keys); i++) {
        assert_int_equal(keys_at(keys, i)->number, i + 1);
        assert_int_equal(keys_at(keys, i)->is_in_use, i + 1 == keys_count(keys));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(purposes_have_names),
        FOLDER_TEST(an_empty_folder_has_no_keys),
        cmocka_unit_test(no_folder_is_not_found),
        cmocka_unit_test(a_file_is_no_folder),
        FOLDER_TEST(a_key_that_is_added_is_read),
        FOLDER_TEST(a_secret_is_its_owners_whatever_the_umask),
        FOLDER_TEST(a_folder_is_made_for_its_owner),
        cmocka_unit_test(a_folder_below_none_is_not_made),
        FOLDER_TEST(nothing_else_is_left_behind),
        FOLDER_TEST(the_highest_number_is_in_use),
        FOLDER_TEST(the_last_number_is_followed_by_none),
        FOLDER_TEST(a_public_half_alone_verifies_and_is_not_in_use),
        FOLDER_TEST(a_secret_alone_verifies_too),
        FOLDER_TEST(the_public_folder_has_no_secrets),
        FOLDER_TEST(what_one_key_signs_another_folder_verifies),
        FOLDER_TEST(what_others_may_read_or_write_is_refused),
        FOLDER_TEST(what_root_lends_to_a_group_of_ours_is_read),
        FOLDER_TEST(what_somebody_else_lends_is_refused),
        FOLDER_TEST(a_folder_that_is_mounted_read_only_is_nobodys_to_write),
        FOLDER_TEST(a_public_half_that_others_may_write_is_refused),
        FOLDER_TEST(a_folder_that_others_may_write_is_refused),
        FOLDER_TEST(what_is_not_what_its_name_says_is_refused),
        FOLDER_TEST(halves_that_do_not_belong_together_are_refused),
        FOLDER_TEST(what_is_too_large_or_no_file_is_refused),
        FOLDER_TEST(other_files_are_not_looked_at),
        FOLDER_TEST(an_error_never_holds_a_secret),
        FOLDER_TEST(secrets_are_wiped),
        FOLDER_TEST(secrets_are_wiped_when_a_later_file_is_wrong),
        FOLDER_TEST(all_that_race_get_a_key_of_their_own),
    };
    return cmocka_run_group_tests_name("keys", tests, heap_reset, NULL);
}
