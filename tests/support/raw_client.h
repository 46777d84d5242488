/* SPDX-License-Identifier: Apache-2.0 */
/* A client that sends exactly what a test says, on the thread that also runs the loop: it
 * never blocks, and while it waits the loop runs. */
#pragma once

#include "expect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/invariant.h"
#include "net/loop.h"

#ifdef RAW_CLIENT_TLS
#include "raw_tls.h"
#endif

#define RAW_ANSWER_SIZE_MAX 65536u
#define RAW_PATIENCE_NS (20 * NS_PER_S) /* a test that waits longer has failed */

/* Runs the loop until the condition holds; fails the test after a long while. */
#define AWAIT_ON(loop, condition)                                          \
    do {                                                                   \
        const uint64_t limit_ns_ = clock_monotonic_ns() + RAW_PATIENCE_NS; \
        while (!(condition)) {                                             \
            loop_poll(loop);                                               \
            assert_true(clock_monotonic_ns() < limit_ns_);                 \
        }                                                                  \
    } while (0)

struct raw_client {
    struct loop *loop;
    int descriptor;
    bool has_ended; /* the server closed its side */
    bool was_reset;
#ifdef RAW_CLIENT_TLS
    SSL *tls;
    struct bytes queued; /* for when the handshake is over; borrowed */
#endif
    char answer[RAW_ANSWER_SIZE_MAX]; /* all that came, with a NUL behind */
    size_t size;
};

/* receive_size: of the socket's buffer, so that little is under way; 0: the system's
 * choice. */
static inline void raw_connect_narrow(struct raw_client *client, struct loop *loop,
                                      uint16_t port, int receive_size)
{
    *client = (struct raw_client){.loop = loop};
    client->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    INVARIANT(client->descriptor >= 0);
    if (receive_size > 0) {
        (void)setsockopt(client->descriptor, SOL_SOCKET, SO_RCVBUF, &receive_size,
                         sizeof(receive_size));
    }
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    INVARIANT(connect(client->descriptor, (struct sockaddr *)&address, sizeof(address)) ==
              0);
#ifdef RAW_CLIENT_TLS
    client->tls = raw_tls_open(client->descriptor, false);
#endif
}

static inline void raw_connect(struct raw_client *client, struct loop *loop, uint16_t port)
{
    raw_connect_narrow(client, loop, port, 0);
}

