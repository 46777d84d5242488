/* SPDX-License-Identifier: Apache-2.0 */
#include "model/repository.h"

#include <stdio.h>

#include "crypto/sha256.h"
#include "heap.h"
#include "temporary_folder.h"

static const char contract_form[] = "{task: tabular-classification, title: x, "
                                    "media_types: [application/json], input: {tensor: x}, "
                                    "features: [{name: x}], output: {tensor: y}, "
                                    "labels: [a, b], files: {model.onnx: %.64s%s}, "
                                    "card: {intended_use: x}}";

/* A version's folder with a network and a contract that states its hash. */
static void write_version(const struct temporary_folder *folder, const char *version,
                          const char *more_files)
{
    char name[128];
    char text[1024];
    char hex[SHA256_HEX_SIZE];
    uint8_t digest[SHA256_SIZE];
    const struct bytes network = bytes_from_string(version);
    folder_mkdir(folder, version);
    (void)snprintf(name, sizeof(name), "%s/model.onnx", version);
    folder_write(folder, name, network);
    EXPECT_OK(sha256_of(network, digest));
    sha256_to_hex(digest, hex);
    (void)snprintf(text, sizeof(text), contract_form, hex, more_files);
    (void)snprintf(name, sizeof(name), "%s/model.yaml", version);
    folder_write(folder, name, bytes_from_string(text));
}

static struct repository *read_folder(const struct temporary_folder *folder, bool verify)
{
    struct repository *repository = NULL;
    struct error error;
    EXPECT_OK(repository_read(folder->path, verify, &repository, &error));
    return repository;
}

static const struct repository_model *find(const struct repository *repository,
                                           const char *name)
{
    const struct repository_model *model =
        repository_find(repository, bytes_from_string(name));
    assert_non_null(model);
    return model;
}

static uint64_t resolve(const struct repository_model *model, const char *wanted)
{
    const struct repository_version *version =
        repository_resolve(model, bytes_from_string(wanted));
    return version == NULL ? 0 : version->number;
}

/* The reason without the path of the repository. */
static void expect_why_not(const struct temporary_folder *folder, const struct error *why,
                           const char *text)
{
    const size_t size = strlen(folder->path);
    assert_int_equal(strncmp(why->text, folder->path, size), 0);
    assert_string_equal(why->text + size, text);
}

static void models_versions_and_tags_are_read(void **state)
{
    const struct temporary_folder *folder = *state;
    folder_mkdir(folder, "b");
    folder_mkdir(folder, "a");
    write_version(folder, "a/10", "");
    write_version(folder, "a/2", "");
    write_version(folder, "b/1", "");
    folder_link(folder, "a/current", "2");
    folder_link(folder, "a/next", "10");
    folder_write(folder, "README.md", BYTES("x"));
    folder_write(folder, "a/config.pbtxt", BYTES("x"));
    folder_mkdir(folder, ".git");
    folder_mkdir(folder, "lost+found");

    scoped(repository) repository = read_folder(folder, true);

    assert_string_equal(repository->path, folder->path);
    assert_int_equal(repository->model_count, 2);
    assert_string_equal(repository->models[0].name, "a");
    const struct repository_model *model = find(repository, "a");
    assert_true(model->usable);
    assert_int_equal(model->version_count, 2);
    assert_int_equal(model->versions[0]->number, 2);
    assert_string_equal(model->versions[0]->number_text, "2");
    assert_int_equal(model->versions[1]->number, 10);
    assert_true(model->versions[1]->usable);
    assert_string_equal(model->versions[1]->contract->title, "x");
    assert_int_equal(model->tag_count, 2);
    assert_string_equal(model->tags[1].name, "next");
    assert_int_equal(model->tags[1].version, 10);
    assert_null(repository_find(repository, BYTES("c")));
    assert_null(repository_find(repository, BYTES("")));
    assert_null(repository_find(repository, BYTES("ab")));
}

