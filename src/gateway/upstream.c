/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/upstream.h"

#include <stdlib.h>

#include "base/invariant.h"
#include "gateway/upstream_impl.h"

static uint64_t bit(size_t index)
{
    return UINT64_C(1) << index;
}

uint64_t upstream_now_ns(const struct upstream *upstream)
{
    return upstream->options.now_ns(upstream->options.context);
}

const char *upstream_endpoint_name(const struct upstream *upstream, size_t endpoint)
{
    return upstream->balance.endpoints[endpoint].name;
}

bool upstream_has_other(const struct upstream *upstream, uint64_t endpoints)
{
    const uint64_t now_ns = upstream_now_ns(upstream);
    for (size_t i = 0; i < upstream->balance.endpoint_end; i++) {
        if ((endpoints & bit(i)) == 0 &&
            balance_is_in_rotation(&upstream->balance, i, now_ns)) {
            return true;
        }
    }
    return false;
}

/* --- time --- */

void upstream_wake_by(struct upstream *upstream, uint64_t due_ns)
{
    if (due_ns < upstream->wake_ns && !upstream->is_closing) {
        upstream->wake_ns = due_ns;
        upstream->options.wake_at(upstream->options.context, due_ns);
    }
}

void upstream_wake(struct upstream *upstream)
{
    if (upstream->is_closing) {
        return;
    }
    const uint64_t now_ns = upstream_now_ns(upstream);
    upstream->wake_ns = CLOCK_NEVER;
    upstream_wake_by(upstream, upstream_resume(upstream, now_ns));
    for (size_t i = 0; i < LIMIT_ENDPOINT_COUNT_MAX; i++) {
        if (upstream->slots[i] != NULL) {
            upstream_wake_by(upstream, prober_wake(upstream->slots[i], now_ns));
        }
    }
}

/* --- endpoints --- */

static void close_slot(struct upstream *upstream, size_t index)
{
    struct slot *slot = upstream->slots[index];
    upstream->slots[index] = NULL;
    if (slot->counted != NULL) {
        tally_set(&slot->counted->in_rotation, 0);
        tally_set(&slot->counted->ejected, 0);
    }
    infer_service_close(slot->ways.service);
    infer_service_close(slot->ways.probe);
    arena_deinit(&slot->prober.arena);
    free(slot);
}

