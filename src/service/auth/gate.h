/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loop's way of asking who its callers are: the snapshot that holds now, the tokens that
 * it has verified, and who brings newer keys. A visit is one request's asking: answered at
 * once, or, where its token's key is not known yet, after newer keys have been looked for,
 * once.
 *
 * I/O-free: times come through functions. Threads: the loop's.
 */
#pragma once

#include "base/mailbox.h"
#include "base/tally.h"
#include "net/http.h"
#include "service/auth/auth.h"
#include "service/auth/jwks_keeper.h"

/* Who was not let in, by why: the loop counts, any thread reads. Zeroed at first. */
struct auth_counts {
    struct tally refused[REFUSAL_COUNT];
};

struct auth_gate {
    struct auth *auth;         /* what holds now; its owner's reference */
    struct token_cache *cache; /* borrowed */
    struct mailbox *mailbox;   /* the loop's */

    /* As jwks_keeper_want; NULL: nobody brings newer keys. */
    bool (*want_keys)(void *context, struct jwks_waiter *waiter, uint64_t now_ns);
    int64_t (*now_s)(void *context);
    uint64_t (*now_ns)(void *context);
    void *context;

    struct auth_counts counts; /* the gate's own: each refusal once */
};

struct auth_visit {
    /* the caller's, borrowed until the end */
    struct auth_gate *gate;
    const struct http_request_head *head;
    const struct tls_peer *peer; /* NULL: plaintext */
    struct arena *arena;
    void (*done)(struct auth_visit *visit); /* after AUTH_WAITS, later, once */
    void *context;

    /* what came of it */
    struct principal *principal; /* a reference, with GALEN_OK */
    enum galen_status status;
    enum refusal refusal; /* REFUSAL_NOT with GALEN_OK */

    /* the visit's own */
    struct auth *auth; /* a reference: by what it was decided */
    struct jwks_waiter waiter;
};

enum auth_answer {
    AUTH_DECIDED,
    AUTH_WAITS, /* `done` says when it is decided; the visit must stay until then */
};

/* The caller's part is set and all else zeroed. */
enum auth_answer auth_visit_begin(struct auth_visit *visit);

/* Its principal lacks the scope for what is asked: the visit's refusal from now on. Returns
 * its status. */
enum galen_status auth_visit_lack(struct auth_visit *visit);

/* The client goes away, and with it its connection's peer, while the visit may wait. A
 * token that is bound to a certificate is then refused. */
void auth_visit_forget_peer(struct auth_visit *visit);

/* The value of WWW-Authenticate for its refusal, in the arena; empty: none is due. scope:
 * of REFUSAL_SCOPE, else empty. */
struct bytes auth_visit_challenge(const struct auth_visit *visit, enum refusal refusal,
                                  struct bytes scope);

/* Lets go of what it holds; not while it waits. A zeroed visit is allowed. */
void auth_visit_deinit(struct auth_visit *visit);
