/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What trails say of one request: its records, whether they are as they were written, and
 * where its time went. `explain_read` fills it, `explain_screen` and `explain_json` show
 * it.
 *
 * Pure. Threads: one owner. Memory: an arena a record, at most
 * LIMIT_EXPLAINED_RECORD_COUNT_MAX.
 */
#pragma once

#include "app/audit_entry.h"
#include "base/limits.h"
#include "service/audit/chain_check.h"

enum explained_proof {
    EXPLAINED_UNCOVERED, /* no checkpoint covers the record yet */
    EXPLAINED_PROVED,
    EXPLAINED_UNPROVED, /* one does that is of other records, or none of ours */
};

/* A record, and what was found of it. */
struct explained {
    const char *trail; /* borrowed */
    char chain[AUDIT_CHAIN_NAME_SIZE];
    uint64_t seq;
    struct audit_entry entry; /* record: NULL; line and root lie in the arena */
    struct arena arena;

    bool is_checked; /* its chain was found again to be checked */
    struct audit_fault fault;
    char fault_file[AUDIT_FILE_NAME_SIZE]; /* "": of no file */

    enum explained_proof proof;
    uint64_t checkpoint_size; /* EXPLAINED_PROVED: records under it */
    char checkpoint_root[SHA256_HEX_SIZE];
};

struct explanation {
    const char *request_id; /* borrowed */
    struct explained records[LIMIT_EXPLAINED_RECORD_COUNT_MAX];
    size_t count;
    uint64_t left_out;      /* records that there was no room for */
    uint64_t earlier_count; /* requests that had the same id before; they are left out */
    uint64_t other_faulty_count; /* chains of the trails without a record of it */
};

/* Caller's storage. */
void explanation_init(struct explanation *explanation, const char *request_id);
void explanation_deinit(struct explanation *explanation);

/* Copies the record; where there is no room, the oldest one goes. GALEN_NO_MEMORY. */
MUST_USE enum galen_status explanation_add(struct explanation *explanation,
                                           const char *trail,
                                           const struct audit_entry *entry);

/* Once all are there: of several requests with this id keeps the newest, and puts what its
 * client was answered by first, the others behind it by the way of a request. */
void explanation_settle(struct explanation *explanation);

/* Of the record as audit.def has it; empty: it does not say. */
struct bytes explained_text(const struct explained *it, const char *path);

/* Whether its chain and it are as they were written. */
bool explained_is_sound(const struct explained *it);

/* Whether there is something, and all of it is sound, other chains too. */
bool explanation_is_sound(const struct explanation *explanation);

/* Where the time of a record went, in order; a part of a part is_inner. */
struct explained_part {
    const char *name;
    uint64_t began_us; /* since the head; 0: nobody knows */
    uint64_t took_us;
    bool is_inner;
};
enum { EXPLAINED_PART_COUNT_MAX = 6 };
size_t explained_parts(const struct explained *it,
                       struct explained_part out_parts[EXPLAINED_PART_COUNT_MAX]);
