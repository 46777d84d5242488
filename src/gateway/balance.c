/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/balance.h"

#include <stdio.h>

#include "base/invariant.h"

_Static_assert(LIMIT_ENDPOINT_COUNT_MAX <= 64 && LIMIT_ENDPOINT_TOPIC_COUNT_MAX <= 64,
               "bit sets hold them");

static uint64_t bit(size_t index)
{
    return UINT64_C(1) << index;
}

void balance_init(struct balance *balance, const struct balance_options *options)
{
    INVARIANT(options->pending_count_max > 0);
    *balance = (struct balance){.options = *options};
}

/* --- the set --- */

static size_t find(const struct balance *balance, const char *name)
{
    for (size_t i = 0; i < LIMIT_ENDPOINT_COUNT_MAX; i++) {
        const struct balance_endpoint *endpoint = &balance->endpoints[i];
        if (endpoint->is_used && strcmp(endpoint->name, name) == 0) {
            return i;
        }
    }
    return LIMIT_ENDPOINT_COUNT_MAX;
}

static size_t find_free(const struct balance *balance)
{
    size_t i = 0;
    while (i < LIMIT_ENDPOINT_COUNT_MAX && balance->endpoints[i].is_used) {
        i++;
    }
    return i;
}

/* Gives its bit where it is new. */
static uint64_t keep_or_add(struct balance *balance, const char *name)
{
    const size_t known = find(balance, name);
    if (known < LIMIT_ENDPOINT_COUNT_MAX) {
        balance->endpoints[known].is_leaving = false;
        return 0;
    }
    const size_t slot = find_free(balance);
    if (slot == LIMIT_ENDPOINT_COUNT_MAX || strlen(name) >= BALANCE_NAME_SIZE) {
        return 0;
    }
    struct balance_endpoint *endpoint = &balance->endpoints[slot];
    balance->endpoint_end = slot < balance->endpoint_end ? balance->endpoint_end : slot + 1;
    *endpoint = (struct balance_endpoint){.is_used = true};
    (void)snprintf(endpoint->name, sizeof(endpoint->name), "%s", name);
    return bit(slot);
}

uint64_t balance_set(struct balance *balance, const char *const *names, size_t count)
{
    uint64_t added = 0;
    for (size_t i = 0; i < LIMIT_ENDPOINT_COUNT_MAX; i++) {
        balance->endpoints[i].is_leaving = balance->endpoints[i].is_used;
    }
    for (size_t i = 0; i < count; i++) {
        added |= keep_or_add(balance, names[i]);
    }
    return added;
}

bool balance_has_left(const struct balance *balance, size_t endpoint)
{
    const struct balance_endpoint *it = &balance->endpoints[endpoint];
    return it->is_used && it->is_leaving && it->pending_count == 0;
}

void balance_forget(struct balance *balance, size_t endpoint)
{
    INVARIANT(balance_has_left(balance, endpoint));
    balance->endpoints[endpoint] = (struct balance_endpoint){.is_used = false};
}

static bool is_there(const struct balance_endpoint *endpoint)
{
    return endpoint->is_used && !endpoint->is_leaving;
}

static size_t count_there(const struct balance *balance)
{
    size_t count = 0;
    for (size_t i = 0; i < balance->endpoint_end; i++) {
        count += is_there(&balance->endpoints[i]);
    }
    return count;
}

static bool is_aside(const struct balance_endpoint *endpoint, uint64_t now_ns)
{
    return endpoint->is_ejected && now_ns < endpoint->ejected_until_ns;
}

bool balance_is_in_rotation(const struct balance *balance, size_t endpoint, uint64_t now_ns)
{
    const struct balance_endpoint *it = &balance->endpoints[endpoint];
    return is_there(it) && !is_aside(it, now_ns) && it->health != BALANCE_UNREADY;
}

/* --- choice --- */

/* What speaks against an endpoint: the sum says who is worse. */
enum {
    RANK_UNKNOWN = 1,
    RANK_RESTS = 2,
    RANK_UNREADY = 4,
    RANK_EJECTED = 8,
    RANK_TRIED = 16,
    RANK_NOT_FOR_TOPIC = 32,
};

static bool was_tried(size_t index, const struct balance_question *question)
{
    return (question->tried & bit(index)) != 0;
}

