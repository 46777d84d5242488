/* SPDX-License-Identifier: Apache-2.0 */
#include "net/address.h"

#include <errno.h>
#include <unistd.h>

#include <uv.h>

bool address_parse(const char *text, uint16_t port, struct sockaddr_storage *out_address)
{
    return uv_ip4_addr(text, port, (struct sockaddr_in *)out_address) == 0 ||
           uv_ip6_addr(text, port, (struct sockaddr_in6 *)out_address) == 0;
}

static socklen_t size_of(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                          : sizeof(struct sockaddr_in);
}

/* Without SO_REUSEPORT, so that a listener that has it is in the way; with SO_REUSEADDR, so
 * that connections which have ended are not. Returns an errno. */
static int try_to_bind(const struct sockaddr_storage *address)
{
    const int on = 1;
    const int probe = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe < 0) {
        return errno;
    }
    int failure = 0;
    if (setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(probe, (const struct sockaddr *)address, size_of(address)) != 0) {
        failure = errno;
    }
    (void)close(probe);
    return failure;
}

enum galen_status address_check_free(const char *address, uint16_t port,
                                     struct error *out_error)
{
    struct sockaddr_storage parsed = {.ss_family = 0};
    if (!address_parse(address, port, &parsed)) {
        return error_set(out_error, GALEN_INVALID, "%s is not a numeric address", address);
    }
    const int failure = try_to_bind(&parsed);
    return failure == 0
               ? GALEN_OK
               : error_set(out_error, GALEN_UNAVAILABLE, "cannot listen on %s port %u: %s",
                           address, (unsigned)port,
                           uv_strerror(uv_translate_sys_error(failure)));
}
