/* SPDX-License-Identifier: Apache-2.0 */
/* One call as attempts, one after another. */
#include <stdio.h>

#include "base/invariant.h"
#include "gateway/upstream_impl.h"
#include "infer/answer.h"

enum { BACKOFF_DOUBLINGS_MAX = 6 };

enum job_state {
    JOB_RUNNING, /* an attempt is under way */
    JOB_WAITING,
    JOB_OVER,
};

/* In its call's arena. */
struct job {
    struct upstream *upstream;
    struct infer_call *whole;
    struct infer_call attempt;
    struct list_link link; /* running, or waiting */
    enum job_state state;
    size_t endpoint; /* of the attempt */
    size_t topic;
    uint64_t tried; /* bit set */
    uint64_t due_ns;
    uint32_t attempt_count;
    uint32_t failure_count; /* those that cost a retry */
    bool is_retry;          /* the attempt is one, and counted in the budget */
    bool is_limited;        /* the attempt has less time than the call */
    bool was_tried;         /* the attempt is at an endpoint that had one before */
    bool is_abandoned;      /* the attempt is taken back, to be made elsewhere */
    bool is_cancelled;
    enum infer_failure failure; /* of the last attempt */
    enum galen_status status;   /* likewise; its error is the call's */
    uint64_t retry_after_s;
    const char *endpoint_name; /* likewise */
    struct infer_trouble troubles[LIMIT_ROUTE_TROUBLE_COUNT_MAX];
    size_t trouble_count;
};

static uint64_t bit(size_t index)
{
    return UINT64_C(1) << index;
}

/* --- the end --- */

static void close_job(struct job *job)
{
    job->state = JOB_OVER;
    balance_request_end(&job->upstream->balance);
    job->whole->route = (struct infer_route){
        .endpoint = job->endpoint_name,
        .attempt_count = job->attempt_count,
        .failure = job->failure,
        .retry_after_s = job->retry_after_s,
        .troubles = job->troubles,
        .trouble_count = job->trouble_count,
    };
}

static void finish(struct job *job, enum galen_status status)
{
    close_job(job);
    infer_call_finish(job->whole, status);
}

/* For the last statement of what the mailbox runs: nothing may be left to do. */
static void finish_here(struct job *job, enum galen_status status)
{
    close_job(job);
    infer_call_finish_here(job->whole, status);
}

static enum galen_status status_at_end(const struct job *job)
{
    if (job->is_cancelled) {
        return infer_refuse_cancelled(job->whole);
    }
    return job->is_abandoned && job->status == GALEN_CANCELLED
               ? error_set(&job->whole->error, GALEN_TIMEOUT, "%s is silent",
                           job->endpoint_name == NULL ? "an endpoint" : job->endpoint_name)
               : job->status;
}

/* What was told of an attempt says more than that nobody is left. */
static enum galen_status refuse(struct job *job, enum balance_choice why,
                                uint64_t return_ns, uint64_t now_ns)
{
    const char *name = job->upstream->options.name;
    struct error *error = &job->whole->error;
    if (job->attempt_count > 0) {
        return status_at_end(job);
    }
    if (job->upstream->options.counts != NULL) {
        tally_add(&job->upstream->options.counts->unavailable, 1);
    }
    if (why == BALANCE_FULL) {
        return error_set(error, GALEN_BUSY,
                         "as many requests are under way to each %s as may be", name);
    }
    if (why == BALANCE_EJECTED) {
        job->retry_after_s =
            return_ns > now_ns ? (return_ns - now_ns + NS_PER_S - 1) / NS_PER_S : 1;
        return error_set(error, GALEN_UNAVAILABLE,
                         "no %s is available: all have failed too often", name);
    }
    return error_set(error, GALEN_UNAVAILABLE, "no %s is known", name);
}

/* --- an attempt --- */

static void on_attempt(struct infer_call *attempt);