static enum galen_status open_slot(struct upstream *upstream, size_t index)
{
    const char *name = upstream_endpoint_name(upstream, index);
    struct slot *slot = calloc(1, sizeof(*slot));
    if (slot == NULL) {
        return GALEN_NO_MEMORY;
    }
    const enum galen_status status =
        upstream->options.open_endpoint(upstream->options.context, name, &slot->ways);
    if (status != GALEN_OK) {
        free(slot);
        return status;
    }
    slot->upstream = upstream;
    slot->index = index;
    slot->counted = upstream->options.counts == NULL
                        ? NULL
                        : upstream_counts_of(upstream->options.counts, name);
    arena_init(&slot->prober.arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    upstream->slots[index] = slot;
    return GALEN_OK;
}

static void count_rotation(const struct upstream *upstream, const struct slot *slot)
{
    const uint64_t now_ns = upstream_now_ns(upstream);
    const struct balance_endpoint *endpoint = &upstream->balance.endpoints[slot->index];
    if (slot->counted != NULL) {
        tally_set(&slot->counted->in_rotation,
                  balance_is_in_rotation(&upstream->balance, slot->index, now_ns));
        tally_set(&slot->counted->ejected, endpoint->is_ejected);
    }
}

void upstream_settle(struct upstream *upstream, size_t endpoint)
{
    struct slot *slot = upstream->slots[endpoint];
    count_rotation(upstream, slot);
    if (!balance_has_left(&upstream->balance, endpoint)) {
        return;
    }
    if (slot->prober.is_asking) {
        infer_cancel(&slot->prober.call); /* and settles again when it is done */
        return;
    }
    close_slot(upstream, endpoint);
    balance_forget(&upstream->balance, endpoint);
}

static void open_or_forget(struct upstream *upstream, size_t index)
{
    if (open_slot(upstream, index) == GALEN_OK) {
        prober_begin(upstream->slots[index], upstream_now_ns(upstream));
        count_rotation(upstream, upstream->slots[index]);
        return;
    }
    upstream->balance.endpoints[index].is_leaving = true;
    balance_forget(&upstream->balance, index);
}

void upstream_set_endpoints(struct upstream *upstream, const char *const *names,
                            size_t count)
{
    INVARIANT(!upstream->is_closing);
    const uint64_t added = balance_set(&upstream->balance, names, count);
    for (size_t i = 0; i < LIMIT_ENDPOINT_COUNT_MAX; i++) {
        if ((added & bit(i)) != 0) {
            open_or_forget(upstream, i);
        } else if (upstream->slots[i] != NULL) {
            upstream_settle(upstream, i);
        }
    }
}

/* --- as a service --- */

static struct upstream *upstream_of_any(struct infer_service *service)
{
    return LIST_ITEM(service, struct upstream, any);
}

static void submit_any(struct infer_service *service, struct infer_call *call)
{
    if (call->operation == INFER_READY) {
        upstream_ask_ready(upstream_of_any(service), call, false);
    } else {
        upstream_submit(upstream_of_any(service), call);
    }
}

static void cancel_any(struct infer_service *service, struct infer_call *call)
{
    (void)service;
    if (call->operation == INFER_READY) {
        upstream_cancel_ready(call);
    } else {
        upstream_cancel(call);
    }
}

static void close_any(struct infer_service *service)
{
    upstream_close(upstream_of_any(service));
}

static void submit_all(struct infer_service *service, struct infer_call *call)
{
    INVARIANT(call->operation == INFER_READY);
    upstream_ask_ready(LIST_ITEM(service, struct upstream, all), call, true);
}

static void close_nothing(struct infer_service *service)
{
    (void)service;
}

static const struct infer_service_ops any_ops = {
    .name = "upstream", .submit = submit_any, .cancel = cancel_any, .close = close_any};
static const struct infer_service_ops all_ops = {.name = "upstream of all",
                                                 .submit = submit_all,
                                                 .cancel = cancel_any,
                                                 .close = close_nothing};

struct infer_service *upstream_any(struct upstream *upstream)
{
    return &upstream->any;
}

struct infer_service *upstream_all(struct upstream *upstream)
{
    return &upstream->all;
}

/* --- as what tells of models --- */

static struct infer_management *choose_management(struct upstream *upstream)
{
    const struct balance_question question = {
        .now_ns = upstream_now_ns(upstream),
        .random = upstream->options.random(upstream->options.context),
        .topic = BALANCE_NO_TOPIC};
    size_t index = 0;
    uint64_t return_ns = 0;
    return balance_choose(&upstream->balance, &question, &index, &return_ns) ==
                   BALANCE_CHOSEN
               ? upstream->slots[index]->ways.management
               : NULL;
}

static void manage(struct infer_management *management, struct infer_management_call *call)
{
    struct upstream *upstream = LIST_ITEM(management, struct upstream, management);
    struct infer_management *chosen = choose_management(upstream);
    if (chosen != NULL) {
        infer_manage(chosen, call);
        return;
    }
    infer_management_finish(call, error_set(&call->error, GALEN_UNAVAILABLE,
                                            "no %s is available", upstream->options.name));
}

static const struct infer_management_ops management_ops = {.submit = manage};

struct infer_management *upstream_management(struct upstream *upstream)
{
    return &upstream->management;
}

/* --- life --- */

enum galen_status upstream_create(const struct upstream_options *options,
                                  struct upstream **out_upstream)
{
    INVARIANT(options->balance.retry_count_min > 0); /* else who waits may wait for ever */
    struct upstream *upstream = calloc(1, sizeof(*upstream));
    if (upstream == NULL) {
        return GALEN_NO_MEMORY;
    }
    upstream->any.ops = &any_ops;
    upstream->all.ops = &all_ops;
    upstream->management.ops = &management_ops;
    upstream->options = *options;
    upstream->options.balance.is_probed = options->probe_interval_ns > 0;
    upstream->wake_ns = CLOCK_NEVER;
    balance_init(&upstream->balance, &upstream->options.balance);
    list_init(&upstream->running);
    list_init(&upstream->waiting);
    *out_upstream = upstream;
    return GALEN_OK;
}

void upstream_finish_close(struct upstream *upstream)
{
    if (upstream->asking_count > 0) {
        return;
    }
    for (size_t i = 0; i < LIMIT_ENDPOINT_COUNT_MAX; i++) {
        if (upstream->slots[i] != NULL) {
            close_slot(upstream, i);
        }
    }
    if (upstream->options.closed != NULL) {
        mailbox_post(upstream->options.mailbox, upstream->options.closed);
    }
    free(upstream);
}

void upstream_close(struct upstream *upstream)
{
    if (upstream == NULL) {
        return;
    }
    INVARIANT(!upstream->is_closing && list_is_empty(&upstream->running) &&
              list_is_empty(&upstream->waiting));
    upstream->is_closing = true;
    for (size_t i = 0; i < LIMIT_ENDPOINT_COUNT_MAX; i++) {
        if (upstream->slots[i] != NULL && upstream->slots[i]->prober.is_asking) {
            infer_cancel(&upstream->slots[i]->prober.call);
        }
    }
    upstream_finish_close(upstream);
}
