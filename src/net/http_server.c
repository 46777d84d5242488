/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_server.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/invariant.h"
#include "net/address.h"
#include "net/http2_connection.h"
#include "net/http_server_impl.h"

enum { BACKLOG = 1024, ACCEPT_AGAIN_MS = 50 };

/* Life */

static void free_spares(struct http_server *server)
{
    while (server->spare != NULL) {
        struct http_exchange *exchange = server->spare;
        server->spare = exchange->next_spare;
        arena_deinit(&exchange->arena);
        free(exchange);
    }
    server->spare_count = 0;
    free(server->spare_output);
}

void server_unref(struct http_server *server)
{
    if (--server->reference_count == 0) {
        free_spares(server);
        free(server);
    }
}

static void post_once(struct http_server *server, struct task **task)
{
    if (*task != NULL) {
        mailbox_post(loop_mailbox(server->loop), take(task));
    }
}

static void finish_when_empty(struct http_server *server)
{
    if (!list_is_empty(&server->connections)) {
        return;
    }
    if (server->is_draining && !server->is_listening) {
        post_once(server, &server->drained);
    }
    if (server->is_closing && server->handle_count == 0) {
        post_once(server, &server->closed);
        server_unref(server);
    }
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct http_server *server = handle->data;
    server->handle_count--;
    finish_when_empty(server);
}

static void on_timeouts_closed(struct timeouts *timeouts)
{
    struct http_server *server = LIST_ITEM(timeouts, struct http_server, timeouts);
    server->handle_count--;
    finish_when_empty(server);
}

static void stop_listening(struct http_server *server)
{
    if (server->is_listening) {
        server->is_listening = false;
        server->accept_waits = false;
        timeout_disarm(&server->timeouts, &server->accept_again);
        uv_close((uv_handle_t *)&server->listener, on_listener_closed);
    }
}

/* Connections */

static struct http_connection *connection_of(struct timeout *deadline)
{
    struct stream *stream = LIST_ITEM(deadline, struct stream, deadline);
    return LIST_ITEM(stream, struct http_connection, stream);
}

/* Room for one more: else the connection that has been idle for the longest time makes it,
 * or the one whose handshake has taken longest. */
static bool make_room(struct http_server *server)
{
    if (server->connections.count < server->options.connection_count_max) {
        return true;
    }
    struct timeout *idle = timeouts_first(&server->timeouts, DEADLINE_IDLE);
    if (idle == NULL) {
        idle = timeouts_first(&server->timeouts, DEADLINE_HANDSHAKE);
    }
    if (idle == NULL) {
        return false;
    }
    connection_drop(connection_of(idle));
    return true;
}

static void accept_one(struct http_server *server)
{
    struct http_connection *connection = connection_create(server);
    if (connection == NULL) {
        server->accept_waits = true;
        timeout_arm(&server->timeouts, &server->accept_again, DEADLINE_LINGER,
                    loop_now_ns(server->loop) + ACCEPT_AGAIN_MS * NS_PER_MS);
        return;
    }
    if (uv_accept((uv_stream_t *)&server->listener,
                  (uv_stream_t *)&connection->stream.tcp) == 0) {
        connection_start(connection);
    } else {
        connection_drop(connection);
    }
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct http_server *server = listener->data;
    if (status != 0) {
        return; /* it went away, or there is no descriptor for it: libuv has dealt with it
                 */
    }
    if (make_room(server)) {
        accept_one(server);
    } else {
        server->accept_waits = true; /* libuv listens no more until it is accepted */
    }
}

static void accept_what_waits(struct http_server *server)
{
    if (server->accept_waits && server->is_listening &&
        server->connections.count < server->options.connection_count_max) {
        server->accept_waits = false;
        accept_one(server);
    }
}

void server_connection_is_gone(struct http_server *server)
{
    accept_what_waits(server);
    finish_when_empty(server);
}

static void on_expired(struct timeouts *timeouts, struct timeout *deadline)
{
    struct http_server *server = LIST_ITEM(timeouts, struct http_server, timeouts);
    if (deadline == &server->accept_again) {
        accept_what_waits(server);
    } else if (deadline->kind >= DEADLINE_STREAM_HEAD) {
        http2_request_expired(deadline);
    } else {
        connection_expired(connection_of(deadline), (enum server_deadline)deadline->kind);
    }
}

/* Opening */

/* Linux hands TCP_NODELAY on to what is accepted. */
static int set_option(const uv_tcp_t *tcp, int level, int option)
{
    uv_os_fd_t descriptor;
    const int on = 1;
    const int status = uv_fileno((const uv_handle_t *)tcp, &descriptor);
    if (status != 0) {
        return status;
    }
    return setsockopt(descriptor, level, option, &on, sizeof(on)) == 0
               ? 0
               : uv_translate_sys_error(errno);
}

static uint16_t port_of(const uv_tcp_t *tcp)
{
    struct sockaddr_storage address = {.ss_family = 0};
    int size = sizeof(address);
    (void)uv_tcp_getsockname(tcp, (struct sockaddr *)&address, &size);
    return address.ss_family == AF_INET6
               ? ntohs(((const struct sockaddr_in6 *)&address)->sin6_port)
               : ntohs(((const struct sockaddr_in *)&address)->sin_port);
}

