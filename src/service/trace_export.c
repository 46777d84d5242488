/* SPDX-License-Identifier: Apache-2.0 */
#include "service/trace_export.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/timeouts.h"

enum {
    TRY_COUNT_MAX = 5,
    RETRY_AFTER_S_MAX = 60,
    BATCH_SIZE_BYTES_MAX = 16 * 1024 * 1024,
    ANSWER_SIZE_BYTES_MAX = 64 * 1024, /* what more of it is worth reading */
    JITTER_PARTS = 512,                /* of a byte: up to half a wait more */
};

struct trace_export {
    struct trace_export_options options;
    struct trace_lane **lanes;
    struct trace_span *batch;
    size_t batch_count; /* of spans that are under way, or to be sent again */
    size_t try_count;
    size_t next_lane; /* so that each has its turn */
    struct http_call call;
    bool is_sending;
    bool fails; /* the last try did: told once */
    struct timeouts timeouts;
    struct timeout timer; /* the next look, or the next try */
    bool is_closing;
    uint64_t close_by_ns;
    struct task client_closed;
    struct task *closed;
    struct tally exported;
    struct tally failed;
};

static void look(struct trace_export *export);

static void wait_for(struct trace_export *export, uint64_t ns)
{
    timeout_arm(&export->timeouts, &export->timer, 0,
                loop_now_ns(export->options.loop) + ns);
}

/* -- the end -----------------------------------------------------------------------------
 */

static void on_timers_closed(struct timeouts *timeouts)
{
    struct trace_export *export = LIST_ITEM(timeouts, struct trace_export, timeouts);
    struct task *closed = export->closed;
    free(export->lanes);
    free(export->batch);
    free(export);
    if (closed != NULL) {
        closed->run(closed);
    }
}

static void on_client_closed(struct task *task)
{
    struct trace_export *export = LIST_ITEM(task, struct trace_export, client_closed);
    timeouts_close(&export->timeouts, on_timers_closed);
}

static void close_all(struct trace_export *export)
{
    timeout_disarm(&export->timeouts, &export->timer);
    http_client_close(export->options.client, &export->client_closed);
}

/* -- a batch -----------------------------------------------------------------------------
 */

static void on_done(struct http_call *call);

static enum galen_status write_batch(const struct trace_export *export,
                                     struct blob **out_body)
{
    struct writer body;
    writer_init(&body, BATCH_SIZE_BYTES_MAX);
    trace_otlp_write(&export->options.resource, export->batch, export->batch_count,
                     clock_wall_ns() - clock_monotonic_ns(), &body);
    const enum galen_status status = writer_finish(&body, out_body);
    writer_deinit(&body);
    return status;
}

static uint64_t deadline_of_try(const struct trace_export *export)
{
    const uint64_t by_ns = clock_monotonic_ns() + export->options.timeout_ns;
    return export->is_closing && export->close_by_ns < by_ns ? export->close_by_ns : by_ns;
}

static void drop_batch(struct trace_export *export)
{
    tally_add(&export->failed, export->batch_count);
    export->batch_count = 0;
}

static void send_batch(struct trace_export *export)
{
    static const struct http_header headers[] = {
        {BYTES_INIT("Content-Type"), BYTES_INIT("application/json")}};
    struct blob *body;
    if (write_batch(export, &body) != GALEN_OK) {
        drop_batch(export);
        wait_for(export, export->options.interval_ns);
        return;
    }
    export->call = (struct http_call){
        .method = HTTP_POST,
        .target = bytes_from_string(export->options.target),
        .headers = headers,
        .header_count = 1,
        .parts = {{bytes_of(blob_data(body), blob_size(body)), body}},
        .part_count = 1,
        .deadline_ns = deadline_of_try(export),
        .done = on_done,
        .context = export,
    };
    timeout_disarm(&export->timeouts, &export->timer);
    export->try_count++;
    export->is_sending = true;
    http_client_send(export->options.client, &export->call);
}

static void take_spans(struct trace_export *export)
{
    for (size_t i = 0; i < export->options.lane_count; i++) {
        struct trace_lane *lane = export->lanes[export->next_lane];
        export->next_lane = (export->next_lane + 1) % export->options.lane_count;
        export->batch_count +=
            trace_lane_take(lane, export->batch + export->batch_count,
                            export->options.span_count_max - export->batch_count);
    }
}

/* Sends what there is; with nothing to send, waits or ends. */
static void look(struct trace_export *export)
{
    take_spans(export);
    export->try_count = 0;
    if (export->batch_count > 0) {
        send_batch(export);
    } else if (export->is_closing) {
        close_all(export);
    } else {
        wait_for(export, export->options.interval_ns);
    }
}

/* -- its answer --------------------------------------------------------------------------
 */

static bool is_sent(const struct http_call *call)
{
    return call->status == GALEN_OK && call->http_status >= 200 && call->http_status <= 299;
}

/* The connection's failures, and the statuses that OTLP names for it. */
static bool is_worth_another_try(const struct http_call *call)
{
    return call->status != GALEN_OK || call->http_status == 429 ||
           (call->http_status >= 502 && call->http_status <= 504);
}

/* Later and later, and not all processes at once: ids are random. */
static uint64_t wait_of_our_own_ns(const struct trace_export *export)
{
    const uint64_t wait_ns = export->options.retry_ns << (export->try_count - 1);
    return wait_ns + wait_ns / JITTER_PARTS * export->batch[0].id[0];
}

