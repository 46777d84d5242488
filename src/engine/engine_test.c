/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

#include <pthread.h>

#include "backend/builtin.h"
#include "base/clock.h"
#include "base/limits.h"
#include "expect.h"
#include "infer_conformance.h"
#include "manual_mailbox.h"
#include "scratch.h"

enum { WAIT_MS = 20000, LOOP_COUNT = 3, CALL_COUNT = 500 };

static const char echo_text[] = "X Y FP32 -1,2\nS T BYTES -1\n";

/* The identity backend behind a gate: while it is closed, a run waits inside. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool closed;
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void set_gate(bool closed)
{
    (void)pthread_mutex_lock(&gate.lock);
    gate.closed = closed;
    (void)pthread_cond_broadcast(&gate.changed);
    (void)pthread_mutex_unlock(&gate.lock);
}

static enum galen_status gate_open(const struct galen_open_options *options,
                                   struct galen_backend **out_backend,
                                   struct galen_error *out_error)
{
    return identity_backend.open(options, out_backend, out_error);
}

static const struct galen_model_spec *gate_describe(const struct galen_backend *backend)
{
    return identity_backend.describe(backend);
}

static enum galen_status gate_run(struct galen_backend *backend,
                                  const struct galen_batch *batch, struct galen_sink *sink,
                                  struct galen_error *out_error)
{
    (void)pthread_mutex_lock(&gate.lock);
    while (gate.closed) {
        (void)pthread_cond_wait(&gate.changed, &gate.lock);
    }
    (void)pthread_mutex_unlock(&gate.lock);
    return identity_backend.run(backend, batch, sink, out_error);
}

static void gate_close(struct galen_backend *backend)
{
    identity_backend.close(backend);
}

static const struct galen_backend_ops gate_backend = {.abi = GALEN_BACKEND_ABI,
                                                      .name = "gate",
                                                      .file_name = "model.gate",
                                                      .open = gate_open,
                                                      .describe = gate_describe,
                                                      .run = gate_run,
                                                      .close = gate_close};
static const struct galen_backend_ops *const backends[] = {&identity_backend, &gate_backend,
                                                           NULL};

/* What the engine last told of itself. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t change_count;
    size_t loaded_count;
    size_t failure_count;
    struct engine_failure first; /* its texts are copies */
    char model[64];
    char why[512];
} told = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void on_changed(void *context, const struct engine_summary *summary)
{
    (void)context;
    (void)pthread_mutex_lock(&told.lock);
    told.change_count++;
    told.loaded_count = summary->loaded_count;
    told.failure_count = summary->failure_count;
    if (summary->failure_count > 0) {
        told.first = summary->failures[0];
        (void)snprintf(told.model, sizeof(told.model), "%s", told.first.model);
        (void)snprintf(told.why, sizeof(told.why), "%s", told.first.why);
    }
    (void)pthread_cond_broadcast(&told.changed);
    (void)pthread_mutex_unlock(&told.lock);
}

static struct infer_service *open_engine(const struct scratch *scratch,
                                         uint64_t quick_ns_max)
{
    struct repository *repository = NULL;
    struct infer_service *service = NULL;
    struct error error;
    EXPECT_OK(repository_read(scratch->path, true, &repository, &error));
    const struct engine_options options = {.repository = repository,
                                           .backends = backends,
                                           .quick_ns_max = quick_ns_max,
                                           .changed = on_changed};
    EXPECT_OK(engine_create(&options, &service, &error));
    repository_unref(repository);
    return service;
}

/* --- one service, asked by hand --- */

static const float values[] = {0.5F, 0.25F};
static const uint8_t strings[] = {2, 0, 0, 0, 'a', 'b'};
static const struct galen_tensor inputs[] = {{.name = "X",
                                              .datatype = GALEN_FP32,
                                              .rank = 2,
                                              .shape = {1, 2},
                                              .bytes = values,
                                              .size_bytes = 8},
                                             {.name = "S",
                                              .datatype = GALEN_BYTES,
                                              .rank = 1,
                                              .shape = {1},
                                              .bytes = strings,
                                              .size_bytes = 6}};

struct fixture {
    struct scratch scratch;
    struct infer_service *service;
    struct manual_mailbox mailbox;
    struct arena arena;
    struct infer_call call;
    size_t done_count;
};

