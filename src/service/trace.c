/* SPDX-License-Identifier: Apache-2.0 */
#include "service/trace.h"

#include "base/list.h"

enum { RANDOM_BITS = 56, RANDOM_SIZE = RANDOM_BITS / 8 };

void trace_lane_init(struct trace_lane *lane, const struct trace_lane_options *options)
{
    *lane = (struct trace_lane){
        .options_ = *options,
        .threshold_ =
            (uint64_t)(options->sample_ratio * (double)(UINT64_C(1) << RANDOM_BITS)),
    };
}

static void on_wake(struct task *task)
{
    struct trace_lane *lane = LIST_ITEM(task, struct trace_lane, wake_);
    atomic_store_explicit(&lane->is_woken_, false, memory_order_release);
    lane->exporter_.wake(lane->exporter_.context);
}

void trace_lane_connect(struct trace_lane *lane, const struct trace_exporter *exporter)
{
    lane->exporter_ = *exporter;
    lane->wake_.run = on_wake;
}

/* Once, until it has been: a task is posted once at a time. */
static void wake_exporter(struct trace_lane *lane)
{
    if (lane->exporter_.mailbox != NULL &&
        !atomic_exchange_explicit(&lane->is_woken_, true, memory_order_acq_rel)) {
        mailbox_post(lane->exporter_.mailbox, &lane->wake_);
    }
}

void trace_lane_push(struct trace_lane *lane, const struct trace_span *span)
{
    const size_t count_max = lane->options_.span_count_max;
    const size_t pushed = atomic_load_explicit(&lane->pushed_, memory_order_relaxed);
    const size_t waiting =
        pushed - atomic_load_explicit(&lane->taken_, memory_order_acquire);
    if (waiting >= count_max) {
        tally_add(&lane->dropped_, 1);
        return;
    }
    lane->options_.spans[pushed % count_max] = *span;
    atomic_store_explicit(&lane->pushed_, pushed + 1, memory_order_release);
    if (waiting >= count_max / 2) {
        wake_exporter(lane);
    }
}

size_t trace_lane_take(struct trace_lane *lane, struct trace_span *out_spans,
                       size_t count_max)
{
    const size_t taken = atomic_load_explicit(&lane->taken_, memory_order_relaxed);
    const size_t waiting =
        atomic_load_explicit(&lane->pushed_, memory_order_acquire) - taken;
    const size_t count = waiting < count_max ? waiting : count_max;
    for (size_t i = 0; i < count; i++) {
        out_spans[i] = lane->options_.spans[(taken + i) % lane->options_.span_count_max];
    }
    atomic_store_explicit(&lane->taken_, taken + count, memory_order_release);
    return count;
}

uint64_t trace_lane_dropped_count(const struct trace_lane *lane)
{
    return tally_read(&lane->dropped_);
}

/* -- traces ------------------------------------------------------------------------------
 */

static uint64_t number_of(const uint8_t *bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < RANDOM_SIZE; i++) {
        number = number << 8 | bytes[i];
    }
    return number;
}

static void make_random(const struct trace_lane *lane, uint8_t *out_bytes, size_t size)
{
    lane->options_.random(lane->options_.context, out_bytes, size);
}

/* Zeros are no id: so unlikely that any other will do. */
static void make_id(const struct trace_lane *lane, uint8_t *out_id, size_t size)
{
    make_random(lane, out_id, size);
    out_id[0] |= out_id[0] == 0;
}

void trace_make_ids(const struct trace_lane *lane, uint8_t (*out_ids)[TRACE_SPAN_ID_SIZE],
                    size_t count)
{
    for (size_t i = 0; i < count; i++) {
        make_id(lane, out_ids[i], TRACE_SPAN_ID_SIZE);
    }
}

static bool draw(const struct trace_lane *lane)
{
    uint8_t random[RANDOM_SIZE];
    make_random(lane, random, sizeof(random));
    return number_of(random) < lane->threshold_;
}

static void begin_here(const struct trace_lane *lane, bool may_be_sampled,
                       struct trace *out_trace)
{
    struct trace_context *context = &out_trace->context;
    make_id(lane, context->trace_id, TRACE_ID_SIZE);
    out_trace->is_sampled = may_be_sampled && number_of(context->trace_id + TRACE_ID_SIZE -
                                                        RANDOM_SIZE) < lane->threshold_;
    context->flags = TRACE_RANDOM;
}

static void go_on(const struct trace_lane *lane, struct trace *trace)
{
    memcpy(trace->parent_id, trace->context.span_id, TRACE_SPAN_ID_SIZE);
    const bool parent_is_sampled = (trace->context.flags & TRACE_SAMPLED) != 0;
    trace->is_sampled = lane->options_.follows_parents ? parent_is_sampled : draw(lane);
    trace->context.flags &= TRACE_RANDOM;
}

void trace_begin(const struct trace_lane *lane, const struct trace_source *source,
                 struct trace *out_trace)
{
    struct trace trace = {.state = BYTES_NONE};
    trace.is_known =
        trace_context_read(source->headers, source->header_count, &trace.context);
    if (trace.is_known) {
        trace.state =
            trace_state_read(source->headers, source->header_count, source->arena);
    }
    if (lane != NULL) {
        if (trace.is_known) {
            go_on(lane, &trace);
        } else {
            begin_here(lane, source->may_begin, &trace);
        }
        trace.is_known = true;
        trace.context.flags |= trace.is_sampled ? TRACE_SAMPLED : 0;
        make_id(lane, trace.context.span_id, TRACE_SPAN_ID_SIZE);
    }
    *out_trace = trace;
}

struct bytes trace_text(const struct trace *trace, char text[TRACE_PARENT_SIZE + 1])
{
    if (!trace->is_known) {
        return BYTES_NONE;
    }
    trace_context_write(&trace->context, text);
    return bytes_of(text, TRACE_PARENT_SIZE);
}
