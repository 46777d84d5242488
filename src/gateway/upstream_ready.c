/* SPDX-License-Identifier: Apache-2.0 */
/* Whether one endpoint is ready, or all: those in rotation are asked at the same time. */
#include "gateway/upstream_impl.h"
#include "infer/answer.h"

/* In its call's arena. */
struct poll {
    struct upstream *upstream;
    struct infer_call *whole;
    struct vote *votes;
    size_t vote_count;
    size_t open_count;
    bool wants_all;
    bool is_decided; /* the rest is cancelled */
    bool is_cancelled;
};

struct vote {
    struct poll *poll;
    struct infer_call call;
    size_t endpoint;
    uint64_t asked_ns;
};

static const struct vote *find_vote(const struct poll *poll, bool is_yes)
{
    for (size_t i = 0; i < poll->vote_count; i++) {
        const enum galen_status status = poll->votes[i].call.status;
        if (is_yes ? status == GALEN_OK : status != GALEN_OK && status != GALEN_CANCELLED) {
            return &poll->votes[i];
        }
    }
    return NULL;
}

static enum galen_status take_yes(struct poll *poll, const struct vote *vote)
{
    const struct infer_response *response = &vote->call.response;
    TRY(infer_answer_version(poll->whole, response->version));
    return response->note == NULL ? GALEN_OK
                                  : infer_answer_note(poll->whole, response->note);
}

static enum galen_status conclude(struct poll *poll)
{
    const struct vote *yes = find_vote(poll, true);
    const struct vote *no = find_vote(poll, false);
    if (poll->is_cancelled) {
        return infer_refuse_cancelled(poll->whole);
    }
    if (yes != NULL && (no == NULL || !poll->wants_all)) {
        return take_yes(poll, yes);
    }
    if (no == NULL) {
        return infer_refuse_cancelled(poll->whole);
    }
    poll->whole->error = no->call.error;
    poll->whole->route = no->call.route;
    return no->call.status;
}

static void cancel_rest(struct poll *poll)
{
    poll->is_decided = true;
    for (size_t i = 0; i < poll->vote_count; i++) {
        infer_cancel(&poll->votes[i].call);
    }
}

/* What is asked here need not be asked by probes. */
static void learn(const struct vote *vote, uint64_t now_ns)
{
    struct balance *balance = &vote->poll->upstream->balance;
    const struct infer_request *request = &vote->call.request;
    const bool is_yes = vote->call.status == GALEN_OK;
    if (request->model[0] == '\0' ||
        (!is_yes && vote->call.route.failure != INFER_REFUSED)) {
        return;
    }
    const size_t topic =
        is_yes ? balance_topic_add(balance, request->model, request->version, now_ns)
               : balance_topic_find(balance, request->model, request->version, now_ns);
    if (topic != BALANCE_NO_TOPIC) {
        balance_probed(balance, vote->endpoint, topic,
                       is_yes ? BALANCE_PROBE_YES : BALANCE_PROBE_NO, vote->asked_ns,
                       now_ns);
    }
}

static void on_vote(struct infer_call *call)
{
    const struct vote *vote = call->context;
    struct poll *poll = vote->poll;
    struct upstream *upstream = poll->upstream;
    const struct balance_result result = {.outcome = BALANCE_UNSAID,
                                          .topic = BALANCE_NO_TOPIC};
    const uint64_t now_ns = upstream_now_ns(upstream);
    learn(vote, now_ns);
    balance_end(&upstream->balance, vote->endpoint, &result, now_ns);
    upstream_settle(upstream, vote->endpoint);
    poll->open_count--;
    if (!poll->is_decided && (call->status == GALEN_OK) != poll->wants_all) {
        cancel_rest(poll);
    }
    if (poll->open_count == 0) {
        infer_call_finish_here(poll->whole, conclude(poll));
    }
}

/* Those in rotation, or where there are none, all. */
static bool is_asked(const struct upstream *upstream, size_t index, bool has_rotation,
                     uint64_t now_ns)
{
    return upstream->slots[index] != NULL &&
           !upstream->balance.endpoints[index].is_leaving &&
           (!has_rotation || balance_is_in_rotation(&upstream->balance, index, now_ns));
}

static void choose_voters(struct poll *poll, uint64_t now_ns)
{
    const bool has_rotation = upstream_has_other(poll->upstream, 0);
    for (size_t i = 0; i < LIMIT_ENDPOINT_COUNT_MAX; i++) {
        if (is_asked(poll->upstream, i, has_rotation, now_ns)) {
            poll->votes[poll->vote_count++] =
                (struct vote){.poll = poll, .endpoint = i, .asked_ns = now_ns};
        }
    }
}

static void ask(struct vote *vote)
{
    struct upstream *upstream = vote->poll->upstream;
    const struct infer_call *whole = vote->poll->whole;
    const struct upstream_endpoint *ways = &upstream->slots[vote->endpoint]->ways;
    balance_begin(&upstream->balance, vote->endpoint);
    vote->call = (struct infer_call){
        .operation = INFER_READY,
        .request = whole->request,
        .arena = whole->arena,
        .mailbox = whole->mailbox,
        .done = on_vote,
        .context = vote,
    };
    infer_submit(ways->probe != NULL ? ways->probe : ways->service, &vote->call);
}

static struct poll *create_poll(struct upstream *upstream, struct infer_call *call,
                                bool wants_all)
{
    struct poll *poll = arena_alloc(call->arena, sizeof(*poll));
    struct vote *votes =
        arena_alloc_array(call->arena, LIMIT_ENDPOINT_COUNT_MAX, sizeof(*votes));
    if (poll == NULL || votes == NULL) {
        return NULL;
    }
    *poll = (struct poll){
        .upstream = upstream, .whole = call, .votes = votes, .wants_all = wants_all};
    return poll;
}

void upstream_ask_ready(struct upstream *upstream, struct infer_call *call, bool wants_all)
{
    struct poll *poll = create_poll(upstream, call, wants_all);
    call->service_data = poll;
    if (poll == NULL) {
        infer_call_finish(call, GALEN_NO_MEMORY);
        return;
    }
    choose_voters(poll, upstream_now_ns(upstream));
    poll->open_count = poll->vote_count;
    if (poll->vote_count == 0) {
        infer_call_finish(call, error_set(&call->error, GALEN_UNAVAILABLE, "no %s is known",
                                          upstream->options.name));
        return;
    }
    for (size_t i = 0; i < poll->vote_count; i++) {
        ask(&poll->votes[i]);
    }
}

void upstream_cancel_ready(struct infer_call *call)
{
    struct poll *poll = call->service_data;
    if (poll != NULL && poll->open_count > 0) {
        poll->is_cancelled = true;
        cancel_rest(poll);
    }
}