static void count_done(struct infer_call *call)
{
    struct fixture *fixture = call->context;
    fixture->done_count++;
}

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    scratch_create(&fixture.scratch);
    scratch_write(&fixture.scratch, "echo/1/model.identity", echo_text);
    scratch_write(&fixture.scratch, "echo/2/model.identity", echo_text);
    scratch_write(&fixture.scratch, "echo/3/model.identity", echo_text);
    scratch_link(&fixture.scratch, "echo/current", "2");
    scratch_link(&fixture.scratch, "echo/previous", "1");
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
    arena_deinit(&fixture->arena);
    manual_mailbox_deinit(&fixture->mailbox);
    scratch_remove(&fixture->scratch);
    return 0;
}

static void submit(struct fixture *fixture, enum infer_operation operation,
                   const char *model, const char *version)
{
    infer_call_clear(&fixture->call);
    fixture->done_count = 0;
    fixture->call = (struct infer_call){.operation = operation,
                                        .arena = &fixture->arena,
                                        .mailbox = &fixture->mailbox.base,
                                        .done = count_done,
                                        .context = fixture,
                                        .request = {.model = model,
                                                    .version = version,
                                                    .id = "",
                                                    .deadline_ns = CLOCK_NEVER,
                                                    .inputs = inputs,
                                                    .input_count = 2}};
    infer_submit(fixture->service, &fixture->call);
}

static void wait_for_done(struct fixture *fixture, enum galen_status status)
{
    while (fixture->done_count == 0 &&
           manual_mailbox_wait(&fixture->mailbox, WAIT_MS) > 0) {
    }
    assert_int_equal(fixture->done_count, 1);
    EXPECT_STATUS(status, fixture->call.status);
}

static void ask(struct fixture *fixture, enum infer_operation operation, const char *model,
                const char *version, enum galen_status status)
{
    submit(fixture, operation, model, version);
    wait_for_done(fixture, status);
}

static void current_version_answers_unless_one_is_named(void **state)
{
    struct fixture *fixture = *state;
    fixture->service = open_engine(&fixture->scratch, 0);

    ask(fixture, INFER_RUN, "echo", "", GALEN_OK);
    assert_string_equal(fixture->call.response.version, "2");
    ask(fixture, INFER_RUN, "echo", "1", GALEN_OK);
    assert_string_equal(fixture->call.response.version, "1");
    ask(fixture, INFER_RUN, "echo", "previous", GALEN_OK);
    assert_string_equal(fixture->call.response.version, "1");
}

static void version_that_no_tag_names_is_not_there(void **state)
{
    struct fixture *fixture = *state;
    fixture->service = open_engine(&fixture->scratch, 0);

    ask(fixture, INFER_RUN, "echo", "3", GALEN_NOT_FOUND);
    assert_string_equal(fixture->call.error.text,
                        "Request for unknown model: 'echo' version 3 is not found");
    ask(fixture, INFER_RUN, "echo", "staging", GALEN_NOT_FOUND);
}

static void description_lists_what_is_loaded(void **state)
{
    struct fixture *fixture = *state;
    fixture->service = open_engine(&fixture->scratch, 0);

    ask(fixture, INFER_DESCRIBE, "echo", "", GALEN_OK);

    const struct v2_model *model = &fixture->call.response.model;
    assert_int_equal(model->version_count, 2);
    assert_string_equal(model->versions[0], "1");
    assert_string_equal(model->versions[1], "2");
    assert_string_equal(model->inputs[0].name, "X");
    assert_string_equal(model->outputs[1].name, "T");
}

static void broken_model_stops_no_other(void **state)
{
    struct fixture *fixture = *state;
    scratch_write(&fixture->scratch, "broken/1/model.identity", "nonsense\n");
    fixture->service = open_engine(&fixture->scratch, 0);

    assert_int_equal(told.loaded_count, 2);
    assert_int_equal(told.failure_count, 1);
    assert_string_equal(told.model, "broken");
    assert_int_equal(told.first.version, 1);
    assert_non_null(strstr(told.why, "model 'broken' version 1: identity: "));

    ask(fixture, INFER_RUN, "echo", "", GALEN_OK);
    ask(fixture, INFER_READY, "echo", "", GALEN_OK);
    ask(fixture, INFER_READY, "broken", "", GALEN_UNAVAILABLE);
    assert_string_equal(fixture->call.error.text, told.why);
    ask(fixture, INFER_RUN, "broken", "", GALEN_UNAVAILABLE);
    ask(fixture, INFER_READY, "", "", GALEN_UNAVAILABLE);
    assert_non_null(
        strstr(fixture->call.error.text, "1 cannot answer as they should, the first: "));
}

