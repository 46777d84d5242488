/* SPDX-License-Identifier: Apache-2.0 */
/* An upstream of three fakes, on a clock and a mailbox that the test moves. Only for its
 * tests. */
#pragma once

#include "gateway/upstream.h"

#include <string.h>

#include "base/clock.h"
#include "expect.h"
#include "infer/fake.h"
#include "infer/fake_management.h"
#include "manual_mailbox.h"

enum { ENDPOINT_COUNT = 3 };

static const char *const names[] = {"a:1", "b:1", "c:1"};
static const char *const versions[] = {"1", "3"};
static const struct galen_tensor_spec specs[] = {
    {"numbers", GALEN_FP32, 2, {GALEN_DIMENSION_ANY, 2}}};
static const struct v2_model model = {
    .name = "m",
    .versions = versions,
    .version_count = 2,
    .platform = "fake",
    .inputs = specs,
    .input_count = 1,
    .outputs = specs,
    .output_count = 1,
};
static const float numbers[] = {1.5F, -0.0F};
static const struct galen_tensor tensors[] = {
    {"numbers", GALEN_FP32, 2, {1, 2}, numbers, sizeof(numbers)}};

struct client {
    struct infer_call call;
    struct arena arena;
    size_t done_count;
};

struct rig {
    struct upstream *upstream;
    struct infer_fake services[ENDPOINT_COUNT];
    struct infer_fake probes[ENDPOINT_COUNT];
    struct infer_fake_management management;
    struct manual_mailbox mailbox;
    struct upstream_counts counts;
    struct client clients[16];
    size_t client_count;
    uint64_t now_ns;
    uint64_t wake_ns;
    uint64_t random;
    struct task closed;
    bool is_closed;
};

static struct rig rig;

static inline uint64_t read_clock(void *context)
{
    (void)context;
    return rig.now_ns;
}

static inline uint64_t read_random(void *context)
{
    (void)context;
    rig.random = rig.random * UINT64_C(6364136223846793005) + 1;
    return rig.random >> 11;
}

static inline void wake_at(void *context, uint64_t due_ns)
{
    (void)context;
    rig.wake_ns = due_ns;
}

static inline enum galen_status open_endpoint(void *context, const char *name,
                                              struct upstream_endpoint *out_endpoint)
{
    (void)context;
    for (size_t i = 0; i < ENDPOINT_COUNT; i++) {
        if (strcmp(names[i], name) == 0) {
            infer_fake_init(&rig.services[i], &model);
            infer_fake_init(&rig.probes[i], &model);
            rig.services[i].outputs = tensors;
            rig.services[i].output_count = 1;
            rig.services[i].holds = true;
            *out_endpoint = (struct upstream_endpoint){.service = &rig.services[i].base,
                                                       .probe = &rig.probes[i].base,
                                                       .management = &rig.management.base};
            return GALEN_OK;
        }
    }
    return GALEN_UNAVAILABLE;
}

static inline void on_closed(struct task *task)
{
    (void)task;
    rig.is_closed = true;
}

static inline struct upstream_options usual_options(void)
{
    return (struct upstream_options){
        .name = "engine",
        .balance = {.eject_failures = 3,
                    .eject_base_ns = 10 * NS_PER_S,
                    .eject_ns_max = 60 * NS_PER_S,
                    .eject_percent_max = 100,
                    .pending_count_max = 64,
                    .retry_percent = 20,
                    .retry_count_min = 2},
        .retry_count_max = 2,
        .try_timeout_ns = 2 * NS_PER_S,
        .backoff_ns = NS_PER_S / 10,
        .probe_interval_ns = NS_PER_S,
        .probe_timeout_ns = NS_PER_S,
        .mailbox = &rig.mailbox.base,
        .counts = &rig.counts,
        .now_ns = read_clock,
        .random = read_random,
        .wake_at = wake_at,
        .open_endpoint = open_endpoint,
        .closed = &rig.closed,
    };
}

static inline void run_all(void)
{
    while (manual_mailbox_run(&rig.mailbox) > 0) {
    }
}

