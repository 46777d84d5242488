/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/catalog.h"

#include "backend/builtin.h"
#include "base/invariant.h"
#include "expect.h"
#include "scratch.h"

static const char echo_text[] = "X Y FP32 -1,2\n";
static const struct galen_backend_ops *const backends[] = {&identity_backend, NULL};

struct fixture {
    struct loaded_keeper keeper; /* first: it is given back as the fixture */
    struct scratch scratch;
    struct repository *repository;
    struct catalog *catalog;
    size_t opened_count;
    size_t closed_count;
};

static void on_opened(struct loaded_keeper *keeper, struct loaded_version *version)
{
    (void)version;
    ((struct fixture *)(void *)keeper)->opened_count++;
}

static void on_unused(struct loaded_keeper *keeper, struct loaded_version *version)
{
    ((struct fixture *)(void *)keeper)->closed_count++;
    loaded_version_close(version);
}

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.keeper = {.opened = on_opened, .unused = on_unused}};
    scratch_create(&fixture.scratch);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    catalog_destroy(fixture->catalog);
    repository_unref(fixture->repository);
    assert_int_equal(fixture->opened_count, fixture->closed_count);
    scratch_remove(&fixture->scratch);
    return 0;
}

static void write_version(struct fixture *fixture, const char *name, const char *text)
{
    char file[128];
    (void)snprintf(file, sizeof(file), "%s/model.identity", name);
    scratch_write(&fixture->scratch, file, text);
}

static void point(struct fixture *fixture, const char *tag, const char *target)
{
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/%s", fixture->scratch.path, tag);
    (void)unlink(path);
    scratch_link(&fixture->scratch, tag, target);
}

static void read_again(struct fixture *fixture)
{
    struct repository *repository = NULL;
    struct error error;
    if (fixture->repository == NULL) {
        EXPECT_OK(repository_read(fixture->scratch.path, true, &repository, &error));
    } else {
        EXPECT_OK(repository_reread(fixture->repository, &repository, &error));
    }
    repository_unref(fixture->repository);
    fixture->repository = repository;
}

/* What the repository says now, on top of what was loaded before. */
static void load_again(struct fixture *fixture, const char *again)
{
    struct catalog *catalog = NULL;
    const struct catalog_wish wish = {.desired = fixture->repository,
                                      .before = fixture->catalog,
                                      .again = again,
                                      .loading = {.backends = backends,
                                                  .instance_count = 1,
                                                  .thread_count = 1,
                                                  .queue_count_max = 4,
                                                  .batch_rows_max = 4,
                                                  .keeper = &fixture->keeper}};
    EXPECT_OK(catalog_create(&wish, &catalog));
    catalog_destroy(fixture->catalog);
    fixture->catalog = catalog;
}

static void load(struct fixture *fixture)
{
    read_again(fixture);
    load_again(fixture, NULL);
}

static struct loaded_version *find(const struct fixture *fixture, const char *model,
                                   const char *version)
{
    const struct loaded_model *found = catalog_find(fixture->catalog, model);
    return found == NULL ? NULL : loaded_model_find(found, version);
}

/* The number of what is loaded there; 0: nothing. */
static uint64_t loaded(const struct fixture *fixture, const char *model,
                       const char *version)
{
    const struct loaded_version *found = find(fixture, model, version);
    return loaded_version_serves(found) ? found->source->number : 0;
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
    assert_int_equal(fixture->catalog->summary.loaded_count, 2);
    assert_int_equal(fixture->catalog->summary.failure_count, 0);
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

    assert_null(catalog_find(fixture->catalog, "ech"));
    assert_null(catalog_find(fixture->catalog, "echoo"));
    assert_null(catalog_find(fixture->catalog, ""));
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
    assert_int_equal(fixture->catalog->summary.loaded_count, 1);
    assert_int_equal(fixture->catalog->summary.failure_count, 1);
    const struct engine_failure *failure = &fixture->catalog->summary.failures[0];
    assert_int_equal(failure->version, 2);
    assert_non_null(strstr(failure->why, "model 'echo' version 2: identity: "));
}

static void empty_repository_is_an_empty_catalog(void **state)
{
    struct fixture *fixture = *state;

    load(fixture);

    assert_int_equal(fixture->catalog->summary.loaded_count, 0);
    assert_int_equal(fixture->catalog->summary.failure_count, 0);
    assert_null(catalog_find(fixture->catalog, "echo"));
}

static void tag_that_moves_loads_what_is_new_and_keeps_the_rest(void **state)
{
    struct fixture *fixture = *state;
    write_version(fixture, "echo/1", echo_text);
    write_version(fixture, "echo/2", echo_text);
    write_version(fixture, "echo/3", echo_text);
    point(fixture, "echo/current", "2");
    point(fixture, "echo/previous", "1");
    load(fixture);
    const struct loaded_version *second = find(fixture, "echo", "2");

    point(fixture, "echo/current", "3");
    point(fixture, "echo/previous", "2");
    load(fixture);

    assert_int_equal(loaded(fixture, "echo", ""), 3);
    assert_int_equal(loaded(fixture, "echo", "current"), 3);
    assert_ptr_equal(find(fixture, "echo", "previous"), second);
    assert_null(find(fixture, "echo", "1"));
    assert_int_equal(fixture->opened_count, 3);
    assert_int_equal(fixture->closed_count, 1);
}

