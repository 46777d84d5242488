/* SPDX-License-Identifier: Apache-2.0 */
/* A front of v2 with fakes behind it, and a client of it over a real socket. Static
 * storage: one at a time. */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "crypto/hmac.h"
#include "expect.h"
#include "infer/fake.h"
#include "infer/fake_management.h"
#include "raw_client.h"
#include "service/audit/fake.h"
#include "v2/front.h"

enum { REQUEST_SIZE = 4096 };

static const char *const versions[] = {"1"};
static const struct v2_model model = {
    .name = "m", .versions = versions, .version_count = 1, .platform = "fake"};

struct fixture {
    struct loop *loop;
    struct infer_fake service;
    struct infer_fake_management management;
    struct audit_fake audit;
    struct audit_lane lane;
    struct hmac *hmac;
    struct v2_front *front;
    struct http_server *server;
    struct raw_client client;
    struct auth_gate *gate;    /* borrowed; NULL: nobody is asked who they are */
    const char *authorization; /* the header of each request; NULL: none */
    atomic_bool draining;
    bool closed;
    struct task closed_task;
};

static struct fixture fixture;

static inline void on_closed(struct task *task)
{
    (void)task;
    fixture.closed = true;
}

static inline void open_audit(void)
{
    const uint8_t key[HMAC_KEY_SIZE] = {0};
    EXPECT_OK(hmac_create(key, &fixture.hmac));
    audit_fake_init(&fixture.audit);
    audit_lane_init(&fixture.lane, &fixture.audit.base, fixture.hmac,
                    loop_mailbox(fixture.loop));
}

static inline void open_front(struct infer_management *management, bool manages)
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
        .management = management,
        .manages = manages,
        .body_size_bytes_max = 4096,
        .timeout_ns = 10 * NS_PER_S,
        .draining = &fixture.draining,
        .audit = &fixture.lane,
        .gate = fixture.gate,
    };
    EXPECT_OK(v2_front_create(&front_options, &fixture.front));
    const struct http_handler handler = v2_front_handler(fixture.front);
    EXPECT_OK(http_server_open(fixture.loop, &options, &handler, &fixture.server, NULL));
    raw_connect(&fixture.client, fixture.loop, http_server_port(fixture.server));
}

static inline int set_up(void **state)
{
    (void)state;
    fixture = (struct fixture){.closed_task = {.run = on_closed}};
    EXPECT_OK(loop_create(&fixture.loop));
    infer_fake_init(&fixture.service, &model);
    infer_fake_management_init(&fixture.management);
    open_audit();
    return 0;
}

static inline int set_up_admin(void **state)
{
    (void)set_up(state);
    open_front(&fixture.management.base, true);
    return 0;
}

static inline int set_up_public(void **state)
{
    (void)set_up(state);
    open_front(&fixture.management.base, false);
    return 0;
}

static inline int set_up_alone(void **state)
{
    (void)set_up(state);
    open_front(NULL, false);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    raw_close(&fixture.client);
    http_server_close(fixture.server, &fixture.closed_task);
    AWAIT_ON(fixture.loop, fixture.closed);
    v2_front_destroy(fixture.front);
    hmac_destroy(fixture.hmac);
    loop_destroy(fixture.loop);
    log_set_level(LOG_INFO);
    return 0;
}

static inline void send_request(const char *method, const char *path, const char *body)
{
    char text[REQUEST_SIZE];
    fixture.client.size = 0;
    fixture.client.answer[0] = '\0';
    const bool says_who = fixture.authorization != NULL;
    (void)snprintf(text, sizeof(text),
                   "%s %s HTTP/1.1\r\nHost: h\r\n%s%s%sContent-Length: %zu\r\n\r\n%s",
                   method, path, says_who ? "Authorization: " : "",
                   says_who ? fixture.authorization : "", says_who ? "\r\n" : "",
                   strlen(body), body);
    raw_send(&fixture.client, text);
}

/* The answer has this status, and this text. */
static inline void expect_answer(int status, const char *text)
{
    char line[32];
    (void)snprintf(line, sizeof(line), "HTTP/1.1 %d ", status);
    if (!raw_await(&fixture.client, text)) {
        fail_msg("%s", fixture.client.answer);
    }
    assert_memory_equal(line, fixture.client.answer, strlen(line));
}

static inline void expect(const char *method, const char *path, const char *body,
                          int status, const char *text)
{
    send_request(method, path, body);
    expect_answer(status, text);
}
