/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway's upstream over one to five virtual endpoints on virtual time, driven by a
 * seed: endpoints are killed, stopped, slowed, cut answers off, refuse, say that they are
 * not ready, leave the set and come back, while clients ask and go away.
 *
 * A request counts as lost when it fails although an endpoint was well from its beginning
 * to its end, in the set and not ejected. That must not happen, unless more attempts were
 * taken and then failed than upstream.retries allows. docs/invariants.md has the rest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/invariant.h"
#include "gateway/upstream.h"
#include "infer/answer.h"
#include "seeds.h"
#include "virtual.h"

enum {
    ENDPOINT_COUNT_MAX = 5,
    CLIENT_COUNT_MAX = 40,
    FAULT_COUNT_MAX = 16,
    RETRY_COUNT_MAX = 2,
    RETRY_COUNT_MIN = 3,
    RETRY_PERCENT = 20,
    EJECT_FAILURES = 3,
};

static const uint64_t length_ns = 12 * NS_PER_S;

enum condition {
    WELL,
    DEAD,     /* nothing listens */
    STOPPED,  /* connections are taken, nothing is said */
    SLOW,     /* probes are answered in time, requests seldom */
    CUTTING,  /* answers break off */
    REFUSING, /* 503 */
    RESTING,  /* 503 with Retry-After */
    GARBLED,  /* answers are unusable */
    UNREADY,  /* probes say no; requests are answered */
    FAILING,  /* 500 */
    CONDITION_COUNT,
};

struct world;

struct endpoint {
    struct world *world;
    char name[8];
    enum condition condition;
    bool is_in_set;
    uint64_t well_since_ns; /* and in the set; CLOCK_NEVER: it is not */
    struct list visits;
    size_t open_count;
};

/* One way in: for requests, or for probes. */
struct way {
    struct infer_service base;
    struct endpoint *endpoint;
    bool is_probe;
};

/* A call at an endpoint; in its arena. */
struct visit {
    struct endpoint *endpoint;
    struct infer_call *call;
    struct event event;
    struct list_link link;
    bool is_retry;
    bool is_probe;
};

struct client {
    struct world *world;
    struct infer_call call;
    struct arena arena;
    struct event starts;
    struct event leaves;
    uint64_t start_ns;
    uint64_t well; /* bit set of endpoints that were, and not ejected, at the start */
    bool has_left;
    size_t done_count;
    size_t visit_count;
    size_t unreached_count;
};

struct fault {
    struct world *world;
    struct event event;
};

struct world {
    struct virtual time;
    struct upstream *upstream;
    struct upstream_counts *counts;
    struct event wakes;
    struct endpoint endpoints[ENDPOINT_COUNT_MAX];
    size_t endpoint_count;
    struct client clients[CLIENT_COUNT_MAX];
    size_t client_count;
    size_t done_count;
    size_t active_count; /* runs that are not done */
    size_t retry_count;  /* attempts under way that are no first ones */
    struct fault faults[FAULT_COUNT_MAX];
    struct task closed;
    bool is_closed;
    size_t answered_count;
};

/* --- endpoints --- */

static void note_well(struct endpoint *endpoint)
{
    const bool is_well = endpoint->condition == WELL && endpoint->is_in_set;
    if (!is_well) {
        endpoint->well_since_ns = CLOCK_NEVER;
    } else if (endpoint->well_since_ns == CLOCK_NEVER) {
        endpoint->well_since_ns = endpoint->world->time.now_ns;
    }
}

static void end_visit(struct visit *visit, enum galen_status status,
                      enum infer_failure failure)
{
    struct infer_call *call = visit->call;
    struct world *world = visit->endpoint->world;
    virtual_cancel(&world->time, &visit->event);
    list_remove(&visit->endpoint->visits, &visit->link);
    world->retry_count -= visit->is_retry;
    call->service_data = NULL;
    call->route.failure = failure;
    if (status != GALEN_OK) {
        (void)error_write(&call->error, "%s", galen_status_text(status));
    }
    infer_call_finish(call, status);
}