static void tag_that_points_nowhere_makes_the_engine_unready(void **state)
{
    struct fixture *fixture = *state;
    scratch_link(&fixture->scratch, "echo/staging", "9");
    fixture->service = open_engine(&fixture->scratch, 0);

    assert_int_equal(told.loaded_count, 2);
    assert_int_equal(told.failure_count, 1);
    ask(fixture, INFER_READY, "", "", GALEN_UNAVAILABLE);
    ask(fixture, INFER_RUN, "echo", "", GALEN_OK);
}

static void canary_that_points_nowhere_is_a_trial_and_no_more(void **state)
{
    struct fixture *fixture = *state;
    scratch_link(&fixture->scratch, "echo/canary", "9");
    fixture->service = open_engine(&fixture->scratch, 0);

    assert_int_equal(told.failure_count, 1);
    ask(fixture, INFER_READY, "", "", GALEN_OK);
}

static void options_out_of_range_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct repository *repository = NULL;
    struct error error;
    EXPECT_OK(repository_read(fixture->scratch.path, true, &repository, &error));
    struct engine_options options = {
        .repository = repository, .backends = backends, .queue_count_max = 65537};

    EXPECT_STATUS(GALEN_INVALID, engine_create(&options, &fixture->service, &error));

    assert_null(fixture->service);
    repository_unref(repository);
}

static void drained_engine_refuses_and_is_not_ready(void **state)
{
    struct fixture *fixture = *state;
    fixture->service = open_engine(&fixture->scratch, 0);

    EXPECT_OK(engine_drain(fixture->service, CLOCK_NEVER));

    ask(fixture, INFER_RUN, "echo", "", GALEN_UNAVAILABLE);
    ask(fixture, INFER_READY, "", "", GALEN_UNAVAILABLE);
    ask(fixture, INFER_READY, "echo", "", GALEN_UNAVAILABLE);
}

static void drain_gives_up_at_its_deadline(void **state)
{
    struct fixture *fixture = *state;
    scratch_write(&fixture->scratch, "slow/1/model.gate", echo_text);
    fixture->service = open_engine(&fixture->scratch, 0);
    set_gate(true);
    submit(fixture, INFER_RUN, "slow", "");
    struct infer_call *call = &fixture->call;

    const enum galen_status status =
        engine_drain(fixture->service, clock_monotonic_ns() + NS_PER_MS);
    set_gate(false);

    while (fixture->done_count == 0 &&
           manual_mailbox_wait(&fixture->mailbox, WAIT_MS) > 0) {
    }
    /* it had begun and is answered, or it waited and was sent away */
    assert_true(call->status == (status == GALEN_TIMEOUT ? GALEN_OK : GALEN_UNAVAILABLE));
}

static void sum_successes(void *context, const struct engine_activity *activity)
{
    assert_string_equal(activity->model, "echo");
    *(uint64_t *)context += activity->statistics.success.count;
}

static void activity_counts_what_was_answered(void **state)
{
    struct fixture *fixture = *state;
    uint64_t success_count = 0;
    fixture->service = open_engine(&fixture->scratch, 0);
    ask(fixture, INFER_RUN, "echo", "1", GALEN_OK);
    ask(fixture, INFER_RUN, "echo", "2", GALEN_OK);

    engine_visit(fixture->service, sum_successes, &success_count);

    assert_int_equal(success_count, 2);
}

/* --- several loops at once --- */

struct loop {
    struct infer_service *service;
    struct manual_mailbox mailbox;
    float values[2];
    struct galen_tensor inputs[2];
    struct arena arena;
    struct infer_call call;
    size_t right_count;
    size_t done_count;
};

static void check_own_values(struct infer_call *call)
{
    struct loop *loop = call->context;
    const struct galen_tensor *output = &call->response.outputs[0].tensor;
    loop->done_count++;
    loop->right_count += call->status == GALEN_OK &&
                         bytes_equal(bytes_of(output->bytes, output->size_bytes),
                                     bytes_of(loop->values, sizeof(loop->values)));
    infer_call_clear(call);
    arena_clear(call->arena);
    if (loop->done_count < CALL_COUNT) {
        loop->values[1] = (float)loop->done_count;
        infer_submit(loop->service, call);
    }
}

static void *loop_main(void *context)
{
    struct loop *loop = context;
    infer_submit(loop->service, &loop->call);
    while (loop->done_count < CALL_COUNT &&
           manual_mailbox_wait(&loop->mailbox, WAIT_MS) > 0) {
    }
    return NULL;
}

