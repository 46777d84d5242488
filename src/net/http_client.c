/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_client.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/invariant.h"
#include "net/address.h"
#include "net/http_client_impl.h"

enum {
    FIRST_LINES_SIZE_MAX = AUTHORITY_SIZE_MAX + 64, /* beside the target */
    ARENA_SIZE_BYTES_MAX = 8 * LIMIT_HEADER_SIZE_BYTES_MAX,
};

/* The end of a call */

static void run_done(struct task *task)
{
    struct http_call *call = LIST_ITEM(task, struct http_call, task);
    call->done(call);
}

static void finish(struct http_client *client, struct http_call *call,
                   enum galen_status status)
{
    call->status = status;
    call->client = NULL;
    call->connection = NULL;
    call->task.run = run_done;
    mailbox_post(loop_mailbox(client->loop), &call->task);
}

void client_finish_call(struct http_call *call, enum galen_status status)
{
    struct http_client *client = call->client;
    struct call_storage *storage = storage_of(call);
    timeout_disarm(&client->timeouts, &storage->deadline);
    outgoing_deinit(&storage->outgoing);
    body_deinit(&storage->body);
    finish(client, call, status);
}

/* The pool */

/* The one that was used last: the others may get old enough to be closed. */
static struct http_client_connection *take_idle(struct http_client *client)
{
    if (list_is_empty(&client->idle)) {
        return NULL;
    }
    struct list_link *last = client->idle.head.previous;
    list_remove(&client->idle, last);
    return LIST_ITEM(last, struct http_client_connection, idle_link);
}

/* Gives the call a connection; false: there is no room for one now. */
static bool give_connection(struct http_client *client, struct http_call *call)
{
    const bool has_room = client->connections.count < client->options.connection_count_max;
    if (!storage_of(call)->wants_new_connection) {
        struct http_client_connection *idle = take_idle(client);
        if (idle != NULL) {
            client_connection_start(idle, call);
            return true;
        }
    } else if (!has_room && !list_is_empty(&client->idle)) {
        struct list_link *oldest = list_first(&client->idle);
        client_connection_close(
            LIST_ITEM(oldest, struct http_client_connection, idle_link));
    }
    if (!has_room) {
        return false;
    }
    if (client_connection_open(client, call) == NULL) {
        (void)error_set(&call->error, GALEN_NO_MEMORY, "no memory for a connection");
        client_finish_call(call, GALEN_NO_MEMORY);
    }
    return true;
}

void client_dispatch(struct http_client *client)
{
    while (!list_is_empty(&client->waiting)) {
        struct list_link *link = list_first(&client->waiting);
        struct http_call *call = LIST_ITEM(link, struct http_call, link);
        list_remove(&client->waiting, link);
        if (!give_connection(client, call)) {
            list_insert_after(&client->waiting, &client->waiting.head, link);
            return;
        }
    }
}

void client_send_again(struct http_client *client, struct http_call *call)
{
    call->connection = NULL;
    storage_of(call)->wants_new_connection = true;
    list_insert_after(&client->waiting, &client->waiting.head, &call->link);
}

/* Sending */

static bool target_is_valid(struct bytes target)
{
    if (target.size == 0 || target.size > LIMIT_URL_SIZE_BYTES_MAX ||
        target.data[0] != '/') {
        return false;
    }
    for (size_t i = 0; i < target.size; i++) {
        if (target.data[i] <= ' ' || target.data[i] > '~' || target.data[i] == '#') {
            return false;
        }
    }
    return true;
}

static enum outgoing_framing framing_of(const struct http_call *call)
{
    const bool may_have_none = call->method == HTTP_GET || call->method == HTTP_HEAD ||
                               call->method == HTTP_DELETE || call->method == HTTP_OPTIONS;
    if (may_have_none && call->part_count == 0) {
        return OUTGOING_NOTHING;
    }
    return call->chunked ? OUTGOING_CHUNKED : OUTGOING_LENGTH;
}

static enum galen_status write_head(struct http_client *client, struct http_call *call)
{
    struct call_storage *storage = storage_of(call);
    struct outgoing *outgoing = &storage->outgoing;
    if (call->method >= HTTP_OTHER || !target_is_valid(call->target)) {
        return error_set(&call->error, GALEN_INVALID, "the request line cannot be written");
    }
    TRY(outgoing_open(outgoing, &storage->arena, call->headers, call->header_count,
                      call->target.size + FIRST_LINES_SIZE_MAX));
    outgoing_put_string(outgoing, http_method_name(call->method));
    outgoing_put(outgoing, BYTES(" "));
    outgoing_put(outgoing, call->target);
    outgoing_put(outgoing, BYTES(" HTTP/1.1\r\nHost: "));
    outgoing_put_string(outgoing, client->authority);
    outgoing_put(outgoing, BYTES("\r\n"));
    outgoing_put_headers(outgoing, call->headers, call->header_count);
    outgoing_finish(outgoing, framing_of(call));
    return GALEN_OK;
}

static struct call_storage *storage_create(struct http_call *call)
{
    struct call_storage *storage = malloc(sizeof(*storage));
    if (storage != NULL) {
        memset(storage, 0, offsetof(struct call_storage, head));
        arena_init(&storage->arena, ARENA_SIZE_BYTES_MAX);
        storage->call = call;
    }
    return storage;
}

static void release_parts(struct http_call *call)
{
    struct outgoing unsent = {.part_count = 0};
    outgoing_take_parts(&unsent, call->parts, call->part_count);
    outgoing_deinit(&unsent);
}

static bool is_full(const struct http_client *client)
{
    return list_is_empty(&client->idle) &&
           client->connections.count >= client->options.connection_count_max &&
           client->waiting.count >= client->options.waiting_count_max;
}

