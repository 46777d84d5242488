/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When an issuer's keys are fetched (RFC 7517, RFC 8414), and until when they count. Time,
 * randomness and what became of a fetch go in; what is to be done comes out.
 *
 * A flight is one attempt to get keys: the discovery document where that is not fresh, then
 * the key set. There is one flight at a time, and from the start of one to the start of the
 * next never less than the interval, whoever asks and however often. Keys are fetched anew
 * before their lifetime is over, which is what the issuer's Cache-Control says within our
 * bounds. After a failure flights get rarer and old keys still count, up to an age at which
 * there are none any more.
 *
 * I/O-free. Threads: one owner. Allocation: none.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define JWKS_LIFETIME_UNTOLD UINT64_MAX /* the answer did not say */

/* A bound below the one that it must not be below is raised to it: whoever sets a long
 * interval need not know the rest. */
struct jwks_refresh_options {
    bool discovers;           /* flights begin with discovery where it is not fresh */
    bool keys_never_age;      /* they come from a file: only those who ask make a flight */
    uint64_t interval_ns;     /* from the start of a flight to the next; not 0 */
    uint64_t backoff_ns_max;  /* after failures; not below the interval */
    uint64_t lifetime_ns_min; /* however little the issuer says; nor is this */
    uint64_t lifetime_ns_default; /* where it says nothing; not below the minimum */
    uint64_t lifetime_ns_max;     /* however much; not below the default */
    uint64_t age_ns_max; /* then keys are gone, counted from the start of the flight that
                            brought them; not below the longest lifetime */
};

/* The members are the module's own. */
struct jwks_refresh {
    struct jwks_refresh_options options;
    bool has_keys;
    bool is_flying;
    bool is_in_a_hurry; /* another flight is due when this one has ended */
    uint32_t failure_count;
    uint64_t started_ns;      /* the last flight */
    uint64_t keys_ns;         /* the flight that brought the keys began */
    uint64_t due_ns;          /* the next flight; the interval counts beside it */
    uint64_t discovery_ns;    /* until when discovery is fresh; 0: it is not */
    uint64_t backed_off_ns;   /* nobody's asking makes a flight before it */
    uint64_t next_allowed_ns; /* the interval's end */
};

enum jwks_act {
    JWKS_REST,
    JWKS_DISCOVER, /* fetch the discovery document: a flight has begun */
    JWKS_FETCH,    /* fetch the keys: a flight has begun, or discovery is done */
};

struct jwks_decision {
    enum jwks_act act;
    bool drops_keys;  /* they are too old: there are none from now on */
    uint64_t wake_ns; /* call jwks_refresh_tick then; UINT64_MAX: no need to */
};

/* There are no keys, and a flight is due at once. */
void jwks_refresh_init(struct jwks_refresh *refresh,
                       const struct jwks_refresh_options *options);

/* Time has passed. */
struct jwks_decision jwks_refresh_tick(struct jwks_refresh *refresh, uint64_t now_ns);

/* What became of what was to be done. lifetime_ns: how long the issuer says that the answer
 * is fresh, or JWKS_LIFETIME_UNTOLD. random: any number, a new one for each call. */
struct jwks_decision jwks_refresh_discovered(struct jwks_refresh *refresh, uint64_t now_ns,
                                             uint64_t lifetime_ns);
struct jwks_decision jwks_refresh_fetched(struct jwks_refresh *refresh, uint64_t now_ns,
                                          uint64_t lifetime_ns, uint64_t random);
struct jwks_decision jwks_refresh_failed(struct jwks_refresh *refresh, uint64_t now_ns,
                                         uint64_t random);

/* Somebody has a token by a key that is not known. */
enum jwks_want {
    JWKS_WANT_BEGINS,  /* a flight begins: see the decision */
    JWKS_WANT_JOINS,   /* one is under way; it may have begun before the key was there */
    JWKS_WANT_REFUSED, /* the last flight was not long enough ago */
};
enum jwks_want jwks_refresh_want(struct jwks_refresh *refresh, uint64_t now_ns,
                                 struct jwks_decision *out_decision);

/* Before this nobody's asking begins a flight; 0: it does, or joins the one under way. */
uint64_t jwks_refresh_refuses_until_ns(const struct jwks_refresh *refresh);

/* Somebody knows that there is something new: as soon as the interval allows. */
struct jwks_decision jwks_refresh_hurry(struct jwks_refresh *refresh, uint64_t now_ns);

/* How old the keys are. False: there are none. */
bool jwks_refresh_age(const struct jwks_refresh *refresh, uint64_t now_ns,
                      uint64_t *out_age_ns);