static void loop_init(struct loop *loop, struct infer_service *service, size_t index)
{
    *loop = (struct loop){
        .service = service, .values = {(float)index}, .inputs = {inputs[0], inputs[1]}};
    loop->inputs[0].bytes = loop->values;
    manual_mailbox_init(&loop->mailbox);
    arena_init(&loop->arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    loop->call = (struct infer_call){.operation = INFER_RUN,
                                     .arena = &loop->arena,
                                     .mailbox = &loop->mailbox.base,
                                     .done = check_own_values,
                                     .context = loop,
                                     .request = {.model = "echo",
                                                 .version = "",
                                                 .id = "",
                                                 .deadline_ns = CLOCK_NEVER,
                                                 .inputs = loop->inputs,
                                                 .input_count = 2}};
}

static void loops_that_share_the_engine_get_their_own_answers(void **state)
{
    struct fixture *fixture = *state;
    static struct loop loops[LOOP_COUNT];
    pthread_t threads[LOOP_COUNT];
    fixture->service = open_engine(&fixture->scratch, 0);
    for (size_t i = 0; i < LOOP_COUNT; i++) {
        loop_init(&loops[i], fixture->service, i);
        assert_int_equal(pthread_create(&threads[i], NULL, loop_main, &loops[i]), 0);
    }

    for (size_t i = 0; i < LOOP_COUNT; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(loops[i].right_count, CALL_COUNT);
        arena_deinit(&loops[i].arena);
        manual_mailbox_deinit(&loops[i].mailbox);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

static int run_own_tests(void)
{
    const struct CMUnitTest tests[] = {
        TEST(current_version_answers_unless_one_is_named),
        TEST(version_that_no_tag_names_is_not_there),
        TEST(description_lists_what_is_loaded),
        TEST(broken_model_stops_no_other),
        TEST(tag_that_points_nowhere_makes_the_engine_unready),
        TEST(canary_that_points_nowhere_is_a_trial_and_no_more),
        TEST(options_out_of_range_are_refused),
        TEST(drained_engine_refuses_and_is_not_ready),
        TEST(drain_gives_up_at_its_deadline),
        TEST(activity_counts_what_was_answered),
        TEST(loops_that_share_the_engine_get_their_own_answers),
    };
    return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}

/* --- what every service must do --- */

static const struct galen_tensor outputs[] = {{.name = "Y",
                                               .datatype = GALEN_FP32,
                                               .rank = 2,
                                               .shape = {1, 2},
                                               .bytes = values,
                                               .size_bytes = 8},
                                              {.name = "T",
                                               .datatype = GALEN_BYTES,
                                               .rank = 1,
                                               .shape = {1},
                                               .bytes = strings,
                                               .size_bytes = 6}};

struct conformance {
    struct infer_subject subject;
    struct scratch scratch;
    struct manual_mailbox mailbox;
    uint64_t quick_ns_max;
};

static struct conformance *conformance_of(struct infer_subject *subject)
{
    return LIST_ITEM(subject, struct conformance, subject);
}

static struct infer_service *open_subject(struct infer_subject *subject)
{
    const struct conformance *conformance = conformance_of(subject);
    return open_engine(&conformance->scratch, conformance->quick_ns_max);
}

static void pump_subject(struct infer_subject *subject)
{
    (void)manual_mailbox_wait(&conformance_of(subject)->mailbox, 50);
}

static void hold_subject(struct infer_subject *subject, bool held)
{
    (void)subject;
    set_gate(held);
}

static int run_conformance(const char *name, const char *file, uint64_t quick_ns_max,
                           void (*hold)(struct infer_subject *subject, bool held))
{
    static struct conformance conformance;
    conformance.quick_ns_max = quick_ns_max;
    conformance.subject = (struct infer_subject){.name = name,
                                                 .open = open_subject,
                                                 .mailbox = &conformance.mailbox.base,
                                                 .pump = pump_subject,
                                                 .hold = hold,
                                                 .model = "echo",
                                                 .version = "4",
                                                 .inputs = inputs,
                                                 .input_count = 2,
                                                 .outputs = outputs,
                                                 .output_count = 2};
    scratch_create(&conformance.scratch);
    scratch_write(&conformance.scratch, file, echo_text);
    manual_mailbox_init(&conformance.mailbox);
    const int failed_count = infer_conformance_run(&conformance.subject);
    manual_mailbox_deinit(&conformance.mailbox);
    scratch_remove(&conformance.scratch);
    return failed_count;
}

int main(void)
{
    const char *identity = "echo/4/model.identity";
    return run_own_tests() + run_conformance("engine conformance", identity, 0, NULL) +
           run_conformance("quick engine conformance", identity, NS_PER_S, NULL) +
           run_conformance("gated engine conformance", "echo/4/model.gate", 0,
                           hold_subject);
}
