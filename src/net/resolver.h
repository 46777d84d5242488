/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The addresses of a host's name, looked up again and again: a headless service of
 * Kubernetes has one for each of its pods.
 *
 * Threads: the loop's; the look-up itself is libuv's thread pool's. A look-up that fails
 * changes nothing.
 */
#pragma once

#include "net/loop.h"

struct resolver;

struct resolver_options {
    const char *host; /* borrowed until closed */
    uint16_t port;
    uint64_t interval_ms; /* from the end of one look-up to the next */

    /* After each look-up that found any: "10.0.0.1:8000", "[::1]:8000", sorted, each once,
     * LIMIT_ENDPOINT_COUNT_MAX at the most. Borrowed for the call, which may not close. */
    void (*found)(void *context, const char *const *names, size_t count);
    void *context;
};

/* The first look-up begins at once. GALEN_NO_MEMORY. */
MUST_USE enum galen_status resolver_create(struct loop *loop,
                                           const struct resolver_options *options,
                                           struct resolver **out_resolver);

/* `closed` is posted when it is freed; nothing is found any more. NULL is not allowed. */
void resolver_close(struct resolver *resolver, struct task *closed);