static void wanted_is_a_number_a_tag_or_nothing(void **state)
{
    const struct temporary_folder *folder = *state;
    folder_mkdir(folder, "tagged");
    folder_mkdir(folder, "tagged/1");
    folder_mkdir(folder, "tagged/2");
    folder_mkdir(folder, "tagged/3");
    folder_link(folder, "tagged/current", "1");
    folder_link(folder, "tagged/canary", "2");
    folder_mkdir(folder, "plain");
    folder_mkdir(folder, "plain/1");
    folder_mkdir(folder, "plain/2");
    folder_write(folder, "plain/2/model.yaml", BYTES("broken"));

    scoped(repository) repository = read_folder(folder, false);

    const struct repository_model *tagged = find(repository, "tagged");
    assert_int_equal(resolve(tagged, ""), 1);
    assert_int_equal(resolve(tagged, "current"), 1);
    assert_int_equal(resolve(tagged, "canary"), 2);
    assert_int_equal(resolve(tagged, "3"), 3);
    assert_int_equal(resolve(tagged, "4"), 0);
    assert_int_equal(resolve(tagged, "01"), 0);
    assert_int_equal(resolve(tagged, "previous"), 0);
    assert_true(repository_is_kept(tagged, 1));
    assert_true(repository_is_kept(tagged, 2));
    assert_false(repository_is_kept(tagged, 3));
    const struct repository_model *plain = find(repository, "plain");
    assert_true(plain->usable);
    assert_int_equal(resolve(plain, ""), 1);
    assert_int_equal(resolve(plain, "current"), 0);
    assert_true(repository_is_kept(plain, 1));
    assert_false(repository_is_kept(plain, 2));
}

static void version_without_contract_is_usable(void **state)
{
    const struct temporary_folder *folder = *state;
    folder_mkdir(folder, "m");
    folder_mkdir(folder, "m/1");

    scoped(repository) repository = read_folder(folder, true);

    const struct repository_model *model = find(repository, "m");
    assert_true(model->usable && model->versions[0]->usable);
    assert_null(model->versions[0]->contract);
}

static void broken_contract_makes_its_version_unusable(void **state)
{
    const struct temporary_folder *folder = *state;
    folder_mkdir(folder, "m");
    write_version(folder, "m/1", "");
    write_version(folder, "m/2", "");
    folder_write(folder, "m/2/model.yaml", BYTES("task: x\ntitel: y\n"));
    folder_link(folder, "m/current", "1");

    scoped(repository) repository = read_folder(folder, true);

    const struct repository_model *model = find(repository, "m");
    assert_true(model->usable);
    assert_false(model->versions[1]->usable);
    expect_why_not(folder, &model->versions[1]->why_not,
                   "/m/2/model.yaml:2:1: titel: unknown key; did you mean 'title'?");
}

static void tag_of_an_unusable_version_makes_the_model_unusable(void **state)
{
    const struct temporary_folder *folder = *state;
    folder_mkdir(folder, "m");
    write_version(folder, "m/1", "");
    folder_mkdir(folder, "m/2");
    folder_write(folder, "m/2/model.yaml", BYTES("[]"));
    folder_link(folder, "m/current", "2");

    scoped(repository) repository = read_folder(folder, true);

    const struct repository_model *model = find(repository, "m");
    char expected[256];
    (void)snprintf(expected, sizeof(expected),
                   "/m/current: version 2 is not usable: %s/m/2/model.yaml:1:1: needs a "
                   "mapping",
                   folder->path);
    assert_false(model->usable);
    expect_why_not(folder, &model->why_not, expected);
    assert_int_equal(resolve(model, ""), 2);
}

static void tag_is_a_versions_number_and_nothing_else(void **state)
{
    const struct temporary_folder *folder = *state;
    static const char *const wrong[] = {
        "../m/1", "./1", "1/", "01", "0", "/etc", "one", "99999999999999999999999999"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char name[32];
        char link[64];
        (void)snprintf(name, sizeof(name), "m%zu", i);
        folder_mkdir(folder, name);
        (void)snprintf(link, sizeof(link), "%s/1", name);
        folder_mkdir(folder, link);
        (void)snprintf(link, sizeof(link), "%s/current", name);
        folder_link(folder, link, wrong[i]);
    }

    scoped(repository) repository = read_folder(folder, false);

    for (size_t i = 0; i < repository->model_count; i++) {
        const struct repository_model *model = &repository->models[i];
        char expected[128];
        (void)snprintf(
            expected, sizeof(expected),
            "/%s/current: a tag is a link to a version's number and nothing else",
            model->name);
        assert_false(model->usable);
        expect_why_not(folder, &model->why_not, expected);
        assert_int_equal(model->tags[0].version, 0);
        assert_int_equal(resolve(model, ""), 0);
        assert_false(repository_is_kept(model, 1));
    }
    assert_int_equal(repository->model_count, 8);
}

