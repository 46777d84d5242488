/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Has an issuer's keys at hand: fetches them when jwks_refresh says so, by discovery or
 * from a URL, or reads them from a file, and hands them over. What a key set is, its owner
 * knows; to the keeper it is a document.
 *
 * Threads: all on the loop's but jwks_keeper_want. Blocking: reading a file; else never.
 * What fails is logged here, by event, source and reason.
 */
#pragma once

#include "base/error.h"
#include "base/list.h"
#include "base/mailbox.h"
#include "net/http_client.h"
#include "service/auth/jwks_refresh.h"

struct jwks_keeper;

/* Exactly one is not NULL. URLs are https, or of this machine. */
struct jwks_source {
    const char *issuer; /* whose discovery document names the keys' URL */
    const char *url;    /* of the keys */
    const char *file;   /* of the keys: read at the start, and when asked to */
};

/* What is done with keys. On the keeper's loop, inside no call of its owner's but
 * jwks_keeper_close. */
struct jwks_owner_ops {
    /* This document is the keys from now on. Not GALEN_OK: it is none, the error says why,
     * and what was before counts on. out_key_count: how many it has. */
    enum galen_status (*publish)(void *owner, struct bytes document, size_t *out_key_count,
                                 struct error *out_error);

    /* Whether the keys have one of that id. */
    bool (*holds)(void *owner, struct bytes kid);

    /* There are no keys any more: they were too old. */
    void (*drop)(void *owner);
};

struct jwks_keeper_options {
    struct loop *loop;
    struct jwks_source source;           /* copied */
    struct jwks_refresh_options refresh; /* without discovers and keys_never_age */
    uint32_t timeout_ms;                 /* of one document */

    /* As connections to an issuer are made; host, port and the size of answers are the
     * keeper's. Read at create. secure_client: for https, with TLS in it, whose peer has to
     * be certified as the URL's host; NULL: https cannot be fetched. client: for http on
     * this machine. */
    const struct http_client_options *client;
    const struct http_client_options *secure_client;
    const struct jwks_owner_ops *ops;
    void *owner;
};

/* Usable values for refresh and timeout_ms; the rest is zeroed. */
struct jwks_keeper_options jwks_keeper_defaults(void);

/* Begins to fetch. GALEN_INVALID: the source is none, the error says why; GALEN_NO_MEMORY.
 */
MUST_USE enum galen_status jwks_keeper_create(const struct jwks_keeper_options *options,
                                              struct jwks_keeper **out_keeper,
                                              struct error *out_error);

/* Waiters are told, `closed` runs, and the keeper is gone. No wish begins from now on;
 * those that are on their way from other threads are told too. */
void jwks_keeper_close(struct jwks_keeper *keeper, struct task *closed);

/* What became of a wish for newer keys. */
enum jwks_outcome {
    JWKS_LOOK_AGAIN, /* the key is there, or keys came by a flight that began after the wish
                      */
    JWKS_REFUSED,    /* there was a flight a moment ago, without this key */
    JWKS_FAILED,     /* the flight ended without keys: those from before count on */
    JWKS_CLOSED,
};

/* The wisher's storage, until told. */
struct jwks_waiter {
    struct mailbox *mailbox;                  /* of the wisher's thread */
    struct bytes kid;                         /* borrowed until told */
    void (*told)(struct jwks_waiter *waiter); /* once, later, by the mailbox */
    enum jwks_outcome outcome;                /* from told on */

    /* the keeper's */
    struct jwks_keeper *keeper;
    struct task task;
    struct list_link link;
    bool came_late; /* the flight under way had begun before it */
};

/* A token's key is not known: have newer ones fetched. False: refused at once, `told` is
 * not called. A flood of them costs one comparison each and the issuer one flight an
 * interval. Any thread. now_ns: monotonic. */
MUST_USE bool jwks_keeper_want(struct jwks_keeper *keeper, struct jwks_waiter *waiter,
                               uint64_t now_ns);

/* There is something new: fetched or read as soon as the interval allows. */
void jwks_keeper_hurry(struct jwks_keeper *keeper);

enum jwks_result {
    JWKS_RESULT_FETCHED,
    JWKS_RESULT_UNREACHABLE, /* no connection, no answer in time, no such file */
    JWKS_RESULT_REFUSED,     /* its HTTP status was not 200 */
    JWKS_RESULT_UNUSABLE,    /* malformed, too large, or not what it should be */
    JWKS_RESULT_COUNT,
};

struct jwks_counts {
    uint64_t flights[JWKS_RESULT_COUNT];
    uint64_t refused; /* wishes, by the interval */
    uint64_t key_count;
    bool has_keys;
    uint64_t age_ns; /* of the keys, where there are any */
};
void jwks_keeper_count(const struct jwks_keeper *keeper, struct jwks_counts *out_counts);

const char *jwks_result_name(enum jwks_result result); /* "unreachable": a label */
