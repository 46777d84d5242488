/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request on its way through the phases (phases.c).
 *
 * The transport makes it, hands it the head and then the body, and is told through the port
 * what to do. A phase that waits has one infer call pending; the call's `done`, a task on
 * the request's loop, is the only thing that continues it. A client that goes away cancels
 * and never frees: the request ends through its `always` phases like any other.
 *
 * I/O-free. Threads: the loop's. Ends with the port's `release`, exactly once.
 */
#pragma once

#include "base/phi.h"
#include "codec/content_coding.h"
#include "gateway/counts.h"
#include "gateway/gateway.h"
#include "gateway/infer_options.h"
#include "gateway/redaction.h"
#include "gateway/warnings.h"
#include "service/auth/gate.h"
#include "service/request_id.h"
#include "service/route_index.h"
#include "v2/transaction.h"

struct domain;
struct endpoint;
struct request;

struct request_port {
    /* Wants the body, up to size_bytes_max, the byte after `lead` ones aligned. */
    void (*read_body)(struct request *request, size_t size_bytes_max, size_t lead);
    /* Takes the reply's body. Nothing happens when the client is gone. */
    void (*respond)(struct request *request, struct reply *reply);
    /* The request is over: the storage is the transport's again. */
    void (*release)(struct request *request);
};

enum phase_result {
    PHASE_CONTINUE,
    PHASE_WAIT, /* a call or a record is pending; its end leads on to the next phase, or
                 * fails this one */
    PHASE_FAIL, /* request->status and error say why; the first `always` phase is next */
};

/* What a model is asked about, as the client sent it. */
struct request_input {
    struct phi content; /* of text, what offsets count in; borrowed from body or arena */
    const char *media_type; /* "text/plain", without parameters; NULL: tensors */
    bool is_text;           /* text/anything: UTF-8, once validated */
};

struct phase_time {
    uint64_t began_ns; /* 0: it did not run */
    uint64_t ns;
};

/* What the service of a phase is told of the request's trace. */
struct request_told {
    char parent[TRACE_PARENT_SIZE + 1];
    struct infer_trace trace;
};

enum request_state {
    REQUEST_RUNNING,
    REQUEST_READING,
    REQUEST_WAITING,
    REQUEST_IDENTIFYING, /* newer keys of the issuer are looked for */
    REQUEST_ASKING,      /* a management call, which cannot be cancelled */
    REQUEST_RECORDING,
};

struct request {
    /* the transport's */
    const struct gateway *gateway;
    const struct request_port *port;
    struct view *view;                    /* what served when it began; until release */
    const struct http_request_head *head; /* borrowed while the request lives */
    const struct tls_peer *peer;          /* likewise; NULL: plaintext */
    struct bytes caller; /* who asks, as far as limits go; borrowed likewise */
    struct arena arena;

    /* the runner's */
    size_t phase_index;
    enum request_state state;
    bool has_body;
    bool is_gone;               /* the client went away while REQUEST_IDENTIFYING */
    struct infer_call *pending; /* while REQUEST_WAITING */
    uint64_t started_ns;

    /* what phases find out */
    char id[REQUEST_ID_SIZE];
    const struct endpoint *endpoint;
    size_t route_number;        /* of what was asked, for counts */
    struct auth_visit visit;    /* who asks; without a principal where nobody is asked */
    struct bytes lacking_scope; /* with a refusal that is REFUSAL_SCOPE */
    const struct settings_route *rule; /* the row of `routes` that applies; NULL: none */
    struct bytes body;                 /* without its coding, once that is undone */
    enum content_coding coding;
    bool lacks_coding;         /* the body comes in one that we do not know */
    struct blob *decoded_body; /* what body points into then; NULL */
    size_t json_size;          /* of a v2 body; else the body's */
    struct v2_transaction v2;
    const struct repository_model *model;
    const struct repository_version *version;
    const struct arms *arms; /* the view's, where the version follows from its arm; NULL */
    const struct gateway_engine *engine; /* who runs it */
    enum arm arm;
    enum arm_basis arm_by;
    struct request_input input;
    const struct json
        *features; /* a vector in a JSON body, in the place of input.content */
    const struct json *document; /* a JSON body that holds an input; NULL: another body */
    bool is_normalised;          /* a v2 body: tensors for the engine */
    struct infer_options options;
    struct infer_call preprocess_call;
    struct infer_call infer_call;
    struct infer_management_call management_call;
    struct phase_time times[GATEWAY_PHASE_COUNT];

