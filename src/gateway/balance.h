/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of several endpoints the next attempt goes to, and whether there is to be a next
 * one: the state of one upstream's endpoints on one loop. An endpoint is a slot with a
 * name, "host:port".
 *
 * In rotation is who has not been ejected and has not said, or shown, that it is not ready.
 * - Ejection (after Envoy's outlier detection): so many failures in a row put an endpoint
 *   aside, for the base time, twice that the next time and so on up to a maximum, each base
 *   time in rotation taking one off again; at most a share of all at once. When its time is
 *   over, it gets one attempt, and that decides. One that could not be reached gets it as
 *   soon as a probe finds it again.
 * - Readiness: what probes were told, of the service and of topics. A topic is a (model,
 *   version) that some endpoint has answered for.
 * - Rest: one that refused with Retry-After is asked last until then, or until it answers.
 * Who is left is chosen by pending attempts, least first, and at random among equals. Every
 * preference gives way before nobody is asked, but the circuit, pending_max, and ejection;
 * and ejection does for a retry: one attempt at a time, of what probes found ready, rather
 * than to ask again who has just failed.
 *
 * Retries have a budget: a share of the requests under way, and always a few.
 *
 * I/O-free: time and randomness are arguments. Threads: one loop's. Allocation: none.
 * Source: https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier
 */
#pragma once

#include "base/bytes.h"
#include "base/limits.h"

enum { BALANCE_NAME_SIZE = 264, BALANCE_VERSION_SIZE = 24 };

/* In place of the number of a topic: nothing is known of that (model, version). */
#define BALANCE_NO_TOPIC SIZE_MAX

struct balance_options {
    uint32_t eject_failures; /* in a row; 0: nobody is ejected */
    uint64_t eject_base_ns;
    uint64_t eject_ns_max;
    uint32_t eject_percent_max; /* of the endpoints, rounded down */
    uint32_t pending_count_max; /* of one endpoint */
    uint32_t retry_percent;     /* of the requests under way */
    uint32_t retry_count_min;   /* that there may always be at once */
    bool is_probed; /* else an endpoint that cannot be reached stays in rotation */
};

enum balance_health {
    BALANCE_UNKNOWN, /* it was not asked yet */
    BALANCE_READY,
    BALANCE_UNREADY,
};

struct balance_endpoint {
    char name[BALANCE_NAME_SIZE];
    bool is_used;
    bool is_leaving; /* not in the set any more; takes nothing new */
    enum balance_health health;
    uint32_t pending_count;
    uint32_t failure_count; /* in a row */
    bool is_ejected;        /* until an attempt after ejected_until_ns went well */
    bool was_unreached;     /* that is why */
    uint32_t ejection_count;
    uint64_t ejected_ns;
    uint64_t ejected_until_ns;
    uint64_t returned_ns;
    uint64_t rests_until_ns;
    uint64_t known_topics; /* bit sets by number */
    uint64_t ready_topics;
};

struct balance_topic {
    char model[LIMIT_MODEL_NAME_SIZE_BYTES_MAX + 1];
    char version[BALANCE_VERSION_SIZE];
    uint64_t used_ns; /* 0: free */
};

struct balance {
    struct balance_options options;
    struct balance_endpoint endpoints[LIMIT_ENDPOINT_COUNT_MAX];
    size_t endpoint_end; /* no slot from here on was ever used */
    struct balance_topic topics[LIMIT_ENDPOINT_TOPIC_COUNT_MAX];
    size_t topic_found; /* where the last was: the next is likely there */
    size_t request_count;
    size_t retry_count;
};

void balance_init(struct balance *balance, const struct balance_options *options);

/* --- the set --- */

/* From now on these are the endpoints, each name once. Who is known keeps its state, also
 * one that was leaving. Gives the bit set of slots that are new; beyond
 * LIMIT_ENDPOINT_COUNT_MAX, those that still leave included, names are left out. */
uint64_t balance_set(struct balance *balance, const char *const *names, size_t count);

/* Whether it is leaving and nothing is pending there: who opened it closes it now, and
 * calls balance_forget, which frees the slot. */
bool balance_has_left(const struct balance *balance, size_t endpoint);
void balance_forget(struct balance *balance, size_t endpoint);

bool balance_is_in_rotation(const struct balance *balance, size_t endpoint,
                            uint64_t now_ns);

/* --- choice --- */

struct balance_question {
    uint64_t now_ns;
    uint64_t random;
    uint64_t tried; /* bit set of the slots that this request has asked before */
    size_t topic;   /* or BALANCE_NO_TOPIC */
};

enum balance_choice {
    BALANCE_CHOSEN,
    BALANCE_NONE,    /* there are no endpoints */
    BALANCE_EJECTED, /* all are; *out_return_ns: when the first gets its attempt */
    BALANCE_RESTING, /* those who are not have told this request to come again later */
    BALANCE_FULL,    /* nor has anybody room */
};

/* Says which, without taking it: balance_begin does. Not chosen unless nobody else is left,
 * the worst first: who is not ready for this topic, who was tried, who is ejected, who is
 * not ready at all, who rests, who is not known to be ready. */
enum balance_choice balance_choose(const struct balance *balance,
                                   const struct balance_question *question,
                                   size_t *out_endpoint, uint64_t *out_return_ns);

/* --- attempts --- */

enum balance_outcome {
    BALANCE_ANSWERED,    /* well, or with a refusal that is the client's own doing */
    BALANCE_UNREACHED,   /* no connection came about */
    BALANCE_BROKEN,      /* reset or truncated before the answer was complete */
    BALANCE_LATE,        /* no answer within the time of one attempt */
    BALANCE_FAILED,      /* 500: its own failure, or one that this request brings about */
    BALANCE_UNAVAILABLE, /* 502, 503, 504 */
    BALANCE_UNUSABLE,    /* an answer that is none */
    BALANCE_UNSAID,      /* says nothing of the endpoint: cancelled, or never sent */
};

struct balance_result {
    enum balance_outcome outcome;
    uint64_t rest_ns; /* UNAVAILABLE: the endpoint's Retry-After, 0: none. With one it is no
                       * failure: it said when to come again */
    size_t topic;     /* of the request, or BALANCE_NO_TOPIC */
};

void balance_begin(struct balance *balance, size_t endpoint);
void balance_end(struct balance *balance, size_t endpoint,
                 const struct balance_result *result, uint64_t now_ns);

/* Whether another endpoint may be asked instead. is_once: the request must not be carried
 * out twice, so only where it was never sent. */
bool balance_may_repeat(enum balance_outcome outcome, bool is_once);

/* --- the budget --- */

void balance_request_begin(struct balance *balance);
void balance_request_end(struct balance *balance);

/* Whether another retry may begin. */
bool balance_has_budget(const struct balance *balance);

/* False: as many retries as may be are under way. */
bool balance_retry_begin(struct balance *balance);
void balance_retry_end(struct balance *balance);

/* --- readiness --- */

/* The number of this topic, or BALANCE_NO_TOPIC. */
size_t balance_topic_find(struct balance *balance, const char *model, const char *version,
                          uint64_t now_ns);

/* The same; one that is new takes the place of the one that was not asked for longest. Only
 * for what an endpoint has answered for: clients can invent names. */
size_t balance_topic_add(struct balance *balance, const char *model, const char *version,
                         uint64_t now_ns);

enum balance_probe {
    BALANCE_PROBE_YES,
    BALANCE_PROBE_NO,      /* it said so */
    BALANCE_PROBE_NOTHING, /* it said nothing: unreachable, broken or silent */
};

/* What an endpoint said of itself, of topic BALANCE_NO_TOPIC, or of that topic, when it was
 * asked at asked_ns. */
void balance_probed(struct balance *balance, size_t endpoint, size_t topic,
                    enum balance_probe probe, uint64_t asked_ns, uint64_t now_ns);
