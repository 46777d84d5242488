/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scripted infer_management for tests: it answers what the test wrote, when the test says
 * so, and remembers what it was asked.
 *
 * Threads: one. Allocation: none.
 */
#pragma once

#include "base/limits.h"
#include "infer/management.h"

struct infer_fake_management {
    struct infer_management base;

    /* the script, changed at any time; borrowed */
    enum galen_status status; /* of every call */
    const char *why;          /* text of a status other than GALEN_OK */
    const struct v2_index_entry *index;
    size_t index_count;
    const struct v2_statistics *statistics;
    size_t statistics_count;
    struct bytes config_json;
    bool holds; /* calls wait for infer_fake_management_answer */

    /* what happened */
    size_t submit_count;
    enum infer_management_operation operation; /* of the last call, as are these */
    char model[LIMIT_MODEL_NAME_SIZE_BYTES_MAX + 1];
    char version[LIMIT_MODEL_NAME_SIZE_BYTES_MAX + 1];
    char config[256];
    bool ready_only;
    struct infer_management_call *pending; /* that waits; one at a time */
};

/* Answers at once with GALEN_OK and nothing, until the test writes something else. */
void infer_fake_management_init(struct infer_fake_management *fake);

/* Finishes the call that waits. */
void infer_fake_management_answer(struct infer_fake_management *fake);
