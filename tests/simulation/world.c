/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gateway, preprocess, engine and the network between them on virtual time, driven by a
 * seed. Clients come, send right and wrong bodies, go away; connections break; tags move;
 * queues fill; the engine drains. docs/invariants.md says what must hold whatever happens;
 * here it is asserted. A failing seed is printed; run it alone with `world SEED`.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/invariant.h"
#include "codec/json.h"
#include "codec/number.h"
#include "crypto/hmac.h"
#include "gateway/http.h"
#include "preprocess/preprocess.h"
#include "seeds.h"
#include "v2/front.h"
#include "v2/remote.h"
#include "virtual_audit.h"
#include "virtual_engine.h"
#include "wire.h"

enum {
    GATEWAY_PORT = 8000,
    PREPROCESS_PORT = 8011,
    ENGINE_PORT = 8012,
    CLIENT_COUNT_MAX = 24,
    BODY_SIZE = 512,
};

/* What a client sends, and what it is told when nothing goes wrong on the way. */
enum kind {
    RIGHT_VECTOR,
    RIGHT_TENSORS,
    RIGHT_V2,
    OUT_OF_RANGE,
    UNKNOWN_FEATURE,
    MALFORMED,
    WRONG_SHAPE,
    UNKNOWN_MODEL,
    READINESS,
    KIND_COUNT,
};

static const int expected_status[KIND_COUNT] = {200, 200, 200, 422, 422,
                                                400, 400, 404, 200};

struct world;

struct client {
    struct world *world;
    struct http_call call;
    struct event starts;
    struct event leaves;
    enum kind kind;
    unsigned x;
    unsigned version; /* asked for; 0: whatever is current */
    size_t done_count;
    char target[64];
    char body[BODY_SIZE];
    struct http_header header;
};

struct world {
    struct virtual time;
    struct gateway gateway;
    struct gateway_http *http;
    struct virtual_audit audit;
    struct hmac *hmac;
    struct audit_lane lane;
    struct event disk_fails;
    struct http_server *servers[3];
    struct v2_front *fronts[2];
    struct infer_service *preprocess;
    struct virtual_engine *engine;
    struct infer_service *remotes[2];
    struct http_client *client;
    struct event promotes;
    struct event drains;
    atomic_bool draining;
    bool is_remote;
    bool has_faults;
    size_t client_count;
    struct client clients[CLIENT_COUNT_MAX];
};

/* The clock of the only world there is at a time, for preprocess. */
static const struct virtual *clock_world;

static uint64_t virtual_now(void)
{
    return clock_world->now_ns;
}

static uint64_t gateway_now(void *context)
{
    return ((const struct virtual *)context)->now_ns;
}

static void gateway_random(void *context, uint8_t *out_bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        out_bytes[i] = (uint8_t)virtual_random(context);
    }
}

/* The repository: one model, two versions whose preprocessing differs in the marker, and a
 * tag that moves. */
static const char *const labels[] = {"a", "b"};
static const char *const media_types[] = {"application/json"};

#define FEATURES(version)                                \
    {                                                    \
        {.name = "x", .unit = "1", .min = 0, .max = 64}, \
            {.name = "marker",                           \
             .unit = "1",                                \
             .min = (version),                           \
             .max = (version),                           \
             .missing = MISSING_REPLACE,                 \
             .missing_value = (version)},                \
    }
static const struct contract_feature features_1[] = FEATURES(1);
static const struct contract_feature features_2[] = FEATURES(2);

#define CONTRACT(list)                                                             \
    {                                                                              \
        .media_types = media_types, .media_type_count = 1,                         \
        .input = {"features", GALEN_FP32}, .features = (list), .feature_count = 2, \
        .output = {"scores", ACTIVATION_NONE}, .labels = labels, .label_count = 2  \
    }
static const struct contract contracts[] = {CONTRACT(features_1), CONTRACT(features_2)};
static struct repository_version numbers[] = {
    {.number = 1,
     .number_text = "1",
     .contract = &contracts[0],
     .usable = true,
     .reference_count_ = 1},
    {.number = 2,
     .number_text = "2",
     .contract = &contracts[1],
     .usable = true,
     .reference_count_ = 1},
};
static struct repository_version *const versions[] = {&numbers[0], &numbers[1]};
static const struct repository_tag tags[2][1] = {{{"current", 1, 0}}, {{"current", 2, 0}}};
static const struct repository_model models[2] = {
    {.name = "m",
     .versions = versions,
     .version_count = 2,
     .tags = tags[0],
     .tag_count = 1,
     .choice = &numbers[0],
     .usable = true},
    {.name = "m",
     .versions = versions,
     .version_count = 2,
     .tags = tags[1],
     .tag_count = 1,
     .choice = &numbers[1],
     .usable = true},
};
static struct repository snapshots[2] = {
    {.path = "models", .models = &models[0], .model_count = 1, .reference_count_ = 1},
    {.path = "models", .models = &models[1], .model_count = 1, .reference_count_ = 1},
};