/* The other side: a socket that listens, and the connection that it accepts. */
static inline int raw_listen(uint16_t *out_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    INVARIANT(listener >= 0 &&
              bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0 &&
              listen(listener, 16) == 0 &&
              getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    *out_port = ntohs(address.sin_port);
    return listener;
}

/* Runs the loop until there is one. */
static inline void raw_accept(struct raw_client *peer, struct loop *loop, int listener)
{
    const uint64_t limit_ns = clock_monotonic_ns() + RAW_PATIENCE_NS;
    *peer = (struct raw_client){.loop = loop, .descriptor = -1};
    while (peer->descriptor < 0) {
        loop_poll(loop);
        peer->descriptor = accept(listener, NULL, NULL);
        INVARIANT(clock_monotonic_ns() < limit_ns);
    }
#ifdef RAW_CLIENT_TLS
    peer->tls = raw_tls_open(peer->descriptor, true);
#endif
}

#ifdef RAW_CLIENT_TLS
static inline void raw_send_queued(struct raw_client *client)
{
    const ssize_t size = raw_tls_send(client->tls, client->queued);
    client->queued = bytes_from(client->queued, size < 0 ? 0 : (size_t)size);
}
#endif

/* As much as the socket takes; how much that was. */
static inline size_t raw_send_some(struct raw_client *client, struct bytes bytes)
{
#ifdef RAW_CLIENT_TLS
    const ssize_t size = raw_tls_send(client->tls, bytes);
#else
    const ssize_t size =
        send(client->descriptor, bytes.data, bytes.size, MSG_DONTWAIT | MSG_NOSIGNAL);
#endif
    client->was_reset = client->was_reset || (size < 0 && errno != EAGAIN);
    return size < 0 ? 0 : (size_t)size;
}

static inline void raw_send_bytes(struct raw_client *client, struct bytes bytes)
{
    const uint64_t limit_ns = clock_monotonic_ns() + RAW_PATIENCE_NS;
    while (bytes.size > 0 && !client->was_reset) {
        bytes = bytes_from(bytes, raw_send_some(client, bytes));
        loop_poll(client->loop);
        INVARIANT(clock_monotonic_ns() < limit_ns);
    }
}

/* Leaves now, or with TLS as soon as it can while something is awaited: for a server that
 * may not even have accepted yet. */
static inline void raw_send_early(struct raw_client *client, const char *text)
{
#ifdef RAW_CLIENT_TLS
    client->queued = bytes_from_string(text);
    raw_send_queued(client);
#else
    (void)raw_send_some(client, bytes_from_string(text));
#endif
}

static inline void raw_send(struct raw_client *client, const char *text)
{
    raw_send_bytes(client, bytes_from_string(text));
}

static inline void raw_receive(struct raw_client *client)
{
    loop_poll(client->loop);
    const size_t room = sizeof(client->answer) - 1 - client->size;
    char *place = client->answer + client->size;
#ifdef RAW_CLIENT_TLS
    raw_send_queued(client);
    const ssize_t size = raw_tls_receive(client->tls, place, room);
#else
    const ssize_t size = recv(client->descriptor, place, room, MSG_DONTWAIT);
#endif
    client->has_ended = client->has_ended || (size == 0 && room > 0);
    client->was_reset = client->was_reset || (size < 0 && errno != EAGAIN);
    client->size += size > 0 ? (size_t)size : 0;
    client->answer[client->size] = '\0';
}

/* Runs the loop until the text has come count times; false where the server ended first. */
static inline bool raw_await_count(struct raw_client *client, const char *text,
                                   size_t count)
{
    const uint64_t limit_ns = clock_monotonic_ns() + RAW_PATIENCE_NS;
    while (true) {
        raw_receive(client);
        size_t found = 0;
        const char *at = client->answer;
        while ((at = strstr(at, text)) != NULL) {
            found++;
            at += strlen(text);
        }
        if (found >= count) {
            return true;
        }
        if (client->has_ended || client->was_reset || clock_monotonic_ns() > limit_ns) {
            return false;
        }
    }
}

static inline bool raw_await(struct raw_client *client, const char *text)
{
    return raw_await_count(client, text, 1);
}

/* Runs the loop until the server closes; false where it resets instead. */
static inline bool raw_await_end(struct raw_client *client)
{
    const uint64_t limit_ns = clock_monotonic_ns() + RAW_PATIENCE_NS;
    while (!client->has_ended && !client->was_reset && clock_monotonic_ns() < limit_ns) {
        raw_receive(client);
    }
    return client->has_ended;
}

static inline void raw_free_tls(struct raw_client *client)
{
#ifdef RAW_CLIENT_TLS
    SSL_free(client->tls);
    client->tls = NULL;
#else
    (void)client;
#endif
}

/* So that the peer sees a reset instead of an end. */
static inline void raw_reset(struct raw_client *client)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(client->descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    (void)close(client->descriptor);
    client->descriptor = -1;
    raw_free_tls(client);
}

static inline void raw_close(struct raw_client *client)
{
    if (client->descriptor >= 0) {
        (void)close(client->descriptor);
        client->descriptor = -1;
        raw_free_tls(client);
    }
}

/* Says that it ends, as TLS has it, and closes. */
static inline void raw_end(struct raw_client *client)
{
#ifdef RAW_CLIENT_TLS
    (void)SSL_shutdown(client->tls);
#endif
    raw_close(client);
}
