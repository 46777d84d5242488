/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy does to one answer while it is written: each value passes through here on
 * its way out, so what a policy hides is never written anywhere. Keeps a list of what it
 * touched.
 *
 * I/O-free. One owner; the list is in a writer of its own. The calls below init take NULL
 * for a redaction that touches nothing.
 */
#pragma once

#include "codec/json_writer.h"
#include "crypto/hmac.h"
#include "gateway/policy.h"

struct redaction {
    const struct policy *policy; /* NULL: nothing is touched */
    struct hmac *hmac;           /* borrowed; of KEY_REDACT; NULL where nothing is hashed */
    uint8_t context[SHA256_SIZE]; /* within which pseudonyms are the same: the subject's */
    struct writer pointers_;      /* JSON strings with commas */
    uint64_t count;               /* of them */
    enum galen_status status;     /* sticky: no answer may leave unless it is GALEN_OK */
};

/* policy NULL: nothing is touched. context: SHA256_SIZE bytes, the pseudonym of the
 * subject, or random where there is none; NULL where nothing is hashed. */
void redaction_init(struct redaction *redaction, const struct policy *policy,
                    struct hmac *hmac, const uint8_t *context);
void redaction_deinit(struct redaction *redaction);

/* Whether a member is left out; then that is on the list. */
bool redaction_removes(struct redaction *redaction, enum answer_member member,
                       uint32_t index);

/* Each writes one value: as it is, or as the policy has it. index is of the list that the
 * member is in, if it is in one. */
void redaction_put_text(struct redaction *redaction, enum answer_member member,
                        uint32_t index, struct bytes text, struct json_writer *json);
void redaction_put_null(struct redaction *redaction, enum answer_member member,
                        uint32_t index, struct json_writer *json);
void redaction_put_whole(struct redaction *redaction, enum answer_member member,
                         uint32_t index, uint64_t value, struct json_writer *json);

/* is_f32: as exact as FP32, and printed so. */
void redaction_put_fraction(struct redaction *redaction, enum answer_member member,
                            uint32_t index, double value, bool is_f32,
                            struct json_writer *json);

/* The member "redacted", where there are rules: JSON Pointers into the answer, in its
 * order. */
void redaction_put_list(struct redaction *redaction, struct json_writer *json);