/* Half of what is left, or what is set, while somebody else could do it. */
static uint64_t deadline_of_attempt(struct job *job, uint64_t now_ns)
{
    const struct upstream_options *options = &job->upstream->options;
    const uint64_t deadline_ns = job->whole->request.deadline_ns;
    uint64_t limit_ns = options->try_timeout_ns;
    if (job->whole->request.is_once || job->failure_count >= options->retry_count_max ||
        !upstream_has_other(job->upstream, bit(job->endpoint))) {
        return deadline_ns;
    }
    if (limit_ns == 0) {
        limit_ns = deadline_ns == CLOCK_NEVER ? CLOCK_NEVER : (deadline_ns - now_ns) / 2;
    }
    job->is_limited = deadline_ns - now_ns > limit_ns;
    return job->is_limited ? now_ns + limit_ns : deadline_ns;
}

static void start(struct job *job, size_t endpoint, uint64_t now_ns)
{
    struct upstream *upstream = job->upstream;
    struct infer_call *whole = job->whole;
    struct slot *slot = upstream->slots[endpoint];
    job->state = JOB_RUNNING;
    job->endpoint = endpoint;
    job->was_tried = (job->tried & bit(endpoint)) != 0;
    job->is_abandoned = false;
    job->is_limited = false;
    job->attempt_count++;
    job->attempt = (struct infer_call){
        .operation = whole->operation,
        .request = whole->request,
        .arena = whole->arena,
        .mailbox = whole->mailbox,
        .done = on_attempt,
        .context = job,
    };
    job->attempt.request.deadline_ns = deadline_of_attempt(job, now_ns);
    job->tried |= bit(endpoint);
    list_append(&upstream->running, &job->link);
    balance_begin(&upstream->balance, endpoint);
    if (slot->counted != NULL) {
        tally_add(&slot->counted->begun, 1);
    }
    infer_submit(slot->ways.service, &job->attempt);
}

static enum balance_outcome outcome_by_status(enum galen_status status)
{
    switch ((int)status) {
    case GALEN_UNAVAILABLE:
    case GALEN_BUSY:
    case GALEN_AUDIT_UNAVAILABLE:
        return BALANCE_UNAVAILABLE;
    case GALEN_BAD_UPSTREAM:
        return BALANCE_UNUSABLE;
    case GALEN_TIMEOUT:
        return BALANCE_LATE;
    case GALEN_INTERNAL:
        return BALANCE_FAILED;
    case GALEN_CANCELLED:
        return BALANCE_UNSAID;
    default:
        return BALANCE_ANSWERED;
    }
}

static enum balance_outcome outcome_of_refusal(enum galen_status status)
{
    const int http_status = galen_status_http(status);
    return http_status == 502 || http_status == 503 || http_status == 504
               ? BALANCE_UNAVAILABLE
               : outcome_by_status(status);
}

/* An attempt that had all the time of its call says nothing of the endpoint: who calls says
 * how much that is. */
static enum balance_outcome outcome_of(const struct job *job)
{
    const struct infer_call *attempt = &job->attempt;
    if (job->is_abandoned && attempt->status == GALEN_CANCELLED) {
        return BALANCE_LATE;
    }
    if (attempt->status == GALEN_TIMEOUT && attempt->route.failure != INFER_REFUSED) {
        return job->is_limited ? BALANCE_LATE : BALANCE_UNSAID;
    }
    switch (attempt->route.failure) {
    case INFER_NO_FAILURE:
    case INFER_LATE:
        return outcome_by_status(attempt->status);
    case INFER_NOT_SENT:
        return BALANCE_UNSAID;
    case INFER_UNREACHED:
        return BALANCE_UNREACHED;
    case INFER_BROKEN:
        return BALANCE_BROKEN;
    case INFER_REFUSED:
        return outcome_of_refusal(attempt->status);
    case INFER_UNUSABLE:
        return BALANCE_UNUSABLE;
    }
    return BALANCE_UNSAID;
}

static enum upstream_attempt attempt_of(enum balance_outcome outcome)
{
    static const enum upstream_attempt attempts[] = {
        [BALANCE_ANSWERED] = UPSTREAM_OK,
        [BALANCE_UNREACHED] = UPSTREAM_UNREACHED,
        [BALANCE_BROKEN] = UPSTREAM_BROKEN,
        [BALANCE_LATE] = UPSTREAM_LATE,
        [BALANCE_FAILED] = UPSTREAM_FAILED,
        [BALANCE_UNAVAILABLE] = UPSTREAM_UNAVAILABLE,
        [BALANCE_UNUSABLE] = UPSTREAM_UNUSABLE,
        [BALANCE_UNSAID] = UPSTREAM_CANCELLED,
    };
    return attempts[outcome];
}

