/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spans: what one piece of work was, once it is over, as OpenTelemetry has it; and a loop's
 * way to whoever exports them. A span has a fixed size and nothing in it that a client
 * wrote but the ids of the trace that it asked for.
 *
 * A lane is a ring between its loop, which pushes, and the exporter, which takes: no lock,
 * no allocation, no waiting. Where it is full the span is dropped, and counted.
 *
 * Threads: begin and push on the loop, take on the exporter's thread. Pure.
 */
#pragma once

#include "base/limits.h"
#include "base/mailbox.h"
#include "base/status.h"
#include "base/tally.h"
#include "service/trace_context.h"

enum trace_kind { /* as OTLP numbers them */
                  TRACE_INTERNAL = 1,
                  TRACE_SERVER = 2, /* a request that came from elsewhere */
                  TRACE_CLIENT = 3, /* one that went elsewhere */
};

#define TRACE_QUEUE "queue" /* names of spans: waiting for one's turn */
#define TRACE_COMPUTE "compute"

struct trace_span {
    uint8_t trace_id[TRACE_ID_SIZE];
    uint8_t id[TRACE_SPAN_ID_SIZE];
    uint8_t parent_id[TRACE_SPAN_ID_SIZE]; /* zeros: there is none */
    enum trace_kind kind;

    /* of static storage */
    const char *name;   /* "infer"; NULL: that is method and route */
    const char *method; /* NULL: no request of HTTP's */
    const char *route;  /* "/v2/models/{model}/infer"; NULL: none was found */

    enum galen_status status;
    int http_status;        /* 0: none */
    uint64_t model_version; /* 0: none */
    uint64_t row_count;     /* of the batch that it ran in; 0: none */
    uint64_t began_ns;      /* monotonic */
    uint64_t ended_ns;
    char model[LIMIT_MODEL_NAME_SIZE_BYTES_MAX + 1]; /* of the repository; "": none */
};

struct trace_lane_options {
    struct trace_span *spans; /* storage of the ring; borrowed */
    size_t span_count_max;
    double sample_ratio;  /* 0 to 1: of traces that begin here */
    bool follows_parents; /* whoever asks says whether its trace is recorded; else the ratio
                           * alone does */
    void (*random)(void *context, uint8_t *out_bytes, size_t size);
    void *context;
};

/* Who takes. */
struct trace_exporter {
    struct mailbox *mailbox; /* NULL: it looks by itself */
    void (*wake)(void *context);
    void *context;
};

struct trace_lane {
    struct trace_lane_options options_;
    uint64_t threshold_;    /* random numbers of 56 bits below it are sampled */
    _Atomic size_t pushed_; /* ever; the loop's */
    _Atomic size_t taken_;  /* ever; the exporter's */
    struct tally dropped_;
    struct trace_exporter exporter_;
    struct task wake_;
    atomic_bool is_woken_;
};

void trace_lane_init(struct trace_lane *lane, const struct trace_lane_options *options);

/* From now on `wake` runs there when the lane is half full. Before the loop runs. */
void trace_lane_connect(struct trace_lane *lane, const struct trace_exporter *exporter);

void trace_lane_push(struct trace_lane *lane, const struct trace_span *span);

/* The oldest, at most count_max. Returns how many. */
size_t trace_lane_take(struct trace_lane *lane, struct trace_span *out_spans,
                       size_t count_max);

/* Any thread. */
uint64_t trace_lane_dropped_count(const struct trace_lane *lane);

/* The trace of one request, and its own span's place in it. */
struct trace {
    struct trace_context context; /* span_id: the request's own span */
    uint8_t parent_id[TRACE_SPAN_ID_SIZE];
    struct bytes state;
    bool is_known;   /* there is something to pass on */
    bool is_sampled; /* its spans are to be pushed */
};

struct trace_source {
    const struct http_header *headers;
    size_t header_count;
    struct arena *arena; /* for tracestate */
    bool may_begin; /* a trace may begin with it: else it is recorded only where whoever
                     * asks does so */
};

/* lane NULL: spans are of no interest here, and what was asked for is passed on as it is.
 */
void trace_begin(const struct trace_lane *lane, const struct trace_source *source,
                 struct trace *out_trace);

/* What a record says of it; empty: nothing. */
struct bytes trace_text(const struct trace *trace, char text[TRACE_PARENT_SIZE + 1]);

/* Ids of further spans of a sampled trace. */
void trace_make_ids(const struct trace_lane *lane, uint8_t (*out_ids)[TRACE_SPAN_ID_SIZE],
                    size_t count);
