/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/catalog.h"

#include "backend/builtin.h"
#include "expect.h"
#include "scratch.h"

static const char echo_text[] = "X Y FP32 -1,2\n";
static const struct galen_backend_ops *const backends[] = {&identity_backend, NULL};

struct fixture {
    struct scratch scratch;
    struct catalog catalog;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    scratch_create(&fixture.scratch);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    catalog_unload(&fixture->catalog);
    scratch_remove(&fixture->scratch);
    return 0;
}

static void write_version(struct fixture *fixture, const char *name, const char *text)
{
    char file[128];
    (void)snprintf(file, sizeof(file), "%s/model.identity", name);
    scratch_write(&fixture->scratch, file, text);
}

static void load(struct fixture *fixture)
{
    struct repository *repository = NULL;
    struct error error;
    EXPECT_OK(repository_read(fixture->scratch.path, true, &repository, &error));
    const struct engine_options options = {.repository = repository,
                                           .backends = backends,
                                           .instance_count = 1,
                                           .thread_count = 1,
                                           .queue_count_max = 4,
                                           .batch_rows_max = 4};
    EXPECT_OK(catalog_load(&fixture->catalog, &options));
    repository_unref(repository);
}

static const struct loaded_version *find(const struct fixture *fixture, const char *model,
                                         const char *version)
{
    const struct loaded_model *found = catalog_find(&fixture->catalog, model);
    return found == NULL ? NULL : loaded_model_find(found, version);
}

/* The number of what is loaded there; 0: nothing. */
static uint64_t loaded(const struct fixture *fixture, const char *model,
                       const char *version)
{
    const struct loaded_version *found = find(fixture, model, version);
    return found == NULL || found->model == NULL ? 0 : found->number;
}

static void every_version_that_a_tag_names_is_loaded(void **state)
{
    struct fixture *fixture = *state;
    write_version(fixture, "echo/1", echo_text);
    write_version(fixture, "echo/2", echo_text);
    write_version(fixture, "echo/3", echo_text);
    scratch_link(&fixture->scratch, "echo/current", "2");
    scratch_link(&fixture->scratch, "echo/previous", "1");

    load(fixture);

    assert_int_equal(loaded(fixture, "echo", "1"), 1);
    assert_int_equal(loaded(fixture, "echo", "2"), 2);
    assert_null(find(fixture, "echo", "3"));
    assert_int_equal(loaded(fixture, "echo", ""), 2);
    assert_int_equal(fixture->catalog.summary.loaded_count, 2);
    assert_int_equal(fixture->catalog.summary.failure_count, 0);
}

static void without_tags_the_highest_version_is_loaded(void **state)
{
    struct fixture *fixture = *state;
    write_version(fixture, "echo/9", echo_text);
    write_version(fixture, "echo/10", echo_text);

    load(fixture);

    assert_int_equal(loaded(fixture, "echo", ""), 10);
    assert_null(find(fixture, "echo", "9"));
}

static void version_is_a_plain_number(void **state)
{
    struct fixture *fixture = *state;
    write_version(fixture, "echo/1", echo_text);

    load(fixture);

    static const char *const wrong[] = {"01", "+1", "1 ", "current",
                                        "18446744073709551617"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_null(find(fixture, "echo", wrong[i]));
    }
}

static void unknown_model_is_none(void **state)
{
    struct fixture *fixture = *state;
    write_version(fixture, "echo/1", echo_text);

    load(fixture);

    assert_null(catalog_find(&fixture->catalog, "ech"));
    assert_null(catalog_find(&fixture->catalog, "echoo"));
    assert_null(catalog_find(&fixture->catalog, ""));
}

static void broken_version_is_there_with_its_reason(void **state)
{
    struct fixture *fixture = *state;
    write_version(fixture, "echo/1", echo_text);
    write_version(fixture, "echo/2", "nonsense\n");
    scratch_link(&fixture->scratch, "echo/current", "1");
    scratch_link(&fixture->scratch, "echo/canary", "2");

    load(fixture);

    assert_non_null(find(fixture, "echo", "2"));
    assert_int_equal(loaded(fixture, "echo", "2"), 0);
    assert_int_equal(loaded(fixture, "echo", ""), 1);
    assert_int_equal(fixture->catalog.summary.loaded_count, 1);
    assert_int_equal(fixture->catalog.summary.failure_count, 1);
    const struct engine_failure *failure = &fixture->catalog.summary.failures[0];
    assert_int_equal(failure->version, 2);
    assert_non_null(strstr(failure->why, "model 'echo' version 2: identity: "));
}

static void empty_repository_is_an_empty_catalog(void **state)
{
    struct fixture *fixture = *state;

    load(fixture);

    assert_int_equal(fixture->catalog.summary.loaded_count, 0);
    assert_int_equal(fixture->catalog.summary.failure_count, 0);
    assert_null(catalog_find(&fixture->catalog, "echo"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_version_that_a_tag_names_is_loaded),
        TEST(without_tags_the_highest_version_is_loaded),
        TEST(version_is_a_plain_number),
        TEST(unknown_model_is_none),
        TEST(broken_version_is_there_with_its_reason),
        TEST(empty_repository_is_an_empty_catalog),
    };
    return cmocka_run_group_tests_name("catalog", tests, NULL, NULL);
}
