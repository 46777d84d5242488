/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One document of an issuer by HTTP: a connection of its own, a limit on size and time, and
 * no redirect followed: a document is where its issuer says, or nowhere.
 *
 * The caller's storage, zeroed before it is used first. `done` runs once for each start,
 * later, on the loop. Threads: the loop's.
 */
#pragma once

#include "base/writer.h"
#include "codec/web_url.h"
#include "net/http_client.h"

enum { JWKS_HOST_SIZE = 256 };

struct jwks_get {
    /* the caller's */
    struct loop *loop;
    const struct http_client_options *client; /* of http; host and port are the URL's */
    const struct http_client_options *secure_client; /* of https; NULL: there is none */
    uint32_t timeout_ms;                             /* from start to the last byte */
    void (*done)(struct jwks_get *get);

    /* the answer, until jwks_get_clear. GALEN_OK: its status was 200; UNAVAILABLE, TIMEOUT,
     * CANCELLED, NO_MEMORY; BAD_UPSTREAM: it is malformed, or its status another;
     * TOO_LARGE; INVALID: the URL cannot be fetched here */
    enum galen_status status;
    struct error error;
    int http_status;      /* 0: there was no answer */
    struct bytes body;    /* borrowed */
    uint64_t lifetime_ns; /* JWKS_LIFETIME_UNTOLD: it did not say */

    /* its own */
    char host[JWKS_HOST_SIZE];
    struct writer target;
    struct http_client *http;
    struct http_call call;
    struct task finished;
};

/* For the request target, path and query, before start. */
struct writer *jwks_get_target(struct jwks_get *get);
void jwks_get_start(struct jwks_get *get, const struct web_url *url);

/* Ends it with CANCELLED; harmless where none is under way. */
void jwks_get_cancel(struct jwks_get *get);

/* Releases the answer. */
void jwks_get_clear(struct jwks_get *get);
