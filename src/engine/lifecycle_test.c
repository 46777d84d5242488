/* SPDX-License-Identifier: Apache-2.0 */
/* The engine while its repository changes, and while it is told what to load. */
#include <pthread.h>
#include <unistd.h>

#include "backend/builtin.h"
#include "base/clock.h"
#include "base/limits.h"
#include "engine/engine.h"
#include "expect.h"
#include "manual_mailbox.h"
#include "scratch.h"

enum { WAIT_MS = 10000 };

static const char echo_text[] = "X Y FP32 -1,2\n";
static const struct galen_backend_ops *const backends[] = {&identity_backend, NULL};
static const float values[] = {0.5F, 0.25F};
static const struct galen_tensor input = {.name = "X",
                                          .datatype = GALEN_FP32,
                                          .rank = 2,
                                          .shape = {1, 2},
                                          .bytes = values,
                                          .size_bytes = 8};

struct fixture {
    struct scratch scratch;
    struct repository *repository;
    struct infer_service *service;
    struct manual_mailbox mailbox;
    struct arena arena;
    struct infer_call call;
    struct infer_management_call management;
    size_t done_count;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t change_count; /* with the lock */
};

static void write_version(const struct fixture *fixture, const char *name, const char *text)
{
    char file[128];
    (void)snprintf(file, sizeof(file), "%s/model.identity", name);
    scratch_write(&fixture->scratch, file, text);
}

static void point(const struct fixture *fixture, const char *tag, const char *target)
{
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/%s", fixture->scratch.path, tag);
    (void)unlink(path);
    scratch_link(&fixture->scratch, tag, target);
}

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.lock = PTHREAD_MUTEX_INITIALIZER,
                               .changed = PTHREAD_COND_INITIALIZER};
    scratch_create(&fixture.scratch);
    write_version(&fixture, "echo/1", echo_text);
    write_version(&fixture, "echo/2", echo_text);
    write_version(&fixture, "other/1", echo_text);
    write_version(&fixture, "bad/1", "nonsense\n");
    point(&fixture, "echo/current", "1");
    manual_mailbox_init(&fixture.mailbox);
    arena_init(&fixture.arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    infer_call_clear(&fixture->call);
    infer_service_close(fixture->service);
    repository_unref(fixture->repository);
    arena_deinit(&fixture->arena);
    manual_mailbox_deinit(&fixture->mailbox);
    scratch_remove(&fixture->scratch);
    return 0;
}

static void on_changed(void *context, const struct engine_summary *summary)
{
    struct fixture *fixture = context;
    (void)summary;
    (void)pthread_mutex_lock(&fixture->lock);
    fixture->change_count++;
    (void)pthread_cond_broadcast(&fixture->changed);
    (void)pthread_mutex_unlock(&fixture->lock);
}

static void wait_for_change(struct fixture *fixture, size_t count)
{
    (void)pthread_mutex_lock(&fixture->lock);
    while (fixture->change_count < count) {
        (void)pthread_cond_wait(&fixture->changed, &fixture->lock);
    }
    (void)pthread_mutex_unlock(&fixture->lock);
}

static void open_engine(struct fixture *fixture, enum engine_control control,
                        const char *const *load)
{
    struct error error;
    EXPECT_OK(repository_read(fixture->scratch.path, true, &fixture->repository, &error));
    const struct engine_options options = {.repository = fixture->repository,
                                           .backends = backends,
                                           .control = control,
                                           .load = load,
                                           .changed = on_changed,
                                           .context = fixture};
    EXPECT_OK(engine_create(&options, &fixture->service, &error));
}

static void count_done(struct infer_call *call)
{
    ((struct fixture *)call->context)->done_count++;
}

static void count_managed(struct infer_management_call *call)
{
    ((struct fixture *)call->context)->done_count++;
}

static void wait_for_done(struct fixture *fixture)
{
    while (fixture->done_count == 0 &&
           manual_mailbox_wait(&fixture->mailbox, WAIT_MS) > 0) {
    }
    assert_int_equal(fixture->done_count, 1);
}

static void submit(struct fixture *fixture, const char *model, const char *version)
{
    infer_call_clear(&fixture->call);
    fixture->done_count = 0;
    fixture->call = (struct infer_call){.operation = INFER_RUN,
                                        .arena = &fixture->arena,
                                        .mailbox = &fixture->mailbox.base,
                                        .done = count_done,
                                        .context = fixture,
                                        .request = {.model = model,
                                                    .version = version,
                                                    .id = "",
                                                    .deadline_ns = CLOCK_NEVER,
                                                    .inputs = &input,
                                                    .input_count = 1}};
    infer_submit(fixture->service, &fixture->call);
}

/* The version that answers, or why none does. */
static const char *run(struct fixture *fixture, const char *model, const char *version)
{
    submit(fixture, model, version);
    wait_for_done(fixture);
    return fixture->call.status == GALEN_OK ? fixture->call.response.version
                                            : fixture->call.error.text;
}