static void start(struct http_client *client, struct http_call *call)
{
    struct call_storage *storage = storage_of(call);
    outgoing_take_parts(&storage->outgoing, call->parts, call->part_count);
    const enum galen_status status = write_head(client, call);
    if (status != GALEN_OK) {
        client_finish_call(call, status);
    } else if (is_full(client)) {
        (void)error_set(&call->error, GALEN_BUSY, "too many calls wait for %s",
                        client->endpoint);
        client_finish_call(call, GALEN_BUSY);
    } else {
        timeout_arm(&client->timeouts, &storage->deadline, DEADLINE_CALL,
                    call->deadline_ns);
        list_append(&client->waiting, &call->link);
        client_dispatch(client);
    }
}

void http_client_send(struct http_client *client, struct http_call *call)
{
    INVARIANT(call->client == NULL && call->storage == NULL && call->done != NULL);
    call->error.text[0] = '\0';
    call->attempt_count = 0;
    call->response_body = NULL;
    call->response_header_count = 0;
    call->client = client;
    call->connection = NULL;
    call->storage = storage_create(call);
    if (call->storage == NULL || client->is_closing) {
        release_parts(call);
        finish(client, call, client->is_closing ? GALEN_CANCELLED : GALEN_NO_MEMORY);
    } else {
        start(client, call);
    }
}

/* Ends it from outside: the connection, if it has one, cannot be used any more. */
static void abort_call(struct http_call *call, enum galen_status status)
{
    struct http_client *client = call->client;
    struct http_client_connection *connection = call->connection;
    if (connection == NULL) {
        list_remove(&client->waiting, &call->link);
    } else {
        connection->call = NULL;
        client_connection_close(connection);
    }
    client_finish_call(call, status);
}

void http_client_cancel(struct http_call *call)
{
    if (call->client != NULL) {
        abort_call(call, GALEN_CANCELLED);
    }
}

void http_call_clear(struct http_call *call)
{
    struct call_storage *storage = storage_of(call);
    INVARIANT(call->client == NULL);
    blob_unref(take(&call->response_body));
    call->response_headers = NULL;
    call->response_header_count = 0;
    if (storage != NULL) {
        arena_deinit(&storage->arena);
        free(storage);
        call->storage = NULL;
    }
}

/* Life */

static void on_expired(struct timeouts *timeouts, struct timeout *deadline)
{
    struct http_client *client = LIST_ITEM(timeouts, struct http_client, timeouts);
    if (deadline->kind == DEADLINE_CALL) {
        struct http_call *call = LIST_ITEM(deadline, struct call_storage, deadline)->call;
        (void)error_set(&call->error, GALEN_TIMEOUT, "%s did not answer in time",
                        client->endpoint);
        abort_call(call, GALEN_TIMEOUT);
    } else {
        struct stream *stream = LIST_ITEM(deadline, struct stream, deadline);
        client_connection_expired(LIST_ITEM(stream, struct http_client_connection, stream),
                                  (enum client_deadline)deadline->kind);
    }
}

static void write_authority(const char *host, uint16_t port, char *out_text)
{
    (void)snprintf(out_text, AUTHORITY_SIZE_MAX,
                   strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u", host, (unsigned)port);
}

enum galen_status http_client_create(struct loop *loop,
                                     const struct http_client_options *options,
                                     struct http_client **out_client)
{
    if (strlen(options->host) >= HOST_SIZE_MAX || options->connection_count_max == 0 ||
        (options->address != NULL && strlen(options->address) >= HOST_SIZE_MAX)) {
        return GALEN_INVALID;
    }
    struct http_client *client = calloc(1, sizeof(*client));
    if (client == NULL) {
        return GALEN_NO_MEMORY;
    }
    client->loop = loop;
    client->options = *options;
    client->options.host = client->host;
    (void)snprintf(client->host, sizeof(client->host), "%s", options->host);
    client->options.address = NULL;
    const char *address = options->address != NULL ? options->address : client->host;
    write_authority(client->host, options->port, client->authority);
    write_authority(address, options->port, client->endpoint);
    client->is_numeric = address_parse(address, options->port, &client->address);
    list_init(&client->connections);
    list_init(&client->idle);
    list_init(&client->waiting);
    timeouts_init(&client->timeouts, loop, on_expired);
    *out_client = client;
    return GALEN_OK;
}

static void finish_close(struct http_client *client)
{
    if (!client->timeouts_are_closed || !list_is_empty(&client->connections)) {
        return;
    }
    if (client->closed != NULL) {
        mailbox_post(loop_mailbox(client->loop), client->closed);
    }
    free(client);
}

void client_connection_is_gone(struct http_client *client)
{
    if (client->is_closing) {
        finish_close(client);
    } else {
        client_dispatch(client);
    }
}

static void on_timeouts_closed(struct timeouts *timeouts)
{
    struct http_client *client = LIST_ITEM(timeouts, struct http_client, timeouts);
    client->timeouts_are_closed = true;
    finish_close(client);
}

void http_client_close(struct http_client *client, struct task *closed)
{
    INVARIANT(!client->is_closing);
    client->is_closing = true;
    client->closed = closed;
    while (!list_is_empty(&client->waiting)) {
        struct list_link *link = list_first(&client->waiting);
        abort_call(LIST_ITEM(link, struct http_call, link), GALEN_CANCELLED);
    }
    for (struct list_link *link = list_first(&client->connections); link != NULL;
         link = list_next(&client->connections, link)) {
        struct http_client_connection *connection =
            LIST_ITEM(link, struct http_client_connection, link);
        if (connection->call != NULL) {
            abort_call(connection->call, GALEN_CANCELLED);
        } else {
            client_connection_close(connection);
        }
    }
    timeouts_close(&client->timeouts, on_timeouts_closed);
}
