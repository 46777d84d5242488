/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the engine costs a request: CPU time of the process and wall time from submit to
 * done, with the identity backend and one tiny tensor, through one instance. What is left
 * is queue, two hand-overs between threads, and the arena.
 *
 *     engine_roundtrip [COUNT [AT_ONCE [QUICK_US]]]
 *
 * AT_ONCE calls are kept in flight; with more than one, they are joined. QUICK_US is the
 * engine's quick_ns_max, in microseconds: calls then run on the submitting thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "backend/builtin.h"
#include "base/clock.h"
#include "base/limits.h"
#include "engine/engine.h"
#include "manual_mailbox.h"
#include "scratch.h"

enum { DEFAULT_COUNT = 200000, AT_ONCE_MAX = 256, WAIT_MS = 10000 };

static struct infer_service *service;
static size_t left_count;
static size_t done_count;

struct client {
    struct infer_call call;
    struct arena arena;
};

static void again(struct infer_call *call)
{
    if (call->status != GALEN_OK) {
        (void)fprintf(stderr, "%s\n", call->error.text);
        exit(1);
    }
    done_count++;
    infer_call_clear(call);
    arena_clear(call->arena);
    if (left_count > 0) {
        left_count--;
        infer_submit(service, call);
    }
}

static uint64_t cpu_ns(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    const uint64_t seconds = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec);
    const uint64_t micros = (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    return seconds * NS_PER_S + micros * NS_PER_US;
}

static void open_service(const char *path, uint64_t quick_ns_max)
{
    static const struct galen_backend_ops *const backends[] = {&identity_backend, NULL};
    struct repository *repository = NULL;
    struct error error;
    EXPECT_OK(repository_read(path, false, &repository, &error));
    const struct engine_options options = {
        .repository = repository, .backends = backends, .quick_ns_max = quick_ns_max};
    EXPECT_OK(engine_create(&options, &service, &error));
    repository_unref(repository);
}

static void client_init(struct client *client, struct mailbox *mailbox)
{
    static const float values[4];
    static const struct galen_tensor input = {.name = "X",
                                              .datatype = GALEN_FP32,
                                              .rank = 2,
                                              .shape = {1, 4},
                                              .bytes = values,
                                              .size_bytes = sizeof(values)};
    arena_init(&client->arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    client->call = (struct infer_call){.operation = INFER_RUN,
                                       .arena = &client->arena,
                                       .mailbox = mailbox,
                                       .done = again,
                                       .request = {.model = "echo",
                                                   .version = "",
                                                   .id = "",
                                                   .deadline_ns = CLOCK_NEVER,
                                                   .inputs = &input,
                                                   .input_count = 1}};
}

static void measure(size_t count, size_t at_once)
{
    static struct client clients[AT_ONCE_MAX];
    struct manual_mailbox mailbox;
    manual_mailbox_init(&mailbox);
    const uint64_t cpu_before_ns = cpu_ns();
    const uint64_t before_ns = clock_monotonic_ns();
    left_count = count - at_once;
    for (size_t i = 0; i < at_once; i++) {
        client_init(&clients[i], &mailbox.base);
        infer_submit(service, &clients[i].call);
    }
    while (done_count < count && manual_mailbox_wait(&mailbox, WAIT_MS) > 0) {
    }
    (void)printf("%zu round trips, %zu at once: %.2f us CPU, %.2f us wall\n", done_count,
                 at_once, (double)(cpu_ns() - cpu_before_ns) / 1e3 / (double)count,
                 (double)(clock_monotonic_ns() - before_ns) / 1e3 / (double)count);
    for (size_t i = 0; i < at_once; i++) {
        arena_deinit(&clients[i].arena);
    }
    manual_mailbox_deinit(&mailbox);
}

int main(int argument_count, char **arguments)
{
    const size_t count =
        argument_count > 1 ? strtoull(arguments[1], NULL, 10) : DEFAULT_COUNT;
    const size_t at_once = argument_count > 2 ? strtoull(arguments[2], NULL, 10) : 1;
    const uint64_t quick_ns_max =
        argument_count > 3 ? strtoull(arguments[3], NULL, 10) * NS_PER_US : 0;
    struct scratch scratch;
    if (at_once < 1 || at_once > AT_ONCE_MAX || count < at_once) {
        (void)fprintf(stderr, "AT_ONCE is 1 to %d and at most COUNT\n", (int)AT_ONCE_MAX);
        return 2;
    }
    scratch_create(&scratch);
    scratch_write(&scratch, "echo/1/model.identity", "X Y FP32 -1,4\n");
    open_service(scratch.path, quick_ns_max);
    measure(count, at_once);
    infer_service_close(service);
    scratch_remove(&scratch);
    return 0;
}
