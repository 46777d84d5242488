/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request from its head to its reply: front.c is what HTTP calls, front_gate.c who
 * asks, front_visit.c how a request begins, is answered and leaves its record,
 * front_manage.c what is beside runs.
 */
#pragma once

#include "infer/management.h"
#include "service/reply.h"
#include "v2/front.h"
#include "v2/management.h"
#include "v2/transaction.h"

enum visit_state {
    VISIT_IDENTIFYING, /* newer keys of the issuer are looked for */
    VISIT_READING,
    VISIT_INFERRING, /* `call` is the service's */
    VISIT_MANAGING,  /* `management` is */
    VISIT_RECORDING, /* the reply waits for its record */
};

struct visit {
    struct v2_front *front;
    struct http_exchange *exchange;
    struct arena arena;
    enum visit_state state;
    struct v2_transaction transaction;
    struct infer_call call;
    struct infer_management_call management;
    struct auth_visit asker;    /* zeroed where nobody is asked who they are */
    struct bytes lacking_scope; /* with a refusal that is REFUSAL_SCOPE */
    bool is_gone;               /* the client went away while VISIT_IDENTIFYING */
    bool is_submitted;          /* one of the two was */
    struct http_body_options body_options;
    bool has_body;
    bool lacks_coding;          /* it came in one that we do not know */
    enum content_coding coding; /* of the body as it came */
    struct blob *decoded;       /* the body without it; NULL: it has none */
    uint64_t started_ns;
    struct trace trace;
    uint64_t trace_began_ns;
    char trace_parent[TRACE_PARENT_SIZE + 1];
    struct infer_trace told; /* what the service is told of the trace */
    struct audit_entry entry;
    struct writer record;
    struct reply reply; /* while VISIT_RECORDING */
    struct visit *next_free;
};

struct v2_front {
    struct v2_front_options options;
    struct visit *free_visits;
    size_t open_count;
    struct task *idle; /* to be posted when nothing is open; NULL: nobody waits */
};

static inline struct v2_powers front_powers(const struct v2_front *front)
{
    return (struct v2_powers){.tells = front->options.management != NULL,
                              .manages = front->options.manages};
}

/* NULL: no memory. */
struct visit *visit_open(struct v2_front *front, struct http_exchange *exchange);

/* Ends a request that nobody waits for and that leaves nothing. */
void visit_close(struct visit *visit);

/* The head is understood: who asks and may has the body read, others are refused. */
void visit_admit(struct visit *visit);

/* While VISIT_IDENTIFYING. */
void visit_lose_client(struct visit *visit);

/* Adds what is due to who was not let in (RFC 6750 section 3). */
void visit_challenge(struct visit *visit, struct reply *reply);

/* Of the request, without its coding once that is undone. */
struct bytes visit_body(const struct visit *visit);

/* Whether it is to be refused while no record can be made. */
bool visit_needs_audit(const struct visit *visit);

/* Takes the reply, and ends the visit: at once, or when its record is made. */
void visit_answer(struct visit *visit, enum galen_status status, struct reply *reply);
void visit_refuse(struct visit *visit, enum galen_status status, const struct error *error);

/* Answers, now or later, an operation that is no run: a management call's, or settings.
 * What fails at once is returned, for visit_refuse. */
MUST_USE enum galen_status visit_manage(struct visit *visit, struct error *out_error);

/* Once it is known what is asked for; and when it has its answer (front_trace.c). */
void visit_trace_begin(struct visit *visit);
void visit_trace_end(const struct visit *visit, enum galen_status status, int http_status);

/* Posts the idle task where somebody waits for it. */
void front_post_if_idle(struct v2_front *front);