static void count(const struct job *job, enum balance_outcome outcome)
{
    struct upstream_counted *it = job->upstream->slots[job->endpoint]->counted;
    if (it != NULL) {
        tally_add(&it->attempts[attempt_of(outcome)], 1);
    }
}

/* What an endpoint answers for is worth knowing of the others. */
static size_t topic_of_answer(struct job *job, uint64_t now_ns)
{
    const struct infer_request *request = &job->whole->request;
    if (job->attempt.status != GALEN_OK || job->whole->operation != INFER_RUN) {
        return BALANCE_NO_TOPIC;
    }
    const bool is_new = job->topic == BALANCE_NO_TOPIC;
    job->topic = balance_topic_add(&job->upstream->balance, request->model,
                                   request->version, now_ns);
    if (is_new && job->topic != BALANCE_NO_TOPIC) {
        prober_hurry(job->upstream, now_ns);
    }
    return job->topic;
}

/* Who answers and how it went is remembered in the arena: the endpoint may be gone soon. */
static void remember(struct job *job)
{
    const char *name = upstream_endpoint_name(job->upstream, job->endpoint);
    const struct infer_call *attempt = &job->attempt;
    struct error *error = &job->whole->error;
    if (job->endpoint_name == NULL || strcmp(job->endpoint_name, name) != 0) {
        job->endpoint_name = arena_copy_string(job->whole->arena, bytes_from_string(name));
    }
    job->failure = attempt->route.failure;
    job->status = attempt->status;
    job->retry_after_s = attempt->route.retry_after_s;
    if (attempt->route.failure == INFER_UNUSABLE) {
        (void)error_write(error, "%s: %s", name, attempt->error.text);
    } else {
        *error = attempt->error;
    }
}

static void remember_trouble(struct job *job, enum balance_outcome outcome)
{
    if (outcome != BALANCE_ANSWERED && job->endpoint_name != NULL &&
        job->trouble_count < LIMIT_ROUTE_TROUBLE_COUNT_MAX) {
        job->troubles[job->trouble_count++] = (struct infer_trouble){
            job->endpoint_name, upstream_attempt_name(attempt_of(outcome))};
    }
}

static bool note_end(struct job *job, enum balance_outcome outcome, uint64_t now_ns)
{
    struct upstream *upstream = job->upstream;
    const struct balance_result result = {
        .outcome = outcome,
        .rest_ns = job->attempt.route.retry_after_s * NS_PER_S,
        .topic = topic_of_answer(job, now_ns),
    };
    const bool was_retry = job->is_retry;
    const bool was_ejected = upstream->balance.endpoints[job->endpoint].is_ejected;
    count(job, outcome);
    list_remove(&upstream->running, &job->link);
    balance_end(&upstream->balance, job->endpoint, &result, now_ns);
    if (!was_ejected && upstream->balance.endpoints[job->endpoint].is_ejected &&
        upstream->slots[job->endpoint]->counted != NULL) {
        tally_add(&upstream->slots[job->endpoint]->counted->ejections, 1);
    }
    if (was_retry) {
        balance_retry_end(&upstream->balance);
        job->is_retry = false;
    }
    remember(job);
    remember_trouble(job, outcome);
    upstream_settle(upstream, job->endpoint);
    return was_retry;
}

/* --- what follows --- */

static void wait_until(struct job *job, uint64_t due_ns)
{
    const uint64_t deadline_ns = job->whole->request.deadline_ns;
    job->state = JOB_WAITING;
    job->due_ns = due_ns < deadline_ns ? due_ns : deadline_ns;
    list_append(&job->upstream->waiting, &job->link);
    upstream_wake_by(job->upstream, job->due_ns);
}