static void promotion_of_a_broken_version_changes_nothing_but_says_why(void **state)
{
    struct fixture *fixture = *state;
    write_version(fixture, "echo/1", echo_text);
    write_version(fixture, "echo/2", "nonsense\n");
    point(fixture, "echo/current", "1");
    load(fixture);

    point(fixture, "echo/current", "2");
    load(fixture);

    assert_int_equal(loaded(fixture, "echo", ""), 1);
    assert_int_equal(loaded(fixture, "echo", "current"), 1);
    assert_int_equal(fixture->catalog->summary.failure_count, 1);
    const struct engine_failure *failure = &fixture->catalog->summary.failures[0];
    assert_int_equal(failure->version, 2);
    assert_true(failure->serves);
    assert_non_null(strstr(failure->why, "model 'echo' version 2: identity: "));

    point(fixture, "echo/current", "1");
    load(fixture);
    assert_int_equal(fixture->catalog->summary.failure_count, 0);
    assert_int_equal(fixture->opened_count, 2);
}

static void tag_that_points_nowhere_stays_where_it_was(void **state)
{
    struct fixture *fixture = *state;
    write_version(fixture, "echo/1", echo_text);
    point(fixture, "echo/current", "1");
    load(fixture);

    point(fixture, "echo/current", "7");
    load(fixture);

    assert_int_equal(loaded(fixture, "echo", ""), 1);
    assert_int_equal(fixture->catalog->summary.failure_count, 1);
    assert_true(fixture->catalog->summary.failures[0].serves);
    assert_non_null(
        strstr(fixture->catalog->summary.failures[0].why, "there is no version 7"));
}

static void what_failed_is_not_tried_again_unless_asked_for(void **state)
{
    struct fixture *fixture = *state;
    write_version(fixture, "echo/1", "nonsense\n");
    load(fixture);

    load(fixture);
    assert_int_equal(fixture->opened_count, 1);
    load_again(fixture, "echo");
    assert_int_equal(fixture->opened_count, 2);
    load_again(fixture, "other");
    assert_int_equal(fixture->opened_count, 2);
}

/* Files that were written within the last half second are left alone for so long. */
static void wait_for_a_change(struct fixture *fixture)
{
    const struct repository *before = fixture->repository;
    while (fixture->repository == before) {
        read_again(fixture);
    }
}

static void version_that_changes_in_place_is_replaced_when_it_works(void **state)
{
    struct fixture *fixture = *state;
    write_version(fixture, "echo/1", echo_text);
    load(fixture);
    const struct loaded_version *first = find(fixture, "echo", "1");

    write_version(fixture, "echo/1", "nonsense, and not what was there\n");
    read_again(fixture);
    load_again(fixture, NULL);
    assert_ptr_equal(find(fixture, "echo", "1"), first); /* it is being written */

    wait_for_a_change(fixture);
    load_again(fixture, NULL);
    assert_ptr_equal(find(fixture, "echo", "1"), first);
    assert_int_equal(fixture->catalog->summary.failure_count, 1);

    write_version(fixture, "echo/1", "X Y FP64 -1,2\n");
    wait_for_a_change(fixture);
    load_again(fixture, NULL);
    assert_ptr_not_equal(find(fixture, "echo", "1"), first);
    const struct loaded_version *second = find(fixture, "echo", "1");
    INVARIANT(second != NULL && second->model != NULL);
    assert_int_equal(second->model->metadata.inputs[0].datatype, GALEN_FP64);
    assert_int_equal(fixture->catalog->summary.failure_count, 0);
}

static void model_that_is_removed_is_gone(void **state)
{
    struct fixture *fixture = *state;
    char path[256];
    write_version(fixture, "echo/1", echo_text);
    write_version(fixture, "other/1", echo_text);
    load(fixture);

    (void)snprintf(path, sizeof(path), "%s/echo/1/model.identity", fixture->scratch.path);
    assert_int_equal(unlink(path), 0);
    (void)snprintf(path, sizeof(path), "%s/echo/1", fixture->scratch.path);
    assert_int_equal(rmdir(path), 0);
    (void)snprintf(path, sizeof(path), "%s/echo", fixture->scratch.path);
    assert_int_equal(rmdir(path), 0);
    load(fixture);

    assert_null(catalog_find(fixture->catalog, "echo"));
    assert_int_equal(loaded(fixture, "other", ""), 1);
    assert_int_equal(fixture->closed_count, 1);
}

static void what_a_request_holds_is_not_closed(void **state)
{
    struct fixture *fixture = *state;
    write_version(fixture, "echo/1", echo_text);
    write_version(fixture, "echo/2", echo_text);
    point(fixture, "echo/current", "1");
    load(fixture);
    struct loaded_version *first = loaded_version_ref(find(fixture, "echo", "1"));

    point(fixture, "echo/current", "2");
    load(fixture);
    assert_int_equal(fixture->closed_count, 0);
    assert_int_equal(first->source->number, 1);

    loaded_version_unref(first);
    assert_int_equal(fixture->closed_count, 1);
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
        TEST(tag_that_moves_loads_what_is_new_and_keeps_the_rest),
        TEST(promotion_of_a_broken_version_changes_nothing_but_says_why),
        TEST(tag_that_points_nowhere_stays_where_it_was),
        TEST(what_failed_is_not_tried_again_unless_asked_for),
        TEST(version_that_changes_in_place_is_replaced_when_it_works),
        TEST(model_that_is_removed_is_gone),
        TEST(what_a_request_holds_is_not_closed),
    };
    return cmocka_run_group_tests_name("catalog", tests, NULL, NULL);
}
