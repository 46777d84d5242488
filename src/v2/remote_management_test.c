/* SPDX-License-Identifier: Apache-2.0 */
/* What another host tells, over a real socket: front end, fake and client on one loop. */
#include "v2/remote_management.h"

#include "base/clock.h"
#include "base/limits.h"
#include "expect.h"
#include "infer/fake.h"
#include "infer/fake_management.h"
#include "raw_client.h"
#include "v2/front.h"

static const struct v2_batch_statistics batches[] = {{4, {1, 2}, {3, 4}, {5, 6}}};
static const struct v2_statistics statistics[] = {{.name = "a m",
                                                   .version = "1",
                                                   .inference_count = 7,
                                                   .queue = {8, 9},
                                                   .batches = batches,
                                                   .batch_count = 1}};
static const char *const versions[] = {"1"};
static const struct v2_model model = {
    .name = "a m", .versions = versions, .version_count = 1, .platform = "fake"};

struct fixture {
    struct loop *loop;
    struct infer_fake service;
    struct infer_fake_management fake;
    struct v2_front *front;
    struct http_server *server;
    struct http_client *client;
    struct remote_management remote;
    struct arena arena;
    struct infer_management_call call;
    bool is_done;
    atomic_bool draining;
    size_t closed_count;
    struct task closed[2];
};

static struct fixture fixture;

static void on_closed(struct task *task)
{
    (void)task;
    fixture.closed_count++;
}

static void on_done(struct infer_management_call *call)
{
    (void)call;
    fixture.is_done = true;
}

static void open_server(void)
{
    const struct http_server_options options = {
        .address = "127.0.0.1",
        .connection_count_max = 8,
        .header_timeout_ms = 5000,
        .body_timeout_ms = 5000,
        .idle_timeout_ms = 5000,
        .write_timeout_ms = 5000,
    };
    const struct v2_front_options front_options = {
        .loop = fixture.loop,
        .service = &fixture.service.base,
        .management = &fixture.fake.base,
        .body_size_bytes_max = 4096,
        .timeout_ns = 10 * NS_PER_S,
        .draining = &fixture.draining,
    };
    EXPECT_OK(v2_front_create(&front_options, &fixture.front));
    const struct http_handler handler = v2_front_handler(fixture.front);
    EXPECT_OK(http_server_open(fixture.loop, &options, &handler, &fixture.server, NULL));
}

static void open_client(void)
{
    const struct http_client_options options = {
        .host = "127.0.0.1",
        .port = http_server_port(fixture.server),
        .connection_count_max = 2,
        .waiting_count_max = 8,
        .connect_timeout_ms = 5000,
        .idle_timeout_ms = 2000,
        .response_size_bytes_max = 1 << 20,
    };
    EXPECT_OK(http_client_create(fixture.loop, &options, &fixture.client));
    remote_management_init(&fixture.remote, fixture.client);
}

