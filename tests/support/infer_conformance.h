/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every infer_service must do, as cmocka tests that run over any of them: a program
 * with one call to infer_conformance_run proves one implementation.
 *
 * The subject's model must give each time the same outputs for the same inputs, and have at
 * least one input that is not BYTES.
 */
#pragma once

#include "infer/infer.h"

struct infer_subject {
    const char *name; /* of the test group */

    /* A fresh service that can answer; each check opens one and closes it with
     * infer_service_close while nothing is pending. */
    struct infer_service *(*open)(struct infer_subject *subject);

    /* After infer_service_close; NULL: nothing more to do. */
    void (*closed)(struct infer_subject *subject);

    /* Where done runs. pump runs tasks that are posted, and where none is, waits for one. A
     * check fails when pump returned without running done 200 times in a row, so a turn of
     * an event loop, or waiting 50 ms, is a pump. */
    struct mailbox *mailbox;
    void (*pump)(struct infer_subject *subject);

    /* While held, no run is answered. NULL: the subject cannot, and the check that
     * needs it is left out. */
    void (*hold)(struct infer_subject *subject, bool held);

    const char *model;
    const char *version;
    const struct galen_tensor *inputs; /* of a request that is right */
    size_t input_count;
    const struct galen_tensor *outputs; /* of its answer, in the model's order */
    size_t output_count;
    void *context; /* the subject's own */
};

/* Returns the number of checks that failed. */
int infer_conformance_run(struct infer_subject *subject);