static uint64_t wait_before_next_try_ns(const struct trace_export *export)
{
    const struct http_call *call = &export->call;
    struct bytes value;
    uint64_t wait_s;
    if (call->status == GALEN_OK &&
        http_header_get(call->response_headers, call->response_header_count, "Retry-After",
                        &value) &&
        bytes_parse_u64(value, RETRY_AFTER_S_MAX, &wait_s)) {
        return wait_s * NS_PER_S;
    }
    return wait_of_our_own_ns(export);
}

static uint64_t rejected_count(const struct trace_export *export)
{
    struct arena arena;
    struct blob *body = export->call.response_body;
    if (blob_size(body) > ANSWER_SIZE_BYTES_MAX) {
        return 0;
    }
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    const uint64_t count =
        trace_otlp_rejected_count(bytes_of(blob_data(body), blob_size(body)), &arena);
    arena_deinit(&arena);
    return count < export->batch_count ? count : export->batch_count;
}

/* What comes of a try. */
struct outcome {
    bool is_sent;
    bool is_worth_another;
    uint64_t rejected_count; /* of what was sent */
    uint64_t wait_ns;        /* before another */
};

static struct outcome outcome_of(const struct trace_export *export)
{
    const struct http_call *call = &export->call;
    if (is_sent(call)) {
        return (struct outcome){.is_sent = true, .rejected_count = rejected_count(export)};
    }
    return (struct outcome){
        .is_worth_another = !export->is_closing && export->try_count < TRY_COUNT_MAX &&
                            is_worth_another_try(call),
        .wait_ns = wait_before_next_try_ns(export),
    };
}

static void count_sent(struct trace_export *export, uint64_t rejected_count)
{
    tally_add(&export->failed, rejected_count);
    tally_add(&export->exported, export->batch_count - rejected_count);
    export->batch_count = 0;
}

/* The first of several failures, and the success that ends them. */
static void tell(struct trace_export *export, bool fails)
{
    const struct http_call *call = &export->call;
    if (fails && !export->fails) {
        log_event(LOG_WARN, "trace.export_failed",
                  LOG_STR("status", galen_status_slug(call->status)),
                  LOG_INT("http_status", call->status == GALEN_OK ? call->http_status : 0));
    } else if (!fails && export->fails) {
        log_event(LOG_INFO, "trace.export_works");
    }
    export->fails = fails;
}

static void go_on(struct trace_export *export, const struct outcome *outcome)
{
    if (outcome->is_sent) {
        count_sent(export, outcome->rejected_count);
        look(export);
    } else if (outcome->is_worth_another) {
        wait_for(export, outcome->wait_ns);
    } else {
        drop_batch(export);
        if (export->is_closing) {
            close_all(export);
        } else {
            wait_for(export, export->options.interval_ns);
        }
    }
}

static void on_done(struct http_call *call)
{
    struct trace_export *export = call->context;
    const struct outcome outcome = outcome_of(export);
    export->is_sending = false;
    tell(export, !outcome.is_sent);
    http_call_clear(call);
    go_on(export, &outcome);
}

/* -- what wakes it -----------------------------------------------------------------------
 */

static void on_timer(struct timeouts *timeouts, struct timeout *timeout)
{
    struct trace_export *export = LIST_ITEM(timeouts, struct trace_export, timeouts);
    (void)timeout;
    if (export->is_sending) { /* and closing: it has lasted too long */
        http_client_cancel(&export->call);
    } else if (export->batch_count > 0) {
        send_batch(export);
    } else {
        look(export);
    }
}

/* A lane is half full. */
static void wake(void *context)
{
    struct trace_export *export = context;
    if (export->batch_count == 0 && !export->is_closing) {
        look(export);
    }
}

enum galen_status trace_export_create(const struct trace_export_options *options,
                                      struct trace_export **out_export)
{
    struct trace_export *export = calloc(1, sizeof(*export));
    struct trace_span *batch = calloc(options->span_count_max, sizeof(*batch));
    struct trace_lane **lanes = calloc(options->lane_count, sizeof(*lanes));
    if (export == NULL || batch == NULL || lanes == NULL) {
        free(export);
        free(batch);
        free(lanes);
        return GALEN_NO_MEMORY;
    }
    export->options = *options;
    export->batch = batch;
    export->lanes = lanes;
    export->client_closed.run = on_client_closed;
    const struct trace_exporter exporter = {loop_mailbox(options->loop), wake, export};
    for (size_t i = 0; i < options->lane_count; i++) {
        lanes[i] = options->lanes[i];
        trace_lane_connect(lanes[i], &exporter);
    }
    timeouts_init(&export->timeouts, options->loop, on_timer);
    wait_for(export, options->interval_ns);
    *out_export = export;
    return GALEN_OK;
}

void trace_export_close(struct trace_export *export, struct task *closed)
{
    export->is_closing = true;
    export->closed = closed;
    export->close_by_ns = clock_monotonic_ns() + export->options.linger_ns;
    if (export->is_sending) {
        wait_for(export, export->options.linger_ns);
    } else if (export->batch_count > 0) {
        send_batch(export);
    } else {
        look(export);
    }
}

void trace_export_read(const struct trace_export *export,
                       struct trace_export_statistics *out_statistics)
{
    uint64_t full_count = 0;
    for (size_t i = 0; i < export->options.lane_count; i++) {
        full_count += trace_lane_dropped_count(export->lanes[i]);
    }
    *out_statistics = (struct trace_export_statistics){
        .exported_count = tally_read(&export->exported),
        .full_count = full_count,
        .failed_count = tally_read(&export->failed),
    };
}