static inline void pass(uint64_t ns)
{
    const uint64_t until_ns = rig.now_ns + ns;
    run_all();
    while (rig.wake_ns <= until_ns) {
        rig.now_ns = rig.wake_ns > rig.now_ns ? rig.wake_ns : rig.now_ns;
        rig.wake_ns = CLOCK_NEVER;
        upstream_wake(rig.upstream);
        run_all();
    }
    rig.now_ns = until_ns;
}

static inline void begin(const struct upstream_options *options)
{
    rig = (struct rig){.now_ns = NS_PER_S, .wake_ns = CLOCK_NEVER, .random = 1};
    rig.closed.run = on_closed;
    manual_mailbox_init(&rig.mailbox);
    infer_fake_management_init(&rig.management);
    EXPECT_OK(upstream_create(options, &rig.upstream));
}

static inline int set_up(void **state)
{
    const struct upstream_options options = usual_options();
    (void)state;
    begin(&options);
    upstream_set_endpoints(rig.upstream, names, ENDPOINT_COUNT);
    pass(0);
    return 0;
}

static inline void begin_without_probes(size_t endpoint_count)
{
    struct upstream_options options = usual_options();
    options.probe_interval_ns = 0;
    begin(&options);
    upstream_set_endpoints(rig.upstream, names, endpoint_count);
}

static inline int tear_down(void **state)
{
    (void)state;
    run_all();
    for (size_t i = 0; i < rig.client_count; i++) {
        assert_int_equal(rig.clients[i].done_count, 1);
        infer_call_clear(&rig.clients[i].call);
        arena_deinit(&rig.clients[i].arena);
    }
    upstream_close(rig.upstream);
    run_all();
    assert_true(rig.is_closed);
    manual_mailbox_deinit(&rig.mailbox);
    return 0;
}

static inline void on_done(struct infer_call *call)
{
    struct client *client = LIST_ITEM(call, struct client, call);
    client->done_count++;
}

static inline struct infer_call *prepare(enum infer_operation operation)
{
    struct client *client = &rig.clients[rig.client_count++];
    arena_init(&client->arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    client->call =
        (struct infer_call){.operation = operation,
                            .arena = &client->arena,
                            .mailbox = &rig.mailbox.base,
                            .done = on_done,
                            .request = {.model = "m",
                                        .version = "1",
                                        .id = "",
                                        .deadline_ns = rig.now_ns + 30 * NS_PER_S,
                                        .inputs = tensors,
                                        .input_count = operation == INFER_RUN ? 1 : 0}};
    return &client->call;
}

static inline struct infer_call *submit(enum infer_operation operation)
{
    struct infer_call *call = prepare(operation);
    infer_submit(upstream_any(rig.upstream), call);
    return call;
}

static inline struct infer_call *run(void)
{
    return submit(INFER_RUN);
}

static inline bool is_done(struct infer_call *call)
{
    return LIST_ITEM(call, struct client, call)->done_count > 0;
}

/* The only one that has a call waiting. */
static inline size_t asked(void)
{
    size_t found = ENDPOINT_COUNT;
    for (size_t i = 0; i < ENDPOINT_COUNT; i++) {
        if (infer_fake_next(&rig.services[i]) != NULL) {
            assert_int_equal(found, ENDPOINT_COUNT);
            found = i;
        }
    }
    assert_int_not_equal(found, ENDPOINT_COUNT);
    return found < ENDPOINT_COUNT ? found : 0; /* analysers think that assertions return */
}

static inline void answer(size_t endpoint)
{
    infer_fake_answer(&rig.services[endpoint], infer_fake_next(&rig.services[endpoint]));
    run_all();
}

static inline void break_off(size_t endpoint, enum infer_failure failure,
                             enum galen_status status)
{
    struct infer_call *call = infer_fake_next(&rig.services[endpoint]);
    call->route.failure = failure;
    infer_fake_fail(&rig.services[endpoint], call, status, "why");
    run_all();
}

static inline uint64_t attempts(size_t endpoint, enum upstream_attempt attempt)
{
    return tally_read(&upstream_counts_of(&rig.counts, names[endpoint])->attempts[attempt]);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define OWN(test) cmocka_unit_test_teardown(test, tear_down)