static enum galen_status manage(struct fixture *fixture,
                                enum infer_management_operation operation,
                                const char *model)
{
    fixture->done_count = 0;
    fixture->management = (struct infer_management_call){.operation = operation,
                                                         .model = model,
                                                         .version = "",
                                                         .arena = &fixture->arena,
                                                         .mailbox = &fixture->mailbox.base,
                                                         .done = count_managed,
                                                         .context = fixture};
    infer_manage(engine_management(fixture->service), &fixture->management);
    wait_for_done(fixture);
    return fixture->management.status;
}

/* "echo/1 READY" and so on; NULL: there are not so many. */
static const char *entry(struct fixture *fixture, size_t index)
{
    static const char *const states[] = {"READY", "LOADING", "UNLOADING", "UNAVAILABLE"};
    static char text[128];
    if (index == 0) {
        EXPECT_OK(manage(fixture, MANAGE_INDEX, ""));
    }
    if (index >= fixture->management.index_count) {
        return NULL;
    }
    const struct v2_index_entry *found = &fixture->management.index[index];
    (void)snprintf(text, sizeof(text), "%s/%s %s", found->name, found->version,
                   states[found->state]);
    return text;
}

static void tag_that_moves_is_followed(void **state)
{
    struct fixture *fixture = *state;
    struct repository *next = NULL;
    struct error error;
    open_engine(fixture, ENGINE_BY_REPOSITORY, NULL);
    assert_string_equal(run(fixture, "echo", ""), "1");

    point(fixture, "echo/current", "2");
    EXPECT_OK(repository_reread(fixture->repository, &next, &error));
    engine_follow(fixture->service, next);
    repository_unref(next);
    wait_for_change(fixture, 2);

    assert_string_equal(run(fixture, "echo", ""), "2");
    assert_string_equal(run(fixture, "echo", "1"),
                        "Request for unknown model: 'echo' version 1 is not found");
}

static void index_tells_what_serves_and_why_the_rest_does_not(void **state)
{
    struct fixture *fixture = *state;
    open_engine(fixture, ENGINE_BY_REPOSITORY, NULL);

    assert_string_equal(entry(fixture, 0), "bad/1 UNAVAILABLE");
    assert_non_null(strstr(fixture->management.index[0].reason, "identity: "));
    assert_string_equal(entry(fixture, 1), "echo/1 READY");
    assert_string_equal(entry(fixture, 2), "other/1 READY");
    assert_null(entry(fixture, 3));
}

static void repository_that_is_followed_is_not_managed_by_request(void **state)
{
    struct fixture *fixture = *state;
    open_engine(fixture, ENGINE_BY_REPOSITORY, NULL);

    EXPECT_STATUS(GALEN_UNAVAILABLE, manage(fixture, MANAGE_LOAD, "echo"));
    EXPECT_STATUS(GALEN_UNAVAILABLE, manage(fixture, MANAGE_UNLOAD, "echo"));
    assert_string_equal(run(fixture, "echo", ""), "1");
}

static void model_is_loaded_and_unloaded_by_request(void **state)
{
    struct fixture *fixture = *state;
    open_engine(fixture, ENGINE_BY_REQUEST, NULL);
    assert_string_equal(run(fixture, "echo", ""),
                        "Request for unknown model: 'echo' is not found");
    assert_string_equal(entry(fixture, 0), "bad/ UNAVAILABLE");
    assert_string_equal(entry(fixture, 1), "echo/ UNAVAILABLE");

    EXPECT_OK(manage(fixture, MANAGE_LOAD, "echo"));
    assert_string_equal(run(fixture, "echo", ""), "1");
    assert_string_equal(entry(fixture, 0), "bad/ UNAVAILABLE");
    assert_string_equal(entry(fixture, 1), "echo/1 READY");

    infer_call_clear(&fixture->call);
    EXPECT_OK(manage(fixture, MANAGE_UNLOAD, "echo"));
    assert_string_equal(run(fixture, "echo", ""),
                        "Request for unknown model: 'echo' is not found");
    EXPECT_OK(manage(fixture, MANAGE_UNLOAD, "echo"));
    EXPECT_OK(manage(fixture, MANAGE_UNLOAD, "nobody"));
}

static void load_reads_the_repository_anew(void **state)
{
    struct fixture *fixture = *state;
    static const char *const echo_only[] = {"echo", NULL};
    open_engine(fixture, ENGINE_BY_REQUEST, echo_only);
    assert_string_equal(run(fixture, "echo", ""), "1");

    point(fixture, "echo/current", "2");
    EXPECT_OK(manage(fixture, MANAGE_LOAD, "echo"));

    assert_string_equal(run(fixture, "echo", ""), "2");
}