static unsigned rank_of(const struct balance_endpoint *endpoint, size_t index,
                        const struct balance_question *question)
{
    const uint64_t topic = question->topic == BALANCE_NO_TOPIC ? 0 : bit(question->topic);
    const bool is_known = (endpoint->known_topics & topic) == topic;
    const bool is_for_topic = (endpoint->ready_topics & topic) == topic;
    unsigned rank = 0;
    rank += endpoint->health == BALANCE_UNREADY ? RANK_UNREADY : 0;
    rank += is_known && !is_for_topic ? RANK_NOT_FOR_TOPIC : 0;
    rank += is_aside(endpoint, question->now_ns) ? RANK_EJECTED : 0;
    rank += was_tried(index, question) ? RANK_TRIED : 0;
    rank += question->now_ns < endpoint->rests_until_ns ? RANK_RESTS : 0;
    rank += endpoint->health == BALANCE_UNKNOWN || !is_known ? RANK_UNKNOWN : 0;
    return rank;
}

/* One attempt at a time until one went well: when its time is over, and before that for a
 * request that would else ask again who has just failed. */
static bool is_shut(const struct balance_endpoint *endpoint, size_t index,
                    const struct balance_question *question)
{
    if (!endpoint->is_ejected) {
        return false;
    }
    const bool may_be_last_resort = question->tried != 0 && !was_tried(index, question) &&
                                    endpoint->health == BALANCE_READY;
    return endpoint->pending_count > 0 ||
           (is_aside(endpoint, question->now_ns) && !may_be_last_resort);
}

/* Of this very request. */
static bool has_asked_for_time(const struct balance_endpoint *endpoint, size_t index,
                               const struct balance_question *question)
{
    return was_tried(index, question) && question->now_ns < endpoint->rests_until_ns;
}

struct best {
    size_t endpoint;
    uint64_t cost; /* rank, then pending */
    uint64_t equal_count;
    uint64_t random;
};

/* Of n equals the n-th takes the place with a chance of 1/n, so that each has the same. The
 * multiplier is that of Knuth's MMIX, whose upper bits are the random ones. */
static void consider(struct best *best, size_t index, uint64_t cost)
{
    if (best->equal_count > 0 && cost > best->cost) {
        return;
    }
    if (best->equal_count == 0 || cost < best->cost) {
        best->equal_count = 0;
        best->cost = cost;
    }
    best->equal_count++;
    best->random =
        best->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    if ((best->random >> 33) % best->equal_count == 0) {
        best->endpoint = index;
    }
}

enum balance_choice balance_choose(const struct balance *balance,
                                   const struct balance_question *question,
                                   size_t *out_endpoint, uint64_t *out_return_ns)
{
    struct best best = {.random = question->random};
    uint64_t return_ns = UINT64_MAX;
    enum balance_choice otherwise = BALANCE_NONE;
    for (size_t i = 0; i < balance->endpoint_end; i++) {
        const struct balance_endpoint *endpoint = &balance->endpoints[i];
        if (!is_there(endpoint)) {
            continue;
        }
        if (is_shut(endpoint, i, question)) {
            return_ns = endpoint->ejected_until_ns < return_ns ? endpoint->ejected_until_ns
                                                               : return_ns;
            otherwise = otherwise == BALANCE_NONE ? BALANCE_EJECTED : otherwise;
        } else if (endpoint->pending_count >= balance->options.pending_count_max) {
            otherwise = BALANCE_FULL;
        } else if (has_asked_for_time(endpoint, i, question)) {
            otherwise = otherwise == BALANCE_FULL ? BALANCE_FULL : BALANCE_RESTING;
        } else {
            const uint64_t rank = rank_of(endpoint, i, question);
            consider(&best, i, rank << 32 | endpoint->pending_count);
        }
    }
    if (best.equal_count > 0) {
        *out_endpoint = best.endpoint;
        return BALANCE_CHOSEN;
    }
    *out_return_ns = return_ns;
    return otherwise;
}

/* --- ejection --- */

static bool may_eject(const struct balance *balance, const struct balance_endpoint *which)
{
    size_t ejected_count = 1;
    for (size_t i = 0; i < balance->endpoint_end; i++) {
        const struct balance_endpoint *other = &balance->endpoints[i];
        ejected_count += other != which && is_there(other) && other->is_ejected;
    }
    return ejected_count * 100 <= balance->options.eject_percent_max * count_there(balance);
}

