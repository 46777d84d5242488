/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/jwks_keeper.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/invariant.h"
#include "base/log.h"
#include "crypto/random.h"
#include "net/timeouts.h"
#include "service/auth/jwks_flight.h"

enum { KIND_WAKE };

struct jwks_keeper {
    struct jwks_keeper_options options;
    char *name; /* of the source, for the log; its copy too */
    struct jwks_refresh refresh;
    struct jwks_flight flight;
    struct timeouts timeouts;
    struct timeout wake;
    struct list waiters;
    struct jwks_counts counts;
    bool has_failed; /* the last flight: what changes is said once */
    bool is_closing;
    bool timeouts_are_closed;
    struct task *closed;
    _Atomic uint64_t refuses_until_ns; /* as jwks_refresh has it, for all threads */
    _Atomic uint64_t refused_count;
    _Atomic size_t arriving_count; /* wishes that are posted, and not here yet */
};

struct jwks_keeper_options jwks_keeper_defaults(void)
{
    return (struct jwks_keeper_options){
        .refresh = {.interval_ns = 10 * NS_PER_S,
                    .backoff_ns_max = 60 * NS_PER_S,
                    .lifetime_ns_min = 60 * NS_PER_S,
                    .lifetime_ns_default = 300 * NS_PER_S,
                    .lifetime_ns_max = 3600 * NS_PER_S,
                    .age_ns_max = 86400 * NS_PER_S},
        .timeout_ms = 5000,
    };
}

static uint64_t now_ns(const struct jwks_keeper *keeper)
{
    return loop_now_ns(keeper->options.loop);
}

/* It spreads fetches and keeps no secret: a constant is better than no fetch. */
static uint64_t some_number(void)
{
    uint64_t number = 0;
    return random_bytes(&number, sizeof(number)) == GALEN_OK ? number : 0;
}

/* Waiters */

static void run_told(struct task *task)
{
    struct jwks_waiter *waiter = LIST_ITEM(task, struct jwks_waiter, task);
    waiter->told(waiter);
}

static void tell(struct jwks_waiter *waiter, enum jwks_outcome outcome)
{
    waiter->outcome = outcome;
    waiter->task.run = run_told;
    mailbox_post(waiter->mailbox, &waiter->task);
}

static void count_refusal(struct jwks_keeper *keeper)
{
    atomic_fetch_add_explicit(&keeper->refused_count, 1, memory_order_relaxed);
}

static void refuse(struct jwks_keeper *keeper, struct jwks_waiter *waiter)
{
    count_refusal(keeper);
    tell(waiter, JWKS_REFUSED);
}

static void tell_all(struct jwks_keeper *keeper, enum jwks_outcome outcome)
{
    while (!list_is_empty(&keeper->waiters)) {
        struct list_link *link = list_first(&keeper->waiters);
        list_remove(&keeper->waiters, link);
        tell(LIST_ITEM(link, struct jwks_waiter, link), outcome);
    }
}

/* What is to be done */

static void drop_keys(struct jwks_keeper *keeper)
{
    keeper->counts.key_count = 0;
    keeper->options.ops->drop(keeper->options.owner);
    log_event(LOG_ERROR, "jwks.gone", LOG_STR("source", keeper->name));
}

static void obey(struct jwks_keeper *keeper, struct jwks_decision decision)
{
    if (decision.drops_keys) {
        drop_keys(keeper);
    }
    if (decision.act == JWKS_DISCOVER) {
        jwks_flight_discover(&keeper->flight);
    } else if (decision.act == JWKS_FETCH) {
        jwks_flight_fetch(&keeper->flight);
    }
    timeout_arm(&keeper->timeouts, &keeper->wake, KIND_WAKE, decision.wake_ns);
    atomic_store_explicit(&keeper->refuses_until_ns,
                          jwks_refresh_refuses_until_ns(&keeper->refresh),
                          memory_order_relaxed);
}

static void on_wake(struct timeouts *timeouts, struct timeout *timeout)
{
    struct jwks_keeper *keeper = LIST_ITEM(timeouts, struct jwks_keeper, timeouts);
    (void)timeout;
    obey(keeper, jwks_refresh_tick(&keeper->refresh, now_ns(keeper)));
}

/* Wishes */

/* Whoever is told may be gone: nothing of the waiter's is touched after that. */
static void wish(struct jwks_keeper *keeper, struct jwks_waiter *waiter, bool is_first)
{
    struct jwks_decision decision;
    const enum jwks_want want =
        jwks_refresh_want(&keeper->refresh, now_ns(keeper), &decision);
    waiter->came_late = is_first && want == JWKS_WANT_JOINS;
    if (want == JWKS_WANT_REFUSED) {
        refuse(keeper, waiter);
    } else {
        list_append(&keeper->waiters, &waiter->link);
    }
    obey(keeper, decision);
}