static void load_of_what_is_not_there_or_broken_says_so(void **state)
{
    struct fixture *fixture = *state;
    open_engine(fixture, ENGINE_BY_REQUEST, NULL);

    EXPECT_STATUS(GALEN_NOT_FOUND, manage(fixture, MANAGE_LOAD, "nobody"));
    assert_string_equal(fixture->management.error.text,
                        "failed to load 'nobody', failed to poll from model repository");
    EXPECT_STATUS(GALEN_INVALID, manage(fixture, MANAGE_LOAD, "bad"));
    assert_non_null(strstr(fixture->management.error.text,
                           "load failed for model 'bad': version 1 is at UNAVAILABLE "
                           "state: "));
}

static enum galen_status load_with(struct fixture *fixture, const char *config)
{
    fixture->done_count = 0;
    fixture->management =
        (struct infer_management_call){.operation = MANAGE_LOAD,
                                       .model = "echo",
                                       .version = "",
                                       .config = bytes_from_string(config),
                                       .arena = &fixture->arena,
                                       .mailbox = &fixture->mailbox.base,
                                       .done = count_managed,
                                       .context = fixture};
    infer_manage(engine_management(fixture->service), &fixture->management);
    wait_for_done(fixture);
    return fixture->management.status;
}

static bool config_says(struct fixture *fixture, const char *text)
{
    EXPECT_OK(manage(fixture, MANAGE_CONFIG, "echo"));
    const struct bytes config = fixture->management.config_json;
    return memmem(config.data, config.size, text, strlen(text)) != NULL;
}

static void load_may_bring_its_own_configuration(void **state)
{
    struct fixture *fixture = *state;
    open_engine(fixture, ENGINE_BY_REQUEST, NULL);

    EXPECT_OK(load_with(fixture, "{\"max_batch_size\":3}"));
    assert_true(config_says(fixture, "\"max_batch_size\":3,"));
    EXPECT_OK(load_with(fixture, "{\"max_batch_size\":5}"));
    assert_true(config_says(fixture, "\"max_batch_size\":5,"));
    assert_string_equal(run(fixture, "echo", ""), "1");

    EXPECT_STATUS(GALEN_INVALID, load_with(fixture, "{\"sequence_batching\":{}}"));
    assert_non_null(strstr(fixture->management.error.text, "sequence_batching"));
    assert_true(config_says(fixture, "\"max_batch_size\":5,"));
    assert_string_equal(run(fixture, "echo", ""), "1");

    EXPECT_OK(manage(fixture, MANAGE_LOAD, "echo"));
    assert_false(config_says(fixture, "\"max_batch_size\":5,"));
}

static void configuration_beside_the_versions_is_read(void **state)
{
    struct fixture *fixture = *state;
    scratch_write(&fixture->scratch, "echo/config.pbtxt", "max_batch_size: 2\n");
    scratch_write(&fixture->scratch, "other/config.pbtxt",
                  "# of another server\nensemble_scheduling { }\n");
    open_engine(fixture, ENGINE_BY_REPOSITORY, NULL);

    assert_true(config_says(fixture, "\"max_batch_size\":2,"));
    assert_string_equal(run(fixture, "echo", ""), "1");
    assert_string_equal(entry(fixture, 0), "bad/1 UNAVAILABLE");
    assert_string_equal(entry(fixture, 2), "other/1 UNAVAILABLE");
    assert_non_null(strstr(fixture->management.index[2].reason,
                           "config.pbtxt:2:1: ensemble_scheduling"));
}

static void star_loads_all(void **state)
{
    struct fixture *fixture = *state;
    static const char *const all[] = {"*", NULL};
    open_engine(fixture, ENGINE_BY_REQUEST, all);

    assert_string_equal(run(fixture, "echo", ""), "1");
    assert_string_equal(run(fixture, "other", ""), "1");
}

static void statistics_are_of_what_is_asked_for(void **state)
{
    struct fixture *fixture = *state;
    open_engine(fixture, ENGINE_BY_REPOSITORY, NULL);
    (void)run(fixture, "other", "");

    EXPECT_OK(manage(fixture, MANAGE_STATISTICS, ""));
    assert_int_equal(fixture->management.statistics_count, 2);
    EXPECT_OK(manage(fixture, MANAGE_STATISTICS, "other"));
    assert_int_equal(fixture->management.statistics_count, 1);
    assert_string_equal(fixture->management.statistics[0].version, "1");
    assert_int_equal(fixture->management.statistics[0].success.count, 1);
    EXPECT_STATUS(GALEN_NOT_FOUND, manage(fixture, MANAGE_STATISTICS, "nobody"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tag_that_moves_is_followed),
        TEST(index_tells_what_serves_and_why_the_rest_does_not),
        TEST(repository_that_is_followed_is_not_managed_by_request),
        TEST(model_is_loaded_and_unloaded_by_request),
        TEST(load_reads_the_repository_anew),
        TEST(load_of_what_is_not_there_or_broken_says_so),
        TEST(load_may_bring_its_own_configuration),
        TEST(configuration_beside_the_versions_is_read),
        TEST(star_loads_all),
        TEST(statistics_are_of_what_is_asked_for),
    };
    return cmocka_run_group_tests_name("lifecycle", tests, NULL, NULL);
}