static struct admission admission;
static struct admission_route route_of_all;
static struct rules rules = {
    .body_size_bytes_max = 1 << 20, .admissions = &route_of_all, .reference_count_ = 1};
static struct view views[2] = {
    {.repository = &snapshots[0], .rules = &rules, .reference_count_ = 1},
    {.repository = &snapshots[1], .rules = &rules, .reference_count_ = 1},
};

/* What clients send. */

/* {"model":"m","version":"1","input":{"x":7}}, or what is wrong with it. */
static void write_vector(struct client *client)
{
    const enum kind kind = client->kind;
    char version[32] = "";
    if (client->version > 0) {
        (void)snprintf(version, sizeof(version), "\"version\":\"%u\",", client->version);
    }
    (void)snprintf(client->body, sizeof(client->body),
                   "{\"model\":\"%s\",%s\"input\":{\"x\":%s%u%s}%s",
                   kind == UNKNOWN_MODEL ? "n" : "m", version,
                   kind == OUT_OF_RANGE ? "-1" : "", client->x,
                   kind == UNKNOWN_FEATURE ? ",\"y\":1" : "", kind == MALFORMED ? "" : "}");
    (void)snprintf(client->target, sizeof(client->target), "/infer");
}

/* Tensors are for one version only: their marker says which. */
static void write_tensors(struct client *client)
{
    client->version = client->version == 0 ? 1 : client->version;
    (void)snprintf(
        client->body, sizeof(client->body),
        "{\"inputs\":[{\"name\":\"features\",\"datatype\":\"FP32\",\"shape\":[1,%u],"
        "\"data\":[%u,%u]}]}",
        client->kind == WRONG_SHAPE ? 1U : 2U, client->x, client->version);
    if (client->kind == RIGHT_TENSORS) {
        (void)snprintf(client->target, sizeof(client->target), "/infer?model=m&version=%u",
                       client->version);
    } else {
        (void)snprintf(client->target, sizeof(client->target),
                       "/v2/models/m/versions/%u/infer", client->version);
    }
}

static void write_request(struct client *client)
{
    switch (client->kind) {
    case RIGHT_TENSORS:
    case RIGHT_V2:
    case WRONG_SHAPE:
        write_tensors(client);
        break;
    case READINESS:
        (void)snprintf(client->target, sizeof(client->target), "/readyz");
        break;
    case RIGHT_VECTOR:
    case OUT_OF_RANGE:
    case UNKNOWN_FEATURE:
    case MALFORMED:
    case UNKNOWN_MODEL:
    case KIND_COUNT:
        write_vector(client);
        break;
    }
}

/* What they are told. */

static const struct json *member(const struct json *object, const char *name)
{
    const struct json *value = json_member(object, name);
    INVARIANT(value != NULL);
    return value;
}

static double number_of(const struct json *value)
{
    double number = NAN;
    INVARIANT(number_read_f64(json_number(value), &number) == GALEN_OK);
    return number;
}

/* Label "a" of version 1 is x/64, of version 2 it is 1 - x/64; both are exact in FP32. */
static void check_score(const struct client *client, unsigned version, double score)
{
    const double x = client->x / 64.0;
    INVARIANT(version == 1 || version == 2);
    INVARIANT(client->version == 0 || client->version == version);
    INVARIANT(score == (version == 1 ? x : 1 - x));
}

/* Who was answered has left a record that a power cut would not take. */
static void check_record(const struct client *client, const struct json *reply)
{
    char words[128];
    const struct bytes id = json_string(member(reply, "request_id"));
    const int size =
        snprintf(words, sizeof(words), "\"request_id\":\"%.*s\"", BYTES_PRINT(id));
    INVARIANT(virtual_audit_has(&client->world->audit, bytes_of(words, (size_t)size)));
}