/* Each base time that it spent in rotation makes one ejection less. */
static void forgive(const struct balance *balance, struct balance_endpoint *endpoint,
                    uint64_t now_ns)
{
    const uint64_t good = (now_ns - endpoint->returned_ns) / balance->options.eject_base_ns;
    endpoint->ejection_count -=
        (uint32_t)(good < endpoint->ejection_count ? good : endpoint->ejection_count);
}

static void eject(struct balance *balance, struct balance_endpoint *endpoint,
                  bool was_unreached, uint64_t now_ns)
{
    const struct balance_options *options = &balance->options;
    if (!endpoint->is_ejected) {
        forgive(balance, endpoint, now_ns);
    }
    endpoint->ejection_count++;
    const uint64_t factor_max = options->eject_ns_max / options->eject_base_ns;
    const uint64_t wait_ns = endpoint->ejection_count > factor_max
                                 ? options->eject_ns_max
                                 : endpoint->ejection_count * options->eject_base_ns;
    endpoint->is_ejected = true;
    endpoint->was_unreached = was_unreached;
    endpoint->failure_count = 0;
    endpoint->ejected_ns = now_ns;
    endpoint->ejected_until_ns = now_ns + wait_ns;
}

/* What comes back may be another process, with other models. */
static void note_unready(struct balance_endpoint *endpoint)
{
    endpoint->health = BALANCE_UNREADY;
    endpoint->known_topics = 0;
    endpoint->ready_topics = 0;
}

static void note_failure(struct balance *balance, struct balance_endpoint *endpoint,
                         bool was_unreached, uint64_t now_ns)
{
    const bool is_back = endpoint->is_ejected && now_ns >= endpoint->ejected_until_ns;
    const uint32_t failures_max = balance->options.eject_failures;
    endpoint->failure_count++;
    if (is_back ||
        (failures_max > 0 && !endpoint->is_ejected &&
         endpoint->failure_count >= failures_max && may_eject(balance, endpoint))) {
        eject(balance, endpoint, was_unreached, now_ns);
    }
    if (was_unreached && balance->options.is_probed) {
        note_unready(endpoint);
    }
}

/* An answer to what was asked before the ejection does not end it. */
static void note_success(struct balance_endpoint *endpoint, size_t topic, uint64_t now_ns)
{
    endpoint->failure_count = 0;
    endpoint->rests_until_ns = 0;
    if (endpoint->is_ejected && now_ns >= endpoint->ejected_until_ns) {
        endpoint->is_ejected = false;
        endpoint->returned_ns = now_ns;
    }
    if (topic != BALANCE_NO_TOPIC) {
        endpoint->known_topics |= bit(topic);
        endpoint->ready_topics |= bit(topic);
    }
}

/* --- attempts --- */

void balance_begin(struct balance *balance, size_t endpoint)
{
    balance->endpoints[endpoint].pending_count++;
}

void balance_end(struct balance *balance, size_t endpoint,
                 const struct balance_result *result, uint64_t now_ns)
{
    struct balance_endpoint *it = &balance->endpoints[endpoint];
    INVARIANT(it->is_used && it->pending_count > 0);
    it->pending_count--;
    switch (result->outcome) {
    case BALANCE_ANSWERED:
        note_success(it, result->topic, now_ns);
        break;
    case BALANCE_UNAVAILABLE:
        if (result->rest_ns > 0) {
            it->rests_until_ns = now_ns + result->rest_ns;
            break;
        }
        note_failure(balance, it, false, now_ns);
        break;
    case BALANCE_UNREACHED:
    case BALANCE_BROKEN:
    case BALANCE_LATE:
    case BALANCE_FAILED:
    case BALANCE_UNUSABLE:
        note_failure(balance, it, result->outcome == BALANCE_UNREACHED, now_ns);
        break;
    case BALANCE_UNSAID:
        break;
    }
}

bool balance_may_repeat(enum balance_outcome outcome, bool is_once)
{
    switch (outcome) {
    case BALANCE_UNREACHED:
        return true;
    case BALANCE_BROKEN:
    case BALANCE_LATE:
    case BALANCE_FAILED:
    case BALANCE_UNAVAILABLE:
    case BALANCE_UNUSABLE:
        return !is_once;
    case BALANCE_ANSWERED:
    case BALANCE_UNSAID:
        break;
    }
    return false;
}