static int set_up(void **state)
{
    (void)state;
    fixture = (struct fixture){.closed = {{.run = on_closed}, {.run = on_closed}}};
    EXPECT_OK(loop_create(&fixture.loop));
    arena_init(&fixture.arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    infer_fake_init(&fixture.service, &model);
    infer_fake_management_init(&fixture.fake);
    open_server();
    open_client();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    http_client_close(fixture.client, &fixture.closed[0]);
    http_server_close(fixture.server, &fixture.closed[1]);
    AWAIT_ON(fixture.loop, fixture.closed_count == 2);
    v2_front_destroy(fixture.front);
    arena_deinit(&fixture.arena);
    loop_destroy(fixture.loop);
    return 0;
}

static void submit(enum infer_management_operation operation, const char *name,
                   const char *version)
{
    fixture.is_done = false;
    fixture.call = (struct infer_management_call){
        .operation = operation,
        .model = name,
        .version = version,
        .deadline_ns = CLOCK_NEVER,
        .arena = &fixture.arena,
        .mailbox = loop_mailbox(fixture.loop),
        .done = on_done,
    };
    infer_manage(&fixture.remote.base, &fixture.call);
    assert_false(fixture.is_done);
}

static void ask(enum infer_management_operation operation, const char *name,
                const char *version)
{
    submit(operation, name, version);
    AWAIT_ON(fixture.loop, fixture.is_done);
}

static void statistics_come_as_the_other_host_has_them(void **state)
{
    (void)state;
    fixture.fake.statistics = statistics;
    fixture.fake.statistics_count = 1;

    ask(MANAGE_STATISTICS, "a m", "1");

    EXPECT_OK(fixture.call.status);
    assert_string_equal("a m", fixture.fake.model);
    assert_string_equal("1", fixture.fake.version);
    assert_int_equal(1, fixture.call.statistics_count);
    assert_string_equal("a m", fixture.call.statistics[0].name);
    assert_int_equal(7, fixture.call.statistics[0].inference_count);
    assert_int_equal(9, fixture.call.statistics[0].queue.ns);
    assert_memory_equal(batches, fixture.call.statistics[0].batches, sizeof(batches));
}

static void all_models_may_be_asked_for_and_a_model_without_a_version(void **state)
{
    (void)state;
    ask(MANAGE_STATISTICS, "", "");
    EXPECT_OK(fixture.call.status);
    assert_string_equal("", fixture.fake.model);
    ask(MANAGE_STATISTICS, "stats", "");
    EXPECT_OK(fixture.call.status);
    assert_string_equal("stats", fixture.fake.model);
}

static void a_configuration_comes_as_it_is(void **state)
{
    (void)state;
    fixture.fake.config_json = BYTES("{\"name\":\"m\",\"unknown\":[1]}");
    ask(MANAGE_CONFIG, "m", "");
    EXPECT_OK(fixture.call.status);
    assert_true(bytes_equal(fixture.fake.config_json, fixture.call.config_json));
}

static void a_refusal_keeps_its_meaning(void **state)
{
    (void)state;
    fixture.fake.status = GALEN_NOT_FOUND;
    fixture.fake.why = "there is no such model";
    ask(MANAGE_CONFIG, "m", "9");
    EXPECT_STATUS(GALEN_NOT_FOUND, fixture.call.status);
    assert_string_equal("there is no such model", fixture.call.error.text);
}

static void nothing_is_managed_over_a_hop(void **state)
{
    (void)state;
    static const enum infer_management_operation operations[] = {MANAGE_INDEX, MANAGE_LOAD,
                                                                 MANAGE_UNLOAD};
    for (size_t i = 0; i < 3; i++) {
        ask(operations[i], "m", "");
        EXPECT_STATUS(GALEN_FORBIDDEN, fixture.call.status);
    }
    assert_int_equal(0, fixture.fake.submit_count);
}

static void who_does_not_answer_in_time_is_given_up(void **state)
{
    (void)state;
    fixture.fake.holds = true;
    submit(MANAGE_CONFIG, "m", "");
    AWAIT_ON(fixture.loop, fixture.fake.pending != NULL);
    fixture.is_done = false;
    struct infer_management_call late = fixture.call;
    late.deadline_ns = 1; /* after boot */
    infer_manage(&fixture.remote.base, &late);
    AWAIT_ON(fixture.loop, fixture.is_done);
    EXPECT_STATUS(GALEN_TIMEOUT, late.status);
    fixture.is_done = false;
    infer_fake_management_answer(&fixture.fake);
    AWAIT_ON(fixture.loop, fixture.is_done);
    EXPECT_OK(fixture.call.status);
}

int main(void)
{
#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(statistics_come_as_the_other_host_has_them),
        WITH_FIXTURE(all_models_may_be_asked_for_and_a_model_without_a_version),
        WITH_FIXTURE(a_configuration_comes_as_it_is),
        WITH_FIXTURE(a_refusal_keeps_its_meaning),
        WITH_FIXTURE(nothing_is_managed_over_a_hop),
        WITH_FIXTURE(who_does_not_answer_in_time_is_given_up),
    };
    return cmocka_run_group_tests_name("remote management", tests, NULL, NULL);
}