    struct trace trace;
    uint8_t phase_ids[GATEWAY_PHASE_COUNT][TRACE_SPAN_ID_SIZE]; /* of their spans, where
                                                                 * the trace is sampled */
    struct request_told told[GATEWAY_PHASE_COUNT];

    /* what the caller may: nothing, unless a phase says so */
    bool sees_redacted;    /* the caller holds policy_scope */
    bool may_send_tensors; /* the caller holds infer:raw */

    /* about whom, and what for (subject.h) */
    struct phi patient; /* the token's `patient`, of size 0: none.
                         * Borrowed while the request lives */
    bool has_subject;
    uint8_t subject[SHA256_SIZE]; /* its pseudonym: the subject itself is not kept */
    const char *purpose;          /* a code of purposes.def; NULL: none is named */

    /* what the configuration says of it (policy_rules.h) */
    struct settings_demands demands;
    const struct policy *policy; /* NULL: none */

    /* the answer of /infer, before it is written */
    const struct domain *domain;
    const void *outcome; /* the domain's */
    struct warnings warnings;
    struct redaction redaction;

    bool does_work;                    /* goes through admission */
    bool is_routed;                    /* the head says which route this is */
    size_t route_index;                /* of the rules; their count: of none */
    struct admission_ticket admission; /* until the end */
    bool leaves_record;                /* in the audit trail */
    struct audit_entry audit_entry;
    struct writer audit_fields;

    /* the outcome */
    int refused_status; /* what HTTP's server answered in our place; 0: it did not */
    enum galen_status status;
    struct error error;
    struct schema_errors schema_errors; /* all that its route's schema has against it */
    uint64_t retry_after_s; /* with 429 and 503; 0: nothing better is known than 1 */
    struct reply reply;
};

/* The transport has set its members and arena. Runs the phases that need the head only. */
void request_start(struct request *request);

/* After read_body. Borrowed until release. */
void request_receive(struct request *request, struct bytes body);

/* After read_body, in its place: the server of HTTP refused the body (too large, too slow,
 * malformed) and has answered with this status already. */
void request_refuse(struct request *request, int http_status);

/* The client is gone. */
void request_cancel(struct request *request);

/* For phases: asks the gateway's gate who the caller is, and returns what the phase is to
 * return. */
enum phase_result request_identify(struct request *request);

/* For phases: submits the call and returns what the phase is to return. */
enum phase_result request_wait(struct request *request, struct infer_service *service,
                               struct infer_call *call);

/* The same for request->management_call, whose caller's part is set but for what says whose
 * it is. */
enum phase_result request_ask(struct request *request);

/* For phases: fails with this status; request->error holds the detail. */
enum phase_result request_fail(struct request *request, enum galen_status status);

/* For the audit phase: submits audit_fields and returns what the phase is to return. A
 * client that goes away meanwhile changes nothing: what was done is recorded. */
enum phase_result request_record(struct request *request);

/* The reply becomes that no record can be made. */
void request_lack_record(struct request *request);

/* For phases: whether the gateway itself is ready. GALEN_UNAVAILABLE: it drains;
 * GALEN_AUDIT_UNAVAILABLE: it can make no record. */
MUST_USE enum galen_status request_check_ready(struct request *request);

/* The header of that name. */
bool request_header(const struct request *request, const char *name,
                    struct bytes *out_value);

/* A call of this request's, with its arena, mailbox, id and deadline. */
void request_prepare_call(struct request *request, struct infer_call *call);
