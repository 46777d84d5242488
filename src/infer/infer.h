/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seam: everything that turns tensors into tensors, here or on another host. Engine,
 * preprocess, the remote v2 client and a fake implement it; the v2 front ends and the
 * gateway's phases call it.
 *
 * A call is the caller's storage and its own ticket. From submit until `done` runs, the
 * call, its arena and everything that its request points to belong to the service. `done`
 * runs exactly once for each submit, later, as a task of the call's mailbox, never inside
 * submit or cancel. Nothing else ends a call: who loses interest cancels and waits for
 * done.
 *
 * Threads: submit and cancel on the thread of the call's mailbox; services that several
 * loops share say so. Blocking: never.
 */
#pragma once

#include "base/arena.h"
#include "base/blob.h"
#include "base/error.h"
#include "base/list.h"
#include "base/mailbox.h"
#include "codec/v2.h"
#include "infer/classes.h"

enum infer_operation {
    INFER_RUN,      /* tensors to tensors */
    INFER_DESCRIBE, /* what a model takes and gives */
    INFER_READY,    /* whether a model, or with model "" the service, can answer now */
};

/* Of a request that belongs to a trace (W3C Trace Context): what another host is told. */
struct infer_trace {
    const char *parent; /* traceparent */
    struct bytes state; /* tracestate; empty: none */
};

struct infer_call;

struct infer_request {
    const char *model;
    const char
        *version; /* a number; "": the service's choice (tag `current`, else the highest) */
    const char *id;                  /* of the request that this is part of; "": none */
    uint64_t deadline_ns;            /* monotonic; CLOCK_NEVER: none */
    const struct infer_trace *trace; /* borrowed until done; NULL: none */

    /* A client's own timeout is in deadline_ns. A model may take it for a limit to the wait
     * in its queue instead: then this is that, and until_ns the deadline without it. 0:
     * there is none. */
    uint64_t queue_timeout_ns;
    uint64_t until_ns;
    const struct galen_tensor *inputs;
    size_t input_count;
    const char *const *outputs; /* wanted, by name; none: all */
    size_t output_count;
    const uint64_t *class_counts; /* of those outputs: as how many classes; 0: as it is.
                                   * NULL: all as they are */
    uint64_t priority;            /* 1 before 2 and so on; 0: the model's default */

    /* Whether the caller can use an answer. One that asks elsewhere asks another where it
     * cannot; the caller finds the same later, and need not set it. GALEN_BAD_UPSTREAM. */
    enum galen_status (*check)(const struct infer_call *call, const void *context,
                               struct error *out_error);
    const void *check_context;
    bool is_raw;  /* inputs[0] has bytes only: the model says what they are */
    bool is_once; /* never to be carried out twice: sent again only if it was never sent */
};

struct infer_output {
    struct galen_tensor tensor; /* its name lies in the call's arena */
    struct blob *storage; /* one reference, the call's, to what tensor.bytes points into;
                           * NULL: that is the call's arena */
};

/* When it was that a run in this process did what; began_ns 0: it is not known. Monotonic.
 */
struct infer_timing {
    uint64_t queued_ns; /* it came to wait for its turn; 0: it did not */
    uint64_t began_ns;  /* its turn came */
    uint64_t ended_ns;
    uint64_t row_count; /* of the batch that it ran in; 0: in none */
};

/* Why a call to another host came to nothing. */
enum infer_failure {
    INFER_NO_FAILURE,
    INFER_NOT_SENT,  /* for a reason that is on our side: the host never heard of it */
    INFER_UNREACHED, /* no connection came about, or none that is secure */
    INFER_BROKEN,    /* reset or truncated before the answer was complete */
    INFER_LATE,      /* no answer in time */
    INFER_REFUSED,   /* it answered, with a status that says no */
    INFER_UNUSABLE,  /* it answered what nobody can use */
};

/* An endpoint that was asked in vain, and a word for what became of it. */
struct infer_trouble {
    const char *endpoint;
    const char *outcome; /* static */
};

/* How a call went to another host, whatever its status. Zeroed: it was answered in this
 * process. */
struct infer_route {
    const char *endpoint;       /* that was asked last, "host:port"; in the call's arena */
    uint32_t attempt_count;     /* on all endpoints */
    enum infer_failure failure; /* of the last attempt */
    uint64_t retry_after_s;     /* with BUSY and UNAVAILABLE; 0: nothing is known */

    /* The first attempts that came to nothing, in their order; in the call's arena. */
    const struct infer_trouble *troubles;
    size_t trouble_count; /* at most LIMIT_ROUTE_TROUBLE_COUNT_MAX */
};

struct infer_response {
    const char *version; /* that answered; in the call's arena */
    const char
        *note; /* INFER_READY: what is not as it should be all the same; NULL: all is */
    struct infer_output *outputs; /* INFER_RUN: in the call's arena */
    size_t output_count;
    struct infer_timing timing; /* INFER_RUN; after a failure too */
    struct v2_model model;      /* INFER_DESCRIBE: in the call's arena */
};

struct infer_service;

struct infer_call {
    /* the caller's */
    enum infer_operation operation;
    struct infer_request request;
    struct arena *arena;
    struct mailbox *mailbox;
    void (*done)(struct infer_call *call);
    void *context;

    /* the answer, from done on */
    enum galen_status status;
    struct error error;
    struct infer_route route;
    struct infer_response response; /* only with GALEN_OK */

    /* the service's, from submit until done */
    struct infer_service *service;
    struct infer_classing classing; /* from infer_validate, for infer_answer_output */
    struct task task;
    struct list_link link;
    void *service_data;
};

struct infer_service_ops {
    const char *name; /* "engine", for logs */
    void (*submit)(struct infer_service *service, struct infer_call *call);
    void (*cancel)(struct infer_service *service, struct infer_call *call);

    /* On the call's thread, right before done: lets go of what service_data keeps alive. No
     * cancel comes after it. NULL: nothing to do. */
    void (*settle)(struct infer_service *service, struct infer_call *call);
    void (*close)(struct infer_service *service);
};

struct infer_service {
    const struct infer_service_ops *ops;
};

/* Fails, by way of done, with: NOT_FOUND (model or version), INVALID (tensors do not fit
 * the model), BUSY (queue full), UNAVAILABLE (draining, not ready), TIMEOUT, CANCELLED,
 * BAD_UPSTREAM, NO_MEMORY, INTERNAL, and what preprocess says of the input
 * (UNPROCESSABLE, TOO_LARGE). */
void infer_submit(struct infer_service *service, struct infer_call *call);

/* Asks for done soon, with CANCELLED unless the answer was on its way. Harmless when the
 * call is done already or never was submitted. */
void infer_cancel(struct infer_call *call);

/* Ends an answered call: gives back its outputs' storage. The arena stays the caller's. */
void infer_call_clear(struct infer_call *call);

/* No call may be pending. NULL is allowed. */
void infer_service_close(struct infer_service *service);

/* For services: posts done to the call's mailbox with this outcome. A failure gives back
 * the outputs that were there already. Any thread; the call is not the service's any more.
 */
void infer_call_finish(struct infer_call *call, enum galen_status status);

/* The same from inside a task of the call's mailbox, with done at once: what is of the
 * service may be gone when this returns. For services that only pass answers on, which
 * would cost each a turn of the loop. */
void infer_call_finish_here(struct infer_call *call, enum galen_status status);
