/* SPDX-License-Identifier: Apache-2.0 */
#include "model/import.h"

#include <dirent.h>

#include "model/repository.h"
#include "temporary_folder.h"

static const char *const labels[] = {"O", "B-X"};
static const char *const media_types[] = {"text/plain"};
static const struct contract contract = {
    .task = TASK_TOKEN_CLASSIFICATION,
    .title = "x",
    .media_types = media_types,
    .media_type_count = 1,
    .input = {"input_ids", GALEN_INT64},
    .text = {.tokenizer = "tokenizer.json", .max_length = 8, .bucket = 1},
    .output = {"logits", ACTIVATION_SOFTMAX},
    .labels = labels,
    .label_count = 2,
    .demonstration = true,
};
static const struct contract_card card = {.intended_use = CONTRACT_CARD_WAITS};

static char network[128];
static char tokenizer[128];
static char repository[128];

/* Two files to import, and where the repository will be. */
static void prepare(const struct temporary_folder *folder)
{
    folder_write(folder, "a.onnx", BYTES("network"));
    folder_write(folder, "b.json", BYTES("tokenizer"));
    (void)snprintf(network, sizeof(network), "%s/a.onnx", folder->path);
    (void)snprintf(tokenizer, sizeof(tokenizer), "%s/b.json", folder->path);
    (void)snprintf(repository, sizeof(repository), "%s/models", folder->path);
}

static enum galen_status import_as(const char *name, const char *tokenizer_path,
                                   struct error *out_error)
{
    const struct import_file files[] = {{network, "model.onnx"},
                                        {tokenizer_path, "tokenizer.json"}};
    const struct import import = {.repository = repository,
                                  .model = name,
                                  .files = files,
                                  .file_count = 2,
                                  .contract = &contract,
                                  .card = &card};
    error_clear(out_error);
    return import_model(&import, out_error);
}

static size_t count_entries(void)
{
    size_t count = 0;
    DIR *folder = opendir(repository);
    assert_non_null(folder);
    while (readdir(folder) != NULL) {
        count++;
    }
    (void)closedir(folder);
    return count - 2; /* itself and its parent */
}

static void what_is_imported_can_be_served(void **state)
{
    prepare(*state);
    struct error error;
    struct repository *read = NULL;

    EXPECT_OK(import_as("tagger", tokenizer, &error));

    EXPECT_OK(repository_read(repository, true, &read, &error));
    const struct repository_model *model = repository_find(read, BYTES("tagger"));
    assert_non_null(model);
    assert_true(model->usable);
    const struct repository_version *version = repository_resolve(model, BYTES("current"));
    assert_non_null(version);
    assert_int_equal(version->number, 1);
    assert_int_equal(version->contract->task, TASK_TOKEN_CLASSIFICATION);
    repository_unref(read);
}

static void a_name_that_is_taken_is_left_alone(void **state)
{
    prepare(*state);
    struct error error;
    EXPECT_OK(import_as("tagger", tokenizer, &error));
    EXPECT_STATUS(GALEN_INVALID, import_as("tagger", tokenizer, &error));
    assert_non_null(strstr(error.text, "/models/tagger: is there already"));
    assert_int_equal(count_entries(), 1);
}

static void a_failure_leaves_nothing_behind(void **state)
{
    prepare(*state);
    struct error error;
    EXPECT_STATUS(GALEN_NOT_FOUND, import_as("tagger", "/nowhere/b.json", &error));
    assert_string_equal(error.text, "/nowhere/b.json: No such file or directory");
    assert_int_equal(count_entries(), 0);
}

static void a_repository_that_is_a_file_is_refused(void **state)
{
    prepare(*state);
    struct error error;
    folder_write(*state, "models", BYTES(""));
    EXPECT_STATUS(GALEN_UNAVAILABLE, import_as("tagger", tokenizer, &error));
}

static void a_contract_that_cannot_be_read_back_is_not_written(void **state)
{
    prepare(*state);
    static const char *const twice[] = {"O", "O"};
    const struct import_file files[] = {{network, "model.onnx"},
                                        {tokenizer, "tokenizer.json"}};
    struct contract wrong = contract;
    struct error error;
    wrong.labels = twice;
    const struct import import = {.repository = repository,
                                  .model = "tagger",
                                  .files = files,
                                  .file_count = 2,
                                  .contract = &wrong,
                                  .card = &card};
    EXPECT_STATUS(GALEN_INVALID, import_model(&import, &error));
    assert_non_null(strstr(error.text, "labels[1]: is there twice"));
    assert_int_equal(count_entries(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(what_is_imported_can_be_served),
        FOLDER_TEST(a_name_that_is_taken_is_left_alone),
        FOLDER_TEST(a_failure_leaves_nothing_behind),
        FOLDER_TEST(a_contract_that_cannot_be_read_back_is_not_written),
        FOLDER_TEST(a_repository_that_is_a_file_is_refused),
    };
    return cmocka_run_group_tests_name("import", tests, NULL, NULL);
}