static void links_that_are_no_tags_are_refused(void **state)
{
    const struct temporary_folder *folder = *state;
    folder_mkdir(folder, "dangling");
    folder_mkdir(folder, "dangling/1");
    folder_link(folder, "dangling/current", "2");
    folder_mkdir(folder, "number");
    folder_mkdir(folder, "number/1");
    folder_link(folder, "number/2", "1");
    folder_mkdir(folder, "named");
    folder_mkdir(folder, "named/1");
    folder_link(folder, "named/my tag", "1");
    folder_link(folder, "outside", "/etc");

    scoped(repository) repository = read_folder(folder, false);

    expect_why_not(folder, &find(repository, "dangling")->why_not,
                   "/dangling/current: there is no version 2");
    expect_why_not(folder, &find(repository, "number")->why_not,
                   "/number/2: a version must be a folder, not a link");
    expect_why_not(folder, &find(repository, "named")->why_not,
                   "/named/my tag: a tag's name has letters, digits, '.', '_', '-'");
    expect_why_not(folder, &find(repository, "outside")->why_not,
                   "/outside: is a link, which is not followed");
}

static void contract_that_is_a_link_is_not_followed(void **state)
{
    const struct temporary_folder *folder = *state;
    folder_mkdir(folder, "m");
    write_version(folder, "m/1", "");
    folder_mkdir(folder, "m/2");
    folder_link(folder, "m/2/model.yaml", "../1/model.yaml");

    scoped(repository) repository = read_folder(folder, false);

    const struct repository_model *model = find(repository, "m");
    assert_false(model->versions[1]->usable);
    expect_why_not(folder, &model->versions[1]->why_not,
                   "/m/2/model.yaml: is a link, which is not followed");
}

static void file_that_is_not_what_the_contract_says_is_found(void **state)
{
    const struct temporary_folder *folder = *state;
    folder_mkdir(folder, "m");
    write_version(folder, "m/1", "");
    folder_write(folder, "m/1/model.onnx", BYTES("another"));
    write_version(folder, "m/2",
                  ", missing.json: "
                  "000000000000000000000000000000000000000000000000000000000000"
                  "000f");

    scoped(repository) repository = read_folder(folder, true);

    const struct repository_model *model = find(repository, "m");
    assert_false(model->usable);
    expect_why_not(folder, &model->versions[0]->why_not,
                   "/m/1/model.onnx: its SHA-256 is not the one that model.yaml states");
    expect_why_not(folder, &model->versions[1]->why_not,
                   "/m/2/missing.json: does not exist");
    expect_why_not(folder, &model->why_not,
                   "/m/1/model.onnx: its SHA-256 is not the one that model.yaml states");
}

static void without_verify_no_weight_is_needed(void **state)
{
    const struct temporary_folder *folder = *state;
    folder_mkdir(folder, "m");
    write_version(folder, "m/1", "");
    assert_int_equal(unlinkat(folder->descriptor, "m/1/model.onnx", 0), 0);

    scoped(repository) repository = read_folder(folder, false);

    assert_true(find(repository, "m")->usable);
}

static void network_hash_is_the_contracts(void **state)
{
    const struct temporary_folder *folder = *state;
    uint8_t digest[SHA256_SIZE];
    folder_mkdir(folder, "m");
    write_version(folder, "m/1", "");
    EXPECT_OK(sha256_of(BYTES("m/1"), digest));

    scoped(repository) repository = read_folder(folder, false);

    assert_memory_equal(find(repository, "m")->versions[0]->model_sha256, digest,
                        sizeof(digest));
}

static struct repository *read_again(struct repository *before)
{
    struct repository *repository = NULL;
    struct error error;
    EXPECT_OK(repository_reread(before, &repository, &error));
    return repository;
}

static void nothing_new_is_the_same_snapshot(void **state)
{
    const struct temporary_folder *folder = *state;
    folder_mkdir(folder, "m");
    write_version(folder, "m/1", "");
    folder_link(folder, "m/current", "1");
    scoped(repository) before = read_folder(folder, true);

    scoped(repository) repository = read_again(before);

    assert_ptr_equal(repository, before);
}

static void tag_that_moves_changes_no_version(void **state)
{
    const struct temporary_folder *folder = *state;
    folder_mkdir(folder, "m");
    write_version(folder, "m/1", "");
    write_version(folder, "m/2", "");
    folder_link(folder, "m/current", "1");
    scoped(repository) before = read_folder(folder, true);

    assert_int_equal(unlinkat(folder->descriptor, "m/current", 0), 0);
    folder_link(folder, "m/current", "2");
    scoped(repository) repository = read_again(before);

    assert_ptr_not_equal(repository, before);
    const struct repository_model *model = find(repository, "m");
    assert_int_equal(resolve(model, ""), 2);
    assert_ptr_equal(model->versions[0], find(before, "m")->versions[0]);
    assert_ptr_equal(model->versions[1], find(before, "m")->versions[1]);
}

