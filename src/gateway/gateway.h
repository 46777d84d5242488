/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the gateway's requests stand on: the services that they ask, the models that they
 * may name and the limits that hold. One a loop, immutable while a request is under way.
 *
 * I/O-free: time and randomness come through the two functions, so that the simulation owns
 * both.
 */
#pragma once

#include <stdatomic.h>

#include "gateway/view.h"
#include "infer/infer.h"
#include "infer/management.h"
#include "service/audit/audit.h"
#include "service/auth/gate.h"
#include "service/trace.h"

struct gateway_counts;
struct request;
struct shadow_lane;

/* A set of engines that can run models: the default, or one that has a name. Borrowed. */
struct gateway_engine {
    const char *name; /* as the configuration has it */
    struct infer_service *service;
    struct infer_service *in_parts;      /* the same, for texts of any number of windows */
    struct infer_management *management; /* what it tells of its models; NULL: that is a
                                          * 501 */
    bool is_remote;
};

struct gateway {
    struct infer_service *preprocess;                          /* borrowed */
    struct gateway_engine engines[LIMIT_ENGINE_SET_COUNT_MAX]; /* the default first */
    size_t engine_count;                                       /* one or more */
    struct mailbox *mailbox;                                   /* the loop's */
    struct auth_gate *gate;   /* who its callers are; borrowed; NULL: nobody is asked */
    struct view *view;        /* what serves; the reference is the owner's of this struct */
    struct trace_lane *trace; /* borrowed; NULL: requests leave no spans */
    bool preprocess_is_remote;
    struct gateway_counts *counts;                 /* borrowed; NULL: nothing is counted */
    struct shadow_lane *shadows;                   /* the loop's, borrowed */
    void (*shadow)(const struct request *request); /* shadow_begin; NULL: nothing is asked
                                                    * of a canary too */
    struct hmac *subject_hmac;   /* borrowed, the loop's own, of KEY_SUBJECT; NULL: requests
                                  * that name a subject are refused */
    struct hmac *redact_hmac;    /* borrowed, the loop's own, of KEY_REDACT; NULL where no
                                  * policy makes pseudonyms */
    struct audit_lane *audit;    /* borrowed; NULL: requests leave no record */
    struct admission *admission; /* the process's, borrowed; NULL: all is taken on */
    uint64_t (*lag_ns)(void *context); /* how late the loop is; NULL: never */
    bool is_demo;                      /* answers warn of it, and may quote what was sent */
    bool special_numbers;        /* of v2_message: JSON of /v2 may hold NaN and infinity */
    const atomic_bool *draining; /* once true, /readyz says no */
    size_t loop_number;          /* among those of the process, from 0 */
    uint64_t (*now_ns)(void *context);
    void (*random)(void *context, uint8_t *out_bytes, size_t size);
    void *context; /* of the functions above */
};
