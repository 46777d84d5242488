/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/admission.h"

#include "base/clock.h"
#include "base/invariant.h"

const char *admission_reason_name(enum admission_reason reason)
{
    static const char *const names[ADMISSION_REASON_COUNT] = {
        [ADMISSION_LAG] = "lag",           [ADMISSION_BODIES] = "bodies",
        [ADMISSION_CAPACITY] = "capacity", [ADMISSION_CONCURRENCY] = "concurrency",
        [ADMISSION_RATE] = "rate",
    };
    return names[reason];
}

/* The same in every process and configuration: names are ours, not callers'. */
uint64_t admission_name(struct bytes name)
{
    static const struct siphash_key fixed = {{1, 2}};
    const uint64_t hash = siphash(&fixed, name);
    return hash == 0 ? 1 : hash;
}

void admission_init(struct admission *admission, const struct siphash_key *key)
{
    admission->key = *key;
    atomic_init(&admission->in_flight, 0);
    atomic_init(&admission->bodies_size_bytes, 0);
    for (size_t i = 0; i < ADMISSION_GATE_COUNT; i++) {
        struct admission_gate *gate = &admission->gates[i];
        atomic_init(&gate->name, 0);
        atomic_init(&gate->in_flight, 0);
        for (size_t reason = 0; reason < ADMISSION_REASON_COUNT; reason++) {
            atomic_init(&gate->shed_counts[reason], 0);
        }
    }
    rate_table_init(&admission->rates);
}

/* Counts */

/* False: it would be more than max, and is not added. */
static bool add_within(_Atomic uint64_t *count, uint64_t size, uint64_t max)
{
    uint64_t before = atomic_load_explicit(count, memory_order_relaxed);
    do {
        if (before > max || size > max - before) {
            return false;
        }
    } while (!atomic_compare_exchange_weak_explicit(
        count, &before, before + size, memory_order_relaxed, memory_order_relaxed));
    return true;
}

static void subtract(_Atomic uint64_t *count, uint64_t size)
{
    const uint64_t before = atomic_fetch_sub_explicit(count, size, memory_order_relaxed);
    INVARIANT(before >= size);
}

static uint64_t limit_or_none(uint64_t limit)
{
    return limit == 0 ? UINT64_MAX : limit;
}

/* Gates */

static bool is_or_becomes(struct admission_gate *gate, uint64_t name)
{
    uint64_t found = atomic_load_explicit(&gate->name, memory_order_relaxed);
    return found == name ||
           (found == 0 &&
            (atomic_compare_exchange_strong_explicit(
                 &gate->name, &found, name, memory_order_relaxed, memory_order_relaxed) ||
             found == name));
}

static struct admission_gate *gate_of(struct admission *admission, uint64_t name)
{
    const size_t last = ADMISSION_GATE_COUNT - 1; /* which is shared */
    for (size_t i = 0; i < last; i++) {
        struct admission_gate *gate = &admission->gates[(name + i) % last];
        if (is_or_becomes(gate, name)) {
            return gate;
        }
    }
    return &admission->gates[last];
}

static enum galen_status refuse(struct admission_gate *gate, enum admission_reason reason,
                                uint64_t wait_ns, struct admission_refusal *out_refusal)
{
    const uint64_t wait_s = wait_ns / NS_PER_S + (wait_ns % NS_PER_S == 0 ? 0 : 1);
    atomic_fetch_add_explicit(&gate->shed_counts[reason], 1, memory_order_relaxed);
    *out_refusal = (struct admission_refusal){reason, wait_s == 0 ? 1 : wait_s};
    return reason == ADMISSION_RATE ? GALEN_RATE_LIMITED : GALEN_BUSY;
}

/* Before any work */

static uint64_t for_class(uint64_t limit, enum admission_class class)
{
    return class == ADMISSION_BATCH ? limit / 2 : limit;
}

static bool takes_body(struct admission *admission, const struct admission_limits *limits,
                       enum admission_class class, uint64_t size)
{
    const uint64_t max = for_class(limits->bodies_size_bytes, class);
    const uint64_t found =
        atomic_load_explicit(&admission->bodies_size_bytes, memory_order_relaxed);
    return limits->bodies_size_bytes == 0 || found == 0 ||
           (found <= max && size <= max - found);
}