static void new_version_is_being_written_until_it_rests(void **state)
{
    const struct temporary_folder *folder = *state;
    folder_mkdir(folder, "m");
    write_version(folder, "m/1", "");
    folder_link(folder, "m/current", "1");
    scoped(repository) before = read_folder(folder, true);

    write_version(folder, "m/2", "");
    scoped(repository) at_once = read_again(before);
    assert_false(find(at_once, "m")->versions[1]->usable);
    expect_why_not(folder, &find(at_once, "m")->versions[1]->why_not,
                   "/m/2: is being written");
    assert_true(find(at_once, "m")->usable);

    scoped(repository) later = repository_ref(at_once);
    while (!find(later, "m")->versions[1]->usable) {
        struct repository *next = read_again(later);
        repository_unref(later);
        later = next;
    }
    assert_ptr_equal(find(later, "m")->versions[0], find(before, "m")->versions[0]);
}

static void configuration_says_what_is_served_without_tags(void **state)
{
    const struct temporary_folder *folder = *state;
    folder_mkdir(folder, "two");
    folder_mkdir(folder, "all");
    folder_mkdir(folder, "tagged");
    folder_mkdir(folder, "chosen");
    for (int i = 1; i <= 3; i++) {
        static const char *const models[] = {"two", "all", "tagged", "chosen"};
        for (size_t k = 0; k < 4; k++) {
            char name[32];
            (void)snprintf(name, sizeof(name), "%s/%d", models[k], i);
            folder_mkdir(folder, name);
        }
    }
    folder_write(folder, "two/config.pbtxt",
                 BYTES("backend: \"other\" version_policy { latest { num_versions: 2 } }"));
    folder_write(folder, "all/config.pbtxt", BYTES("version_policy: { all {} }"));
    folder_write(folder, "tagged/config.pbtxt", BYTES("max_batch_size: 4"));
    folder_link(folder, "tagged/current", "1");
    folder_write(folder, "chosen/config.pbtxt",
                 BYTES("version_policy { specific { versions: [ 2, 7 ] } }"));
    folder_link(folder, "chosen/current", "1");

    scoped(repository) repository = read_folder(folder, false);

    const struct repository_model *two = find(repository, "two");
    assert_false(repository_is_kept(two, 1));
    assert_true(repository_is_kept(two, 2) && repository_is_kept(two, 3));
    assert_int_equal(resolve(two, ""), 3);
    assert_true(repository_is_kept(find(repository, "all"), 1));
    const struct repository_model *tagged = find(repository, "tagged");
    assert_true(repository_is_kept(tagged, 1));
    assert_false(repository_is_kept(tagged, 3));
    const struct repository_model *chosen = find(repository, "chosen");
    assert_true(repository_is_kept(chosen, 1) && repository_is_kept(chosen, 2));
    assert_false(repository_is_kept(chosen, 3));
    assert_int_equal(resolve(chosen, ""), 1);
}

static bool is_m(void *context, const struct repository_model *model)
{
    (void)context;
    return strcmp(model->name, "m") == 0;
}

static void selection_has_what_it_was_asked_for(void **state)
{
    const struct temporary_folder *folder = *state;
    folder_mkdir(folder, "a");
    write_version(folder, "a/1", "");
    folder_mkdir(folder, "m");
    write_version(folder, "m/1", "");
    scoped(repository) all = read_folder(folder, true);
    scoped(repository) selection = NULL;

    EXPECT_OK(repository_select(all, is_m, NULL, &selection));

    assert_int_equal(selection->model_count, 1);
    assert_null(repository_find(selection, BYTES("a")));
    assert_ptr_equal(find(selection, "m")->versions[0], find(all, "m")->versions[0]);
}

static void names_that_are_none_for_a_model_are_shown_harmless(void **state)
{
    const struct temporary_folder *folder = *state;
    folder_mkdir(folder, "my\nmodel");
    folder_mkdir(folder, "my\nmodel/1");
    folder_mkdir(folder, "empty");

    scoped(repository) repository = read_folder(folder, false);

    assert_int_equal(repository->model_count, 2);
    const struct repository_model *model = find(repository, "my?model");
    assert_false(model->usable);
    assert_int_equal(model->version_count, 0);
    expect_why_not(folder, &find(repository, "empty")->why_not,
                   "/empty: holds no version: a folder named 1, 2, …");
}

