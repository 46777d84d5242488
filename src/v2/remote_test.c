/* SPDX-License-Identifier: Apache-2.0 */
/* The seam's conformance suite over a real socket: remote client, HTTP both ways, front end
 * and a fake behind it, on one loop. */
#include "v2/remote.h"

#include "base/clock.h"
#include "expect.h"
#include "infer/fake.h"
#include "infer_conformance.h"
#include "v2/front.h"

static const char *const versions[] = {"1", "3"};
static const struct galen_tensor_spec input_specs[] = {
    {"numbers", GALEN_FP32, 2, {GALEN_DIMENSION_ANY, 2}},
    {"texts", GALEN_BYTES, 2, {GALEN_DIMENSION_ANY, 1}},
};
static const struct galen_tensor_spec output_specs[] = {
    {"counts", GALEN_INT64, 1, {GALEN_DIMENSION_ANY}},
    {"words", GALEN_BYTES, 1, {GALEN_DIMENSION_ANY}},
};
static const struct v2_model model = {
    .name = "a model/with % in it",
    .versions = versions,
    .version_count = 2,
    .platform = "fake",
    .inputs = input_specs,
    .input_count = 2,
    .outputs = output_specs,
    .output_count = 2,
};
static const float numbers[] = {1.5F, -0.0F};
static const int64_t counts[] = {INT64_MIN, INT64_MAX};
static const struct galen_tensor inputs[] = {
    {"numbers", GALEN_FP32, 2, {1, 2}, numbers, sizeof(numbers)},
    {"texts", GALEN_BYTES, 2, {1, 1}, "\3\0\0\0a\0b", 7},
};
static const struct galen_tensor outputs[] = {
    {"counts", GALEN_INT64, 1, {2}, counts, sizeof(counts)},
    {"words", GALEN_BYTES, 1, {1}, "\2\0\0\0hi", 6},
};

/* One subject: everything between the remote service and the fake. */
struct rig {
    struct infer_subject subject;
    struct loop *loop;
    struct infer_fake fake;
    struct v2_front *front;
    struct http_server *server;
    atomic_bool draining;
    struct task remote_closed;
    struct task server_closed;
    size_t closed_count;
};

static struct rig rig;

static void on_closed(struct task *task)
{
    (void)task;
    rig.closed_count++;
}

static void open_server(void)
{
    const struct http_server_options options = {
        .address = "127.0.0.1",
        .connection_count_max = 100,
        .header_timeout_ms = 5000,
        .body_timeout_ms = 5000,
        .idle_timeout_ms = 5000,
        .write_timeout_ms = 5000,
    };
    const struct v2_front_options front_options = {
        .loop = rig.loop,
        .service = &rig.fake.base,
        .body_size_bytes_max = 1 << 20,
        .timeout_ns = 10 * NS_PER_S,
        .draining = &rig.draining,
    };
    EXPECT_OK(v2_front_create(&front_options, &rig.front));
    const struct http_handler handler = v2_front_handler(rig.front);
    EXPECT_OK(http_server_open(rig.loop, &options, &handler, &rig.server, NULL));
}

static struct infer_service *open_remote(struct infer_subject *subject)
{
    (void)subject;
    struct http_client *client = NULL;
    struct infer_service *remote = NULL;
    infer_fake_init(&rig.fake, &model);
    rig.fake.outputs = outputs;
    rig.fake.output_count = 2;
    open_server();
    const struct http_client_options options = {
        .host = "127.0.0.1",
        .port = http_server_port(rig.server),
        .connection_count_max = 4,
        .waiting_count_max = 64,
        .connect_timeout_ms = 5000,
        .idle_timeout_ms = 2000,
        .response_size_bytes_max = 1 << 20,
    };
    EXPECT_OK(http_client_create(rig.loop, &options, &client));
    rig.remote_closed.run = on_closed;
    rig.server_closed.run = on_closed;
    rig.closed_count = 0;
    EXPECT_OK(remote_create(client, &rig.remote_closed, &remote));
    return remote;
}

static void poll_until_closed(size_t count)
{
    for (size_t i = 0; rig.closed_count < count && i < 100000; i++) {
        loop_poll(rig.loop);
    }
    assert_int_equal(rig.closed_count, count);
}

static void close_rest(struct infer_subject *subject)
{
    (void)subject;
    poll_until_closed(1);
    http_server_close(rig.server, &rig.server_closed);
    poll_until_closed(2);
    v2_front_destroy(rig.front);
    infer_service_close(&rig.fake.base);
}

static void pump(struct infer_subject *subject)
{
    (void)subject;
    loop_poll(rig.loop);
}

static void hold(struct infer_subject *subject, bool held)
{
    (void)subject;
    rig.fake.holds = held;
    while (!held && infer_fake_next(&rig.fake) != NULL) {
        infer_fake_answer(&rig.fake, infer_fake_next(&rig.fake));
    }
}

int main(void)
{
    if (loop_create(&rig.loop) != GALEN_OK) {
        return 1;
    }
    rig.subject = (struct infer_subject){
        .name = "remote conformance",
        .open = open_remote,
        .closed = close_rest,
        .mailbox = loop_mailbox(rig.loop),
        .pump = pump,
        .hold = hold,
        .model = model.name,
        .version = "3",
        .inputs = inputs,
        .input_count = 2,
        .outputs = outputs,
        .output_count = 2,
    };
    const int failed_count = infer_conformance_run(&rig.subject);
    loop_destroy(rig.loop);
    return failed_count;
}