static void check_domain_answer(const struct client *client, const struct json *reply)
{
    const struct bytes version = json_string(member(member(reply, "model"), "version"));
    struct json_cursor at = json_walk(member(reply, "predictions"));
    size_t count = 0;
    check_record(client, reply);
    INVARIANT(version.size == 1);
    while (json_next(&at)) {
        if (bytes_equal_string(json_string(member(at.value, "label")), "a")) {
            check_score(client, (unsigned)(version.data[0] - '0'),
                        number_of(member(at.value, "score")));
        }
        count++;
    }
    INVARIANT(count == 2);
}

static void check_v2_answer(const struct client *client, const struct json *reply)
{
    const struct bytes version = json_string(member(reply, "model_version"));
    struct json_cursor outputs = json_walk(member(reply, "outputs"));
    INVARIANT(json_next(&outputs));
    struct json_cursor data = json_walk(member(outputs.value, "data"));
    INVARIANT(json_next(&data) && version.size == 1);
    check_score(client, (unsigned)(version.data[0] - '0'), number_of(data.value));
}

static void check_answer(const struct client *client)
{
    struct arena arena;
    const struct json *reply;
    struct blob *body = client->call.response_body;
    arena_init(&arena, 1 << 20);
    INVARIANT(json_parse(bytes_of(blob_data(body), blob_size(body)), &arena, &reply,
                         NULL) == GALEN_OK);
    if (client->kind == RIGHT_V2) {
        check_v2_answer(client, reply);
    } else if (client->kind != READINESS) {
        check_domain_answer(client, reply);
    }
    arena_deinit(&arena);
}

/* Busy, draining or late is always allowed; a bad upstream only where connections break;
 * asking too often where that is limited, and not for who asks whether to ask. */
static bool is_excused(const struct client *client, int status)
{
    const bool is_limited = rules.admissions[0].rate.interval_ns > 0;
    return status == 503 || status == 504 || (status == 502 && client->world->has_faults) ||
           (status == 429 && is_limited && client->kind != READINESS);
}

static void check_status(const struct client *client)
{
    const struct http_call *call = &client->call;
    if (call->http_status != expected_status[client->kind]) {
        (void)fprintf(stderr, "world: %s %s was answered %d: %.*s\n", client->target,
                      client->body, call->http_status, (int)blob_size(call->response_body),
                      (const char *)blob_data(call->response_body));
    }
    INVARIANT(call->http_status == expected_status[client->kind]);
}

static void on_done(struct http_call *call)
{
    struct client *client = call->context;
    client->done_count++;
    INVARIANT(client->done_count == 1); /* one answer per request */
    if (call->status == GALEN_OK && !is_excused(client, call->http_status)) {
        check_status(client);
        if (call->http_status == 200) {
            check_answer(client);
        }
    }
    virtual_cancel(&client->world->time, &client->leaves);
    http_call_clear(call);
}

static void on_starts(struct event *event)
{
    struct client *client = LIST_ITEM(event, struct client, starts);
    struct virtual *time = &client->world->time;
    write_request(client);
    client->header = (struct http_header){BYTES("Content-Type"), BYTES("application/json")};
    client->call = (struct http_call){
        .method = client->kind == READINESS ? HTTP_GET : HTTP_POST,
        .target = bytes_from_string(client->target),
        .headers = &client->header,
        .header_count = 1,
        .parts = {{bytes_from_string(client->body), NULL}},
        .part_count = 1,
        .deadline_ns = CLOCK_NEVER,
        .done = on_done,
        .context = client,
    };
    http_client_send(client->world->client, &client->call);
    if (virtual_chance(time, 100)) {
        virtual_schedule(time, &client->leaves, virtual_between(time, 0, 5 * NS_PER_MS));
    }
}

static void on_leaves(struct event *event)
{
    http_client_cancel(&LIST_ITEM(event, struct client, leaves)->call);
}

static void on_promotes(struct event *event)
{
    struct world *world = LIST_ITEM(event, struct world, promotes);
    world->gateway.view = &views[virtual_random(&world->time) % 2];
    if (world->client_count > 0 && virtual_chance(&world->time, 700)) {
        virtual_schedule(&world->time, &world->promotes, 2 * NS_PER_MS);
    }
}

/* The disk gets bad, and is mended. */
static void on_disk_fails(struct event *event)
{
    struct world *world = LIST_ITEM(event, struct world, disk_fails);
    struct virtual_disk *disk = &world->audit.disk;
    const bool is_bad = virtual_chance(&world->time, 400);
    disk->sync_fails = is_bad ? 500 : 0;
    disk->size_bytes_max = is_bad && virtual_chance(&world->time, 500)
                               ? disk->size_bytes + virtual_between(&world->time, 0, 2000)
                               : UINT64_MAX / 2;
    if (virtual_chance(&world->time, 700)) {
        virtual_schedule(&world->time, &world->disk_fails, 4 * NS_PER_MS);
    }
}