/* --- the budget --- */

void balance_request_begin(struct balance *balance)
{
    balance->request_count++;
}

void balance_request_end(struct balance *balance)
{
    INVARIANT(balance->request_count > 0);
    balance->request_count--;
}

bool balance_has_budget(const struct balance *balance)
{
    const size_t share = balance->request_count * balance->options.retry_percent / 100;
    const size_t floor = balance->options.retry_count_min;
    return balance->retry_count < (share > floor ? share : floor);
}

bool balance_retry_begin(struct balance *balance)
{
    if (!balance_has_budget(balance)) {
        return false;
    }
    balance->retry_count++;
    return true;
}

void balance_retry_end(struct balance *balance)
{
    INVARIANT(balance->retry_count > 0);
    balance->retry_count--;
}

/* --- readiness --- */

static bool is_topic(const struct balance_topic *topic, const char *model,
                     const char *version)
{
    return topic->used_ns != 0 && strcmp(topic->model, model) == 0 &&
           strcmp(topic->version, version) == 0;
}

size_t balance_topic_find(struct balance *balance, const char *model, const char *version,
                          uint64_t now_ns)
{
    for (size_t k = 0; k < LIMIT_ENDPOINT_TOPIC_COUNT_MAX; k++) {
        const size_t i = (balance->topic_found + k) % LIMIT_ENDPOINT_TOPIC_COUNT_MAX;
        if (is_topic(&balance->topics[i], model, version)) {
            balance->topic_found = i;
            balance->topics[i].used_ns = now_ns == 0 ? 1 : now_ns;
            return i;
        }
    }
    return BALANCE_NO_TOPIC;
}

static size_t least_used_topic(const struct balance *balance)
{
    size_t least = 0;
    for (size_t i = 1; i < LIMIT_ENDPOINT_TOPIC_COUNT_MAX; i++) {
        if (balance->topics[i].used_ns < balance->topics[least].used_ns) {
            least = i;
        }
    }
    return least;
}

size_t balance_topic_add(struct balance *balance, const char *model, const char *version,
                         uint64_t now_ns)
{
    const size_t known = balance_topic_find(balance, model, version, now_ns);
    if (known != BALANCE_NO_TOPIC || strlen(model) > LIMIT_MODEL_NAME_SIZE_BYTES_MAX ||
        strlen(version) >= BALANCE_VERSION_SIZE) {
        return known;
    }
    const size_t number = least_used_topic(balance);
    struct balance_topic *topic = &balance->topics[number];
    *topic = (struct balance_topic){.used_ns = now_ns == 0 ? 1 : now_ns};
    (void)snprintf(topic->model, sizeof(topic->model), "%s", model);
    (void)snprintf(topic->version, sizeof(topic->version), "%s", version);
    for (size_t i = 0; i < balance->endpoint_end; i++) {
        balance->endpoints[i].known_topics &= ~bit(number);
        balance->endpoints[i].ready_topics &= ~bit(number);
    }
    return number;
}

static void note_ready(struct balance_endpoint *endpoint, uint64_t asked_ns,
                       uint64_t now_ns)
{
    endpoint->health = BALANCE_READY;
    if (endpoint->is_ejected && endpoint->was_unreached &&
        asked_ns >= endpoint->ejected_ns && now_ns < endpoint->ejected_until_ns) {
        endpoint->ejected_until_ns = now_ns;
    }
}

static void note_topic(struct balance_endpoint *endpoint, uint64_t topic, bool is_ready)
{
    endpoint->known_topics |= topic;
    endpoint->ready_topics =
        is_ready ? endpoint->ready_topics | topic : endpoint->ready_topics & ~topic;
}

void balance_probed(struct balance *balance, size_t endpoint, size_t topic,
                    enum balance_probe probe, uint64_t asked_ns, uint64_t now_ns)
{
    struct balance_endpoint *it = &balance->endpoints[endpoint];
    if (probe == BALANCE_PROBE_NOTHING ||
        (topic == BALANCE_NO_TOPIC && probe == BALANCE_PROBE_NO)) {
        note_unready(it);
    } else if (topic == BALANCE_NO_TOPIC) {
        note_ready(it, asked_ns, now_ns);
    } else {
        note_topic(it, bit(topic), probe == BALANCE_PROBE_YES);
    }
}
