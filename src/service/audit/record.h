/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One record of a chain as the line that it is (docs/audit.md, "A record"), written and
 * read. There is one text for a record: what is read has exactly the form that is written.
 *
 * I/O-free. Threads: one owner.
 */
#pragma once

#include "base/writer.h"
#include "crypto/sha256.h"

/* What stands before an event's own fields. */
struct audit_record_head {
    uint64_t seq;
    struct bytes ts; /* RFC 3339 in UTC, to the microsecond */
    struct bytes chain;
    struct bytes service;
    struct bytes key_id;
};

struct audit_record {
    struct audit_record_head head; /* borrowed from the line */
    struct bytes event;            /* its name */
    struct bytes sealed; /* what the hash is over, but for prev and the last brace */
    uint8_t prev[SHA256_SIZE];
    uint8_t hash[SHA256_SIZE]; /* as the line states it */
};

/* Puts the line, its line feed included, and gives its hash. fields: one JSON object of
 * audit_event_write's. GALEN_INTERNAL: SHA-256 failed; the writer's. */
MUST_USE enum galen_status audit_record_write(const struct audit_record_head *head,
                                              struct bytes fields, const uint8_t *prev,
                                              struct sha256 *sha256, struct writer *out,
                                              uint8_t *out_hash);

/* The line is without its line feed. GALEN_INVALID: it has not this form. That its hash is
 * right is not looked at. */
MUST_USE enum galen_status audit_record_read(struct bytes line,
                                             struct audit_record *out_record);

/* SHA-256(0x00 ‖ prev ‖ sealed ‖ "}"), what record->hash has to be. GALEN_INTERNAL. */
MUST_USE enum galen_status audit_record_hash(const struct audit_record *record,
                                             struct sha256 *sha256, uint8_t *out_hash);

#define AUDIT_CHAIN_NAME_SIZE 64u /* with its NUL */

/* Whether a name is one of a chain: service, time and random digits. */
bool audit_chain_name_is_valid(struct bytes name);

/* The first part of a chain's name. */
struct bytes audit_chain_service(struct bytes name);
