/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record of one release, models/<name>/releases/NNNNNN.json (docs/releases.md): one
 * JSON object in one line. What it says has one text: a file that says the same in another
 * way is no record.
 *
 * Pure.
 */
#pragma once

#include "base/error.h"
#include "base/writer.h"
#include "codec/json_writer.h"
#include "crypto/sha256.h"
#include "model/release_state.h"

enum release_action {
    RELEASE_PROMOTE,
    RELEASE_ROLLBACK,
    RELEASE_DISABLE,
    RELEASE_ENABLE,
    RELEASE_CANARY, /* a canary begins, or its shares change */
    RELEASE_ACTION_COUNT,
};

/* The files of a version, as they were hashed for this release or one before it. */
struct release_version {
    uint64_t number;
    uint8_t network_sha256[SHA256_SIZE];
    bool has_contract;
    uint8_t contract_sha256[SHA256_SIZE]; /* of model.yaml */
};

struct release_record {
    uint64_t number;  /* 1, 2, … */
    uint64_t wall_ns; /* a whole number of microseconds */
    enum release_action action;
    const char *actor;
    const char *reason; /* "": none was given */
    struct release_state before;
    struct release_state after;
    const struct release_version *versions; /* that tags of after name, ascending */
    size_t version_count;
    const char *galen; /* the program's version */
    uint8_t
        previous_sha256[SHA256_SIZE]; /* of the record before it; zeros: there is none */
};

const char *release_action_name(enum release_action action); /* "promote" */

/* What an actor or a reason may be: UTF-8 without control characters, at most
 * LIMIT_RELEASE_TEXT_SIZE_BYTES_MAX. */
bool release_text_is_valid(const char *text);

/* The line and its line feed. The record's texts are valid. */
void release_record_write(const struct release_record *record, struct writer *out);

/* Of all bytes of a file. GALEN_INVALID: the error names the member, or a byte offset;
 * GALEN_TOO_LARGE: beyond LIMIT_RELEASE_RECORD_SIZE_BYTES_MAX; GALEN_NO_MEMORY. The record
 * is the arena's. */
MUST_USE enum galen_status release_record_read(struct bytes text, struct arena *arena,
                                               struct release_record *out_record,
                                               struct error *out_error);

/* NULL: the record does not tell of it. */
const struct release_version *release_record_version(const struct release_record *record,
                                                     uint64_t number);

/* {"tags":{"current":2},"disabled":false}, for records and listings; where engines are
 * named with "engines":{"current":"green","previous":""}; while a canary is under way with
 * "canary":{"version":3,"engine":"green","percent":5,"shadow":50,"auto":false,"started":8},
 * without "engine" where it runs where `current` does. */
void release_state_write(const struct release_state *state, struct json_writer *json);