static void finish_close(struct jwks_keeper *keeper);

static void on_want(struct task *task)
{
    struct jwks_waiter *waiter = LIST_ITEM(task, struct jwks_waiter, task);
    struct jwks_keeper *keeper = waiter->keeper;
    atomic_fetch_sub_explicit(&keeper->arriving_count, 1, memory_order_relaxed);
    if (keeper->is_closing) {
        tell(waiter, JWKS_CLOSED);
        finish_close(keeper);
    } else {
        wish(keeper, waiter, true);
    }
}

bool jwks_keeper_want(struct jwks_keeper *keeper, struct jwks_waiter *waiter,
                      uint64_t now_ns)
{
    if (now_ns < atomic_load_explicit(&keeper->refuses_until_ns, memory_order_relaxed)) {
        count_refusal(keeper);
        return false;
    }
    atomic_fetch_add_explicit(&keeper->arriving_count, 1, memory_order_relaxed);
    waiter->keeper = keeper;
    waiter->task.run = on_want;
    mailbox_post(loop_mailbox(keeper->options.loop), &waiter->task);
    return true;
}

/* Where the keys came by a flight that had begun before the wish, and its key is not there,
 * it is wished for again: a flight that is under way now began later. */
static void answer_wish(struct jwks_keeper *keeper, struct jwks_waiter *waiter)
{
    const struct jwks_keeper_options *options = &keeper->options;
    if (waiter->came_late && !options->ops->holds(options->owner, waiter->kid)) {
        wish(keeper, waiter, false);
    } else {
        tell(waiter, JWKS_LOOK_AGAIN);
    }
}

/* Who wishes again comes behind those that are left. */
static void tell_of_keys(struct jwks_keeper *keeper)
{
    size_t left = keeper->waiters.count;
    for (struct list_link *link = list_first(&keeper->waiters); link != NULL && left > 0;
         link = list_first(&keeper->waiters), left--) {
        list_remove(&keeper->waiters, link);
        answer_wish(keeper, LIST_ITEM(link, struct jwks_waiter, link));
    }
}

void jwks_keeper_hurry(struct jwks_keeper *keeper)
{
    obey(keeper, jwks_refresh_hurry(&keeper->refresh, now_ns(keeper)));
}

/* The end of a flight */

static void finish_close(struct jwks_keeper *keeper)
{
    if (keeper->timeouts_are_closed && !jwks_flight_is_under_way(&keeper->flight) &&
        atomic_load_explicit(&keeper->arriving_count, memory_order_relaxed) == 0) {
        jwks_flight_deinit(&keeper->flight);
        mailbox_post(loop_mailbox(keeper->options.loop), keeper->closed);
        free(keeper->name);
        free(keeper);
    }
}

static void say_success(struct jwks_keeper *keeper)
{
    const bool is_news = keeper->counts.flights[JWKS_RESULT_FETCHED] == 0;
    log_event(is_news || keeper->has_failed ? LOG_INFO : LOG_DEBUG, "jwks.fetched",
              LOG_STR("source", keeper->name), LOG_INT("keys", keeper->counts.key_count));
    keeper->has_failed = false;
}

static void say_failure(struct jwks_keeper *keeper, enum jwks_result result,
                        const struct error *error)
{
    log_event(LOG_WARN, "jwks.failed", LOG_STR("source", keeper->name),
              LOG_STR("result", jwks_result_name(result)), LOG_STR("reason", error->text));
    keeper->has_failed = true;
}

/* The other statuses of a fetch are what the answer is, or was about to be. */
static enum jwks_result result_of(const struct jwks_flight *flight)
{
    const bool is_unreachable =
        flight->status == GALEN_UNAVAILABLE || flight->status == GALEN_TIMEOUT ||
        flight->status == GALEN_NOT_FOUND || flight->status == GALEN_NO_MEMORY;
    return flight->was_refused ? JWKS_RESULT_REFUSED
           : is_unreachable    ? JWKS_RESULT_UNREACHABLE
                               : JWKS_RESULT_UNUSABLE;
}

static void on_failed(struct jwks_keeper *keeper)
{
    const struct jwks_flight *flight = &keeper->flight;
    const enum jwks_result result = result_of(flight);
    say_failure(keeper, result, &flight->error);
    keeper->counts.flights[result]++;
    tell_all(keeper, JWKS_FAILED);
    obey(keeper, jwks_refresh_failed(&keeper->refresh, now_ns(keeper), some_number()));
}