static void on_drains(struct event *event)
{
    virtual_engine_drain(LIST_ITEM(event, struct world, drains)->engine);
}

/* Putting it together. */

static void open_server(struct world *world, size_t index, uint16_t port,
                        struct http_handler handler)
{
    const struct http_server_options options = {.address = "127.0.0.1", .port = port};
    INVARIANT(http_server_open(NULL, &options, &handler, &world->servers[index], NULL) ==
              GALEN_OK);
}

static struct http_client *open_client(uint16_t port)
{
    const struct http_client_options options = {.host = "127.0.0.1", .port = port};
    struct http_client *client;
    INVARIANT(http_client_create(NULL, &options, &client) == GALEN_OK);
    return client;
}

static struct infer_service *put_behind_the_wire(struct world *world, size_t index,
                                                 struct infer_service *service,
                                                 uint16_t port)
{
    struct loop *loop;
    INVARIANT(loop_create(&loop) == GALEN_OK);
    const struct v2_front_options options = {
        .loop = loop,
        .service = service,
        .body_size_bytes_max = 1 << 20,
        .timeout_ns = 50 * NS_PER_MS,
        .draining = &world->draining,
        .audit = world->gateway.audit,
    };
    INVARIANT(v2_front_create(&options, &world->fronts[index]) == GALEN_OK);
    open_server(world, index + 1, port, v2_front_handler(world->fronts[index]));
    INVARIANT(remote_create(open_client(port), NULL, &world->remotes[index]) == GALEN_OK);
    return world->remotes[index];
}

static void open_services(struct world *world)
{
    struct virtual *time = &world->time;
    const struct virtual_engine_options options = {
        .instance_count = virtual_between(time, 1, 3),
        .batch_rows_max = virtual_between(time, 1, 6),
        .queue_count_max = virtual_between(time, 1, 12),
        .wait_ns_max = virtual_between(time, 0, 2) * NS_PER_MS,
        .run_ns_max = virtual_between(time, 1, 8) * NS_PER_MS,
    };
    world->engine = virtual_engine_create(time, &options);
    const struct preprocess_options preprocess_options = {.repository = &snapshots[0],
                                                          .now_ns = virtual_now};
    INVARIANT(preprocess_create(&preprocess_options, &world->preprocess) == GALEN_OK);
    struct infer_service *engine = virtual_engine_service(world->engine);
    world->gateway.preprocess = world->preprocess;
    if (world->is_remote) {
        world->gateway.preprocess =
            put_behind_the_wire(world, 0, world->preprocess, PREPROCESS_PORT);
        engine = put_behind_the_wire(world, 1, engine, ENGINE_PORT);
    }
    world->gateway.engines[0] =
        (struct gateway_engine){.name = "default", .service = engine, .in_parts = engine};
    world->gateway.engine_count = 1;
}

static void open_audit(struct world *world, struct ed25519 *key)
{
    const uint8_t hmac_key[HMAC_KEY_SIZE] = {0};
    virtual_audit_init(&world->audit, &world->time, key);
    INVARIANT(hmac_create(hmac_key, &world->hmac) == GALEN_OK);
    audit_lane_init(&world->lane, &world->audit.base, world->hmac, &world->time.mailbox);
    world->gateway.audit = &world->lane;
}

/* What may be taken on: all, or so little that much is refused. */
static void open_admission(struct world *world)
{
    static const struct siphash_key key = {{7, 8}};
    struct virtual *time = &world->time;
    admission_init(&admission, &key);
    world->gateway.admission = &admission;
    route_of_all = (struct admission_route){.name = 1};
    rules.limits = (struct admission_limits){0};
    if (virtual_chance(time, 300)) {
        rules.limits.concurrency = virtual_between(time, 1, 12);
        route_of_all.concurrency = virtual_between(time, 0, 8);
    }
    if (virtual_chance(time, 300)) {
        route_of_all.rate = (struct rate_limit){virtual_between(time, 1, 5 * NS_PER_MS),
                                                virtual_between(time, 1, 10)};
    }
}

static void expect_nothing_is_taken_on(void)
{
    INVARIANT(admission.in_flight == 0 && admission.bodies_size_bytes == 0);
    for (size_t i = 0; i < ADMISSION_GATE_COUNT; i++) {
        INVARIANT(admission.gates[i].in_flight == 0);
    }
}

