/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/jwks_refresh.h"

#include "base/invariant.h"

enum { NEVER_SHIFTED_BEYOND = 20 }; /* doublings of the interval: a day from 0.1 s */

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void jwks_refresh_init(struct jwks_refresh *refresh,
                       const struct jwks_refresh_options *options)
{
    struct jwks_refresh_options bounds = *options;
    INVARIANT(bounds.interval_ns > 0);
    bounds.backoff_ns_max = later(bounds.backoff_ns_max, bounds.interval_ns);
    bounds.lifetime_ns_min = later(bounds.lifetime_ns_min, bounds.interval_ns);
    bounds.lifetime_ns_default = later(bounds.lifetime_ns_default, bounds.lifetime_ns_min);
    bounds.lifetime_ns_max = later(bounds.lifetime_ns_max, bounds.lifetime_ns_default);
    bounds.age_ns_max = later(bounds.age_ns_max, bounds.lifetime_ns_max);
    *refresh = (struct jwks_refresh){.options = bounds};
}

static bool keys_are_too_old(const struct jwks_refresh *refresh, uint64_t now_ns)
{
    return refresh->has_keys && !refresh->options.keys_never_age &&
           now_ns - refresh->keys_ns >= refresh->options.age_ns_max;
}

static uint64_t next_start_ns(const struct jwks_refresh *refresh)
{
    return later(refresh->due_ns, refresh->next_allowed_ns);
}

static uint64_t wake_ns(const struct jwks_refresh *refresh)
{
    uint64_t wake = refresh->is_flying ? UINT64_MAX : next_start_ns(refresh);
    if (refresh->has_keys && !refresh->options.keys_never_age) {
        wake = sooner(wake, refresh->keys_ns + refresh->options.age_ns_max);
    }
    return wake;
}

static enum jwks_act begin_flight(struct jwks_refresh *refresh, uint64_t now_ns)
{
    refresh->is_flying = true;
    refresh->is_in_a_hurry = false;
    refresh->started_ns = now_ns;
    refresh->next_allowed_ns = now_ns + refresh->options.interval_ns;
    return refresh->options.discovers && now_ns >= refresh->discovery_ns ? JWKS_DISCOVER
                                                                         : JWKS_FETCH;
}

/* After act, which was decided already, or is JWKS_REST. */
static struct jwks_decision decide(struct jwks_refresh *refresh, enum jwks_act act,
                                   uint64_t now_ns)
{
    struct jwks_decision decision = {.act = act};
    if (keys_are_too_old(refresh, now_ns)) {
        refresh->has_keys = false;
        decision.drops_keys = true;
    }
    if (!refresh->is_flying && now_ns >= next_start_ns(refresh)) {
        decision.act = begin_flight(refresh, now_ns);
    }
    decision.wake_ns = wake_ns(refresh);
    return decision;
}

struct jwks_decision jwks_refresh_tick(struct jwks_refresh *refresh, uint64_t now_ns)
{
    return decide(refresh, JWKS_REST, now_ns);
}

static uint64_t lifetime_within(const struct jwks_refresh_options *options,
                                uint64_t lifetime_ns)
{
    return lifetime_ns == JWKS_LIFETIME_UNTOLD
               ? options->lifetime_ns_default
               : sooner(later(lifetime_ns, options->lifetime_ns_min),
                        options->lifetime_ns_max);
}

struct jwks_decision jwks_refresh_discovered(struct jwks_refresh *refresh, uint64_t now_ns,
                                             uint64_t lifetime_ns)
{
    INVARIANT(refresh->is_flying && refresh->options.discovers);
    refresh->discovery_ns =
        refresh->started_ns + lifetime_within(&refresh->options, lifetime_ns);
    return decide(refresh, JWKS_FETCH, now_ns);
}

static void end_flight(struct jwks_refresh *refresh)
{
    INVARIANT(refresh->is_flying);
    refresh->is_flying = false;
    if (refresh->is_in_a_hurry) {
        refresh->due_ns = 0;
    }
}

/* At three quarters of the lifetime and a little more, by chance: instances that were
 * started together do not ask together for ever. */
static uint64_t ahead_of_expiry(uint64_t lifetime_ns, uint64_t random)
{
    return lifetime_ns / 4 * 3 + random % (lifetime_ns / 8 + 1);
}

struct jwks_decision jwks_refresh_fetched(struct jwks_refresh *refresh, uint64_t now_ns,
                                          uint64_t lifetime_ns, uint64_t random)
{
    const uint64_t lifetime = lifetime_within(&refresh->options, lifetime_ns);
    refresh->has_keys = true;
    refresh->keys_ns = refresh->started_ns;
    refresh->failure_count = 0;
    refresh->backed_off_ns = 0;
    refresh->due_ns = refresh->options.keys_never_age
                          ? UINT64_MAX
                          : refresh->started_ns + ahead_of_expiry(lifetime, random);
    end_flight(refresh);
    return decide(refresh, JWKS_REST, now_ns);
}

/* Twice as long after each failure, and of that the half to the whole. */
static uint64_t backoff(const struct jwks_refresh *refresh, uint64_t random)
{
    const uint32_t doublings =
        (uint32_t)sooner(refresh->failure_count - 1, NEVER_SHIFTED_BEYOND);
    const uint64_t whole =
        sooner(refresh->options.interval_ns << doublings, refresh->options.backoff_ns_max);
    return whole - random % (whole / 2 + 1);
}

struct jwks_decision jwks_refresh_failed(struct jwks_refresh *refresh, uint64_t now_ns,
                                         uint64_t random)
{
    refresh->failure_count += refresh->failure_count < UINT32_MAX;
    refresh->discovery_ns = 0; /* the keys may have moved */
    refresh->backed_off_ns = now_ns + backoff(refresh, random);
    refresh->due_ns = refresh->backed_off_ns;
    end_flight(refresh);
    return decide(refresh, JWKS_REST, now_ns);
}

uint64_t jwks_refresh_refuses_until_ns(const struct jwks_refresh *refresh)
{
    return refresh->is_flying ? 0 : later(refresh->next_allowed_ns, refresh->backed_off_ns);
}

enum jwks_want jwks_refresh_want(struct jwks_refresh *refresh, uint64_t now_ns,
                                 struct jwks_decision *out_decision)
{
    const bool joins = refresh->is_flying;
    const bool begins = !joins && now_ns >= jwks_refresh_refuses_until_ns(refresh);
    const enum jwks_act act = begins ? begin_flight(refresh, now_ns) : JWKS_REST;
    *out_decision = decide(refresh, act, now_ns);
    return joins                ? JWKS_WANT_JOINS
           : refresh->is_flying ? JWKS_WANT_BEGINS
                                : JWKS_WANT_REFUSED;
}

struct jwks_decision jwks_refresh_hurry(struct jwks_refresh *refresh, uint64_t now_ns)
{
    refresh->is_in_a_hurry = refresh->is_flying;
    refresh->due_ns = refresh->is_flying ? refresh->due_ns : 0;
    return decide(refresh, JWKS_REST, now_ns);
}

bool jwks_refresh_age(const struct jwks_refresh *refresh, uint64_t now_ns,
                      uint64_t *out_age_ns)
{
    if (refresh->has_keys) {
        *out_age_ns = now_ns - refresh->keys_ns;
    }
    return refresh->has_keys;
}
