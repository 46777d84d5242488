/* SPDX-License-Identifier: Apache-2.0 */
/* Each endpoint is asked now and then whether it is ready, then for which models. */
#include "gateway/upstream_impl.h"

enum { SILENT_COUNT_MAX = 2 };

static uint64_t bit(size_t index)
{
    return UINT64_C(1) << index;
}

static void ask(struct slot *slot, size_t topic, uint64_t now_ns);

static void rest(struct slot *slot, uint64_t now_ns)
{
    const struct upstream_options *options = &slot->upstream->options;
    const uint64_t tenth_ns = options->probe_interval_ns / 10;
    const uint64_t wait_ns = options->probe_interval_ns - tenth_ns +
                             options->random(options->context) % (2 * tenth_ns + 1);
    slot->prober.due_ns = now_ns + (slot->prober.is_hurried ? 0 : wait_ns);
    slot->prober.is_hurried = false;
    upstream_wake_by(slot->upstream, slot->prober.due_ns);
}

/* All that this endpoint is not known to be ready for, and one of the others. */
static size_t next_topic(struct slot *slot)
{
    const struct balance *balance = &slot->upstream->balance;
    const struct balance_endpoint *endpoint = &balance->endpoints[slot->index];
    struct prober *prober = &slot->prober;
    while (prober->topic_next < LIMIT_ENDPOINT_TOPIC_COUNT_MAX) {
        const size_t topic = prober->topic_next++;
        const bool is_ready =
            (endpoint->known_topics & endpoint->ready_topics & bit(topic)) != 0;
        if (balance->topics[topic].used_ns != 0 &&
            (!is_ready || topic == prober->topic_again)) {
            return topic;
        }
    }
    return BALANCE_NO_TOPIC;
}

static void end_round(struct slot *slot, uint64_t now_ns)
{
    struct prober *prober = &slot->prober;
    const struct balance *balance = &slot->upstream->balance;
    for (size_t i = 0; i < LIMIT_ENDPOINT_TOPIC_COUNT_MAX; i++) {
        prober->topic_again = (prober->topic_again + 1) % LIMIT_ENDPOINT_TOPIC_COUNT_MAX;
        if (balance->topics[prober->topic_again].used_ns != 0) {
            break;
        }
    }
    rest(slot, now_ns);
}

static enum balance_probe probe_of(const struct infer_call *call)
{
    if (call->status == GALEN_OK) {
        return BALANCE_PROBE_YES;
    }
    const bool was_answered =
        call->route.failure == INFER_REFUSED ||
        (call->route.failure == INFER_NO_FAILURE && call->status != GALEN_TIMEOUT &&
         call->status != GALEN_CANCELLED);
    return was_answered ? BALANCE_PROBE_NO : BALANCE_PROBE_NOTHING;
}

/* A stopped process takes connections and says nothing: what is under way there would end
 * with its deadline. */
static void note_silence(struct slot *slot, const struct infer_call *call)
{
    struct prober *prober = &slot->prober;
    prober->silent_count =
        call->status == GALEN_TIMEOUT && call->route.failure != INFER_REFUSED
            ? prober->silent_count + 1
            : 0;
    if (prober->silent_count >= SILENT_COUNT_MAX) {
        upstream_abandon(slot->upstream, slot->index);
    }
}

static void on_asked(struct infer_call *call)
{
    struct slot *slot = call->context;
    struct upstream *upstream = slot->upstream;
    struct prober *prober = &slot->prober;
    const uint64_t now_ns = upstream_now_ns(upstream);
    const enum balance_probe probe = probe_of(call);
    prober->is_asking = false;
    upstream->asking_count--;
    if (upstream->is_closing) {
        infer_call_clear(call);
        upstream_finish_close(upstream);
        return;
    }
    if (call->status != GALEN_CANCELLED) {
        balance_probed(&upstream->balance, slot->index, prober->topic, probe,
                       prober->asked_ns, now_ns);
        note_silence(slot, call);
    }
    infer_call_clear(call);
    arena_clear(&prober->arena);
    const size_t topic = probe == BALANCE_PROBE_YES || prober->topic != BALANCE_NO_TOPIC
                             ? next_topic(slot)
                             : BALANCE_NO_TOPIC;
    if (probe != BALANCE_PROBE_NOTHING && topic != BALANCE_NO_TOPIC) {
        ask(slot, topic, now_ns);
    } else {
        end_round(slot, now_ns);
    }
    upstream_settle(upstream, slot->index);
}

static void ask(struct slot *slot, size_t topic, uint64_t now_ns)
{
    struct upstream *upstream = slot->upstream;
    struct prober *prober = &slot->prober;
    const struct balance_topic *about =
        topic == BALANCE_NO_TOPIC ? NULL : &upstream->balance.topics[topic];
    prober->topic = topic;
    prober->asked_ns = now_ns;
    prober->is_asking = true;
    upstream->asking_count++;
    prober->call = (struct infer_call){
        .operation = INFER_READY,
        .request = {.model = about == NULL ? "" : about->model,
                    .version = about == NULL ? "" : about->version,
                    .id = "",
                    .deadline_ns = now_ns + upstream->options.probe_timeout_ns},
        .arena = &prober->arena,
        .mailbox = upstream->options.mailbox,
        .done = on_asked,
        .context = slot,
    };
    infer_submit(slot->ways.probe != NULL ? slot->ways.probe : slot->ways.service,
                 &prober->call);
}

void prober_begin(struct slot *slot, uint64_t now_ns)
{
    slot->prober.due_ns =
        slot->upstream->options.probe_interval_ns == 0 ? CLOCK_NEVER : now_ns;
    upstream_wake_by(slot->upstream, slot->prober.due_ns);
}

void prober_hurry(struct upstream *upstream, uint64_t now_ns)
{
    if (upstream->options.probe_interval_ns == 0) {
        return;
    }
    for (size_t i = 0; i < LIMIT_ENDPOINT_COUNT_MAX; i++) {
        struct slot *slot = upstream->slots[i];
        if (slot != NULL) {
            slot->prober.is_hurried = slot->prober.is_asking;
            slot->prober.due_ns = now_ns;
            upstream_wake_by(upstream, now_ns);
        }
    }
}

uint64_t prober_wake(struct slot *slot, uint64_t now_ns)
{
    struct prober *prober = &slot->prober;
    if (!prober->is_asking && prober->due_ns <= now_ns) {
        prober->due_ns = CLOCK_NEVER;
        prober->topic_next = 0;
        ask(slot, BALANCE_NO_TOPIC, now_ns);
    }
    return prober->is_asking ? CLOCK_NEVER : prober->due_ns;
}