static void schedule_end(struct visit *visit, uint64_t wait_ns)
{
    struct virtual *time = &visit->endpoint->world->time;
    const uint64_t deadline_ns = visit->call->request.deadline_ns;
    const uint64_t left_ns = deadline_ns > time->now_ns ? deadline_ns - time->now_ns : 0;
    virtual_cancel(time, &visit->event);
    virtual_schedule(time, &visit->event, wait_ns < left_ns ? wait_ns : left_ns);
}

static void refuse(struct visit *visit, uint64_t retry_after_s)
{
    visit->call->route.retry_after_s = retry_after_s;
    end_visit(visit, GALEN_UNAVAILABLE, INFER_REFUSED);
}

static void end_probe(struct visit *visit)
{
    if (visit->endpoint->condition == UNREADY) {
        refuse(visit, 0);
    } else {
        end_visit(visit, GALEN_OK, INFER_NO_FAILURE);
    }
}

static void end_run(struct visit *visit)
{
    switch (visit->endpoint->condition) {
    case WELL:
    case SLOW:
    case UNREADY:
        end_visit(visit, infer_answer_version(visit->call, visit->endpoint->name),
                  INFER_NO_FAILURE);
        break;
    case CUTTING:
        end_visit(visit, GALEN_BAD_UPSTREAM, INFER_BROKEN);
        break;
    case REFUSING:
        refuse(visit, 0);
        break;
    case RESTING:
        refuse(visit, 1);
        break;
    case GARBLED:
        end_visit(visit, GALEN_BAD_UPSTREAM, INFER_UNUSABLE);
        break;
    case FAILING:
        end_visit(visit, GALEN_INTERNAL, INFER_REFUSED);
        break;
    case DEAD:
    case STOPPED:
    case CONDITION_COUNT:
        INVARIANT(false);
    }
}

static void on_end(struct event *event)
{
    struct visit *visit = LIST_ITEM(event, struct visit, event);
    const struct endpoint *endpoint = visit->endpoint;
    if (endpoint->world->time.now_ns >= visit->call->request.deadline_ns) {
        end_visit(visit, GALEN_TIMEOUT, INFER_LATE);
    } else if (endpoint->condition == STOPPED) {
        schedule_end(visit, CLOCK_NEVER);
    } else if (endpoint->condition == DEAD) {
        end_visit(visit, GALEN_UNAVAILABLE, INFER_UNREACHED);
    } else if (visit->is_probe) {
        end_probe(visit);
    } else {
        end_run(visit);
    }
}

static uint64_t duration_of(struct endpoint *endpoint, bool is_probe)
{
    struct virtual *time = &endpoint->world->time;
    const uint64_t quick_ns = virtual_between(time, NS_PER_MS / 10, 20 * NS_PER_MS);
    return endpoint->condition == SLOW && !is_probe
               ? virtual_between(time, NS_PER_S, 8 * NS_PER_S)
               : quick_ns;
}

/* Whose attempt it is: it has the arena of its call. NULL: a probe, or a vote. */
static struct client *client_of(struct world *world, const struct infer_call *call)
{
    for (size_t i = 0; i < world->client_count; i++) {
        if (call->arena == &world->clients[i].arena && call->operation == INFER_RUN) {
            return &world->clients[i];
        }
    }
    return NULL;
}

static void expect_budget(const struct world *world)
{
    const size_t share = world->active_count * RETRY_PERCENT / 100;
    INVARIANT(world->retry_count <= (share > RETRY_COUNT_MIN ? share : RETRY_COUNT_MIN));
}

static void note_attempt(struct visit *visit)
{
    struct endpoint *endpoint = visit->endpoint;
    struct world *world = endpoint->world;
    struct client *client = client_of(world, visit->call);
    if (client == NULL) {
        return;
    }
    INVARIANT(endpoint->is_in_set && client->done_count == 0);
    client->unreached_count += endpoint->condition == DEAD;
    client->visit_count++;
    visit->is_retry = client->visit_count > 1;
    world->retry_count += visit->is_retry;
    if (visit->is_retry) {
        expect_budget(world);
    }
}

