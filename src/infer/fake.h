/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scripted service for tests: it checks requests as the real ones do, then answers what
 * the test wrote, when the test says so, and counts.
 *
 *     struct infer_fake fake;
 *     infer_fake_init(&fake, &model);
 *     fake.outputs = outputs;            what a run gives
 *     fake.holds = true;                 answers wait for infer_fake_answer
 *     infer_submit(&fake.base, &call);
 *     infer_fake_answer_next(&fake, GALEN_BUSY, "the queue is full");
 *
 * Threads: one. Allocation: in the calls' arenas, and blobs for outputs.
 */
#pragma once

#include "infer/infer.h"

struct infer_fake {
    struct infer_service base;

    /* the script, changed at any time; borrowed */
    const struct v2_model *models; /* what it serves; versions must not be empty */
    size_t model_count;
    const struct galen_tensor *outputs; /* of every run; those that are wanted are given */
    size_t output_count;
    const struct infer_labels *labels; /* of classes of these outputs */
    size_t label_count;
    struct infer_timing timing; /* of every run */
    struct infer_route route;   /* of every call */
    enum galen_status status;   /* of every call that passes the checks */
    const char *why;            /* text of a status other than GALEN_OK */
    const char *why_at;         /* its JSON Pointer */
    uint64_t now_ns;            /* its clock, for deadlines */
    bool holds;                 /* calls wait for infer_fake_answer */
    bool cancels_late;          /* a cancelled call waits too, and is then CANCELLED */

    /* what happened */
    size_t submit_count;
    size_t cancel_count; /* that found their call pending */
    size_t answer_count; /* done was posted */
    bool closed;
    struct list pending; /* of calls that wait, oldest first */
};

/* Serves one model until the test writes others; answers at once with GALEN_OK and no
 * outputs. Both stay the test's. */
void infer_fake_init(struct infer_fake *fake, const struct v2_model *model);

/* The oldest call that waits, or NULL. */
struct infer_call *infer_fake_next(const struct infer_fake *fake);

/* Posts done for a call that waits: with the fake's own outcome, or with this failure. */
void infer_fake_answer(struct infer_fake *fake, struct infer_call *call);
void infer_fake_fail(struct infer_fake *fake, struct infer_call *call,
                     enum galen_status status, const char *why);

/* Posts done with TIMEOUT for those whose deadline is not after now_ns. */
void infer_fake_advance(struct infer_fake *fake, uint64_t now_ns);
