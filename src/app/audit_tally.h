/* SPDX-License-Identifier: Apache-2.0 */
/* Sums by the values of some fields. */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

#define TALLY_FIELD_COUNT_MAX 8u

enum tally_sum {
    TALLY_REQUESTS,
    TALLY_OK,
    TALLY_REFUSED,
    TALLY_FAILED,
    TALLY_CANCELLED,
    TALLY_IN_BYTES,
    TALLY_OUT_BYTES,
    TALLY_COMPUTE_US,
    TALLY_SUM_COUNT,
};
const char *tally_sum_name(enum tally_sum sum); /* "in_bytes" */

struct tally_group {
    char *values[TALLY_FIELD_COUNT_MAX]; /* the group's */
    uint64_t sums[TALLY_SUM_COUNT];
};

struct tally {
    size_t field_count;
    struct tally_group *groups;
    size_t count;
    size_t capacity_;
    uint32_t *slots_; /* a group's index plus 1; 0: free */
    size_t slot_count_;
};

void tally_init(struct tally *tally, size_t field_count);
void tally_deinit(struct tally *tally);

/* The group of these values, new where there is none; borrowed until the next call.
 * GALEN_TOO_LARGE: more than LIMIT_AUDIT_GROUP_COUNT_MAX; GALEN_NO_MEMORY. A value ends at
 * a NUL. */
MUST_USE enum galen_status tally_group_of(struct tally *tally, const struct bytes *values,
                                          struct tally_group **out_group);

/* Puts the groups into the order of their values. No group can be added then. */
void tally_sort(struct tally *tally);