static void submit(struct infer_service *service, struct infer_call *call)
{
    struct way *way = (struct way *)(void *)service;
    struct visit *visit = arena_alloc(call->arena, sizeof(*visit));
    INVARIANT(visit != NULL);
    *visit = (struct visit){.endpoint = way->endpoint,
                            .call = call,
                            .event = {.run = on_end},
                            .is_probe = way->is_probe || call->operation != INFER_RUN};
    call->service_data = visit;
    list_append(&way->endpoint->visits, &visit->link);
    note_attempt(visit);
    schedule_end(visit, duration_of(way->endpoint, visit->is_probe));
}

static void cancel(struct infer_service *service, struct infer_call *call)
{
    (void)service;
    struct visit *visit = call->service_data;
    if (visit != NULL) {
        end_visit(visit, GALEN_CANCELLED, INFER_NO_FAILURE);
    }
}

static void close_way(struct infer_service *service)
{
    struct way *way = (struct way *)(void *)service;
    way->endpoint->open_count--;
    free(way);
}

static const struct infer_service_ops way_ops = {
    .name = "virtual", .submit = submit, .cancel = cancel, .close = close_way};

static struct infer_service *open_way(struct endpoint *endpoint, bool is_probe)
{
    struct way *way = malloc(sizeof(*way));
    INVARIANT(way != NULL);
    *way =
        (struct way){.base = {.ops = &way_ops}, .endpoint = endpoint, .is_probe = is_probe};
    endpoint->open_count++;
    return &way->base;
}

static enum galen_status open_endpoint(void *context, const char *name,
                                       struct upstream_endpoint *out_endpoint)
{
    struct world *world = context;
    struct endpoint *endpoint = &world->endpoints[name[1] - '0'];
    INVARIANT(endpoint->open_count == 0);
    *out_endpoint = (struct upstream_endpoint){.service = open_way(endpoint, false),
                                               .probe = open_way(endpoint, true)};
    return GALEN_OK;
}

/* --- what befalls them --- */

static void break_visits(struct endpoint *endpoint)
{
    while (!list_is_empty(&endpoint->visits)) {
        end_visit(LIST_ITEM(list_first(&endpoint->visits), struct visit, link),
                  GALEN_BAD_UPSTREAM, INFER_BROKEN);
    }
}

static void wake_visits(struct endpoint *endpoint)
{
    for (struct list_link *link = list_first(&endpoint->visits); link != NULL;
         link = list_next(&endpoint->visits, link)) {
        struct visit *visit = LIST_ITEM(link, struct visit, link);
        schedule_end(visit, duration_of(endpoint, visit->is_probe));
    }
}

static void set_condition(struct endpoint *endpoint, enum condition condition)
{
    const bool was_stopped = endpoint->condition == STOPPED;
    endpoint->condition = condition;
    note_well(endpoint);
    if (condition == DEAD) {
        break_visits(endpoint);
    } else if (was_stopped && condition != STOPPED) {
        wake_visits(endpoint);
    }
}

static void show_set(struct world *world)
{
    const char *names[ENDPOINT_COUNT_MAX];
    size_t count = 0;
    for (size_t i = 0; i < world->endpoint_count; i++) {
        note_well(&world->endpoints[i]);
        if (world->endpoints[i].is_in_set) {
            names[count++] = world->endpoints[i].name;
        }
    }
    upstream_set_endpoints(world->upstream, names, count);
}

/* Half of what befalls an endpoint is that it is well again. */
static void on_fault(struct event *event)
{
    struct world *world = LIST_ITEM(event, struct fault, event)->world;
    struct virtual *time = &world->time;
    struct endpoint *endpoint =
        &world->endpoints[virtual_between(time, 0, world->endpoint_count - 1)];
    if (virtual_chance(time, 200)) {
        endpoint->is_in_set = !endpoint->is_in_set;
        show_set(world);
    } else {
        set_condition(endpoint,
                      virtual_chance(time, 500)
                          ? WELL
                          : (enum condition)virtual_between(time, 0, CONDITION_COUNT - 1));
    }
}

/* --- clients --- */