static void folder_that_is_none_is_refused(void **state)
{
    const struct temporary_folder *folder = *state;
    struct repository *repository = NULL;
    struct error error;
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/none", folder->path);

    EXPECT_STATUS(GALEN_NOT_FOUND, repository_read(path, true, &repository, &error));

    expect_why_not(folder, &error, "/none: does not exist");
    assert_null(repository);
    folder_write(folder, "none", BYTES(""));
    EXPECT_STATUS(GALEN_INVALID, repository_read(path, true, &repository, &error));
    expect_why_not(folder, &error, "/none: is not a folder");
}

static void snapshot_lives_until_its_last_reference(void **state)
{
    const struct temporary_folder *folder = *state;
    struct repository *first = read_folder(folder, false);

    struct repository *second = repository_ref(first);
    repository_unref(first);

    assert_int_equal(second->model_count, 0);
    repository_unref(second);
    repository_unref(NULL);
}

/* Whichever allocation fails, the read fails as a whole; LeakSanitizer sees to the rest. */
static void failed_allocation_ends_the_read(void **state)
{
    const struct temporary_folder *folder = *state;
    enum galen_status status = GALEN_NO_MEMORY;
    size_t count = 0;
    for (int i = 0; i < 40; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "m%d", i);
        folder_mkdir(folder, name);
        (void)snprintf(name, sizeof(name), "m%d/1", i);
        write_version(folder, name, "");
    }
    (void)heap_reset(NULL);
    while (status == GALEN_NO_MEMORY) {
        struct repository *repository = NULL;
        struct error error;
        heap.fail_at = ++count;
        status = repository_read(folder->path, true, &repository, &error);
        heap.fail_at = 0;
        if (status != GALEN_OK) {
            EXPECT_STATUS(GALEN_NO_MEMORY, status);
            expect_why_not(folder, &error, ": out of memory");
            assert_null(repository);
        }
        repository_unref(repository);
    }
    EXPECT_OK(status);
    assert_in_range(count, 40, 1000);
}

static void names_are_checked_by_character_and_size(void **state)
{
    (void)state;
    char longest[130];
    memset(longest, 'a', sizeof(longest));

    assert_true(repository_name_is_valid(BYTES("clinical-ner_2.0")));
    assert_true(repository_name_is_valid(bytes_of(longest, 128)));
    assert_false(repository_name_is_valid(bytes_of(longest, 129)));
    assert_false(repository_name_is_valid(BYTES("")));
    assert_false(repository_name_is_valid(BYTES(".a")));
    assert_false(repository_name_is_valid(BYTES("a/b")));
    assert_false(repository_name_is_valid(BYTES("a\0b")));
    assert_false(repository_name_is_valid(BYTES("\xC3\xA9")));
}

static void sample_models_are_usable(void **state)
{
    (void)state;
    scoped(repository) repository = NULL;
    EXPECT_OK(repository_read("models", true, &repository, NULL));

    const struct repository_model *model = find(repository, "breast-cancer");

    assert_string_equal(model->why_not.text, "");
    assert_true(model->usable);
    for (size_t i = 0; i < model->version_count; i++) {
        assert_string_equal(model->versions[i]->why_not.text, "");
        assert_true(model->versions[i]->contract->demonstration);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(models_versions_and_tags_are_read),
        FOLDER_TEST(wanted_is_a_number_a_tag_or_nothing),
        FOLDER_TEST(version_without_contract_is_usable),
        FOLDER_TEST(broken_contract_makes_its_version_unusable),
        FOLDER_TEST(tag_of_an_unusable_version_makes_the_model_unusable),
        FOLDER_TEST(tag_is_a_versions_number_and_nothing_else),
        FOLDER_TEST(links_that_are_no_tags_are_refused),
        FOLDER_TEST(contract_that_is_a_link_is_not_followed),
        FOLDER_TEST(file_that_is_not_what_the_contract_says_is_found),
        FOLDER_TEST(without_verify_no_weight_is_needed),
        FOLDER_TEST(network_hash_is_the_contracts),
        FOLDER_TEST(nothing_new_is_the_same_snapshot),
        FOLDER_TEST(tag_that_moves_changes_no_version),
        FOLDER_TEST(new_version_is_being_written_until_it_rests),
        FOLDER_TEST(configuration_says_what_is_served_without_tags),
        FOLDER_TEST(selection_has_what_it_was_asked_for),
        FOLDER_TEST(names_that_are_none_for_a_model_are_shown_harmless),
        FOLDER_TEST(folder_that_is_none_is_refused),
        FOLDER_TEST(snapshot_lives_until_its_last_reference),
        FOLDER_TEST(failed_allocation_ends_the_read),
        cmocka_unit_test(names_are_checked_by_character_and_size),
        cmocka_unit_test(sample_models_are_usable),
    };
    return cmocka_run_group_tests_name("repository", tests, NULL, NULL);
}