static int start_listening(struct http_server *server, const struct sockaddr *address)
{
    uv_tcp_t *listener = &server->listener;
    int status = set_option(listener, IPPROTO_TCP, TCP_NODELAY);
    if (status == 0 && server->options.share_port) {
        status = set_option(listener, SOL_SOCKET, SO_REUSEPORT);
    }
    if (status == 0) {
        status = uv_tcp_bind(listener, address, 0);
    }
    if (status == 0) {
        status = uv_listen((uv_stream_t *)listener, BACKLOG, on_connection);
    }
    server->port = port_of(listener);
    return status;
}

static enum galen_status create(struct loop *loop,
                                const struct http_server_options *options,
                                const struct http_handler *handler,
                                struct http_server **out_server)
{
    struct http_server *server = calloc(1, sizeof(*server));
    if (server == NULL) {
        return GALEN_NO_MEMORY;
    }
    server->loop = loop;
    server->options = *options;
    server->options.address = NULL; /* borrowed for the call only */
    server->handler = *handler;
    server->reference_count = 1;
    list_init(&server->connections);
    *out_server = server;
    return GALEN_OK;
}

enum galen_status http_server_open(struct loop *loop,
                                   const struct http_server_options *options,
                                   const struct http_handler *handler,
                                   struct http_server **out_server, struct error *out_error)
{
    struct sockaddr_storage address = {.ss_family = 0};
    struct http_server *server = NULL;
    if (!address_parse(options->address, options->port, &address)) {
        return error_set(out_error, GALEN_INVALID, "%s is not a numeric address",
                         options->address);
    }
    TRY(create(loop, options, handler, &server));
    int status = uv_tcp_init_ex(loop_uv(loop), &server->listener, address.ss_family);
    if (status != 0) {
        free(server);
        return error_set(out_error, GALEN_UNAVAILABLE, "no socket: %s",
                         uv_strerror(status));
    }
    timeouts_init(&server->timeouts, loop, on_expired);
    server->listener.data = server;
    server->is_listening = true;
    server->handle_count = 2;
    status = start_listening(server, (const struct sockaddr *)&address);
    if (status != 0) {
        http_server_close(server, NULL);
        return error_set(out_error, GALEN_UNAVAILABLE, "cannot listen on %s port %u: %s",
                         options->address, (unsigned)options->port, uv_strerror(status));
    }
    *out_server = server;
    return GALEN_OK;
}

void http_server_set_limits(struct http_server *server,
                            const struct http_server_options *options)
{
    server->options.connection_count_max = options->connection_count_max;
    server->options.header_timeout_ms = options->header_timeout_ms;
    server->options.body_timeout_ms = options->body_timeout_ms;
    server->options.bodies_size_bytes_max = options->bodies_size_bytes_max;
    server->options.idle_timeout_ms = options->idle_timeout_ms;
    server->options.write_timeout_ms = options->write_timeout_ms;
    server->options.http2_stream_count_max = options->http2_stream_count_max;
}

uint16_t http_server_port(const struct http_server *server)
{
    return server->port;
}

size_t http_server_connection_count(const struct http_server *server)
{
    return server->connections.count;
}

/* RFC 9110 section 5.6.7 */
const char *server_date(struct http_server *server)
{
    const uint64_t now_s = clock_wall_ns() / NS_PER_S;
    if (now_s != server->date_s) {
        static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
        static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        const time_t time = (time_t)now_s;
        struct tm date;
        (void)gmtime_r(&time, &date);
        (void)snprintf(
            server->date, sizeof(server->date), "%s, %02u %s %04u %02u:%02u:%02u GMT",
            days[date.tm_wday], (unsigned)date.tm_mday % 100, months[date.tm_mon],
            (unsigned)(date.tm_year + 1900) % 10000, (unsigned)date.tm_hour % 100,
            (unsigned)date.tm_min % 100, (unsigned)date.tm_sec % 100);
        server->date_s = now_s;
    }
    return server->date;
}

/* Ending */

/* Closing a listener drops what it has queued: those clients would see a reset. */
static void accept_all(struct http_server *server)
{
    uv_os_fd_t listener;
    if (server->accept_waits) {
        server->accept_waits = false;
        accept_one(server);
    }
    if (uv_fileno((uv_handle_t *)&server->listener, &listener) != 0) {
        return;
    }
    int descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    while (descriptor >= 0) {
        struct http_connection *connection = connection_create(server);
        if (connection == NULL) {
            (void)close(descriptor);
        } else if (uv_tcp_open(&connection->stream.tcp, descriptor) != 0) {
            (void)close(descriptor);
            connection_drop(connection);
        } else {
            connection_start(connection);
        }
        descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    }
}

void http_server_drain(struct http_server *server, struct task *drained)
{
    INVARIANT(!server->is_draining && !server->is_closing);
    server->is_draining = true;
    server->drained = drained;
    accept_all(server);
    stop_listening(server);
    for (struct list_link *link = list_first(&server->connections); link != NULL;
         link = list_next(&server->connections, link)) {
        connection_drain(LIST_ITEM(link, struct http_connection, link));
    }
    finish_when_empty(server);
}

void http_server_close(struct http_server *server, struct task *closed)
{
    INVARIANT(!server->is_closing);
    server->is_closing = true;
    server->closed = closed;
    stop_listening(server);
    for (struct list_link *link = list_first(&server->connections); link != NULL;
         link = list_next(&server->connections, link)) {
        connection_drop(LIST_ITEM(link, struct http_connection, link));
    }
    timeouts_close(&server->timeouts, on_timeouts_closed);
}