static uint64_t well_endpoints(const struct world *world)
{
    uint64_t well = 0;
    for (size_t i = 0; i < world->endpoint_count; i++) {
        const struct endpoint *endpoint = &world->endpoints[i];
        const bool is_ejected =
            endpoint->is_in_set &&
            tally_read(&upstream_counts_of(world->counts, endpoint->name)->ejected) != 0;
        if (endpoint->well_since_ns != CLOCK_NEVER && !is_ejected) {
            well |= UINT64_C(1) << i;
        }
    }
    return well;
}

static bool had_a_well_endpoint(const struct client *client)
{
    for (size_t i = 0; i < client->world->endpoint_count; i++) {
        if ((client->well & UINT64_C(1) << i) != 0 &&
            client->world->endpoints[i].well_since_ns <= client->start_ns) {
            return true;
        }
    }
    return false;
}

/* An attempt that could not reach anybody is none of those that the retries are for. */
static bool had_its_attempts(const struct client *client)
{
    return client->visit_count > RETRY_COUNT_MAX + client->unreached_count;
}

static void check_run(const struct client *client)
{
    const struct infer_call *call = &client->call;
    INVARIANT(client->visit_count <= RETRY_COUNT_MAX + 1 + client->unreached_count);
    INVARIANT(call->route.attempt_count == client->visit_count);
    if (call->status == GALEN_OK) {
        INVARIANT(strcmp(call->response.version, call->route.endpoint) == 0);
        client->world->answered_count++;
        return;
    }
    const bool is_excused = client->has_left || had_its_attempts(client);
    if (had_a_well_endpoint(client) && !is_excused) {
        (void)fprintf(stderr, "balance: lost after %zu attempts: %s\n", client->visit_count,
                      call->error.text);
        INVARIANT(false);
    }
}

static void on_done(struct infer_call *call)
{
    struct client *client = LIST_ITEM(call, struct client, call);
    struct world *world = client->world;
    client->done_count++;
    INVARIANT(client->done_count == 1);
    virtual_cancel(&world->time, &client->leaves);
    world->done_count++;
    if (call->operation == INFER_RUN) {
        world->active_count--;
        check_run(client);
    }
    infer_call_clear(call);
    arena_deinit(&client->arena);
}

static void on_leave(struct event *event)
{
    struct client *client = LIST_ITEM(event, struct client, leaves);
    client->has_left = true;
    infer_cancel(&client->call);
}

static void on_start(struct event *event)
{
    struct client *client = LIST_ITEM(event, struct client, starts);
    struct world *world = client->world;
    struct virtual *time = &world->time;
    const bool asks_ready = virtual_chance(time, 100);
    client->start_ns = time->now_ns;
    client->well = well_endpoints(world);
    arena_init(&client->arena, 1 << 20);
    client->call = (struct infer_call){
        .operation = asks_ready ? INFER_READY : INFER_RUN,
        .request = {.model = virtual_chance(time, 500) ? "m" : "n",
                    .version = "1",
                    .id = "",
                    .deadline_ns = time->now_ns + 30 * NS_PER_S},
        .arena = &client->arena,
        .mailbox = &time->mailbox,
        .done = on_done,
    };
    world->active_count += !asks_ready;
    if (virtual_chance(time, 100)) {
        virtual_schedule(time, &client->leaves, virtual_between(time, 0, 2 * NS_PER_S));
    }
    infer_submit(asks_ready && virtual_chance(time, 500) ? upstream_all(world->upstream)
                                                         : upstream_any(world->upstream),
                 &client->call);
}

/* --- the world --- */

static uint64_t read_clock(void *context)
{
    return ((const struct world *)context)->time.now_ns;
}

static uint64_t read_random(void *context)
{
    return virtual_random(&((struct world *)context)->time);
}

static void on_wake(struct event *event)
{
    upstream_wake(LIST_ITEM(event, struct world, wakes)->upstream);
}

static void wake_at(void *context, uint64_t due_ns)
{
    struct world *world = context;
    const uint64_t now_ns = world->time.now_ns;
    virtual_cancel(&world->time, &world->wakes);
    virtual_schedule(&world->time, &world->wakes, due_ns > now_ns ? due_ns - now_ns : 0);
}

static void on_closed(struct task *task)
{
    LIST_ITEM(task, struct world, closed)->is_closed = true;
}

