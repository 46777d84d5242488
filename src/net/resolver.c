/* SPDX-License-Identifier: Apache-2.0 */
#include "net/resolver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "base/limits.h"

enum { NAME_SIZE = INET6_ADDRSTRLEN + 8, SERVICE_SIZE = 8 };

struct resolver {
    struct loop *loop;
    struct resolver_options options;
    uv_getaddrinfo_t lookup;
    uv_timer_t timer;
    bool is_looking; /* libuv's, until it calls back */
    bool is_closing;
    bool timer_is_closed;
    struct task *closed;
};

static void finish_close(struct resolver *resolver)
{
    if (!resolver->is_looking && resolver->timer_is_closed) {
        mailbox_post(loop_mailbox(resolver->loop), resolver->closed);
        free(resolver);
    }
}

/* False: it is neither IPv4 nor IPv6. */
static bool write_name(const struct addrinfo *address, uint16_t port, char *out_name)
{
    char text[INET6_ADDRSTRLEN];
    if (address->ai_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)address->ai_addr;
        return uv_ip4_name(in, text, sizeof(text)) == 0 &&
               snprintf(out_name, NAME_SIZE, "%s:%u", text, (unsigned)port) > 0;
    }
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address->ai_addr;
    return address->ai_family == AF_INET6 && uv_ip6_name(in6, text, sizeof(text)) == 0 &&
           snprintf(out_name, NAME_SIZE, "[%s]:%u", text, (unsigned)port) > 0;
}

static int compare(const void *one, const void *other)
{
    return strcmp(one, other);
}

static size_t write_names(const struct addrinfo *address, uint16_t port,
                          char names[][NAME_SIZE])
{
    size_t count = 0;
    for (; address != NULL && count < LIMIT_ENDPOINT_COUNT_MAX;
         address = address->ai_next) {
        count += write_name(address, port, names[count]);
    }
    qsort(names, count, NAME_SIZE, compare);
    return count;
}

static void tell(const struct resolver *resolver, const struct addrinfo *addresses)
{
    char names[LIMIT_ENDPOINT_COUNT_MAX][NAME_SIZE];
    const char *list[LIMIT_ENDPOINT_COUNT_MAX];
    size_t list_count = 0;
    const size_t count = write_names(addresses, resolver->options.port, names);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strcmp(names[i - 1], names[i]) != 0) {
            list[list_count++] = names[i];
        }
    }
    if (list_count > 0) {
        resolver->options.found(resolver->options.context, list, list_count);
    }
}

static void look(struct resolver *resolver);

static void on_timer(uv_timer_t *timer)
{
    look(timer->data);
}

static void rest(struct resolver *resolver)
{
    (void)uv_timer_start(&resolver->timer, on_timer, resolver->options.interval_ms, 0);
}

static void on_looked(uv_getaddrinfo_t *lookup, int status, struct addrinfo *addresses)
{
    struct resolver *resolver = lookup->data;
    resolver->is_looking = false;
    if (status == 0 && !resolver->is_closing) {
        tell(resolver, addresses);
    }
    uv_freeaddrinfo(addresses);
    if (resolver->is_closing) {
        finish_close(resolver);
    } else {
        rest(resolver);
    }
}

static void look(struct resolver *resolver)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    char service[SERVICE_SIZE];
    (void)snprintf(service, sizeof(service), "%u", (unsigned)resolver->options.port);
    resolver->lookup.data = resolver;
    resolver->is_looking =
        uv_getaddrinfo(loop_uv(resolver->loop), &resolver->lookup, on_looked,
                       resolver->options.host, service, &hints) == 0;
    if (!resolver->is_looking) {
        rest(resolver);
    }
}

enum galen_status resolver_create(struct loop *loop, const struct resolver_options *options,
                                  struct resolver **out_resolver)
{
    struct resolver *resolver = calloc(1, sizeof(*resolver));
    if (resolver == NULL) {
        return GALEN_NO_MEMORY;
    }
    resolver->loop = loop;
    resolver->options = *options;
    (void)uv_timer_init(loop_uv(loop), &resolver->timer);
    resolver->timer.data = resolver;
    look(resolver);
    *out_resolver = resolver;
    return GALEN_OK;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct resolver *resolver = handle->data;
    resolver->timer_is_closed = true;
    finish_close(resolver);
}

void resolver_close(struct resolver *resolver, struct task *closed)
{
    resolver->is_closing = true;
    resolver->closed = closed;
    if (resolver->is_looking) {
        (void)uv_cancel((uv_req_t *)&resolver->lookup); /* it calls back in any case */
    }
    uv_close((uv_handle_t *)&resolver->timer, on_timer_closed);
}