/* Between half of the backoff and all of it, twice as long each time. */
static uint64_t backoff_of(const struct job *job)
{
    const struct upstream_options *options = &job->upstream->options;
    const uint32_t doublings = job->failure_count > BACKOFF_DOUBLINGS_MAX
                                   ? BACKOFF_DOUBLINGS_MAX
                                   : job->failure_count;
    const uint64_t longest_ns = options->backoff_ns << doublings;
    const uint64_t half_ns = longest_ns / 2;
    return half_ns + options->random(options->context) % (half_ns + 1);
}

static enum balance_choice choose(const struct job *job, uint64_t now_ns,
                                  size_t *out_endpoint, uint64_t *out_return_ns)
{
    const struct upstream_options *options = &job->upstream->options;
    const struct balance_question question = {
        .now_ns = now_ns,
        .random = options->random(options->context),
        .tried = job->tried,
        .topic = job->topic,
    };
    return balance_choose(&job->upstream->balance, &question, out_endpoint, out_return_ns);
}

/* Goes on with a retry now; false: the budget does not allow it, and it waits for that. */
static bool retry(struct job *job, size_t endpoint, uint64_t now_ns)
{
    struct upstream_counts *counts = job->upstream->options.counts;
    if (!balance_retry_begin(&job->upstream->balance)) {
        if (counts != NULL) {
            tally_add(&counts->retries_waited, 1);
        }
        wait_until(job, CLOCK_NEVER);
        return false;
    }
    if (counts != NULL) {
        tally_add(&counts->retries, 1);
    }
    job->is_retry = true;
    start(job, endpoint, now_ns);
    return true;
}

/* Whether it went on, or waits to; false: there is nobody to ask in time. Who failed by
 * itself would do so again. */
static bool go_on(struct job *job, enum balance_outcome outcome, uint64_t now_ns)
{
    size_t endpoint = 0;
    uint64_t return_ns = 0;
    if (choose(job, now_ns, &endpoint, &return_ns) != BALANCE_CHOSEN) {
        return false;
    }
    if ((job->tried & bit(endpoint)) == 0) {
        (void)retry(job, endpoint, now_ns);
        return true;
    }
    const uint64_t due_ns = now_ns + backoff_of(job);
    if (due_ns >= job->whole->request.deadline_ns ||
        (outcome == BALANCE_FAILED && !upstream_has_other(job->upstream, job->tried))) {
        return false;
    }
    wait_until(job, due_ns);
    return true;
}

static bool may_go_on(struct job *job, enum balance_outcome outcome, uint64_t now_ns)
{
    const struct infer_request *request = &job->whole->request;
    const bool is_free = outcome == BALANCE_UNREACHED && !job->was_tried;
    job->failure_count += !is_free;
    return !job->is_cancelled && balance_may_repeat(outcome, request->is_once) &&
           job->failure_count <= job->upstream->options.retry_count_max &&
           now_ns < request->deadline_ns;
}

/* The first that waits for the budget. */
static void use_budget(struct upstream *upstream)
{
    for (struct list_link *link = list_first(&upstream->waiting); link != NULL;
         link = list_next(&upstream->waiting, link)) {
        struct job *job = LIST_ITEM(link, struct job, link);
        if (job->due_ns == job->whole->request.deadline_ns) {
            job->due_ns = 0;
            upstream_wake_by(upstream, 0);
            return;
        }
    }
}

static void take_answer(struct job *job)
{
    job->whole->response = job->attempt.response;
    error_clear(&job->whole->error);
}

/* What came is judged by who will use it. */
static void check_answer(struct infer_call *attempt)
{
    const struct infer_request *request = &attempt->request;
    if (attempt->status == GALEN_OK && request->check != NULL) {
        attempt->status = request->check(attempt, request->check_context, &attempt->error);
        attempt->route.failure =
            attempt->status == GALEN_OK ? INFER_NO_FAILURE : INFER_UNUSABLE;
    }
}