static void open_upstream(struct world *world)
{
    const struct upstream_options options = {
        .name = "engine",
        .balance = {.eject_failures = EJECT_FAILURES,
                    .eject_base_ns = 2 * NS_PER_S,
                    .eject_ns_max = 6 * NS_PER_S,
                    .eject_percent_max = 50,
                    .pending_count_max = 2 * CLIENT_COUNT_MAX,
                    .retry_percent = RETRY_PERCENT,
                    .retry_count_min = RETRY_COUNT_MIN},
        .retry_count_max = RETRY_COUNT_MAX,
        .try_timeout_ns = virtual_chance(&world->time, 500) ? 0 : 3 * NS_PER_S,
        .backoff_ns = 25 * NS_PER_MS,
        .probe_interval_ns = virtual_chance(&world->time, 800) ? NS_PER_S : 0,
        .probe_timeout_ns = NS_PER_S,
        .mailbox = &world->time.mailbox,
        .counts = world->counts,
        .now_ns = read_clock,
        .random = read_random,
        .wake_at = wake_at,
        .open_endpoint = open_endpoint,
        .context = world,
        .closed = &world->closed,
    };
    INVARIANT(upstream_create(&options, &world->upstream) == GALEN_OK);
}

static void open_world(struct world *world, uint64_t seed)
{
    struct virtual *time = &world->time;
    virtual_init(time, seed);
    world->wakes.run = on_wake;
    world->closed.run = on_closed;
    world->endpoint_count = virtual_between(time, 1, ENDPOINT_COUNT_MAX);
    open_upstream(world);
    for (size_t i = 0; i < world->endpoint_count; i++) {
        struct endpoint *endpoint = &world->endpoints[i];
        *endpoint = (struct endpoint){
            .world = world, .is_in_set = true, .well_since_ns = CLOCK_NEVER};
        (void)snprintf(endpoint->name, sizeof(endpoint->name), "e%zu:1", i);
        list_init(&endpoint->visits);
    }
    show_set(world);
    world->client_count = virtual_between(time, 1, CLIENT_COUNT_MAX);
    for (size_t i = 0; i < world->client_count; i++) {
        world->clients[i] = (struct client){
            .world = world, .starts = {.run = on_start}, .leaves = {.run = on_leave}};
        virtual_schedule(time, &world->clients[i].starts,
                         virtual_between(time, 0, length_ns));
    }
    const size_t fault_count = virtual_between(time, 0, FAULT_COUNT_MAX);
    for (size_t i = 0; i < fault_count; i++) {
        world->faults[i] = (struct fault){.world = world, .event = {.run = on_fault}};
        virtual_schedule(time, &world->faults[i].event,
                         virtual_between(time, 0, length_ns));
    }
}

/* Nothing is left anywhere. */
static void close_world(struct world *world)
{
    for (size_t i = 0; i < FAULT_COUNT_MAX; i++) {
        virtual_cancel(&world->time, &world->faults[i].event);
    }
    virtual_cancel(&world->time, &world->wakes);
    upstream_close(world->upstream);
    while (virtual_step(&world->time)) {
    }
    INVARIANT(world->is_closed && world->retry_count == 0 && world->active_count == 0);
    for (size_t i = 0; i < world->endpoint_count; i++) {
        INVARIANT(world->endpoints[i].open_count == 0);
        INVARIANT(list_is_empty(&world->endpoints[i].visits));
    }
    virtual_deinit(&world->time);
}

static size_t run_seed(uint64_t seed, struct ed25519 *key)
{
    static struct world world;
    static struct upstream_counts counts;
    (void)key;
    memset(&world, 0, sizeof(world));
    memset(&counts, 0, sizeof(counts));
    world.counts = &counts;
    open_world(&world, seed);
    while (world.done_count < world.client_count) {
        INVARIANT(virtual_step(&world.time));
    }
    close_world(&world);
    return world.answered_count;
}

int main(int count, char **arguments)
{
    const struct seeds seeds = {
        .name = "balance", .found = "answers", .run_seed = run_seed};
    return seeds_run(&seeds, count, arguments);
}
