/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who asks? One snapshot of all that decides it: the rules, the issuer's keys, and whom an
 * operator keeps out. A request keeps the one that it began with; whatever changes is a new
 * snapshot of the parts that did not.
 *
 * Threads: any, at once; a snapshot is immutable and counted. A cache of verified tokens is
 * its loop's own, lives beside the snapshots and outlasts them: what it holds is asked for
 * its rules, its key and the deny-list each time.
 */
#pragma once

#include "service/auth/auth_rules.h"
#include "service/auth/deny_list.h"
#include "service/auth/token_cache.h"

struct auth;

/* Takes references of its own. keys: NULL where there are none (yet, or any more): tokens
 * are refused with NO_KEYS. deny_list: NULL for none. Gives one reference. GALEN_NO_MEMORY.
 */
MUST_USE enum galen_status auth_create(struct auth_rules *rules, struct key_set *keys,
                                       struct deny_list *deny_list, struct auth **out_auth);
struct auth *auth_ref(struct auth *auth); /* returns its argument */
void auth_unref(struct auth *auth);       /* NULL is allowed */
DEFINE_SCOPED(auth, auth_unref)

/* Whether tokens are asked for that nothing can be verified with. */
bool auth_lacks_keys(const struct auth *auth);

/* What a request brings; borrowed. */
struct auth_question {
    const struct bytes *authorization; /* the value of each Authorization header */
    size_t authorization_count;
    bool has_token_in_url;       /* its query has `access_token` (RFC 6750 section 2.3) */
    const struct tls_peer *peer; /* NULL: plaintext */
    int64_t now_s;               /* Unix, by the wall clock */
    struct arena *arena;         /* of the request */
    struct token_cache *cache;   /* of the loop; NULL: none */
};

struct auth_refusal {
    enum refusal reason;
    bool needs_keys;     /* a refresh of the keys may help: ask again with what it brings */
    struct bytes key_id; /* then: what the token names, or empty; borrowed from the arena */
};

/* Gives a reference to the principal. A failure is that of refusal_status: the refusal says
 * which. */
MUST_USE enum galen_status auth_check(const struct auth *auth,
                                      const struct auth_question *question,
                                      struct principal **out_principal,
                                      struct auth_refusal *out_refusal);

/* The value of WWW-Authenticate: refusal_put_challenge in this realm. scope: what would
 * have been enough, of REFUSAL_SCOPE. */
void auth_challenge(const struct auth *auth, enum refusal reason, struct bytes scope,
                    struct writer *out);
