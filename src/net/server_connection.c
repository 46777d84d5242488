/* SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>

#include "net/http_server_impl.h"

static void take_address(struct peer_address *address, const void *bytes, size_t size)
{
    memcpy(address->bytes, bytes, size);
    address->size = (uint8_t)size;
}

static void learn_address(struct http_connection *connection)
{
    struct sockaddr_storage found;
    int size = sizeof(found);
    if (uv_tcp_getpeername(&connection->stream.tcp, (struct sockaddr *)&found, &size) !=
        0) {
        return;
    }
    if (found.ss_family == AF_INET) {
        const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)&found;
        take_address(&connection->address, &ipv4->sin_addr, 4);
    } else if (found.ss_family == AF_INET6) {
        const struct in6_addr *ipv6 = &((const struct sockaddr_in6 *)&found)->sin6_addr;
        if (IN6_IS_ADDR_V4MAPPED(ipv6)) {
            take_address(&connection->address, &ipv6->s6_addr[12], 4);
        } else {
            take_address(&connection->address, ipv6, 8);
        }
    }
}

void connection_start(struct http_connection *connection)
{
    learn_address(connection);
    connection->ops->start(connection);
}

void connection_drain(struct http_connection *connection)
{
    connection->ops->drain(connection);
}

void connection_drop(struct http_connection *connection)
{
    connection->ops->drop(connection);
}

void connection_expired(struct http_connection *connection, enum server_deadline kind)
{
    connection->ops->expired(connection, kind);
}