enum galen_status admission_begin(struct admission *admission,
                                  const struct admission_limits *limits,
                                  const struct admission_route *route,
                                  const struct admission_load *load,
                                  struct admission_refusal *out_refusal)
{
    if (limits->lag_ns != 0 && load->lag_ns > for_class(limits->lag_ns, route->class)) {
        return refuse(gate_of(admission, route->name), ADMISSION_LAG, 0, out_refusal);
    }
    if (!takes_body(admission, limits, route->class, load->body_size_bytes)) {
        return refuse(gate_of(admission, route->name), ADMISSION_BODIES, 0, out_refusal);
    }
    return GALEN_OK;
}

/* When it is known who asks */

static bool has_entered(const struct admission_ticket *ticket,
                        const struct admission_gate *gate)
{
    for (size_t i = 0; i < ticket->gate_count; i++) {
        if (ticket->gates[i] == gate) {
            return true;
        }
    }
    return false;
}

static uint64_t capacity_for(const struct admission_limits *limits,
                             enum admission_class class)
{
    if (limits->concurrency == 0 || class == ADMISSION_CLINIC) {
        return limit_or_none(limits->concurrency);
    }
    return limits->reserve < limits->concurrency ? limits->concurrency - limits->reserve
                                                 : 0;
}

/* A request that is counted already came as another class: it stays where batch might be,
 * too. */
static bool counts_in_whole(struct admission *admission,
                            const struct admission_limits *limits,
                            enum admission_class class, bool is_counted)
{
    const uint64_t capacity = capacity_for(limits, class);
    return is_counted ? atomic_load_explicit(&admission->in_flight, memory_order_relaxed) <=
                            capacity
                      : add_within(&admission->in_flight, 1, capacity);
}

static uint64_t key_of(const struct admission *admission, struct bytes caller,
                       uint64_t route_name)
{
    const uint64_t both[] = {siphash(&admission->key, caller), route_name};
    return siphash(&admission->key, bytes_of(both, sizeof(both)));
}

static void leave_whole(struct admission *admission, bool was_counted)
{
    if (!was_counted) {
        subtract(&admission->in_flight, 1);
    }
}

enum galen_status admission_enter(struct admission *admission,
                                  const struct admission_limits *limits,
                                  const struct admission_route *route, struct bytes caller,
                                  uint64_t now_ns, struct admission_ticket *ticket,
                                  struct admission_refusal *out_refusal)
{
    struct admission_gate *gate = gate_of(admission, route->name);
    if (has_entered(ticket, gate)) {
        return GALEN_OK;
    }
    INVARIANT(ticket->gate_count < ADMISSION_ROUTE_COUNT_MAX);
    if (!counts_in_whole(admission, limits, route->class, ticket->is_counted)) {
        return refuse(gate, ADMISSION_CAPACITY, 0, out_refusal);
    }
    if (!add_within(&gate->in_flight, 1, limit_or_none(route->concurrency))) {
        leave_whole(admission, ticket->is_counted);
        return refuse(gate, ADMISSION_CONCURRENCY, 0, out_refusal);
    }
    const uint64_t wait_ns = rate_table_take(
        &admission->rates, key_of(admission, caller, route->name), &route->rate, now_ns);
    if (wait_ns > 0) {
        subtract(&gate->in_flight, 1);
        leave_whole(admission, ticket->is_counted);
        return refuse(gate, ADMISSION_RATE, wait_ns, out_refusal);
    }
    ticket->is_counted = true;
    ticket->gates[ticket->gate_count++] = gate;
    return GALEN_OK;
}

void admission_leave(struct admission *admission, struct admission_ticket *ticket)
{
    if (ticket->is_counted) {
        subtract(&admission->in_flight, 1);
    }
    for (size_t i = 0; i < ticket->gate_count; i++) {
        subtract(&ticket->gates[i]->in_flight, 1);
    }
    *ticket = (struct admission_ticket){.is_counted = false};
}

uint64_t admission_shed_count(struct admission *admission, uint64_t route_name,
                              enum admission_reason reason)
{
    struct admission_gate *gate = gate_of(admission, route_name);
    return atomic_load_explicit(&gate->shed_counts[reason], memory_order_relaxed);
}