static void on_fetched(struct jwks_keeper *keeper)
{
    say_success(keeper);
    keeper->counts.flights[JWKS_RESULT_FETCHED]++;
    obey(keeper, jwks_refresh_fetched(&keeper->refresh, now_ns(keeper),
                                      keeper->flight.lifetime_ns, some_number()));
    tell_of_keys(keeper);
}

static void publish(struct jwks_keeper *keeper)
{
    const struct jwks_keeper_options *options = &keeper->options;
    struct jwks_flight *flight = &keeper->flight;
    size_t key_count = 0;
    flight->status =
        options->ops->publish(options->owner, flight->document, &key_count, &flight->error);
    if (flight->status == GALEN_OK) {
        keeper->counts.key_count = key_count;
    }
}

static void on_arrived(struct jwks_flight *flight)
{
    struct jwks_keeper *keeper = LIST_ITEM(flight, struct jwks_keeper, flight);
    if (keeper->is_closing) {
        finish_close(keeper);
    } else if (flight->status != GALEN_OK) {
        jwks_flight_clear(flight);
        on_failed(keeper);
    } else if (flight->has_discovered) {
        obey(keeper, jwks_refresh_discovered(&keeper->refresh, now_ns(keeper),
                                             flight->lifetime_ns));
    } else {
        publish(keeper);
        jwks_flight_clear(flight);
        if (flight->status == GALEN_OK) {
            on_fetched(keeper);
        } else {
            on_failed(keeper);
        }
    }
}

/* Life */

static enum galen_status copy_name(struct jwks_keeper *keeper)
{
    struct jwks_source *source = &keeper->options.source;
    const char **const names[] = {&source->issuer, &source->url, &source->file};
    size_t given_count = 0;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (*names[i] != NULL) {
            free(keeper->name);
            keeper->name = strdup(*names[i]);
            *names[i] = keeper->name;
            given_count++;
        }
    }
    INVARIANT(given_count == 1);
    return keeper->name == NULL ? GALEN_NO_MEMORY : GALEN_OK;
}

static enum galen_status init(struct jwks_keeper *keeper,
                              const struct jwks_keeper_options *options,
                              struct error *out_error)
{
    keeper->options = *options;
    keeper->options.refresh.discovers = options->source.issuer != NULL;
    keeper->options.refresh.keys_never_age = options->source.file != NULL;
    list_init(&keeper->waiters);
    jwks_refresh_init(&keeper->refresh, &keeper->options.refresh);
    TRY(copy_name(keeper));
    return jwks_flight_init(&keeper->flight, &keeper->options, on_arrived, out_error);
}

enum galen_status jwks_keeper_create(const struct jwks_keeper_options *options,
                                     struct jwks_keeper **out_keeper,
                                     struct error *out_error)
{
    struct jwks_keeper *keeper = calloc(1, sizeof(*keeper));
    if (keeper == NULL) {
        return GALEN_NO_MEMORY;
    }
    const enum galen_status status = init(keeper, options, out_error);
    if (status != GALEN_OK) {
        free(keeper->name);
        free(keeper);
        return status;
    }
    timeouts_init(&keeper->timeouts, options->loop, on_wake);
    obey(keeper, jwks_refresh_tick(&keeper->refresh, now_ns(keeper)));
    *out_keeper = keeper;
    return GALEN_OK;
}

static void on_timeouts_closed(struct timeouts *timeouts)
{
    struct jwks_keeper *keeper = LIST_ITEM(timeouts, struct jwks_keeper, timeouts);
    keeper->timeouts_are_closed = true;
    finish_close(keeper);
}

void jwks_keeper_close(struct jwks_keeper *keeper, struct task *closed)
{
    INVARIANT(!keeper->is_closing);
    keeper->is_closing = true;
    keeper->closed = closed;
    tell_all(keeper, JWKS_CLOSED);
    timeout_disarm(&keeper->timeouts, &keeper->wake);
    timeouts_close(&keeper->timeouts, on_timeouts_closed);
    jwks_flight_cancel(&keeper->flight);
}

void jwks_keeper_count(const struct jwks_keeper *keeper, struct jwks_counts *out_counts)
{
    *out_counts = keeper->counts;
    out_counts->refused =
        atomic_load_explicit(&keeper->refused_count, memory_order_relaxed);
    out_counts->has_keys =
        jwks_refresh_age(&keeper->refresh, now_ns(keeper), &out_counts->age_ns);
}