static void expect_no_more_than_may_be(void)
{
    const uint64_t concurrency = rules.limits.concurrency;
    INVARIANT(concurrency == 0 || admission.in_flight <= concurrency);
}

static void open_world(struct world *world, uint64_t seed, struct ed25519 *key)
{
    struct virtual *time = &world->time;
    *world = (struct world){0};
    virtual_init(time, seed);
    clock_world = time;
    world->is_remote = virtual_chance(time, 600);
    world->has_faults = virtual_chance(time, 500);
    const uint32_t fault = world->has_faults ? 40 : 0;
    const struct wire_faults faults = {fault, fault, fault,
                                       virtual_between(time, 1, 2 * NS_PER_MS)};
    wire_begin(time, &faults);
    rules.timeout_ns = virtual_between(time, 2, 60) * NS_PER_MS;
    world->gateway = (struct gateway){
        .mailbox = &time->mailbox,
        .view = &views[0],
        .draining = &world->draining,
        .now_ns = gateway_now,
        .random = gateway_random,
        .context = time,
    };
    open_admission(world);
    open_audit(world, key);
    open_services(world);
    INVARIANT(gateway_http_create(&world->gateway, &world->http) == GALEN_OK);
    open_server(world, 0, GATEWAY_PORT, gateway_http_handler(world->http));
    world->client = open_client(GATEWAY_PORT);
}

static void schedule_clients(struct world *world)
{
    struct virtual *time = &world->time;
    world->client_count = virtual_between(time, 1, CLIENT_COUNT_MAX);
    for (size_t i = 0; i < world->client_count; i++) {
        struct client *client = &world->clients[i];
        client->world = world;
        client->kind = virtual_chance(time, 600)
                           ? (enum kind)virtual_between(time, RIGHT_VECTOR, RIGHT_V2)
                           : (enum kind)virtual_between(time, RIGHT_VECTOR, KIND_COUNT - 1);
        client->x = (unsigned)virtual_between(time, 0, 64);
        client->version = (unsigned)virtual_between(time, 0, 2);
        client->starts.run = on_starts;
        client->leaves.run = on_leaves;
        virtual_schedule(time, &client->starts, virtual_between(time, 0, 20 * NS_PER_MS));
    }
    world->promotes.run = on_promotes;
    virtual_schedule(time, &world->promotes, virtual_between(time, 0, 10 * NS_PER_MS));
    world->disk_fails.run = on_disk_fails;
    if (virtual_chance(time, 300)) {
        virtual_schedule(time, &world->disk_fails,
                         virtual_between(time, 0, 10 * NS_PER_MS));
    }
    world->drains.run = on_drains;
    if (virtual_chance(time, 200)) {
        virtual_schedule(time, &world->drains, virtual_between(time, 0, 30 * NS_PER_MS));
    }
}

/* Everything that was opened must let itself be closed: storage is freed once. */
static void close_world(struct world *world)
{
    INVARIANT(wire_exchange_count() == 0);
    http_client_close(world->client, NULL);
    infer_service_close(world->remotes[0]);
    infer_service_close(world->remotes[1]);
    for (size_t i = 0; i < 3; i++) {
        if (world->servers[i] != NULL) {
            http_server_close(world->servers[i], NULL);
        }
    }
    while (virtual_step(&world->time)) {
    }
    gateway_http_destroy(world->http);
    v2_front_destroy(world->fronts[0]);
    v2_front_destroy(world->fronts[1]);
    infer_service_close(world->preprocess);
    virtual_engine_destroy(world->engine);
    expect_nothing_is_taken_on();
    hmac_destroy(world->hmac);
    virtual_audit_deinit(&world->audit);
    virtual_deinit(&world->time);
}

static size_t run_seed(uint64_t seed, struct ed25519 *key)
{
    static struct world world;
    size_t answered_count = 0;
    open_world(&world, seed, key);
    schedule_clients(&world);
    while (virtual_step(&world.time)) {
        expect_no_more_than_may_be();
    }
    for (size_t i = 0; i < world.client_count; i++) {
        INVARIANT(world.clients[i].done_count == 1);
        answered_count += world.clients[i].call.http_status == 200;
    }
    close_world(&world);
    return answered_count;
}

int main(int count, char **arguments)
{
    const struct seeds seeds = {"world", "right answers", run_seed};
    return seeds_run(&seeds, count, arguments);
}