static void on_attempt(struct infer_call *attempt)
{
    struct job *job = attempt->context;
    struct upstream *upstream = job->upstream;
    check_answer(attempt);
    const uint64_t now_ns = upstream_now_ns(upstream);
    const enum balance_outcome outcome = outcome_of(job);
    const bool frees_budget = note_end(job, outcome, now_ns);
    if (frees_budget) {
        use_budget(upstream);
    }
    if (attempt->status == GALEN_OK) {
        take_answer(job);
        finish_here(job, GALEN_OK);
        return;
    }
    infer_call_clear(attempt);
    if (may_go_on(job, outcome, now_ns) && go_on(job, outcome, now_ns)) {
        return;
    }
    job->whole->response.timing = attempt->response.timing;
    finish_here(job, status_at_end(job));
}

/* Its time has come: for the endpoint that is best now. */
static void resume(struct job *job, uint64_t now_ns)
{
    size_t endpoint = 0;
    uint64_t return_ns = 0;
    if (now_ns >= job->whole->request.deadline_ns) {
        finish(job, infer_refuse_late(job->whole));
        return;
    }
    const enum balance_choice choice = choose(job, now_ns, &endpoint, &return_ns);
    if (choice == BALANCE_CHOSEN) {
        (void)retry(job, endpoint, now_ns);
    } else {
        finish(job, refuse(job, choice, return_ns, now_ns));
    }
}

uint64_t upstream_resume(struct upstream *upstream, uint64_t now_ns)
{
    uint64_t next_ns = CLOCK_NEVER;
    size_t left_count = upstream->waiting.count; /* those that wait again come last */
    struct list_link *link = list_first(&upstream->waiting);
    for (; left_count > 0; left_count--) {
        struct list_link *next = list_next(&upstream->waiting, link);
        struct job *job = LIST_ITEM(link, struct job, link);
        if (job->due_ns <= now_ns) {
            list_remove(&upstream->waiting, link);
            resume(job, now_ns);
        }
        link = next;
    }
    if (balance_has_budget(&upstream->balance)) {
        use_budget(upstream);
    }
    for (link = list_first(&upstream->waiting); link != NULL;
         link = list_next(&upstream->waiting, link)) {
        const uint64_t due_ns = LIST_ITEM(link, struct job, link)->due_ns;
        next_ns = due_ns < next_ns ? due_ns : next_ns;
    }
    return next_ns;
}

void upstream_abandon(struct upstream *upstream, size_t endpoint)
{
    struct list_link *next = list_first(&upstream->running);
    if (!upstream_has_other(upstream, bit(endpoint))) {
        return;
    }
    while (next != NULL) {
        struct job *job = LIST_ITEM(next, struct job, link);
        next = list_next(&upstream->running, next);
        if (job->endpoint == endpoint && !job->whole->request.is_once) {
            job->is_abandoned = true;
            infer_cancel(&job->attempt);
        }
    }
}

/* --- the beginning --- */

static void begin(struct job *job, uint64_t now_ns)
{
    size_t endpoint = 0;
    uint64_t return_ns = 0;
    const enum balance_choice choice = choose(job, now_ns, &endpoint, &return_ns);
    if (choice == BALANCE_CHOSEN) {
        start(job, endpoint, now_ns);
    } else {
        finish(job, refuse(job, choice, return_ns, now_ns));
    }
}

void upstream_submit(struct upstream *upstream, struct infer_call *call)
{
    const uint64_t now_ns = upstream_now_ns(upstream);
    struct job *job = arena_alloc(call->arena, sizeof(*job));
    if (job == NULL) {
        infer_call_finish(call, GALEN_NO_MEMORY);
        return;
    }
    *job = (struct job){
        .upstream = upstream,
        .whole = call,
        .topic = balance_topic_find(&upstream->balance, call->request.model,
                                    call->request.version, now_ns),
    };
    call->service_data = job;
    balance_request_begin(&upstream->balance);
    if (call->request.deadline_ns <= now_ns) {
        finish(job, infer_refuse_late(call));
    } else {
        begin(job, now_ns);
    }
}

void upstream_cancel(struct infer_call *call)
{
    struct job *job = call->service_data;
    if (job == NULL || job->state == JOB_OVER || job->is_cancelled) {
        return;
    }
    job->is_cancelled = true;
    if (job->state == JOB_RUNNING) {
        infer_cancel(&job->attempt);
    } else {
        list_remove(&job->upstream->waiting, &job->link);
        finish(job, infer_refuse_cancelled(call));
    }
}
